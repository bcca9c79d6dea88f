"""Replacements, undrawn inspections, and the month's calendar over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import g
from flask_smorest import Blueprint

from server.accounts.secrecy import counts, secret
from server.plans import change_schemas, days, figures, plan_schemas, replacing, undrawn
from server.platform.access import access
from server.rules import operations as rules

blp = Blueprint("plan_changes", "plan_changes", url_prefix="/plans", description="调整、非随机检查和日历")


@blp.get("/replacements")
@access("plan_officer", "reviewer", "auditor")
@blp.response(200, change_schemas.ReplacementsOut)
def list_replacements() -> dict[str, Any]:
    values = rules.rules_for(g.actor.agency_id).values
    reasons = {reason: replacing.REASONS.get(reason, reason) for reason in values["reassign.reasons"]}
    return {"replacements": replacing.listing(g.actor.agency_id), "reasons": reasons, "unit_reasons": replacing.UNIT_REASONS, "approval": values["reassign.approval"]}


@blp.post("/replacements")
@access("plan_officer", "reviewer")
@blp.arguments(change_schemas.ReplacementIn)
@blp.response(200, change_schemas.ReplacementOut)
def ask_replacement(body: dict[str, Any]) -> replacing.Replacement:
    """Who or what leaves, and why. Nobody can say who comes: that is drawn."""
    return replacing.ask(g.actor, body["id"], body["visit"], body["kind"], body["out"], body["reason"], body["note"], body["evidence"])


@blp.post("/replacements/<replacement_id>/decide")
@access("reviewer")
@blp.arguments(plan_schemas.DecideIn)
@blp.response(200, change_schemas.ReplacementOut)
def decide_replacement(body: dict[str, Any], replacement_id: str) -> replacing.Replacement:
    return replacing.decide(g.actor, replacement_id, body["granted"], body["decision"])


@blp.post("/replacements/<replacement_id>/draw")
@access("plan_officer", "reviewer")
@blp.arguments(change_schemas.OfficialsIn)
@blp.response(200, change_schemas.ReplacementOut)
def draw_replacement(body: dict[str, Any], replacement_id: str) -> replacing.Replacement:
    return replacing.draw(g.actor, replacement_id, body["official_a"], body["official_b"], body["witness_name"])


@blp.get("/replacements/count")
@access("plan_officer", "reviewer", "auditor")
@blp.arguments(change_schemas.YearQuery, location="query")
@blp.response(200, change_schemas.ReplacementCountOut)
def count_replacements(query: dict[str, Any]) -> dict[str, Any]:
    found = replacing.count(g.actor.agency_id, query["year"])
    lists = {name: [{"name": words, "number": number} for words, number in getattr(found, name)] for name in ("by_leader", "by_inspector", "by_unit")}
    return {**{name: getattr(found, name) for name in ("year", "visits", "replaced", "permille", "red", "by_reason")}, **lists}


@blp.get("/undrawn")
@access("plan_officer", "reviewer", "auditor")
@blp.response(200, change_schemas.UndrawnListOut)
def list_undrawn() -> dict[str, Any]:
    agency_id = g.actor.agency_id
    items = {str(item["code"]): str(item["item"]) for item in rules.rules_for(agency_id).items}
    return {"undrawn": undrawn.listing(agency_id), "types": undrawn.types(agency_id), "items": items}


@blp.post("/undrawn")
@access("plan_officer", "reviewer")
@blp.arguments(change_schemas.UndrawnIn)
@blp.response(200, change_schemas.UndrawnOut)
def create_undrawn(body: dict[str, Any]) -> undrawn.Undrawn:
    return undrawn.create(g.actor, body["id"], body)


@blp.get("/share")
@access("plan_officer", "reviewer", "auditor")
@blp.arguments(change_schemas.YearQuery, location="query")
@blp.response(200, change_schemas.ShareOut)
def share_of_draws(query: dict[str, Any]) -> figures.Share:
    return figures.share(g.actor.agency_id, query["year"])


@blp.get("/board")
@access("plan_officer", "reviewer", "auditor")
@blp.arguments(change_schemas.MonthQuery, location="query")
@blp.response(200, change_schemas.BoardOut)
def month_board(query: dict[str, Any]) -> days.MonthBoard:
    return days.board(g.actor.agency_id, query["month"])


@blp.get("/visits")
@access("plan_officer", "reviewer")
@blp.response(200, change_schemas.OpenVisitsOut)
@secret("inspections", why="replacement")
def list_open_visits() -> dict[str, Any]:
    """Visits nobody has begun, with the ids of their teams: what a replacement is asked for. A list of drawn units is
    secret wherever it is shown: the reading is recorded (WG-9a)."""
    visits = days.open_visits(g.actor.agency_id)
    counts(len(visits))
    return {"visits": visits}


@blp.post("/visits/<visit_id>/day")
@access("plan_officer", "reviewer")
@blp.arguments(change_schemas.DayIn)
@blp.response(200, change_schemas.DayOut)
def move_visit(body: dict[str, Any], visit_id: str) -> dict[str, date]:
    return {"day": days.move(g.actor, visit_id, body["day"])}
