"""What the server knows of each phone's chain: how far it came, what waits, and what may still be on the phone.

Nobody but the phone knows what it has not sent. What is shown here is only what can be told from this side: visits it
has begun and not sealed, files it has named and not brought, numbers that are missing before others.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from sqlalchemy import case, func, select

from server.accounts import operations as accounts
from server.accounts.domain import Actor
from server.evidence import operations as evidence
from server.inspections.tables import EventRow, InspectionRow
from server.platform.db import session

EVENTS = EventRow.__table__
OPEN = ("assigned", "prepared", "in_progress", "attested", "awaiting_second")


@dataclass(frozen=True, slots=True)
class OpenVisit:
    """A visit in which this phone has a part and which is not finished."""

    insp: str
    number: str
    unit_name: str
    state: str
    events: int
    files_lacking: int


@dataclass(frozen=True, slots=True)
class ChainLine:
    """``next_n`` is the first counter that has not arrived; what lies beyond it only the phone knows."""

    dev: str
    next_n: int
    last_ms: int | None
    held: int
    quarantined: int
    open: list[OpenVisit] = field(default_factory=list)


def chains(actor: Actor) -> list[ChainLine]:
    """Of my own phones; for administrator and auditor those of the agency."""
    devs = [device.dev for device in accounts.list_devices(actor)]
    query = (
        select(
            EVENTS.c.dev, func.max(case((EVENTS.c.place == "", EVENTS.c.n))).label("n"), func.max(EVENTS.c.rx).label("rx"),
            func.sum(case((EVENTS.c.status == "held", 1), else_=0)).label("held"),
            func.sum(case((EVENTS.c.status == "quarantined", 1), else_=0)).label("apart"),
        )
        .where(EVENTS.c.agency_id == actor.agency_id, EVENTS.c.dev.in_(devs))
        .group_by(EVENTS.c.dev)
    )  # fmt: skip
    found = {row.dev: row for row in session().execute(query)}
    visits = _open_visits(actor.agency_id, devs)
    return [
        ChainLine(
            dev, 0 if row is None or row.n is None else int(row.n) + 1, None if row is None else int(row.rx),
            0 if row is None else int(row.held), 0 if row is None else int(row.apart), visits.get(dev, []),
        )
        for dev, row in ((dev, found.get(dev)) for dev in devs)
    ]  # fmt: skip


def _open_visits(agency_id: str, devs: list[str]) -> dict[str, list[OpenVisit]]:
    query = (
        select(EVENTS.c.dev, InspectionRow.id, InspectionRow.number, InspectionRow.unit_name, InspectionRow.state, func.count().label("events"))
        .join(InspectionRow, InspectionRow.id == EVENTS.c.insp)
        .where(InspectionRow.agency_id == agency_id, InspectionRow.state.in_(OPEN), EVENTS.c.dev.in_(devs))
        .group_by(EVENTS.c.dev, InspectionRow.id, InspectionRow.number, InspectionRow.unit_name, InspectionRow.state)
        .order_by(InspectionRow.number)
    )
    rows = session().execute(query).all()
    lacking = evidence.lacking_counts(agency_id, sorted({row.id for row in rows}))
    found: dict[str, list[OpenVisit]] = defaultdict(list)
    for row in rows:
        found[row.dev].append(OpenVisit(row.id, row.number, row.unit_name, row.state, row.events, lacking.get(row.id, 0)))
    return dict(found)
