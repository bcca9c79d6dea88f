"""检查结束后5个工作日内完成检查报告 (WS-4.3d): counted from the signed end time, over holidays, never from the sync (D-14)."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import pytest

from server.kernel.moments import SHANGHAI, to_ms
from server.kernel.workdays import Calendar, load_calendar
from server.reports import domain

PROFILE = {"report.inspection_deadline_wd": 5}


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    path = Path(__file__).resolve().parents[2] / "checklists" / "calendars" / "cn.json"
    return load_calendar(json.loads(path.read_text("utf-8")))


def at(text: str) -> int:
    return to_ms(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI))


@pytest.mark.parametrize(
    "ended, due",
    [
        ("2026-09-24 16:30", "2026-10-09"),  # Mid-Autumn, National Day and a worked Saturday in between
        ("2026-09-30 17:00", "2026-10-13"),
        ("2026-02-13 11:00", "2026-02-27"),  # the Spring Festival and two worked Saturdays
        ("2026-11-21 10:00", "2026-11-27"),  # a Saturday: counting begins with the next working day
        ("2026-09-18 23:59", "2026-09-24"),  # the day of the end is day 0, however late
    ],
)
def test_five_working_days_after_the_day_of_the_end(calendar: Calendar, ended: str, due: str) -> None:
    assert domain.deadline(at(ended), False, PROFILE, calendar).due_on == date.fromisoformat(due)


def test_a_visit_that_ends_after_midnight_is_counted_from_the_new_day(calendar: Calendar) -> None:
    assert domain.deadline(at("2026-11-24 00:10"), False, PROFILE, calendar).counted_from == date(2026, 11, 24)


def test_beyond_the_covered_years_the_limit_is_provisional_and_says_so(calendar: Calendar) -> None:
    assert domain.deadline(at("2026-12-28 15:00"), False, PROFILE, calendar).provisional
    assert not domain.deadline(at("2026-12-24 15:00"), False, PROFILE, calendar).provisional


def test_the_profile_sets_the_number_and_five_is_the_default(calendar: Calendar) -> None:
    assert domain.deadline(at("2026-11-23 10:00"), False, {"report.inspection_deadline_wd": 3}, calendar).due_on == date(2026, 11, 26)
    assert domain.deadline(at("2026-11-23 10:00"), False, {}, calendar).workdays == 5


def test_days_left_count_working_days_and_go_below_zero(calendar: Calendar) -> None:
    due = date(2026, 10, 9)
    assert domain.days_left(date(2026, 10, 9), due, calendar) == 0
    assert domain.days_left(date(2026, 9, 30), due, calendar) == 2
    assert domain.days_left(date(2026, 10, 12), due, calendar) == -2, "Saturday 10-10 was worked"


def test_without_a_clock_flag_the_claimed_end_stands_even_when_synced_a_week_later() -> None:
    assert domain.counted_end(1_000, 500, 900_000_000, ["F_ONE_ATTEST"]) == (1_000, False)


def test_with_a_clock_flag_the_end_is_clamped_between_anchor_and_receipt() -> None:
    assert domain.counted_end(1_000, 5_000, 9_000, ["F_CLOCK_BACK"]) == (5_000, True)
    assert domain.counted_end(99_000, 5_000, 9_000, ["F_FUTURE"]) == (9_000, True)
    assert domain.counted_end(6_000, 5_000, 9_000, ["F_FUTURE"]) == (6_000, False)
    assert domain.counted_end(99_000, None, 9_000, ["F_FUTURE"]) == (9_000, True)
