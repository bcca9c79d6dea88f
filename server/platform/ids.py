"""Fresh identifiers: UUIDv7 made from the clock and the system's random source."""

from __future__ import annotations

import secrets

from server.kernel.ids import uuid7_from
from server.platform import clock


def new_id() -> str:
    """A new UUIDv7 in lower case with dashes. Never parse the time out of one."""
    return uuid7_from(clock.now_ms(), secrets.token_bytes(10))
