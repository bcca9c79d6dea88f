"""The monthly close and the monthly plans over HTTP: approve, release, publish, amend; the list under embargo."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from flask import Response, g, request
from flask_smorest import Blueprint

from server.plans import closing, monthly, operations, plan_schemas, publishing, schemas
from server.platform.access import access, body_limit
from server.platform.sheets import MAX_BYTES
from server.platform.uploads import sent_table
from server.registry import operations as registry
from server.rules import operations as rules

blp = Blueprint("monthly_plans", "monthly_plans", url_prefix="/plans", description="月度计划")


@blp.get("/months")
@access("plan_officer", "reviewer", "auditor")
@blp.arguments(plan_schemas.MonthsQuery, location="query")
@blp.response(200, plan_schemas.MonthsOut)
def list_months(query: dict[str, Any]) -> dict[str, Any]:
    return {"months": closing.months(g.actor.agency_id, query["start"], query["count"])}


@blp.post("/months/quota")
@access("plan_officer", "reviewer")
@blp.arguments(plan_schemas.QuotaIn)
@blp.response(200, plan_schemas.MonthOut)
def post_quota(body: dict[str, Any]) -> closing.Month:
    return closing.set_quota(g.actor, body["month"], body["quota"], body["note"])


@blp.get("/monthly")
@access("plan_officer", "reviewer", "auditor")
@blp.response(200, plan_schemas.MonthlyPlansOut)
def list_plans() -> dict[str, Any]:
    """Plans without their rows: what is secret is the list of units."""
    return {"plans": monthly.plans(g.actor.agency_id)}


@blp.post("/monthly/import")
@access("plan_officer")
@body_limit(MAX_BYTES + 64 * 1024)
@blp.response(200, schemas.BatchOutcomeOut)
def import_plan() -> operations.BatchOutcome:
    """multipart: ``file`` (.xlsx/.csv), ``dry_run``, ``month``: a draw made elsewhere becomes a plan to be approved."""
    data, name, dry_run = sent_table()
    return monthly.import_draw(g.actor, str(request.form.get("month", "")), data, name, dry_run)


@blp.get("/monthly/<plan_id>")
@access("plan_officer", "reviewer", "auditor")
@blp.response(200, plan_schemas.MonthlyDetailOut)
def one_plan(plan_id: str) -> dict[str, Any]:
    agency_id = g.actor.agency_id
    found, values = monthly.plan(agency_id, plan_id), rules.rules_for(agency_id).values
    bound = {
        "amend": values["plan.amend_after_publish"], "before_visit": bool(values["publish.plan_before_visit"]), "public": bool({"plan", "objects"} & set(values["publish.kinds"])),
        "hides_inspectors": bool(values["publish.hide_inspectors_in_plan"]),
    }
    return {"plan": found, "rules": bound, "versions": publishing.versions(agency_id, plan_id), "amendments": publishing.amendments(agency_id, plan_id)}


@blp.get("/monthly/<plan_id>/lines")
@access("plan_officer", "reviewer", "auditor")
@blp.response(200, plan_schemas.PlanLinesOut)
def plan_lines(plan_id: str) -> dict[str, Any]:
    """The drawn units. Until they are public only for those whom the profile names, and every reading is recorded."""
    found = publishing.read_lines(g.actor, plan_id)
    people = registry.inspector_names(g.actor.agency_id)
    places = registry.unit_places(g.actor.agency_id, [unit for line in found for unit in line.premises])

    def told(line: monthly.PlanLine) -> dict[str, Any]:
        team = [{"id": one, "name": people.get(one, one)} for one in line.team]
        return asdict(line) | {"team": team, "premises": [{"id": one, "name": places[one][0], "address": places[one][1]} for one in line.premises if one in places]}

    return {"lines": [told(line) for line in found]}


@blp.patch("/monthly/<plan_id>")
@access("plan_officer", "reviewer")
@blp.arguments(plan_schemas.DraftIn)
@blp.response(200, plan_schemas.MonthlyPlanOut)
def change_plan(body: dict[str, Any], plan_id: str) -> monthly.Plan:
    limits = {one["line"]: one["inspect_by"] for one in body["limits"]}
    premises = {one["line"]: one["unit"] for one in body["premises"]}
    return monthly.change_draft(g.actor, plan_id, limits, body["merges"], premises)


@blp.post("/monthly/<plan_id>/approve")
@access("reviewer")
@blp.arguments(plan_schemas.ApprovePlanIn)
@blp.response(200, plan_schemas.MonthlyPlanOut)
def approve_plan(body: dict[str, Any], plan_id: str) -> monthly.Plan:
    return monthly.approve(g.actor, plan_id, body["note"])


@blp.post("/monthly/<plan_id>/release")
@access("plan_officer", "reviewer")
@blp.response(200, plan_schemas.MonthlyPlanOut)
def release_plan(plan_id: str) -> monthly.Plan:
    return monthly.release(g.actor, plan_id)


@blp.post("/monthly/<plan_id>/publish")
@access("reviewer")
@blp.response(200, plan_schemas.MonthlyPlanOut)
def publish_plan(plan_id: str) -> monthly.Plan:
    return publishing.publish(g.actor, plan_id)


@blp.get("/monthly/<plan_id>/list.csv")
@access("plan_officer", "reviewer", "auditor")
@blp.alt_response(200, description="UTF-8 with BOM", content_type="text/csv")
def plan_csv(plan_id: str) -> Response:
    """The published rows; before publication nobody carries the list out, and the attempt is recorded."""
    rows = publishing.export(g.actor, plan_id)
    text = io.StringIO()
    csv.writer(text).writerows([[_cell(word) for word in row] for row in rows])
    answer = Response("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="plan.csv"'
    return answer


@blp.get("/monthly/<plan_id>/plan.pdf")
@access("plan_officer", "reviewer", "auditor")
@blp.alt_response(200, description="PDF/A-2b", content_type="application/pdf")
def plan_pdf(plan_id: str) -> Response:
    """The published plan as the numbered, signed document it is; before publication refused and recorded like the table."""
    answer = Response(publishing.pdf(g.actor, plan_id), content_type="application/pdf")
    answer.headers["Content-Disposition"] = f"inline; filename=\"plan.pdf\"; filename*=UTF-8''{quote(monthly.plan(g.actor.agency_id, plan_id).title)}.pdf"
    return answer


def _cell(word: str) -> str:
    """A cell that begins like a formula stays text in a spreadsheet."""
    return f"'{word}" if word[:1] in "=+-@\t\r" and word else word


@blp.post("/monthly/<plan_id>/amendments")
@access("plan_officer")
@blp.arguments(plan_schemas.AmendmentIn)
@blp.response(200, plan_schemas.AmendmentOut)
def ask_amendment(body: dict[str, Any], plan_id: str) -> publishing.Amendment:
    return publishing.ask_amendment(g.actor, plan_id, body["id"], body["changes"], body["reason"])


@blp.post("/amendments/<amendment_id>/decide")
@access("reviewer")
@blp.arguments(plan_schemas.DecideIn)
@blp.response(200, plan_schemas.AmendmentOut)
def decide_amendment(body: dict[str, Any], amendment_id: str) -> publishing.Amendment:
    return publishing.decide_amendment(g.actor, amendment_id, body["granted"], body["decision"])
