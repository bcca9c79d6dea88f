"""The monthly close: 25th or 26th, "N日前" without day N, reminder five working days before (WC-15a, JD-6c, C1)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from server.accounts.domain import Actor
from server.kernel.workdays import Calendar, load_calendar
from server.plans import close, closing, monthly
from server.plans.domain import LateNeedsNote, OwnWork
from server.platform import clock
from tests import builders
from tests.plans.office import JD, WC, YS, an_office, on


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    import json

    return load_calendar(json.loads((Path(__file__).resolve().parents[2] / "checklists/calendars/cn.json").read_text("utf-8")))


def test_wc_15a_before_the_26th_does_not_count_the_26th_itself(calendar: Calendar) -> None:
    """消防救援机构于每月26日前…合理设定抽查比例和频次 (C1: default exclusive)"""
    found = close.close_of("2026-12", {"day": 26, "what": "plan_generated", "inclusive": False}, calendar)
    assert found is not None and found.last_day == date(2026, 11, 25)
    assert not close.is_late(found, date(2026, 11, 25)) and close.is_late(found, date(2026, 11, 26))


def test_c1_an_agency_may_say_that_the_day_itself_counts(calendar: Calendar) -> None:
    found = close.close_of("2026-12", {"day": 26, "what": "plan_generated", "inclusive": True}, calendar)
    assert found is not None and found.last_day == date(2026, 11, 26)


def test_jd_6c_the_quota_is_set_by_the_24th_and_reminded_of_five_working_days_before(calendar: Calendar) -> None:
    """在…系统的每月25日前设置下一个月的检查单位抽查数; the reminder counts across the National Day weeks by working days."""
    found = close.close_of("2026-12", {"day": 25, "what": "quota_set", "inclusive": False}, calendar)
    assert found == close.Close("quota_set", date(2026, 11, 24), date(2026, 11, 17))
    autumn = close.close_of("2026-10", {"day": 26, "what": "quota_set", "inclusive": False}, calendar)
    # 24 Sep is a Thursday before Mid-Autumn; Sunday 20 Sep was worked.
    assert autumn is not None and autumn.last_day == date(2026, 9, 25) and autumn.remind_on == date(2026, 9, 20)


def test_an_agency_without_a_cutoff_is_never_late(calendar: Calendar) -> None:
    assert close.close_of("2026-12", {"day": None}, calendar) is None
    assert close.standing(None, date(2026, 12, 1), None) == "none"


@pytest.mark.parametrize(("today", "done", "words"), [("2026-11-10", None, "later"), ("2026-11-18", None, "remind"), ("2026-11-26", None, "overdue"), ("2026-11-26", False, "done"), ("2026-11-26", True, "done_late")])
def test_the_standing_of_a_month_is_one_word(calendar: Calendar, today: str, done: bool | None, words: str) -> None:
    found = close.close_of("2026-12", {"day": 26, "what": "plan_generated", "inclusive": False}, calendar)
    assert close.standing(found, date.fromisoformat(today), done) == words


def test_jd_6c_the_number_is_set_in_time_by_the_plan_officer_and_late_only_by_the_head_with_a_note(ctx: Flask) -> None:
    """在…系统的每月25日前设置下一个月的检查单位抽查数"""
    office = an_office(JD)
    with clock.freeze(on("2026-11-24")):
        assert closing.set_quota(office.officer, "2026-12", 12, "").standing == "done"
    with clock.freeze(on("2026-11-25")):
        with pytest.raises(LateNeedsNote):
            closing.set_quota(office.officer, "2026-12", 15, "领导要求")
        with pytest.raises(LateNeedsNote):
            closing.set_quota(office.head, "2026-12", 15, " ")
        late = closing.set_quota(office.head, "2026-12", 15, "支队临时部署")
        assert (late.standing, late.quota, late.late_note) == ("done_late", 15, "支队临时部署")
        # The same number again is no second act.
        assert closing.set_quota(office.officer, "2026-12", 15, "") == late


def test_wc_15c_a_draw_makes_next_months_plan_and_a_late_one_carries_the_heads_note(ctx: Flask) -> None:
    """通过系统随机抽取检查对象、随机选派检查人员，生成下月抽查计划"""
    office = an_office(WC)
    with clock.freeze(on("2026-11-20")):
        office.take(office.result(0, 1))
        (plan,) = monthly.plans(WC)
        assert (plan.month, plan.late, plan.lines, plan.state) == ("2026-12", False, 2, "draft")
        assert closing.month_view(WC, "2026-12").standing == "done"
    with clock.freeze(on("2026-11-26")):
        office.take(office.result(2))
        on_time, late = monthly.plans(WC)
        # Frozen at the cutoff: what comes later stands in a supplement of its own.
        assert on_time.lines == 2 and late.late and late.seq == 2 and late.title == "2026年12月抽查计划（补充1）"
        with pytest.raises(LateNeedsNote):
            monthly.approve(office.head, late.id, "")
        assert monthly.approve(office.head, late.id, "上级专项部署").late_note == "上级专项部署"
        assert monthly.approve(office.head, on_time.id, "").late_note == ""


def test_a_month_whose_only_plan_came_late_says_so(ctx: Flask) -> None:
    office = an_office(WC)
    with clock.freeze(on("2026-11-27")):
        assert closing.month_view(WC, "2026-12").standing == "overdue"
        office.take(office.result(0))
        assert closing.month_view(WC, "2026-12").standing == "done_late"


def test_an_agency_without_cutoff_draws_any_day(ctx: Flask) -> None:
    office = an_office(YS)
    with clock.freeze(on("2026-11-30")):
        office.take(office.result(0))
        assert not office.plan().late


def test_who_imported_a_list_does_not_approve_it(ctx: Flask) -> None:
    both = builders.an_actor("plan_officer", "reviewer", agency=JD)
    office = an_office(JD)
    assert isinstance(office.head, Actor)
    people = office.people
    from server.registry import operations as registry

    numbers = [registry.inspector(JD, user).certificate.number for user in people[:2]]
    table = f"批次号,来源系统批次号,抽查事项,被检查单位,检查人员1证号,检查人员2证号,检查时限\n2026-12,浙-1,{office.item},{office.units[0].name},{numbers[0]},{numbers[1]},2026-12-10\n"
    with clock.freeze(on("2026-11-20")):
        monthly.import_draw(both, "2026-12", table.encode("utf-8-sig"), "省平台.csv", False)
        plan = office.plan()
        assert plan.source == "external_import" and office.line(plan.id).draw_no == "浙-1"
        with pytest.raises(OwnWork):
            monthly.approve(both, plan.id, "")
        assert monthly.approve(office.head, plan.id, "").state == "approved"
