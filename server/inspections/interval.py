"""When something certainly happened (record-log 2.4): after the anchor in its header, before its receipt."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from server.audit import public_log
from server.inspections.tables import EventRow
from server.kernel import chain
from server.platform.db import session

STRONG_MS = 12 * 3_600_000
ORDINARY_MS = 72 * 3_600_000
STRENGTH_WORDS = {"strong": "强", "ordinary": "一般", "weak": "弱"}
_MINUTE, _HOUR, _DAY = 60_000, 3_600_000, 86_400_000


@dataclass(frozen=True, slots=True)
class Interval:
    """``anchor_ms`` is None when the phone had never met this server before the event; ``root`` is the anchor's."""

    anchor_ms: int | None
    received_ms: int
    root: str = ""

    @property
    def strength(self) -> str:
        """``strong`` ≤ 12 h, ``ordinary`` ≤ 72 h, else ``weak`` (also without an anchor)."""
        if self.anchor_ms is None or self.received_ms - self.anchor_ms > ORDINARY_MS:
            return "weak"
        return "strong" if self.received_ms - self.anchor_ms <= STRONG_MS else "ordinary"

    @property
    def words(self) -> str:
        """「时间区间 2 小时（强）」."""
        if self.anchor_ms is None:
            return "时间区间不能确定（弱）"
        return f"时间区间 {_width(self.received_ms - self.anchor_ms)}（{STRENGTH_WORDS[self.strength]}）"

    def live_code(self, insp: str) -> str:
        """The four digits the phone showed for this anchor; empty without one."""
        return chain.live_code(insp, self.root) if self.root else ""


def _width(ms: int) -> str:
    """Rounded up: an interval is never called narrower than it is."""
    if ms <= _HOUR:
        return f"{max(1, -(-ms // _MINUTE))} 分钟"
    return f"{-(-ms // _HOUR)} 小时" if ms <= 2 * _DAY else f"{-(-ms // _DAY)} 天"


def of_events(hashes: Iterable[str]) -> dict[str, Interval]:
    """The intervals of stored events, in two statements; what is not here has none."""
    wanted = sorted(set(hashes))
    if not wanted:
        return {}
    rows = session().execute(select(EventRow.h, EventRow.header, EventRow.rx).where(EventRow.h.in_(wanted))).all()
    seen = {row.h: _seen(json.loads(bytes(row.header))) for row in rows}
    anchors = public_log.tail({size for size, _ in seen.values() if size}).anchors
    return {row.h: _interval(seen[row.h], row.rx, anchors) for row in rows}


def _seen(header: Mapping[str, Any]) -> tuple[int, str]:
    """(log size, root) an event's header names as its anchor; (0, "") when it names none."""
    seen = header.get("seen")
    if isinstance(seen, list) and len(seen) == 2 and type(seen[0]) is int and seen[0] > 0:
        return seen[0], str(seen[1])
    return 0, ""


def _interval(seen: tuple[int, str], received_ms: int, anchors: Mapping[int, tuple[int, bytes]]) -> Interval:
    size, root = seen
    known = anchors.get(size)
    return Interval(None, received_ms) if known is None else Interval(known[0], received_ms, root)


def of_event(h: str) -> Interval | None:
    """The interval of a stored event; None when there is no such event."""
    return of_events([h]).get(h)


def ending_act(visit: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The act that ended the visit: the last signature or attestation before its first seal (D-14)."""
    acts = [*visit["attests"], *([visit["party"]] if visit["party"] else []), *visit["seals"]]
    return next((act for act in acts if act["wall"] == visit["ended_at"]), None)


def of_end(visit: Mapping[str, Any]) -> Interval | None:
    """The interval of the act that ended the visit."""
    last = ending_act(visit)
    return of_event(str(last["h"])) if last is not None else None


def acts_of(visit: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The acts whose time matters, in words and in their order: arrival, attestations, the party's signature, seals."""
    arrivals = [("到场", mark) for mark in visit["marks"] if mark["mark"] == "arrival"][:1]
    party = [("被检查单位签名", visit["party"])] if visit["party"] else []
    attests = [("核验", act) for act in visit["attests"] if act["stands"]]
    seals = [("封存", seal) for seal in visit["seals"] if seal["linked"]]
    return sorted([*arrivals, *party, *attests, *seals], key=lambda named: int(named[1]["wall"]))
