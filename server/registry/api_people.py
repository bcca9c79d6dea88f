"""Inspectors, interests, training, leave, the leading group and what the field proposes, over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import g
from flask_smorest import Blueprint

from server.accounts import operations as accounts
from server.platform.access import access
from server.registry import operations, people, proposals
from server.registry import schemas_people as schemas
from server.registry.domain import FieldsWrong, InspectorUnknown
from server.registry.schemas import RegistryReasonIn, UnitMadeOut

blp = Blueprint("registry_people", "registry_people", url_prefix="/registry", description="执法检查人员名录库与现场更正建议")
READERS = ("plan_officer", "reviewer", "administrator", "auditor")
LONGEST_SPAN = timedelta(days=400)


@blp.get("/inspectors")
@access(*READERS)
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


@blp.get("/inspectors/<user_id>/history")
@access(*READERS)
@blp.response(200, schemas.FieldChangesOut)
def inspector_history(user_id: str) -> dict[str, Any]:
    operations.inspector(g.actor.agency_id, user_id)
    return {"history": people.history(g.actor.agency_id, user_id)}


@blp.get("/inspectors/reminders")
@access("plan_officer", "administrator")
@blp.response(200, schemas.RemindersOut)
def list_reminders() -> dict[str, Any]:
    """Certificates to be renewed, for the first page of whoever keeps the registry (WC-10)."""
    return {"reminders": people.reminders(g.actor.agency_id, operations.today())}


@blp.get("/inspectors/completeness")
@access(*READERS)
@blp.response(200, schemas.CompletenessOut)
def inspectors_completeness() -> people.Completeness:
    """Who is not in the registry, which fields are empty (C14), which certificates end (WC-10, YS-3.4c)."""
    return people.completeness(g.actor.agency_id, operations.today())


@blp.get("/inspectors/available")
@access(*READERS)
@blp.arguments(schemas.DayQuery, location="query")
@blp.response(200, schemas.AvailabilityOut)
def inspectors_available(query: dict[str, Any]) -> dict[str, Any]:
    """Who may be drawn on a day, and why the others may not."""
    found = operations.inspectors_on(g.actor.agency_id, query["on"])
    return {
        "inspectors": [
            {"user_id": one.user_id, "name": one.name, "available": one.available, "hindrances": [text for _, text in one.hindrances], "training_hours": one.training_hours} for one in found
        ]
    }


@blp.get("/leaves")
@access(*READERS)
@blp.arguments(schemas.DaysQuery, location="query")
@blp.response(200, schemas.LeavesOut)
def list_leaves(query: dict[str, Any]) -> dict[str, Any]:
    if query["to_day"] - query["from_day"] > LONGEST_SPAN:
        raise FieldsWrong("一次最多查看 400 天")
    return {"leaves": people.leaves(g.actor.agency_id, query["from_day"], query["to_day"])}


@blp.post("/leaves")
@access("plan_officer")
@blp.arguments(schemas.LeaveIn)
@blp.response(201, UnitMadeOut)
def post_leave(body: dict[str, Any]) -> dict[str, str]:
    return {"id": people.add_leave(g.actor, g.actor.agency_id, body["user_id"], body["kind"], body["from_day"], body["to_day"], body["note"])}


@blp.post("/leaves/<leave_id>/cancel")
@access("plan_officer")
@blp.response(204)
def cancel_leave(leave_id: str) -> None:
    people.cancel_leave(g.actor, g.actor.agency_id, leave_id)


@blp.get("/trainings")
@access(*READERS)
@blp.response(200, schemas.TrainingsOut)
def list_trainings() -> dict[str, Any]:
    return {"trainings": people.trainings(g.actor.agency_id), "gate_hours": people.training_gate(g.actor.agency_id)}


@blp.post("/trainings")
@access("plan_officer")
@blp.arguments(schemas.TrainingIn)
@blp.response(201, schemas.AddedOut)
def post_training(body: dict[str, Any]) -> dict[str, int]:
    """One training, several people; whoever has it already keeps it."""
    return {"added": people.add_training(g.actor, g.actor.agency_id, body["user_ids"], body["held_on"], body["subject"].strip(), body["half_hours"], body["note"])}


@blp.put("/trainings/gate")
@access("plan_officer")
@blp.arguments(schemas.GateIn)
@blp.response(204)
def put_gate(body: dict[str, Any]) -> None:
    """Hours within a year without which nobody is drawn; 0 switches it off."""
    people.set_training_gate(g.actor, g.actor.agency_id, body["half_hours"] / 2)


@blp.get("/leading-group")
@access(*READERS)
@blp.response(200, schemas.LeadersOut)
def list_leaders() -> dict[str, Any]:
    return {"members": people.leading_group(g.actor.agency_id)}


@blp.post("/leading-group")
@access("plan_officer")
@blp.arguments(schemas.LeaderIn)
@blp.response(201, UnitMadeOut)
def post_leader(body: dict[str, Any]) -> dict[str, str]:
    return {"id": people.add_leader(g.actor, g.actor.agency_id, body["place"], body["name"], body["post"], body["duty"], body["from_day"])}


@blp.post("/leading-group/<member_id>/end")
@access("plan_officer")
@blp.arguments(schemas.LeaderEndIn)
@blp.response(204)
def end_leader(body: dict[str, Any], member_id: str) -> None:
    people.end_leader(g.actor, g.actor.agency_id, member_id, body["to_day"])


@blp.get("/conflicts")
@access("plan_officer", "reviewer", "auditor")
@blp.response(200, schemas.ConflictsOut)
def list_conflicts() -> dict[str, Any]:
    return {"conflicts": operations.conflicts(g.actor.agency_id)}


@blp.post("/conflicts")
@access("plan_officer", "inspector")
@blp.arguments(schemas.ConflictIn)
@blp.response(204)
def post_conflict(body: dict[str, Any]) -> None:
    """利害关系登记 (WS-4.2c). An inspector may only declare their own."""
    own = g.actor.user_id if not g.actor.has("plan_officer") else body["user_id"]
    operations.declare_conflict(g.actor, g.actor.agency_id, own, body["unit_id"], body["reason"])


@blp.post("/conflicts/<conflict_id>/withdraw")
@access("plan_officer")
@blp.arguments(RegistryReasonIn)
@blp.response(204)
def withdraw_conflict(body: dict[str, Any], conflict_id: str) -> None:
    """An interest that has ended or was wrong; it stays in the record with the reason."""
    people.withdraw_conflict(g.actor, g.actor.agency_id, conflict_id, body["reason"])


@blp.get("/proposals")
@access(*READERS)
@blp.arguments(schemas.ProposalQuery, location="query")
@blp.response(200, schemas.ProposalsOut)
def list_proposals(query: dict[str, Any]) -> dict[str, Any]:
    found, waiting = proposals.proposals(g.actor.agency_id, query["state"])
    return {
        "open": waiting,
        "proposals": [
            {
                "id": one.row.id, "kind": one.row.kind, "unit_id": one.row.unit_id, "unit_name": one.unit_name, "insp": one.row.insp, "field": one.row.field, "label": one.label, "old": one.row.old,
                "now": one.now, "new": one.row.new, "source": one.row.source, "details": one.row.details, "by": one.by, "at": one.row.at, "state": one.row.state, "reason": one.row.reason,
            }
            for one in found
        ],
    }


@blp.post("/proposals/<proposal_id>/decide")
@access("plan_officer")
@blp.arguments(schemas.ProposalDecisionIn)
@blp.response(204)
def decide_proposal(body: dict[str, Any], proposal_id: str) -> None:
    """Accepted it becomes a change of the registry with the visit as its source; rejected it stays with the reason."""
    proposals.decide(g.actor, g.actor.agency_id, proposal_id, body["accept"], body["reason"], body["values"])


@blp.post("/reported-units")
@access("inspector", "plan_officer", "reviewer")
@blp.arguments(schemas.ReportUnitIn)
@blp.response(201, UnitMadeOut)
def report_unit(body: dict[str, Any]) -> dict[str, str]:
    """A supervised unit that is not in the registry (YS-3.2a)."""
    details = {key: body[key].strip() for key in ("name", "address", "uscc", "sector") if body[key].strip()}
    return {"id": proposals.report_unit(g.actor, g.actor.agency_id, details, body["note"], body["id"])}
