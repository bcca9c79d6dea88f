"""The calendar: moved within the limit and never past it; figures per team (WC-15d, JD-7.3, YS-4.1)."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask

from server.audit import operations as audit
from server.inspections import operations as inspections
from server.plans import days
from server.plans.domain import PastLimit, PlanRefused, PlanState, PlanUnknown
from server.platform import clock
from tests import builders
from tests.plans.office import JD, WC, Office, an_office, on


@pytest.fixture
def office(ctx: Flask) -> Office:
    return an_office(JD)


def test_wc_15d_a_visit_is_planned_within_its_limit_and_past_it_the_article_says_no(office: Office) -> None:
    """月度抽查计划应包括…检查时限等"""
    with clock.freeze(on("2026-11-20")):
        office.released(0)
        visit = inspections.inspections(JD)[0]
        assert days.move(office.officer, visit.id, date(2026, 12, 31)) == date(2026, 12, 31)
        with pytest.raises(PastLimit) as refused:
            days.move(office.officer, visit.id, date(2027, 1, 4))
        assert refused.value.facts == {"limit": "2026-12-31"}
        answer = office.client(office.officer).post(f"/api/v1/plans/visits/{visit.id}/day", json={"day": "2027-01-04"})
        assert (answer.status_code, answer.get_json()["article"]) == (409, "WC-15d 第十五条")


def test_nobody_is_sent_on_a_day_off_or_in_the_past(office: Office) -> None:
    with clock.freeze(on("2026-11-20")):
        office.released(0)
        visit = inspections.inspections(JD)[0]
        for day in (date(2026, 12, 5), date(2026, 11, 19)):
            with pytest.raises(PlanRefused):
                days.move(office.officer, visit.id, day)


def test_the_same_day_again_is_no_second_fact_and_a_cancelled_visit_is_not_moved(office: Office) -> None:
    with clock.freeze(on("2026-11-20")):
        office.released(0)
        visit = inspections.inspections(JD)[0]
        for _ in range(3):
            days.move(office.officer, visit.id, date(2026, 12, 9))
        assert len(audit.listing(JD, verb="plans.visit_moved")) == 1
        inspections.cancel(office.officer, visit.id, "试验")
        with pytest.raises(PlanState):
            days.move(office.officer, visit.id, date(2026, 12, 10))


def test_another_agency_does_not_find_the_visit(office: Office) -> None:
    office.released(0)
    with pytest.raises(PlanUnknown):
        days.move(builders.an_actor("plan_officer", agency=WC), inspections.inspections(JD)[0].id, date(2026, 12, 31))


def test_ys_4_1_the_board_counts_planned_done_and_overdue_per_team_and_shows_load_against_capacity(office: Office) -> None:
    """加强对随机抽查工作的调研、指导和督促: dashboards per team: planned, done, overdue"""
    with clock.freeze(on("2026-11-20")):
        office.released(0, 1, team=(0, 1), period="2026-12")
        office.released(2, team=(3, 2), period="2026-12")
        days.move(office.officer, inspections.inspections(JD, unit_id=office.units[0].id)[0].id, date(2026, 12, 9))
        seen = days.board(JD, "2026-12")
        teams = len(office.people) // 2
        assert (seen.planned, seen.done, seen.overdue, seen.per_day) == (3, 0, 0, teams)
        ninth = next(one for one in seen.days if one.day == date(2026, 12, 9))
        assert (ninth.planned, ninth.workday, ninth.room) == (1, True, teams - 1)
        assert next(one for one in seen.days if one.day == date(2026, 12, 5)).room == 0, "Saturday"
        assert next(one for one in seen.days if one.day == date(2026, 12, 31)).due == 3
        assert [(len(line.team), line.planned) for line in seen.teams] == [(2, 2), (2, 1)]
        assert seen.entries[0].planned_on == date(2026, 12, 9) and seen.entries[0].may_move
    with clock.freeze(on("2027-01-04")):
        late = days.board(JD, "2026-12")
        assert (late.overdue, late.elapsed_permille) == (3, 1000) and not late.entries[0].may_move and [line.overdue for line in late.teams] == [2, 1]


def test_jd_7_3_progress_is_shown_beside_elapsed_time(office: Office) -> None:
    """保证…抽查工作按序时进度实施"""
    with clock.freeze(on("2026-12-16")):
        office.released(0, period="2026-12")
        seen = days.board(JD, "2026-12")
        assert (seen.elapsed_permille, seen.done_permille) == (516, 0)


def test_a_month_that_is_none_is_refused(office: Office) -> None:
    client = office.client(office.officer)
    assert client.get("/api/v1/plans/board?month=2026-13").status_code == 422
    assert client.get("/api/v1/plans/board?month=2026-12").status_code == 200


def test_wg_9a_reading_the_open_visits_is_recorded_with_its_count(office: Office) -> None:
    """access log: a list of drawn units is secret wherever it is shown"""
    office.released(0, 1)
    seen = office.client(office.officer).get("/api/v1/plans/visits").get_json()["visits"]
    assert len(seen) == 2 and {one["id"] for one in seen[0]["team"]} == set(office.people[:2])
    assert audit.listing(JD, limit=1)[0].facts == {"count": 2, "why": "replacement"}
