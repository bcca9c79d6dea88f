"""Intake, first half: whose events these are, and where they stand in their device's chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from flask import current_app
from sqlalchemy import func, or_, select

from server.accounts import operations as accounts
from server.accounts.domain import Actor
from server.inspections import verify
from server.inspections.tables import EventRow
from server.inspections.verify import ChainView, Event, Kept, Place
from server.kernel import canonical, chain
from server.platform import signatures
from server.platform.db import session

EVENTS = EventRow.__table__


@dataclass(slots=True)
class Result:
    """What became of one event: stored | known | held | quarantined | refused."""

    h: str
    status: str
    code: str = ""
    detail: str = ""
    flags: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What intake needs of an enrolment; all of it but ``revoked`` never changes.

    ``start`` is what its chain begins after: nothing, or the event in which an older key named this one."""

    dev: str
    user: str
    agency: str
    installation: str
    key: ec.EllipticCurvePublicKey
    revoked: bool
    start: str = chain.GENESIS_PREV


@dataclass(slots=True)
class Judged:
    """One new or newly judged event with everything that will stand in its row."""

    event: Event
    place: str
    status: str
    code: str = ""
    detail: str = ""
    flags: list[str] = field(default_factory=list)
    promoted: bool = False  # its row exists and was held until now

    def result(self) -> Result:
        return Result(self.event.h, self.status, self.code, self.detail, self.flags)


@dataclass(slots=True)
class Batch:
    """One device's part of a batch, on its way through the checks."""

    device: Enrolled
    view: ChainView
    before: Event | None
    judged: list[Judged]
    next_n: int
    head: str
    replaced: bool = False  # its key has named another one: nothing after that is believed


def enrolled(dev: str, actor: Actor) -> Enrolled | None:
    """The enrolment behind ``dev``. Key, person and installation never change and are remembered per process;
    the revocation of the sender's own device was read a moment ago with its session."""
    known: dict[str, Enrolled] = current_app.extensions.setdefault("suijian-enrolled", {})
    if dev == actor.dev and dev in known:
        mine = known[dev]
        return Enrolled(mine.dev, mine.user, mine.agency, mine.installation, mine.key, actor.dev_revoked, mine.start)
    device = accounts.device(dev)
    if device is None:
        return None
    found = Enrolled(
        dev,
        device.user_id,
        device.agency_id,
        device.installation,
        signatures.public_key(device.spki),
        device.revoked_at is not None,
        device.rotated_by or chain.GENESIS_PREV,
    )
    if len(known) >= 10_000:
        known.clear()
    known[dev] = found
    return found


# --- the chain --------------------------------------------------------------------------------------------------


def place(device: Enrolled, events: list[Event], results: dict[str, Result]) -> Batch:
    """Judge one device's events against its chain; known and false ones go straight to the results."""
    low = min(event.n for event in events) - 1
    end = select(func.max(EVENTS.c.n)).where(EVENTS.c.dev == device.dev, EVENTS.c.place == "").scalar_subquery()
    columns = (EVENTS.c.h, EVENTS.c.n, EVENTS.c.place, EVENTS.c.status, EVENTS.c.header, EVENTS.c.t.label("kind"), EVENTS.c.code)
    rows = (
        session()
        .execute(select(*columns).where(EVENTS.c.dev == device.dev, or_(EVENTS.c.n >= low, EVENTS.c.n == end)))
        .all()
    )
    view = ChainView.of((Kept(row.h, row.n, row.place, row.status) for row in rows), device.start)
    waiting = [row.h for row in rows if row.status == "held"]
    pool = [*events, *_load_events(waiting)]
    placed = verify.place_all(
        view, pool, lambda event: signatures.holds(device.key, event.sig, chain.pae(event.header_bytes))
    )
    head_row = next((row for row in rows if row.h == view.head), None)
    before = _header_only(head_row.header) if head_row is not None else None
    batch = Batch(device, view, before, [], view.next_n, view.head, _replaced(head_row))
    for each in placed:
        _sort(batch, each, results)
    return batch


def _replaced(end: Any) -> bool:
    """Whether the chain ends with the naming of another key, or with what was kept apart after one."""
    return end is not None and (end.code == "E_DEV_ROTATED" or (end.kind == "key.rotate" and end.status == "stored"))


def _sort(batch: Batch, where: Place, results: dict[str, Result]) -> None:
    event, h = where.event, where.event.h
    kept = batch.view.rows.get(h)
    if where.verdict in ("known", "refused"):
        results[h] = Result(h, where.verdict, where.code, where.detail)
    elif where.verdict == "run":
        batch.judged.append(Judged(event, "", "stored", promoted=kept is not None))
        batch.next_n, batch.head = event.n + 1, h
    elif kept is not None:
        results[h] = Result(h, "held", where.code, where.detail)
    else:
        status = "held" if where.verdict == "held" else "quarantined"
        batch.judged.append(Judged(event, h, status, where.code, where.detail))


def _load_events(hashes: Sequence[str]) -> list[Event]:
    """Events from their stored bytes."""
    if not hashes:
        return []
    found = session().execute(
        select(EVENTS.c.h, EVENTS.c.header, EVENTS.c.body, EVENTS.c.sig).where(EVENTS.c.h.in_(hashes))
    )
    return [
        Event(row.h, canonical.decode(row.header), canonical.decode(row.body), row.header, row.body, row.sig)
        for row in found
    ]


def _header_only(header: bytes) -> Event:
    return Event("", canonical.decode(header), {}, header, b"", b"")
