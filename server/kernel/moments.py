"""Instants and dates: an instant is UTC, a date of law is a date in Asia/Shanghai.

Wire and log carry milliseconds since 1970 as integers. China has kept one offset without summer
time since 1992, so a fixed offset is exact for every record and needs no time zone files.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def from_ms(ms: int) -> datetime:
    """The UTC instant of `ms` milliseconds since 1970, exact (no float on the way)."""
    return EPOCH + ms * _MS


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970, rounded down; ValueError for an instant without a time zone."""
    if moment.utcoffset() is None:
        raise ValueError("an instant needs a time zone")
    return (moment - EPOCH) // _MS


def local(ms: int) -> datetime:
    """The instant as the clock on a Chinese wall shows it."""
    return from_ms(ms).astimezone(SHANGHAI)


def local_date(ms: int) -> date:
    """The date in China at that instant: a visit that ends after midnight ends on the next date."""
    return local(ms).date()


def date_of(moment: datetime) -> date:
    """The date in China of an aware instant; ValueError for a naive one."""
    return local_date(to_ms(moment))


def day_start_ms(day: date) -> int:
    """The first millisecond of a date in China."""
    return to_ms(datetime.combine(day, time.min, SHANGHAI))


def day_end_ms(day: date) -> int:
    """24:00 of a date in China, which is the first millisecond after it: the end of a time limit."""
    return day_start_ms(day) + 86_400_000


def zh_date(day: date) -> str:
    """For example 2026年9月24日."""
    return f"{day.year}年{day.month}月{day.day}日"


def zh_minute(ms: int) -> str:
    """For example 2026年9月24日 9时05分, in China's time."""
    moment = local(ms)
    return f"{zh_date(moment.date())} {moment.hour}时{moment.minute:02d}分"


def parse_day(text: str) -> date | None:
    """2026-11-27, 2026/11/27, 2026.11.27 or 2026年11月27日."""
    found = re.fullmatch(r"(20\d\d)[-/.年](\d{1,2})[-/.月](\d{1,2})日?", text.strip())
    if not found:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None
