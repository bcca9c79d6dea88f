"""The wire of inspections: one inspection with its visit, and its export."""

from __future__ import annotations

import io
from dataclasses import asdict
from typing import Any

from flask import Response, g, send_file
from flask_smorest import Blueprint

from server.accounts.domain import Actor
from server.accounts.secrecy import counts, secret
from server.audit import operations as audit
from server.evidence import operations as evidence
from server.inspections import export, levels, operations, overview, phones, quarantine
from server.inspections.domain import InspectionUnknown, PackUnknown
from server.inspections.schemas import (
    CancelIn,
    ChainsOut,
    InspectionOut,
    LevelsOut,
    LevelsQuery,
    OverviewOut,
    OverviewQuery,
    QuarantineDecisionIn,
    QuarantineDecisionOut,
    QuarantineOut,
)
from server.kernel.moments import day_end_ms, day_start_ms, from_ms
from server.platform.access import SIGNED_IN, access

blp = Blueprint("inspections", "inspections", url_prefix="/inspections", description="Inspections and their records")

READERS = ("inspector", "reviewer", "auditor")


@blp.get("")
@access("plan_officer", "reviewer", "auditor")
@blp.arguments(OverviewQuery, location="query")
@blp.response(200, OverviewOut)
@secret("inspections", need_to_know=True)
def list_inspections(query: dict[str, Any]) -> dict[str, Any]:
    """Inspections of the agency, the most urgent first. ``ids``: only these, separated by commas."""
    ids = [one for one in query["ids"].split(",") if one]
    found = overview.lines(g.actor.agency_id, query["which"], query["text"].strip(), ids, query["limit"], query["offset"])
    counts(len(found))
    return {"inspections": found}


@blp.post("/<insp_id>/cancel")
@access("plan_officer")
@blp.arguments(CancelIn)
@blp.response(204)
def cancel(body: dict[str, Any], insp_id: str) -> None:
    """Give up an inspection that nobody has begun; its reserved document numbers are voided with the reason."""
    operations.cancel(g.actor, insp_id, body["reason"])


@blp.get("/chains")
@access(SIGNED_IN)
@blp.response(200, ChainsOut)
def list_chains() -> dict[str, Any]:
    """How far the chain of each phone has come here: my own phones, or the agency's for administrator and auditor."""
    return {"chains": phones.chains(g.actor)}


@blp.get("/quarantine")
@access("administrator", "reviewer", "auditor")
@blp.response(200, QuarantineOut)
def list_quarantine() -> dict[str, Any]:
    """Events that are kept apart from the records, each with its reason and what can be done."""
    audit.record_read(g.actor, "inspections.quarantine_read", "agency", g.actor.agency_id)
    return {"events": quarantine.kept(g.actor)}


@blp.post("/quarantine/decisions")
@access("reviewer")
@blp.arguments(QuarantineDecisionIn)
@blp.response(200, QuarantineDecisionOut)
def decide_quarantine(body: dict[str, Any]) -> dict[str, Any]:
    """Let quarantined events in, or keep them apart, with the reason; never an event of one's own visit."""
    return {"released": quarantine.decide(g.actor, body["events"], body["decision"], body["reason"])}


@blp.get("/levels")
@access("reviewer", "auditor")
@blp.arguments(LevelsQuery, location="query")
@blp.response(200, LevelsOut)
def list_levels(query: dict[str, Any]) -> dict[str, Any]:
    """How inspectors have attested in a period: on one phone, face to face, or each by own upload."""
    since, until = from_ms(day_start_ms(query["since"])), from_ms(day_end_ms(query["until"]))
    return {"inspectors": levels.shares(g.actor.agency_id, since, until)}


@blp.get("/<insp_id>")
@access(*READERS)
@blp.response(200, InspectionOut)
@secret("inspection", of="insp_id")
def show(insp_id: str) -> dict[str, Any]:
    """The inspection, its folded visit, and which files have arrived. An inspector sees the own ones."""
    view = _readable(g.actor, insp_id)
    try:
        visit = operations.visit(insp_id).visit
    except PackUnknown:
        visit = None
    shas = sorted(evidence.named_in(view.agency_id, insp_id))
    states = evidence.states(view.agency_id, shas)
    told = {
        key: value for key, value in asdict(view).items() if key not in ("agency_id", "pack_sha", "seals", "created_ms")
    }
    return {**told, "team": list(view.team), "visit": visit, "media": {sha: states.get(sha, "lacking") for sha in shas}}


@blp.get("/<insp_id>/export.zip")
@access("reviewer", "auditor")
@blp.response(200, content_type="application/zip")
@secret("export", of="insp_id", why="export")
def export_zip(insp_id: str) -> Response:
    """The whole record as a file that anybody can check without this server (D-17)."""
    view = operations.inspection(insp_id, g.actor.agency_id)
    buffer = io.BytesIO()
    export.write_zip(insp_id, buffer)
    audit.record_read(g.actor, "inspections.exported", "inspection", insp_id)
    buffer.seek(0)
    return send_file(buffer, mimetype="application/zip", as_attachment=True, download_name=f"{view.number}.zip")


def _readable(actor: Actor, insp_id: str) -> operations.InspectionView:
    """Of the own agency; an inspector's own. Everything else does not exist for the caller."""
    member = operations.is_member(insp_id, actor.user_id)
    view = operations.inspection(insp_id, None if member else actor.agency_id)
    if not actor.has("reviewer", "auditor") and not member:
        raise InspectionUnknown()
    return view
