"""Plan documents, letters to the superior, and the superior's inbox over HTTP."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Response, g
from flask_smorest import Blueprint

from server.plans import annual, campaigns, plan_schemas, upward
from server.platform.access import access
from server.rules import operations as rules

blp = Blueprint("plan_documents", "plan_documents", url_prefix="/plans", description="年度计划、方案和上行文")


@blp.get("/documents")
@access("plan_officer", "reviewer", "auditor")
@blp.response(200, plan_schemas.PlanDocumentsOut)
def list_documents() -> dict[str, Any]:
    agency_id = g.actor.agency_id
    items = {str(item["code"]): str(item["item"]) for item in rules.rules_for(agency_id).items}
    return {"documents": annual.documents(agency_id), "capacity": annual.staff(agency_id), "items": items}


@blp.get("/campaigns")
@access("plan_officer", "reviewer")
@blp.response(200, plan_schemas.CampaignsOut)
def list_campaigns() -> dict[str, Any]:
    """Signed schemes from which a draw may be proposed, with filter, ratio and content."""
    return {"campaigns": campaigns.campaigns(g.actor.agency_id)}


@blp.get("/documents/<document_id>")
@access("plan_officer", "reviewer", "auditor")
@blp.response(200, plan_schemas.PlanDocumentDetailOut)
def one_document(document_id: str) -> dict[str, Any]:
    found = annual.document(g.actor.agency_id, document_id)
    return {"document": found, "warnings": annual.warnings(found), "letters": annual.letters_of(found)}


@blp.put("/documents/<document_id>")
@access("plan_officer")
@blp.arguments(plan_schemas.DocumentIn)
@blp.response(200, plan_schemas.PlanDocumentOut)
def put_document(body: dict[str, Any], document_id: str) -> annual.Document:
    """Draw up or change a draft under an id of the caller's; ``base`` is the revision the author saw, 0 for a new one."""
    return annual.save(g.actor, document_id, body["kind"], body["year"], body["base"], campaigns.with_filter(g.actor.agency_id, body["content"]))


@blp.post("/documents/<document_id>/approve")
@access("reviewer")
@blp.response(200, plan_schemas.PlanDocumentOut)
def approve_document(document_id: str) -> annual.Document:
    return annual.approve(g.actor, document_id)


@blp.post("/documents/<document_id>/discard")
@access("plan_officer")
@blp.arguments(plan_schemas.PlanReasonIn)
@blp.response(200, plan_schemas.PlanDocumentOut)
def discard_document(body: dict[str, Any], document_id: str) -> annual.Document:
    return annual.discard(g.actor, document_id, body["reason"])


@blp.post("/documents/<document_id>/report")
@access("plan_officer")
@blp.response(200, plan_schemas.LetterOut)
def report_document(document_id: str) -> upward.Letter:
    return annual.report(g.actor, document_id)


@blp.post("/documents/<document_id>/progress")
@access("plan_officer")
@blp.arguments(plan_schemas.ProgressIn)
@blp.response(200, plan_schemas.LetterOut)
def report_progress(body: dict[str, Any], document_id: str) -> upward.Letter:
    return annual.progress(g.actor, document_id, body["words"], body["question"])


@blp.get("/documents/<document_id>/registry")
@access("plan_officer", "reviewer", "auditor")
@blp.response(200, plan_schemas.RegistrySinceOut)
def registry_since(document_id: str) -> dict[str, Any]:
    """The registry when the annual plan was signed, and what has changed since (WS-3.4a)."""
    return {"since": annual.registry_since(g.actor.agency_id, document_id)}


@blp.get("/documents/<document_id>/document.pdf")
@access("plan_officer", "reviewer", "auditor")
@blp.alt_response(200, description="PDF/A-2b", content_type="application/pdf")
def document_pdf(document_id: str) -> Response:
    return _pdf(annual.document(g.actor.agency_id, document_id))


@blp.get("/upward")
@access("plan_officer", "reviewer", "auditor")
@blp.response(200, plan_schemas.LettersOut)
def list_upward() -> dict[str, Any]:
    return {"letters": upward.sent(g.actor.agency_id)}


@blp.post("/upward/<upward_id>/answer")
@access("plan_officer")
@blp.arguments(plan_schemas.OutsideAnswerIn)
@blp.response(200, plan_schemas.LetterOut)
def record_outside_answer(body: dict[str, Any], upward_id: str) -> upward.Letter:
    """The answer of a superior that is not in this system, from its letter."""
    return upward.record_answer(g.actor, upward_id, body["state"], body["reason"], body["number"], body["on"])


@blp.get("/inbox")
@access("superior")
@blp.response(200, plan_schemas.LettersOut)
def list_inbox() -> dict[str, Any]:
    return {"letters": upward.inbox(g.actor)}


@blp.get("/inbox/<inbox_id>")
@access("superior")
@blp.response(200, plan_schemas.LetterOut)
def one_letter(inbox_id: str) -> upward.Letter:
    return upward.addressed(g.actor, inbox_id)


@blp.post("/inbox/<inbox_id>/answer")
@access("superior")
@blp.arguments(plan_schemas.AnswerIn)
@blp.response(200, plan_schemas.LetterOut)
def answer_letter(body: dict[str, Any], inbox_id: str) -> upward.Letter:
    """received | returned for reports and filings, granted | refused for permissions."""
    return upward.answer(g.actor, inbox_id, body["state"], body["reason"], body["number"])


@blp.get("/inbox/<inbox_id>/document.pdf")
@access("superior")
@blp.alt_response(200, description="PDF/A-2b", content_type="application/pdf")
def letter_pdf(inbox_id: str) -> Response:
    return _pdf(annual.letter_document(upward.addressed(g.actor, inbox_id)))


def _pdf(found: annual.Document) -> Response:
    answer = Response(annual.pdf(found), content_type="application/pdf")
    answer.headers["Content-Disposition"] = f"inline; filename=\"plan.pdf\"; filename*=UTF-8''{quote(found.number)}.pdf"
    return answer
