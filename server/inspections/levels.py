"""At which level inspectors attest, and the confirmation of 同机确认 (record-log 2.6).

Who has signed on somebody else's phone with a PIN is asked to confirm it from the own account within 48 hours
(``attest.late``). The share of such signatures per inspector is shown to leaders. The 48 hours run from the moment this
server knew, because nobody can be asked before; the confirmation counts when it arrives here."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from server.accounts import operations as accounts
from server.inspections import attest
from server.inspections.projection import on_folded
from server.inspections.tables import AttestLevel, EventRow, InspectionRow
from server.platform import clock
from server.platform.db import session

CONFIRM_WITHIN: Final = timedelta(hours=48)
Visit = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Confirmation:
    """One signature on somebody else's phone. ``state``: pending | overdue | confirmed | confirmed_late."""

    user: str
    d: str
    attest: str
    due_at: datetime
    state: str
    confirmed_at: datetime | None
    own_phone: bool | None


@dataclass(frozen=True, slots=True)
class Share:
    """One inspector's attestations of sealed records in a period. ``guest``: on a colleague's phone, as the second."""

    user: str
    name: str
    total: int
    a1: int
    a2: int
    a3: int
    guest: int
    confirmed: int
    overdue: int


@on_folded
def _record(insp: str, visit: Visit, _news: frozenset[str]) -> None:
    """Keep the level of every standing attestation of the latest seal; called in the unit of work of intake."""
    seals = [seal for seal in visit["seals"] if seal["linked"]]
    row = session().get(InspectionRow, insp)
    if not seals or row is None:
        return
    d, text = seals[-1]["d"], seals[-1]["text"]
    seen = attest.seen_levels(visit, row.devices)
    acts: dict[str, dict[str, Any]] = {}
    for act in seen["attests"]:
        if (act["d"], act["text"], act["stands"]) == (d, text, True) and (act["by"] not in acts or act["via"]):
            acts[act["by"]] = act
    known = {one.user_id: one for one in session().scalars(select(AttestLevel).where(AttestLevel.insp == insp))}
    holder = visit["opened"]["dev"] if visit["opened"] else ""
    for user, act in sorted(acts.items()):
        kept = known.get(user)
        if kept is None:
            kept = AttestLevel(insp=insp, user_id=user, agency_id=row.agency_id, d="", confirmed_at=None, own_phone=None)
            session().add(kept)
        if kept.d != d:
            # Another round closes with another digest: what was confirmed was the former one.
            kept.d, kept.known_at, kept.confirmed_at, kept.own_phone = d, clock.now(), None, None
        kept.attest, kept.level = act["h"], act["level"]
        kept.guest = act["level"] == "A1" and act["dev"] != holder
        if kept.guest and kept.confirmed_at is None:
            _confirm(kept, row, act["dev"])
    session().flush()


def _confirm(kept: AttestLevel, row: InspectionRow, dev: str) -> None:
    """Look for the person's own ``attest.late`` of this digest."""
    table = EventRow.__table__
    query = select(table.c.dev, table.c.header, table.c.body).where(
        table.c.insp == row.id, table.c.t == "attest.late", table.c.status == "stored", table.c.body.is_not(None)
    )
    here = row.devices.get(dev, {}).get("installation", "")
    for event in session().execute(query.order_by(table.c.rx, table.c.n)):
        if json.loads(event.header)["by"] != kept.user_id or json.loads(event.body).get("d") != kept.d:
            continue
        there = row.devices.get(event.dev, {}).get("installation", "")
        kept.confirmed_at = kept.confirmed_at or clock.now()
        kept.own_phone = bool(kept.own_phone) or there != here


def confirmations(insp: str) -> list[Confirmation]:
    """The signatures of an inspection that were made on somebody else's phone, and what became of them."""
    now = clock.now()
    query = select(AttestLevel).where(AttestLevel.insp == insp, AttestLevel.guest).order_by(AttestLevel.user_id)
    return [_told(row, now) for row in session().scalars(query)]


def _told(row: AttestLevel, now: datetime) -> Confirmation:
    due = row.known_at + CONFIRM_WITHIN
    if row.confirmed_at is not None:
        state = "confirmed" if row.confirmed_at <= due else "confirmed_late"
    else:
        state = "pending" if now <= due else "overdue"
    return Confirmation(row.user_id, row.d, row.attest, due, state, row.confirmed_at, row.own_phone)


def shares(agency_id: str, since: datetime, until: datetime) -> list[Share]:
    """Per inspector how records sealed in the period were attested, the largest share of A1 first."""
    query = select(AttestLevel).where(
        AttestLevel.agency_id == agency_id, AttestLevel.known_at >= since, AttestLevel.known_at < until
    )
    by_user: dict[str, list[AttestLevel]] = {}
    for row in session().scalars(query):
        by_user.setdefault(row.user_id, []).append(row)
    people = accounts.people_by_id(sorted(by_user))
    now = clock.now()
    found = [_share(user, people[user].name if user in people else "", rows, now) for user, rows in by_user.items()]
    return sorted(found, key=lambda one: (-one.a1 * 1000 // one.total, -one.a1, one.name, one.user))


def _share(user: str, name: str, rows: Iterable[AttestLevel], now: datetime) -> Share:
    all_rows = list(rows)
    levels = [row.level for row in all_rows]
    told = [_told(row, now).state for row in all_rows if row.guest]
    return Share(
        user, name, len(levels), levels.count("A1"), levels.count("A2"), levels.count("A3"), len(told),
        told.count("confirmed"), told.count("overdue") + told.count("confirmed_late"),
    )  # fmt: skip
