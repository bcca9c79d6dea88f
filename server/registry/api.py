"""Registries over HTTP. Everything is of the caller's own agency; others' objects do not exist (404)."""

from __future__ import annotations

from typing import Any

from flask import g
from flask_smorest import Blueprint

from server.accounts import operations as accounts
from server.platform.access import access, body_limit
from server.platform.sheets import MAX_BYTES
from server.platform.uploads import sent_table
from server.registry import operations, schemas
from server.registry.domain import REQUIRED, InspectorUnknown, unit_labels
from server.rules import operations as rules

blp = Blueprint("registry", "registry", url_prefix="/registry", description="检查对象与执法检查人员名录库")


@blp.get("/units")
@access("plan_officer", "reviewer", "administrator", "auditor")
@blp.arguments(schemas.UnitQuery, location="query")
@blp.response(200, schemas.UnitsOut)
def list_units(query: dict[str, Any]) -> dict[str, Any]:
    return {"units": operations.units(g.actor.agency_id, query["text"], query["limit"], query["offset"])}


@blp.get("/units/<unit_id>")
@access("plan_officer", "reviewer", "administrator", "auditor")
@blp.response(200, schemas.UnitOut)
def one_unit(unit_id: str) -> operations.Unit:
    return operations.unit(g.actor.agency_id, unit_id)


@blp.post("/units/import")
@access("plan_officer")
@body_limit(MAX_BYTES + 64 * 1024)
@blp.response(200, schemas.UnitImportOut)
def import_units() -> operations.ImportOutcome:
    """multipart: ``file`` (.xlsx/.csv), ``dry_run`` = 1 to look only. Lines with errors are named and left out."""
    data, name, dry_run = sent_table()
    return operations.import_units(g.actor, g.actor.agency_id, data, name, dry_run)


@blp.get("/inspectors")
@access("plan_officer", "reviewer", "administrator", "auditor")
@blp.response(200, schemas.InspectorsOut)
def list_inspectors() -> dict[str, Any]:
    return {
        "inspectors": [
            {
                "user_id": one.user_id, "name": one.name, "certificate_no": one.certificate.number, "valid_to": one.certificate.valid_to,
                "days_left": operations.certificate_days_left(one.certificate), "details": one.details,
            }
            for one in operations.inspectors(g.actor.agency_id)
        ]
    }


@blp.put("/inspectors/<user_id>")
@access("plan_officer", "administrator")
@blp.arguments(schemas.InspectorIn)
@blp.response(204)
def put_inspector(body: dict[str, Any], user_id: str) -> None:
    """Enter or renew an inspector; the person must have an account in this agency."""
    if accounts.person(user_id).agency_id != g.actor.agency_id:
        raise InspectorUnknown("本机关没有这个人员")
    details = {key: value for key, value in body.items() if key not in ("name", "certificate_no", "valid_to")}
    operations.register_inspector(g.actor, g.actor.agency_id, user_id, body["name"], body["certificate_no"], body["valid_to"], details)


@blp.get("/conflicts")
@access("plan_officer", "reviewer", "auditor")
@blp.response(200, schemas.ConflictsOut)
def list_conflicts() -> dict[str, Any]:
    return {"conflicts": operations.conflicts(g.actor.agency_id)}


@blp.get("/headers")
@access("plan_officer", "reviewer", "administrator", "auditor")
@blp.response(200, schemas.HeadersOut)
def unit_headers() -> dict[str, Any]:
    """What fields of a unit are called in this agency's line, and the facts that its checklists and units use."""
    agency_id = g.actor.agency_id
    labels = unit_labels(accounts.agency(agency_id).kind)
    used = operations.facts_in_use(agency_id)
    return {
        "columns": [{"key": key, "label": label, "required": key in REQUIRED} for key, label in labels.items()],
        "facts": [{"key": key, "label": label, "required": False} for key, label in rules.facts().items() if key in used],
    }


@blp.post("/conflicts")
@access("plan_officer", "inspector")
@blp.arguments(schemas.ConflictIn)
@blp.response(204)
def post_conflict(body: dict[str, Any]) -> None:
    """利害关系登记 (WS-4.2c). An inspector may only declare their own."""
    own = g.actor.user_id if not g.actor.has("plan_officer") else body["user_id"]
    operations.declare_conflict(g.actor, g.actor.agency_id, own, body["unit_id"], body["reason"])
