"""Monthly close: until when the next month must be settled, when to remind, what came too late. Pure.

Sources: WC-15a (于每月26日前), JD-6c (每月25日前), C1: "N日前" does not count day N unless the agency says so."""

from __future__ import annotations

import calendar as months
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from server.kernel.workdays import Calendar

REMIND_WORKDAYS = 5
_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])", re.ASCII)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Close:
    """``last_day``: the last day on which the month is settled in time; ``what``: plan_generated | quota_set."""

    what: str
    last_day: date
    remind_on: date


def is_month(text: str) -> bool:
    return _MONTH.fullmatch(text) is not None


def month_of(day: date) -> str:
    return f"{day:%Y-%m}"


def first_day(month: str) -> date:
    return date(int(month[:4]), int(month[5:]), 1)


def last_day(month: str) -> date:
    first = first_day(month)
    return first.replace(day=months.monthrange(first.year, first.month)[1])


def following(month: str) -> str:
    return month_of(last_day(month) + _DAY)


def close_of(month: str, cutoff: Mapping[str, Any], calendar: Calendar) -> Close | None:
    """When ``month`` must be settled: in the month before it. None when the agency has no cutoff day."""
    day = cutoff.get("day")
    if day is None:
        return None
    before = first_day(month) - _DAY
    last = before.replace(day=min(int(day), before.day))
    if not cutoff.get("inclusive"):
        last -= _DAY
    return Close(str(cutoff.get("what", "plan_generated")), last, workdays_before(last, REMIND_WORKDAYS, calendar))


def workdays_before(day: date, count: int, calendar: Calendar) -> date:
    """The ``count``-th working day before ``day``, which itself is not counted."""
    while count:
        day -= _DAY
        count -= calendar.is_workday(day)
    return day


def is_late(close: Close | None, today: date) -> bool:
    return close is not None and today > close.last_day


def standing(close: Close | None, today: date, done_late: bool | None) -> str:
    """none | later | remind | overdue | done | done_late. ``done_late``: None while nothing has been done."""
    if done_late is not None:
        return "done_late" if done_late else "done"
    if close is None:
        return "none"
    if today > close.last_day:
        return "overdue"
    return "remind" if today >= close.remind_on else "later"
