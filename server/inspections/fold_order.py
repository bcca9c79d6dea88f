"""From a heap of events to one order: which are usable, where each stands, what the seal covers.

The order depends on the set only, never on the order of arrival. Within one enrolment it is the
chain's own (``n``); between enrolments it is ``wall + off``, made monotone per chain so that a
clock set back in the middle of a visit cannot reorder one person's own acts.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from server.inspections.events import allowed_after_seal, is_content
from server.kernel import b64url, canonical, chain

# From 1970 to the end of a JavaScript Date; beyond it both languages clamp instead of failing.
MOMENT_MAX: Final = 8_640_000_000_000_000
_SAFE_MAX: Final = 2**53 - 1


@dataclass(frozen=True)
class Ev:
    """One usable event: identity, header fields the fold reads, body, and its place."""

    h: str
    t: str
    dev: str
    n: int
    by: str
    body: Any
    wall: int  # claimed moment wall + off, ms
    eff: int = 0  # the same, made monotone along the chain; for sorting and comparing only
    via: str = ""  # H of the attest.in that carried it here


@dataclass(frozen=True)
class Sorted:
    """Everything of one inspection in the one order, and what the first seal does to it."""

    events: list[Ev]
    unusable: list[str]  # H of events whose header cannot be read
    content: list[Ev]  # content of the record: before the seal, or a supplement after it
    after_seal: list[Ev]  # flagged: neither covered by the seal nor allowed after it
    late: list[Ev]  # the part of after_seal that claims a moment before the seal
    seal: Ev | None  # the first seal


def moment(wall: int, off: int) -> int:
    """``wall + off`` in ms, clamped to the range both languages can compute with."""
    return max(0, min(MOMENT_MAX, wall + off))


def _small(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _SAFE_MAX


def read_event(h: object, header: object, body: object, via: str = "") -> Ev | None:
    """The event as the fold uses it, or None when its header is not one."""
    if not isinstance(h, str) or not isinstance(header, dict):
        return None
    t, dev, by, n = header.get("t"), header.get("dev"), header.get("by"), header.get("n")
    wall, off = header.get("wall"), header.get("off")
    if not (isinstance(t, str) and isinstance(dev, str) and isinstance(by, str)):
        return None
    if not (_small(n) and _small(wall) and _small(off)):
        return None
    return Ev(h, t, dev, int(n or 0), by, body, moment(int(wall or 0), int(off or 0)), via=via)


def embedded(event: Ev) -> tuple[Ev, str] | None:
    """The attestation inside an ``attest.in`` (A2, D-15) and its inspection, or None.

    Only canonical text counts, since H is the hash of the header's bytes. The signature is
    checked by whoever embeds it and again at intake, not here.
    """
    body = event.body
    if event.t != "attest.in" or not isinstance(body, dict):
        return None
    header_text, body_text = body.get("h"), body.get("b")
    if not isinstance(header_text, str) or not isinstance(body_text, str):
        return None
    try:
        raw = header_text.encode()
        header = canonical.decode(raw, canonical.HEADER_LIMIT)
        inner_body = canonical.decode(body_text.encode())
    except ValueError:
        return None
    if not isinstance(header, dict) or header.get("t") != "attest":
        return None
    if header.get("body") != b64url.encode(chain.body_hash(body_text.encode())):
        return None
    inner = read_event(b64url.encode(chain.event_hash(raw)), header, inner_body, via=event.h)
    insp = header.get("insp")
    return None if inner is None or not isinstance(insp, str) else (inner, insp)


def order(events: Iterable[Any], insp: str) -> tuple[list[Ev], list[str]]:
    """The events of one inspection in their one order, and the H of those that cannot be read."""
    real: dict[str, Ev] = {}
    unusable: set[str] = set()
    for wire in events:
        if not isinstance(wire, dict):
            continue
        header = wire.get("header")
        if isinstance(header, dict) and header.get("insp") != insp:
            continue
        event = read_event(wire.get("h"), header, wire.get("body"))
        if event is not None:
            real[event.h] = event
        elif isinstance(wire.get("h"), str):
            unusable.add(wire["h"])
    carried: dict[str, Ev] = {}
    for event in sorted(real.values(), key=lambda ev: ev.h):
        found = embedded(event)
        if found is not None and found[1] == insp:
            carried.setdefault(found[0].h, found[0])
    for h in carried.keys() & real.keys():
        # The own event has come: it is read, and still says that it was carried (A2).
        real[h] = replace(real[h], via=carried.pop(h).via)
    placed: list[Ev] = []
    high: dict[str, int] = {}
    for event in sorted([*real.values(), *carried.values()], key=lambda ev: (ev.dev, ev.n, ev.h)):
        eff = max(event.wall, high.get(event.dev, 0))
        high[event.dev] = eff
        placed.append(
            Ev(event.h, event.t, event.dev, event.n, event.by, event.body, event.wall, eff, event.via)
        )
    placed.sort(key=lambda ev: (ev.eff, ev.dev, ev.n, ev.h))
    return placed, sorted(unusable)


def _covered(seal: Ev) -> dict[str, int]:
    """How many content events of each other enrolment the seal names."""
    body = seal.body if isinstance(seal.body, dict) else {}
    chains = body.get("chains")
    if not isinstance(chains, list):
        return {}
    return {
        entry["dev"]: entry["n"]
        for entry in chains
        if isinstance(entry, dict) and isinstance(entry.get("dev"), str) and _small(entry.get("n"))
    }


def sort_out(events: list[Ev], unusable: list[str], seal: Ev | None) -> Sorted:
    """Divide ordered events at the first seal (record-log 2.8).

    On the sealer's own enrolment the chain says what came before. On another enrolment the seal's
    count does: its first ``n`` content events are covered. The rest is flagged, apart from
    the types that may follow a seal; a supplement is content and asks for a new round.
    """
    content: list[Ev] = []
    after: list[Ev] = []
    late: list[Ev] = []
    covered = _covered(seal) if seal is not None else {}
    seen: dict[str, int] = {}
    by_chain = sorted(events, key=lambda ev: (ev.dev, ev.n, ev.h))
    for event in by_chain:
        inside = True
        counted = is_content(event.t) and event.t != "supplement.photo"
        if seal is not None and event.dev == seal.dev:
            inside = event.n <= seal.n
        elif seal is not None and counted:
            seen[event.dev] = seen.get(event.dev, 0) + 1
            inside = seen[event.dev] <= covered.get(event.dev, 0)
        elif seal is not None:
            inside = event.eff <= seal.eff
        if inside or allowed_after_seal(event.t):
            if is_content(event.t):
                content.append(event)
            continue
        after.append(event)
        if seal is not None and event.dev != seal.dev and event.wall <= seal.wall:
            late.append(event)
    return Sorted(events, unusable, content, after, late, seal)
