"""Units over HTTP. Everything is of the caller's own agency; others' objects do not exist (404)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import g
from flask_smorest import Blueprint

from server.accounts import operations as accounts
from server.platform.access import access, body_limit
from server.platform.sheets import MAX_BYTES
from server.platform.uploads import sent_table
from server.registry import cards, import_kinds, listing, operations, schemas, subpools
from server.registry import fields as unit_fields
from server.registry.domain import REQUIRED, unit_labels
from server.registry.settings import setting
from server.rules import operations as rules

blp = Blueprint("registry", "registry", url_prefix="/registry", description="检查对象名录库")
READERS = ("plan_officer", "reviewer", "administrator", "auditor")


@blp.get("/units")
@access(*READERS)
@blp.arguments(schemas.UnitQuery, location="query")
@blp.response(200, schemas.UnitsOut)
def list_units(query: dict[str, Any]) -> dict[str, Any]:
    agency_id = g.actor.agency_id
    limit, offset = query.pop("limit"), query.pop("offset")
    asked = listing.UnitQuery(**{**query, "text": query["text"].strip()})
    pairs, total = listing.listed(agency_id, asked, operations.today(), limit, offset)
    wanted = unit_fields.wanted_fields(accounts.agency(agency_id).kind, listing.required_of(agency_id))
    before = listing.stale_before(agency_id, operations.today())
    found = []
    for one, (row, entity) in zip(operations.units_from(pairs), pairs, strict=True):
        percent, _ = unit_fields.completeness(
            {"name": row.name, "address": row.address, "uscc": entity.uscc or "", "registration_no": entity.registration_no or "", "no_code_reason": entity.no_code_reason or "", **row.details}, wanted
        )
        found.append({**vars(one), "state": row.state, "percent": percent, "verified_on": row.verified_on, "stale": row.verified_on is None or row.verified_on < before})
    return {"units": found, "total": total}


@blp.get("/units/<unit_id>")
@access(*READERS)
@blp.response(200, schemas.UnitOut)
def one_unit(unit_id: str) -> operations.Unit:
    return operations.unit(g.actor.agency_id, unit_id)


@blp.get("/units/<unit_id>/card")
@access(*READERS)
@blp.response(200, schemas.UnitCardOut)
def unit_card(unit_id: str) -> dict[str, Any]:
    """Every field with where and when it was learnt, completeness, marks, history, other premises of the same enterprise."""
    card = cards.card(g.actor.agency_id, unit_id, operations.today())
    unit = card.unit
    return {
        "id": unit.id, "name": unit.name, "state": unit.state, "merged_into": unit.merged_into, "blacklisted": unit.blacklisted, "values": card.fields, "percent": card.percent,
        "lacking": card.lacking, "verified_on": unit.verified_on, "stale": card.stale, "marks": card.marks, "history": card.history, "premises": card.premises, "duplicates": card.duplicates,
    }


@blp.post("/units")
@access("plan_officer")
@blp.arguments(schemas.UnitValuesIn)
@blp.response(201, schemas.UnitMadeOut)
def post_unit(body: dict[str, Any]) -> dict[str, str]:
    """Enter one unit by hand."""
    return {"id": cards.add_unit(g.actor, g.actor.agency_id, body["values"], body["reason"])}


@blp.put("/units/<unit_id>/fields")
@access("plan_officer")
@blp.arguments(schemas.UnitValuesIn)
@blp.response(204)
def put_fields(body: dict[str, Any], unit_id: str) -> None:
    cards.edit(g.actor, g.actor.agency_id, unit_id, body["values"], body["reason"])


@blp.post("/units/<unit_id>/verify")
@access("plan_officer")
@blp.response(204)
def verify_unit(unit_id: str) -> None:
    """Somebody has looked at the whole card today (WC-11)."""
    cards.verify(g.actor, g.actor.agency_id, unit_id)


@blp.post("/units/<unit_id>/state")
@access("plan_officer")
@blp.arguments(schemas.UnitStateIn)
@blp.response(204)
def put_state(body: dict[str, Any], unit_id: str) -> None:
    cards.set_state(g.actor, g.actor.agency_id, unit_id, body["state"], body["reason"])


@blp.post("/units/<unit_id>/marks")
@access("plan_officer")
@blp.arguments(schemas.MarkIn)
@blp.response(201, schemas.UnitMadeOut)
def post_mark(body: dict[str, Any], unit_id: str) -> dict[str, str]:
    """Blacklist, complaint, abnormal operation, penalised, superior rule: from when, why, who says so."""
    return {"id": cards.add_mark(g.actor, g.actor.agency_id, unit_id, body["kind"], body["since"], body["until"], body["reason"], body["source"])}


@blp.post("/units/<unit_id>/marks/<mark_id>/end")
@access("plan_officer")
@blp.arguments(schemas.RegistryReasonIn)
@blp.response(204)
def end_mark(body: dict[str, Any], unit_id: str, mark_id: str) -> None:
    cards.end_mark(g.actor, g.actor.agency_id, unit_id, mark_id, body["reason"])


@blp.post("/units/<unit_id>/merge")
@access("plan_officer")
@blp.arguments(schemas.MergeIn)
@blp.response(204)
def merge_unit(body: dict[str, Any], unit_id: str) -> None:
    """``other`` is merged into this one."""
    cards.merge(g.actor, g.actor.agency_id, unit_id, body["other"], body["reason"])


@blp.get("/duplicates")
@access(*READERS)
@blp.response(200, schemas.DuplicatesOut)
def list_duplicates() -> dict[str, Any]:
    return {"groups": listing.duplicates(g.actor.agency_id)}


@blp.get("/coverage")
@access(*READERS)
@blp.response(200, schemas.CoverageOut)
def get_coverage() -> dict[str, Any]:
    """How many units by sector, area and grade (YS-3.2a)."""
    agency_id = g.actor.agency_id
    found = listing.coverage(agency_id, operations.today())
    return {
        **{name: getattr(found, name) for name in ("total", "incomplete", "stale", "blacklisted", "without_item")},
        "stale_days": int(setting(agency_id, listing.STALE).get("days", listing.STALE_DAYS)), "sectors": _counted(found.by_sector), "districts": _counted(found.by_district),
        "grades": _counted(found.by_grade), "cells": [{"sector": sector, "district": district, "count": count} for (sector, district), count in sorted(found.cells.items())],
    }


def _counted(counter: Counter[str]) -> list[dict[str, Any]]:
    return [{"name": name, "count": count} for name, count in sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))]


@blp.put("/coverage/stale-period")
@access("plan_officer")
@blp.arguments(schemas.StalePeriodIn)
@blp.response(204)
def put_stale_period(body: dict[str, Any]) -> None:
    """After how many days without verification a unit stands in the stale list (WC-11)."""
    listing.set_stale_days(g.actor, g.actor.agency_id, body["days"])


@blp.post("/coverage/compare")
@access("plan_officer")
@body_limit(MAX_BYTES + 64 * 1024)
@blp.response(200, schemas.ComparedOut)
def post_compare() -> listing.Compared:
    """multipart: ``file``, a list from elsewhere; nothing of it is kept."""
    data, name, _ = sent_table()
    return listing.compare(g.actor.agency_id, import_kinds.list_of(data, name))


@blp.get("/sub-pools")
@access(*READERS)
@blp.response(200, schemas.SubPoolsOut)
def list_sub_pools() -> dict[str, Any]:
    return {"sub_pools": subpools.sub_pools(g.actor.agency_id, operations.today())}


@blp.post("/sub-pools")
@access("plan_officer")
@blp.arguments(schemas.SubPoolIn)
@blp.response(201, schemas.UnitMadeOut)
def post_sub_pool(body: dict[str, Any]) -> dict[str, str]:
    """A filter with a name; the same name again changes the filter."""
    return {"id": subpools.keep(g.actor, g.actor.agency_id, body["name"].strip(), body["filter"])}


@blp.delete("/sub-pools/<pool_id>")
@access("plan_officer")
@blp.response(204)
def delete_sub_pool(pool_id: str) -> None:
    subpools.forget(g.actor, g.actor.agency_id, pool_id)


@blp.post("/units/import")
@access("plan_officer")
@body_limit(MAX_BYTES + 64 * 1024)
@blp.response(200, schemas.UnitImportOut)
def import_units() -> operations.ImportOutcome:
    """For scripts, in one request. multipart: ``file`` (.xlsx/.csv), ``dry_run`` = 1 to look only. Lines with errors are named and left out."""
    data, name, dry_run = sent_table()
    return operations.import_units(g.actor, g.actor.agency_id, data, name, dry_run)


@blp.get("/headers")
@access(*READERS)
@blp.response(200, schemas.HeadersOut)
def unit_headers() -> dict[str, Any]:
    """What fields of a unit are called in this agency's line, the facts and items in use, and the sectors and areas that occur."""
    agency_id = g.actor.agency_id
    labels = unit_labels(accounts.agency(agency_id).kind)
    used = operations.facts_in_use(agency_id)
    return {
        "columns": [{"key": key, "label": label, "required": key in REQUIRED} for key, label in labels.items()],
        "facts": [{"key": key, "label": label, "required": False} for key, label in rules.facts().items() if key in used],
        "items": [{"key": code, "label": name, "required": False} for code, name in import_kinds.items_of(agency_id).items()],
        **listing.facets(agency_id),
    }
