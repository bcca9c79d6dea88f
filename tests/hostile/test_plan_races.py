"""Two people at the same plan, letter or replacement at the same moment: one act, the other one hears of it.

A race is forced, not hoped for: the test holds the row until both requests wait for it."""

from __future__ import annotations

import pytest
from flask import Flask

from server.inspections import operations as inspections
from server.plans import monthly, operations, replacing, upward
from server.plans.tables import MonthlyPlanRow, ReplacementRow, UpwardRow
from server.platform.db import transaction
from server.platform.ids import new_id
from tests import builders
from tests.hostile.test_report_races import at_once
from tests.plans.office import WC, Office, an_office

API = "/api/v1/plans"


@pytest.fixture
def office(ctx: Flask) -> Office:
    return an_office(WC)


def test_a_plan_released_by_two_at_once_sends_every_visit_once(office: Office) -> None:
    office.take(office.result(0, 1))
    plan = office.plan()
    monthly.approve(office.head, plan.id, "补充安排")
    first, second = office.client(office.officer), office.client(office.head)
    answers = at_once(
        lambda: first.post(f"{API}/monthly/{plan.id}/release").status_code, lambda: second.post(f"{API}/monthly/{plan.id}/release").status_code, lock=(MonthlyPlanRow, plan.id)
    )
    assert answers == [200, 200]
    assert len(operations.batches(WC)) == 1 and len(inspections.inspections(WC)) == 2


def test_a_letter_answered_by_two_at_once_has_one_answer(office: Office) -> None:
    with transaction():
        letter = upward.send_up(office.officer, WC, "unit_registry", new_id(), "备案", [["名录库", "40 家"]])
    other = builders.an_actor("superior", agency=office.superior.agency_id)
    first, second = office.client(office.superior), office.client(other)
    answers = at_once(
        lambda: first.post(f"{API}/inbox/{letter.id}/answer", json={"state": "received"}).status_code,
        lambda: second.post(f"{API}/inbox/{letter.id}/answer", json={"state": "returned", "reason": "请补充"}).status_code,
        lock=(UpwardRow, letter.id),
    )
    assert sorted(answers, key=str) == [200, 409]
    assert upward.sent(WC)[0].state == ("received" if answers[0] == 200 else "returned")


def test_a_replacement_decided_by_two_heads_at_once_is_filed_once(office: Office) -> None:
    office.released(0)
    visit = inspections.inspections(WC)[0]
    made = replacing.ask(office.officer, new_id(), visit.id, "inspector", str(visit.team[0]["user"]), "leave", "年休假")
    first, second = office.client(office.head), office.client(builders.an_actor("reviewer", agency=WC))
    answers = at_once(
        lambda: first.post(f"{API}/replacements/{made.id}/decide", json={"granted": True}).status_code,
        lambda: second.post(f"{API}/replacements/{made.id}/decide", json={"granted": False, "decision": "不必"}).status_code,
        lock=(ReplacementRow, made.id),
    )
    assert sorted(answers, key=str) == [200, 409]
    granted = replacing.one(WC, made.id).state == "approved"
    assert len(upward.sent(WC)) == (1 if granted else 0)
