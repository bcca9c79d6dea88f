"""The only reader of the clock. Everything else is given ``now`` or asks here.

Tests stop it: ``with clock.freeze(moment): ...``; the frozen moment may be moved on with ``tick``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_frozen: list[datetime] = []


def now() -> datetime:
    """This moment, aware, UTC, with microseconds."""
    return _frozen[-1] if _frozen else datetime.now(UTC)


def now_ms() -> int:
    """This moment as whole milliseconds since 1970 (UTC)."""
    return to_ms(now())


def to_ms(moment: datetime) -> int:
    """An aware moment as whole milliseconds since 1970, rounded down, without float error."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@contextmanager
def freeze(moment: datetime) -> Iterator[None]:
    """Every reading inside the block answers ``moment``. Blocks nest. Not for production code."""
    if moment.tzinfo is None:
        raise ValueError("freeze() wants an aware moment")
    _frozen.append(moment.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.pop()


def tick(**delta: float) -> datetime:
    """Move the frozen clock on (``tick(minutes=10)``); answers the new moment."""
    _frozen[-1] += timedelta(**delta)
    return _frozen[-1]
