"""Reports over HTTP: the leader's queue, one review, and what can be done to it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Response, g
from flask_smorest import Blueprint

from server.accounts.secrecy import counts, secret
from server.platform.access import access
from server.reports import findings, operations, papers, reading, schemas

blp = Blueprint("reports", "reports", url_prefix="/reports", description="检查报告与审核")
QUEUES = {"due": reading.OPEN_STATES, "review": ("submitted", "held"), "approved": ("approved",)}


@blp.get("")
@access("reviewer", "auditor", "inspector")
@blp.arguments(schemas.QueueQuery, location="query")
@blp.response(200, schemas.QueueOut)
@secret("reports", why="review")
def list_reports(query: dict[str, Any]) -> dict[str, Any]:
    """By due date, the overdue first. ``queue``: due (all open), review (waiting for the leader), approved."""
    found = reading.queue(g.actor, QUEUES[query["queue"]])
    counts(len(found))
    return {"reports": found}


@blp.get("/findings")
@access("plan_officer", "reviewer", "administrator", "auditor")
@blp.response(200, schemas.FindingsOut)
def get_findings() -> findings.Findings:
    """How often each item of the list was found unqualified, and what is found often without an item (WS-3.2d)."""
    return findings.findings(g.actor.agency_id, operations.today_and_calendar(g.actor.agency_id)[0])


@blp.get("/<report_id>")
@access("reviewer", "auditor", "inspector")
@blp.response(200, schemas.DetailOut)
@secret("report", of="report_id", why="review")
def one_report(report_id: str) -> dict[str, Any]:
    return reading.detail(g.actor, report_id)


@blp.put("/<report_id>/opinion")
@access("inspector")
@blp.arguments(schemas.OpinionIn)
@blp.response(200, schemas.RevisionOut)
def put_opinion(body: dict[str, Any], report_id: str) -> dict[str, Any]:
    """A new revision; ``base`` is the one the author saw. A clash keeps both (D-11)."""
    base = body.pop("base")
    return {"rev": operations.write_opinion(g.actor, report_id, base, body)}


@blp.post("/<report_id>/submit")
@access("inspector")
@blp.response(204)
def post_submit(report_id: str) -> None:
    operations.submit(g.actor, report_id)


@blp.post("/<report_id>/approve")
@access("reviewer")
@blp.arguments(schemas.ApproveIn)
@blp.response(204)
def post_approve(body: dict[str, Any], report_id: str) -> None:
    operations.approve(g.actor, report_id, body["note"], body["clock_reason"])


@blp.post("/<report_id>/hold")
@access("reviewer")
@blp.arguments(schemas.NoteIn)
@blp.response(204)
def post_hold(body: dict[str, Any], report_id: str) -> None:
    operations.hold(g.actor, report_id, body["note"])


@blp.post("/<report_id>/return")
@access("reviewer")
@blp.arguments(schemas.ReturnIn)
@blp.response(200, schemas.ReturnIdOut)
def post_return(body: dict[str, Any], report_id: str) -> dict[str, Any]:
    return {"id": operations.give_back(g.actor, report_id, body["reasons"], body["note"])}


@blp.get("/<report_id>/documents/<kind>.pdf")
@access("reviewer", "auditor", "inspector")
@blp.alt_response(200, description="PDF/A-2b", content_type="application/pdf")
@secret("document", of="report_id", why="review")
def get_document(report_id: str, kind: str) -> Response:
    """``kind``: notice, receipt, record, report. Inspectors read those of their own visits."""
    name, made = papers.read(g.actor, report_id, kind)
    answer = Response(made, content_type="application/pdf")
    answer.headers["Content-Disposition"] = f"inline; filename=\"{kind}.pdf\"; filename*=UTF-8''{quote(name)}"
    return answer
