"""Projections: the row of an inspection, computed again from all its events by the fold whenever some arrive.

Nothing here is a source of truth; ``rebuild`` gives the same row from the stored bytes at any time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import select

from server.inspections import attest, attest_in, receipts, verdict
from server.inspections import flags as judged_flags
from server.inspections.fold import fold, geotag_off, min_team
from server.inspections.gist import gist
from server.inspections.record_text import record_text
from server.inspections.tables import EventRow, InspectionPack, InspectionRow
from server.inspections.verify import Event
from server.kernel import b64url, chain
from server.platform.blobs import blobs
from server.platform.db import session

EVENTS = EventRow.__table__
Visit = dict[str, Any]
SealedHook = Callable[[str, Visit], None]
FoldedHook = Callable[[str, Visit, frozenset[str]], None]
_sealed: list[SealedHook] = []
_folded: list[FoldedHook] = []


def on_sealed(fn: SealedHook) -> SealedHook:
    """Register ``fn(insp, visit)``: called in the unit of work that brings a seal, and again whenever a sealed
    visit gets a further seal or changes between ``awaiting_second`` and ``sealed``."""
    if fn not in _sealed:
        _sealed.append(fn)
    return fn


def on_folded(fn: FoldedHook) -> FoldedHook:
    """Register ``fn(insp, visit, new event types)``: called in every unit of work that brings events."""
    if fn not in _folded:
        _folded.append(fn)
    return fn


class Item(Protocol):
    """What intake has decided about one event."""

    event: Event
    place: str
    status: str
    flags: list[str]


class Device(Protocol):
    """The enrolment behind a chain."""

    @property
    def user(self) -> str: ...
    @property
    def installation(self) -> str: ...


@lru_cache(maxsize=64)
def _pack(path: str) -> dict[str, Any]:
    """A pack by its path in the blob store; packs are immutable, and the fold only reads them."""
    with open(path, "rb") as file:
        pack: dict[str, Any] = json.load(file)
    return pack


def load_pack(sha256: str) -> dict[str, Any]:
    """The pack with this hash. Raises FileNotFoundError. Never change what is returned."""
    return _pack(str(blobs().path(sha256)))


class Work:
    """The events of the inspections one batch touches: those stored before and those being judged now."""

    def __init__(self, rows: Mapping[str, InspectionRow]) -> None:
        self.rows = rows
        self.log: receipts.Tail | None = None
        self._events: dict[str, list[dict[str, Any]]] = {insp: [] for insp in rows}
        self._own: dict[tuple[str, str], list[tuple[int, str]]] = {}
        self._flags: dict[str, set[str]] = {insp: set() for insp in rows}
        self._visits: dict[str, Visit] = {}
        self._packs: dict[str, dict[str, Any]] = {}
        self._news: dict[str, list[Event]] = {insp: [] for insp in rows}
        self._met: dict[str, dict[str, Device]] = {}
        self._received: dict[str, int] = {}

    @classmethod
    def load(cls, rows: Mapping[str, InspectionRow]) -> Work:
        """Read the earlier events of these inspections; no statement when there are none."""
        work = cls(rows)
        old = [insp for insp, row in rows.items() if row.events]
        if old:
            columns = (EVENTS.c.h, EVENTS.c.insp, EVENTS.c.dev, EVENTS.c.n, EVENTS.c.status, EVENTS.c.flags, EVENTS.c.rx)
            query = select(*columns, EVENTS.c.header, EVENTS.c.body).where(EVENTS.c.insp.in_(old), EVENTS.c.place == "")
            for row in session().execute(query):
                body = None if row.body is None else json.loads(row.body)
                work._add(row.insp, row.dev, row.n, row.h, row.status, json.loads(row.header), body)
                work._flags[row.insp].update(row.flags.split())
                work._received[row.h] = row.rx
        return work

    def note(self, event: Event, status: str) -> None:
        """One more event of this batch has been judged."""
        if event.insp in self.rows:
            self._add(event.insp, event.dev, event.n, event.h, status, event.header, event.body)
            if status == "stored":
                self._news[event.insp].append(event)

    def _add(self, insp: str, dev: str, n: int, h: str, status: str, header: Any, body: Any) -> None:
        self._own.setdefault((insp, dev), []).append((n, h))
        if status == "stored":
            self._events[insp].append({"h": h, "header": header, "body": body})
        else:
            self._flags[insp].add("F_QUARANTINE")

    def meet(self, insp: str, device: Device, dev: str) -> None:
        """The enrolment behind an attestation that another phone carried here: it takes part in the visit."""
        self._met.setdefault(insp, {})[dev] = device

    def _carried(self, insp: str, visit: Visit) -> dict[attest_in.Place, str]:
        """Places in chains that attestations claim whose own events have not come, with their H."""
        here = {event["h"] for event in self._events[insp]}
        absent = {act["h"]: act["via"] for act in visit["attests"] if act["via"] and act["h"] not in here}
        carriers = [event for event in self._events[insp] if event["h"] in set(absent.values())]
        headers = [json.loads(event["body"]["h"]) for event in carriers]
        h_of = {via: h for h, via in absent.items()}
        return {
            (str(header["dev"]), int(header["n"])): h_of[event["h"]]
            for event, header in zip(carriers, headers, strict=True)
        }

    def own(self, seal: Event) -> list[str]:
        """H of all events of the seal's inspection on its device before it, in chain order."""
        return [h for n, h in sorted(self._own.get((seal.insp, seal.dev), [])) if n < seal.n]

    def geotag_allowed(self, insp: str) -> bool:
        """Whether photos of this inspection may carry a position (its pinned rules, D-22)."""
        row = self.rows.get(insp)
        if row is None or row.pack_sha is None:
            return True
        return not geotag_off(self.pack_of(row))

    def pack_of(self, row: InspectionRow) -> dict[str, Any]:
        """The pack the visit was opened with, else the newest; ``fold`` has found out which."""
        assert row.pack_sha is not None
        return self._packs.get(row.id) or load_pack(row.pack_sha)

    def _fold(self, row: InspectionRow) -> Visit:
        """The visit by the pack of its first opening. Which opening is the first only the fold can say."""
        assert row.pack_sha is not None
        visit = fold(self._events[row.id], load_pack(row.pack_sha))
        if visit["pack"] in (None, row.pack_sha) or not _belongs(row.id, visit["pack"]):
            return visit
        self._packs[row.id] = load_pack(visit["pack"])
        return fold(self._events[row.id], self._packs[row.id])

    def _text_flags(self, row: InspectionRow, visit: Visit) -> list[str]:
        """Whether the attested words and what was shown are those of the record; asked only when somebody attests."""
        if not any(act["stands"] for act in visit["attests"]):
            return []
        pack = self.pack_of(row)
        found = judged_flags.text_flags(visit, record_text(visit, pack))
        if any("gist" in act for act in visit["attests"]):
            found += judged_flags.gist_flags(visit, gist(visit, pack))
        # An attestation that came by code names its place in its signer's chain: another event there is a fork.
        if attest_in.usurped(self._carried(row.id, visit)):
            found.append("F_FORK_WITNESSED")
        return found

    def fold(self, items: Sequence[Item] = ()) -> None:
        """Fold every touched inspection; events outside the seal get their flag here, before they are written."""
        for insp, row in self.rows.items():
            if row.pack_sha is None:
                continue
            visit = self._visits[insp] = self._fold(row)
            outside = set(visit["after_seal"])
            for item in items:
                if item.event.h in outside:
                    item.flags.append("F_AFTER_SEAL")
        for item in items:
            if item.event.insp in self._flags and not item.place:
                self._flags[item.event.insp].update(item.flags)

    def store(self, devices: Mapping[str, Device], now_ms: int) -> None:
        """Bring the rows up to date and call the hooks; the events themselves are already written."""
        for insp, row in self.rows.items():
            chains = {dev: own for (owner, dev), own in self._own.items() if owner == insp}
            row.events = sum(len(own) for own in chains.values())
            new = {dev: devices[dev] for dev in chains if dev in devices} | self._met.get(insp, {})
            row.devices = {
                **row.devices,
                **{dev: {"user": d.user, "installation": d.installation} for dev, d in new.items()},
            }
            if insp in self._visits:
                self._project(row, self._visits[insp], now_ms)
            else:
                row.flags = sorted({*self._flags[insp], "F_NO_PACK"})

    def visit(self, insp: str) -> Visit:
        """The folded visit; ``fold`` has been called. Raises KeyError without a pack."""
        return self._visits[insp]

    def _project(self, row: InspectionRow, visit: Visit, now_ms: int) -> None:
        enough = len(attest.agreed(visit)) >= min_team(self.pack_of(row))
        # Chains count what the record holds: content the seal does not cover stands outside of it.
        outside = set(visit["after_seal"])
        content = judged_flags.content_by_device(
            [event for event in self._events[row.id] if event["h"] not in outside],
            lambda e: (e["header"]["dev"], e["header"]["n"], e["h"], e["header"]["t"]),
        )
        before = (row.seals, row.state)
        row.counts = dict(visit["counts"])
        row.ended_at = visit["ended_at"]
        if row.state == "cancelled" and visit["opened"] is not None:
            # It was carried out all the same, by a phone that had not heard: what happened counts, and is flagged.
            row.kept_flags = {**row.kept_flags, "cancelled": "F_CANCELLED"}
        if row.state != "cancelled" or visit["opened"] is not None:
            row.state = "prepared" if visit["state"] == "assigned" else visit["state"]
        found = {
            *self._flags[row.id],
            *judged_flags.visit_flags(visit, enough, content, row.devices),
            *self._text_flags(row, visit),
            *row.kept_flags.values(),
        }
        row.flags = sorted(found)
        linked = [seal for seal in visit["seals"] if seal["linked"]]
        row.seals = len(linked)
        row.proof = self._proof(row, visit, now_ms) if linked else {}
        if linked and row.sealed_at is None:
            row.sealed_at = now_ms
            row.code = _record_code(linked[0]["d"])
        if not linked:
            # The seal itself may have been taken out: it came from a phone that was lost by then.
            row.sealed_at, row.code = None, ""
        session().flush()
        for told in _folded:
            told(row.id, visit, frozenset(event.t for event in self._news[row.id]))
        if linked and before != (row.seals, row.state):
            for hear in _sealed:
                hear(row.id, visit)


    def _proof(self, row: InspectionRow, visit: Visit, now_ms: int) -> dict[str, Any]:
        """Level and interval of the sealed visit; what is new in this batch arrives now."""
        events = self._events[row.id]
        received = {event["h"]: self._received.get(event["h"], now_ms) for event in events}
        return verdict.proof_of(attest.seen_levels(visit, row.devices), events, received)


def _record_code(d: str) -> str:
    try:
        return chain.record_code(b64url.decode(d, 32))
    except ValueError:
        return ""


def _belongs(insp: str, sha256: str) -> bool:
    return session().get(InspectionPack, (insp, sha256)) is not None


def visit_of(row: InspectionRow) -> tuple[Visit, dict[str, Any]]:
    """(folded visit, pack) of an inspection from its stored events. The pack must exist."""
    work = Work.load({row.id: row})
    work.fold()
    return attest.seen_levels(work.visit(row.id), row.devices), work.pack_of(row)


def rebuild(row: InspectionRow, now_ms: int) -> None:
    """Compute the row again from the stored bytes (after a change of rules, team or judgement)."""
    work = Work.load({row.id: row})
    work.fold()
    work.store({}, now_ms)
