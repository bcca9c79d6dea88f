"""Moments and numbers in the words of a record; integer arithmetic only, the same in TypeScript.

Not ``kernel.moments``: a record must also print the absurd moments a broken clock signs, and
``datetime`` ends at the year 9999.
"""

_DAY = 86_400_000
_OFFSET = 8 * 3_600_000  # China has had one time zone and no summer time since 1991


def civil(ms: int) -> tuple[int, int, int, int, int]:
    """Year, month, day, hour and minute in Asia/Shanghai of a moment in ms."""
    days, rest = divmod(ms + _OFFSET, _DAY)
    # Days to civil date, proleptic Gregorian calendar, in eras of 400 years.
    shifted = days + 719_468
    era, day_of_era = divmod(shifted, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted_month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted_month + 2) // 5 + 1
    month = shifted_month + 3 if shifted_month < 10 else shifted_month - 9
    year = year_of_era + era * 400 + (1 if month <= 2 else 0)
    return year, month, day, rest // 3_600_000, rest // 60_000 % 60


def date_iso(ms: int) -> str:
    """The date in Asia/Shanghai, ``2026-11-03``."""
    year, month, day, _, _ = civil(ms)
    return f"{year:04d}-{month:02d}-{day:02d}"


def minute_zh(ms: int | None) -> str:
    """``2026年11月3日09时05分``; ``／`` when there is no moment."""
    if ms is None:
        return "／"
    year, month, day, hour, minute = civil(ms)
    return f"{year}年{month}月{day}日{hour:02d}时{minute:02d}分"


def clock_zh(ms: int) -> str:
    """``09:05``."""
    _, _, _, hour, minute = civil(ms)
    return f"{hour:02d}:{minute:02d}"


def day_zh(iso: str) -> str:
    """``2026-11-03`` as ``2026年11月3日``."""
    year, month, day = iso.split("-")
    return f"{int(year)}年{int(month)}月{int(day)}日"
