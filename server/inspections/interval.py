"""When something certainly happened (record-log 2.4): after the anchor in its header, before its receipt."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import select

from server.audit import public_log
from server.inspections.tables import EventRow
from server.platform.db import session

STRONG_MS = 12 * 3_600_000
ORDINARY_MS = 72 * 3_600_000


@dataclass(frozen=True, slots=True)
class Interval:
    """``anchor_ms`` is None when the phone had never met this server before the event."""

    anchor_ms: int | None
    received_ms: int

    @property
    def strength(self) -> str:
        """``strong`` ≤ 12 h, ``ordinary`` ≤ 72 h, else ``weak`` (also without an anchor)."""
        if self.anchor_ms is None or self.received_ms - self.anchor_ms > ORDINARY_MS:
            return "weak"
        return "strong" if self.received_ms - self.anchor_ms <= STRONG_MS else "ordinary"


def of_event(h: str) -> Interval | None:
    """The interval of a stored event; None when there is no such event."""
    row = session().execute(select(EventRow.header, EventRow.rx).where(EventRow.h == h)).first()
    if row is None:
        return None
    seen = json.loads(bytes(row.header)).get("seen")
    anchor = None
    if isinstance(seen, list) and seen and isinstance(seen[0], int) and seen[0] > 0:
        anchor = public_log.received(seen[0])
    return Interval(anchor, row.rx)


def of_end(visit: dict[str, object]) -> Interval | None:
    """The interval of the act that ended the visit: the last signature or attestation before its first seal (D-14)."""
    seals = visit["seals"]
    ended = visit["ended_at"]
    attests, party = visit["attests"], visit["party"]
    assert isinstance(seals, list) and isinstance(attests, list)
    acts = [*attests, *([party] if isinstance(party, dict) else []), *seals]
    last = next((act for act in acts if act["wall"] == ended), None)
    return of_event(str(last["h"])) if last is not None else None
