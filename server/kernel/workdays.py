"""Working days (工作日) and time limits counted in them.

A working day is a weekday that is no holiday, or a weekend day worked in exchange (调休), or what
the agency's own calendar says. The day of the event is day 0 and is not counted (民事诉讼法 第八十五条;
行政处罚法 第八十五条: short limits are working days). The State Council Office announces each year's
exchange days late in the year before; until then a limit that runs into such a year rests on
weekends and statutory days only and is `provisional`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

MAX_COUNT = 3_650
"""More working days than any limit of law; a larger count is a mistake and would only loop."""

_DAY = timedelta(days=1)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# 全国年节及纪念日放假办法 (2025): the statutory days that have a fixed solar date.
_FIXED = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})


@dataclass(frozen=True)
class YearTable:
    """One announced year: days off (weekend days of a span included) and weekend days worked."""

    off: frozenset[date]
    makeup: frozenset[date]
    source: str = ""


@dataclass(frozen=True)
class Due:
    """The last day of a limit (24:00 Asia/Shanghai) and whether it may still move."""

    due_on: date
    provisional: bool


@dataclass(frozen=True)
class Calendar:
    """`years` are announced in full; `statutory` holds the days known for years that are not.

    `local` maps a date to True (worked) or False (off) for one agency and wins over both: an
    autonomous region's festival, a closure for a typhoon.
    """

    version: str
    years: Mapping[int, YearTable]
    local: Mapping[date, bool] = field(default_factory=dict)
    statutory: Mapping[int, frozenset[date]] = field(default_factory=dict)

    def covers(self, day: date) -> bool:
        """Whether the year of `day` has been announced in full."""
        return day.year in self.years

    def is_workday(self, day: date) -> bool:
        """Whether offices work on `day`; outside announced years a best guess, see `covers`."""
        if day in self.local:
            return self.local[day]
        table = self.years.get(day.year)
        if table is not None:
            return day in table.makeup or (day.weekday() < 5 and day not in table.off)
        known = self.statutory.get(day.year)
        holiday = (day.month, day.day) in _FIXED if known is None else day in known
        return day.weekday() < 5 and not holiday

    def add_workdays(self, start: date, n: int) -> Due:
        """The `n`-th working day after `start`, which itself is never counted.

        Zero gives `start` back, worked or not. Provisional if a day that was looked at lies outside
        the announced years. ValueError for a negative or absurd `n` or past the year 9999.
        """
        if not 0 <= n <= MAX_COUNT:
            raise ValueError(f"between 0 and {MAX_COUNT} working days")
        day, provisional = start, False
        while n:
            if day == date.max:
                raise ValueError("past the last date")
            day += _DAY
            provisional = provisional or not self.covers(day)
            n -= self.is_workday(day)
        return Due(day, provisional)

    def workdays_between(self, a: date, b: date) -> int:
        """Working days after `a` up to and including `b`; negative if `b` is the earlier one."""
        if b < a:
            return -self.workdays_between(b, a)
        return sum(self.is_workday(a + _DAY * i) for i in range(1, (b - a).days + 1))

    def next_workday(self, day: date) -> date:
        """`day` itself if it is worked, else the first working day after it."""
        while not self.is_workday(day):
            day += _DAY
        return day

    def with_local(self, local: Mapping[date, bool]) -> Calendar:
        """The same calendar with an agency's own days laid over it."""
        return Calendar(self.version, self.years, {**self.local, **local}, self.statutory)


def load_calendar(data: Mapping[str, Any], local: Mapping[date, bool] | None = None) -> Calendar:
    """The calendar of the parsed `checklists/calendars/cn.json`; ValueError says what is wrong in it.

    An imported year is data from a person, so contradictions are refused here: a day both off and
    worked, a day filed under another year, an exchange day that is no weekend day.
    """
    years: dict[int, YearTable] = {}
    for name, entry in data["years"].items():
        year = int(name)
        off, makeup = frozenset(_dates(entry["off"])), frozenset(_dates(entry["makeup"]))
        for day in off | makeup:
            if day.year != year:
                raise ValueError(f"{day} is filed under {year}")
        for day in sorted(makeup):
            if day in off or day.weekday() < 5:
                raise ValueError(f"{day} cannot be a make-up working day")
        years[year] = YearTable(off, makeup, str(entry.get("source", "")))
    statutory = {
        int(name): frozenset(_dates(days)) for name, days in data.get("statutory", {}).items()
    }
    for year, days in statutory.items():
        if any(day.year != year for day in days):
            raise ValueError(f"a statutory day is not in {year}")
    return Calendar(str(data["version"]), years, dict(local or {}), statutory)


def local_days(entries: Iterable[object]) -> dict[date, bool]:
    """An agency's own days from its profile (`calendar.local_holidays`) as date -> worked.

    An entry is a date (a day off), or a mapping ``{date: …, work: true | false, name: …}``, or
    ``{from: …, to: …}`` for a span of days off.
    """
    result: dict[date, bool] = {}
    for entry in entries:
        if isinstance(entry, Mapping):
            first = parse_date(entry["from"] if "from" in entry else entry["date"])
            last = parse_date(entry.get("to", first))
            if not 0 <= (last - first).days <= 31:
                raise ValueError(f"{first} to {last} is no span of at most a month")
            span = [first + _DAY * i for i in range((last - first).days + 1)]
            result.update(dict.fromkeys(span, entry.get("work", False) is True))
        else:
            result[parse_date(entry)] = False
    return result


def parse_date(value: object) -> date:
    """A date given as ``YYYY-MM-DD`` or as `date` (YAML reads dates itself); else ValueError."""
    if type(value) is date:
        return value
    if isinstance(value, str) and _ISO.fullmatch(value):
        return date.fromisoformat(value)
    raise ValueError(f"not a date: {value!r}")


def _dates(values: Iterable[object]) -> Iterator[date]:
    return (parse_date(value) for value in values)
