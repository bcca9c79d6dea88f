"""Samples of what plans name in their routes, in the agency asked for; each is made fresh, so no test wears out another's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from server.accounts import operations as accounts
from server.accounts.domain import Actor
from server.plans import annual, monthly, operations, publishing, replacing, upward
from server.plans.tables import MonthlyPlanRow, PlanAmendmentRow, UpwardRow
from server.platform import clock
from server.platform.db import session, transaction
from server.platform.ids import new_id
from server.rules import operations as rules
from tests.builders import a_client, a_person, actor_of
from tests.world import Client


def officer(agency: str) -> Actor:
    return actor_of(a_person("plan_officer", agency=agency))


def content(agency: str) -> dict[str, Any]:
    return {
        "title": "", "period_from": "2026-01-01", "period_to": "2026-12-31", "source": "own", "source_note": "", "item_codes": [str(rules.rules_for(agency).items[0]["code"])], "target_key": 1,
        "target_general": 1, "addressees": [], "roster": [], "sections": [], "joint": "", "object_filter": "", "ratio_permille": 0, "check_content": "", "rides_along": False,
    }


def a_document(agency: str) -> str:
    return annual.save(officer(agency), new_id(), "annual", 2026, 0, content(agency)).id


def a_signed_document(agency: str) -> str:
    made = a_document(agency)
    return annual.approve(actor_of(a_person("reviewer", agency=agency)), made).id


def a_letter(agency: str) -> str:
    """A letter to a superior that answers on paper."""
    with transaction():
        letter = upward.send_up(officer(agency), agency, "unit_registry", new_id(), "试验", [["试验", "试验"]])
        session().get_one(UpwardRow, letter.id).to_agency = ""
    return letter.id


def a_letter_in_an_inbox(agency: str) -> str:
    return annual.report(officer(agency), a_signed_document(agency)).id


def the_superior(agency: str) -> Client:
    above = accounts.agency(agency).parent_id
    assert above is not None, "the demo knows every agency's superior"
    return a_client(a_person("superior", agency=above))


def a_plan(agency: str) -> str:
    with transaction():
        row = MonthlyPlanRow(
            id=new_id(), agency_id=agency, month="2031-01", seq=len(monthly.plans(agency)) + 1, title=f"试验计划{new_id()}", state="draft", late=False, merges=True, source="internal", created_at=clock.now(), created_by="", version=0,
        )
        session().add(row)
    return row.id


def a_published_plan(agency: str) -> str:
    plan_id = a_plan(agency)
    publishing.results_are_public(officer(agency), plan_id)
    return plan_id


def an_amendment(agency: str) -> str:
    plan_id = a_published_plan(agency)
    with transaction():
        row = PlanAmendmentRow(id=new_id(), plan_id=plan_id, agency_id=agency, state="asked", changes=[], reason="试验", asked_by="", asked_at=clock.now())
        session().add(row)
    return row.id


def a_replacement(agency: str) -> str:
    """One that waits; what another test has decided gives way to a new one."""
    waiting = [one for one in replacing.listing(agency) if one.state in ("asked", "approved")]
    if waiting:
        return waiting[0].id
    found = next(one for batch in operations.batches(agency) for one in operations.batch(agency, batch.id)[1])
    return replacing.ask(officer(agency), new_id(), found.visit_group, "inspector", found.inspectors[0], "leave", "试验").id


def a_visit(agency: str) -> str:
    return max(one.visit_group for batch in operations.batches(agency) for one in operations.batch(agency, batch.id)[1])


VALUES: dict[str, Callable[[str], str]] = {
    "document_id": a_document,
    "/api/v1/plans/documents/<document_id>/report document_id": a_signed_document,
    "/api/v1/plans/documents/<document_id>/progress document_id": a_signed_document,
    "upward_id": a_letter,
    "inbox_id": a_letter_in_an_inbox,
    "plan_id": a_plan,
    "/api/v1/plans/monthly/<plan_id>/list.csv plan_id": a_published_plan,
    "amendment_id": an_amendment,
    "replacement_id": a_replacement,
    "visit_id": a_visit,
}
OWNERS: dict[str, Callable[[str], Client]] = {"inbox_id": the_superior}
BODIES: dict[str, dict[str, Any]] = {
    "PUT /api/v1/plans/documents/<document_id>": {"json": {"kind": "annual", "year": 2026, "base": 1, "content": {
        "title": "", "period_from": "2026-01-01", "period_to": "2026-12-31", "source": "own", "item_codes": ["YS-1"],
    }}},
    "POST /api/v1/plans/documents/<document_id>/discard": {"json": {"reason": "试验"}},
    "POST /api/v1/plans/documents/<document_id>/progress": {"json": {"words": "试验"}},
    "POST /api/v1/plans/upward/<upward_id>/answer": {"json": {"state": "received", "number": "试1", "on": date(2026, 11, 27).isoformat()}},
    "POST /api/v1/plans/inbox/<inbox_id>/answer": {"json": {"state": "received"}},
    "PATCH /api/v1/plans/monthly/<plan_id>": {"json": {"merges": True}},
    "POST /api/v1/plans/monthly/<plan_id>/approve": {"json": {"note": "试验"}},
    "POST /api/v1/plans/monthly/<plan_id>/amendments": {"json": {"id": "01890000-0000-7000-8000-000000000001", "reason": "试验", "changes": [{"line": "01890000-0000-7000-8000-000000000002", "withdraw": True}]}},
    "POST /api/v1/plans/amendments/<amendment_id>/decide": {"json": {"granted": True}},
    "POST /api/v1/plans/replacements/<replacement_id>/decide": {"json": {"granted": True}},
    "POST /api/v1/plans/replacements/<replacement_id>/draw": {"json": {"official_a": "01890000-0000-7000-8000-000000000001", "official_b": "01890000-0000-7000-8000-000000000002"}},
    "POST /api/v1/plans/visits/<visit_id>/day": {"json": {"day": "2026-12-01"}},
}
