"""Time limits: every worked row of the domain study, the package's days, and laws of counting."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import chinese_calendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.kernel.workdays import Calendar, Due, YearTable, load_calendar, local_days, parse_date

ROOT = Path(__file__).parents[2]
DATA: Any = json.loads((ROOT / "checklists" / "calendars" / "cn.json").read_text("utf-8"))
VECTOR: Any = json.loads((ROOT / "tests" / "vectors" / "workdays.json").read_text("utf-8"))
CN = load_calendar(DATA)
DAY = timedelta(days=1)
days = st.dates(date(2021, 12, 1), date(2028, 12, 31))
counts = st.integers(0, 60)


@pytest.mark.parametrize("row", VECTOR["add"], ids=lambda row: f"{row['from']}+{row['n']}")
def test_every_worked_row_of_the_study(row: dict[str, Any]) -> None:
    due = CN.add_workdays(date.fromisoformat(row["from"]), row["n"])
    assert due == Due(date.fromisoformat(row["due"]), row["provisional"]), row["why"]


def test_every_day_of_the_table_equals_the_package() -> None:
    day = date(2022, 1, 1)
    while day.year < 2027:
        assert CN.is_workday(day) == chinese_calendar.is_workday(day), day
        day += DAY


def test_the_working_days_of_each_year() -> None:
    for year, count in VECTOR["count"].items():
        assert CN.workdays_between(date(int(year) - 1, 12, 31), date(int(year), 12, 31)) == count


def test_an_agencys_own_days_win_over_the_national_table() -> None:
    local = {date.fromisoformat(day): work for day, work in VECTOR["local"]["days"].items()}
    for calendar in (load_calendar(DATA, local), CN.with_local(local)):
        for row in VECTOR["local"]["add"]:
            due = calendar.add_workdays(date.fromisoformat(row["from"]), row["n"])
            assert due == Due(date.fromisoformat(row["due"]), row["provisional"])
    assert CN.is_workday(date(2026, 7, 10))


@pytest.mark.parametrize("row", VECTOR["refused"], ids=lambda row: f"{row['from']}+{row['n']}")
def test_a_date_or_count_that_makes_no_sense_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="date|day"):
        CN.add_workdays(parse_date(row["from"]), row["n"])


@settings(deadline=None)
@given(days, counts)
def test_counting_back_gives_the_number_that_was_added(start: date, n: int) -> None:
    assert CN.workdays_between(start, CN.add_workdays(start, n).due_on) == n


@settings(deadline=None)
@given(days, counts.filter(bool))
def test_a_limit_ends_on_a_working_day_and_no_earlier_day_would_do(start: date, n: int) -> None:
    due = CN.add_workdays(start, n).due_on
    assert CN.is_workday(due)
    assert CN.workdays_between(start, due - DAY) == n - 1


@settings(deadline=None)
@given(days, days, counts, counts)
def test_later_starts_and_longer_limits_never_end_earlier(a: date, b: date, n: int, m: int) -> None:
    assert CN.add_workdays(min(a, b), n).due_on <= CN.add_workdays(max(a, b), n).due_on
    if n != m:
        assert CN.add_workdays(a, min(n, m)).due_on < CN.add_workdays(a, max(n, m)).due_on


@settings(deadline=None)
@given(days, counts, counts)
def test_two_limits_in_a_row_are_one_limit(start: date, n: int, m: int) -> None:
    first = CN.add_workdays(start, n)
    second = CN.add_workdays(first.due_on, m)
    whole = CN.add_workdays(start, n + m)
    assert whole == Due(second.due_on, first.provisional or second.provisional)


@settings(deadline=None)
@given(days, counts)
def test_a_limit_is_provisional_exactly_if_it_looked_beyond_the_table(start: date, n: int) -> None:
    due = CN.add_workdays(start, n)
    looked = [start + DAY * i for i in range(1, (due.due_on - start).days + 1)]
    assert due.provisional == any(not 2022 <= day.year <= 2026 for day in looked)


@settings(deadline=None)
@given(days, days)
def test_counting_is_antisymmetric_and_the_next_workday_is_worked(a: date, b: date) -> None:
    assert CN.workdays_between(a, b) == -CN.workdays_between(b, a)
    later = CN.next_workday(a)
    assert CN.is_workday(later)
    assert CN.workdays_between(a - DAY, later) == 1


def test_data_that_arrives_makes_a_provisional_limit_final() -> None:
    guess = CN.add_workdays(date(2026, 12, 24), 7)
    table = YearTable(frozenset({date(2027, 1, 1), date(2027, 1, 4)}), frozenset({date(2027, 1, 3)}))
    known = Calendar("next", {**CN.years, 2027: table}, CN.local, CN.statutory)
    assert guess == Due(date(2027, 1, 5), True)
    assert known.add_workdays(date(2026, 12, 24), 7) == Due(date(2027, 1, 5), False)
    assert known.add_workdays(date(2026, 12, 24), 6) == Due(date(2027, 1, 3), False)


@pytest.mark.parametrize(
    "entry",
    [
        {"off": ["2026-01-01"], "makeup": []},
        {"off": [], "makeup": ["2027-01-04"]},
        {"off": ["2027-01-02"], "makeup": ["2027-01-02"]},
        {"off": ["2027-1-1"], "makeup": []},
        {"off": ["2027-02-29"], "makeup": []},
    ],
)
def test_a_contradictory_year_is_not_imported(entry: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"2027|date|day"):
        load_calendar({"version": "x", "years": {"2027": entry}})


def test_local_days_are_read_in_all_their_spellings() -> None:
    entries: list[object] = [
        "2026-07-10",
        date(2026, 7, 13),
        {"date": "2026-07-11", "work": True, "name": "调休"},
        {"from": "2026-08-01", "to": date(2026, 8, 3), "name": "台风停工"},
    ]
    span = {date(2026, 8, day): False for day in (1, 2, 3)}
    assert local_days(entries) == {
        date(2026, 7, 10): False, date(2026, 7, 13): False, date(2026, 7, 11): True, **span
    }  # fmt: skip
    for bad in ("7月10日", 20260710, None, {"from": "2026-08-03", "to": "2026-08-01"}, "2026-07-10T00:00"):
        with pytest.raises(ValueError, match=r"date|span"):
            local_days([bad])
