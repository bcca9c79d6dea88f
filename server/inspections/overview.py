"""All inspections of an agency for the desk: who goes where until when, and what of it has arrived here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from server.evidence import operations as evidence
from server.inspections import verdict
from server.inspections.tables import InspectionRow
from server.kernel.moments import local_date
from server.kernel.workdays import Calendar
from server.plans.figures import Standing
from server.platform import clock
from server.platform.db import scoped, session
from server.rules import operations as rules

OPEN = ("assigned", "prepared", "in_progress", "attested", "awaiting_second")
DONE = ("sealed", "awaiting_second")
AT_ONCE = 500
WHICH: dict[str, tuple[str, ...]] = {"open": OPEN, "sealed": ("sealed",), "cancelled": ("cancelled",), "all": ()}


@dataclass(frozen=True, slots=True)
class Line:
    """One inspection in the list. ``days_left``: working days to ``inspect_by``, negative when overdue, None once sealed.

    ``events`` counts what phones have sent; ``files_lacking`` the photos and signatures that are named and not here."""

    id: str
    number: str
    unit_name: str
    address: str
    mode: str
    state: str
    inspect_by: date | None
    days_left: int | None
    team: list[str]
    lead: str
    prepared: bool
    events: int
    files_lacking: int
    may_cancel: bool
    report_state: str
    due_on: date | None
    flags: list[str]
    verdict: str


def lines(
    agency_id: str, which: str = "open", text: str = "", ids: Sequence[str] = (), limit: int = 50, offset: int = 0
) -> list[Line]:
    """Inspections of an agency, the most urgent first; ``text`` searches unit, address and number."""
    query = scoped(select(InspectionRow), agency_id)
    if WHICH[which]:
        query = query.where(InspectionRow.state.in_(WHICH[which]))
    if ids:
        query = query.where(InspectionRow.id.in_(ids))
    if text:
        like = f"%{text}%"
        query = query.where(
            InspectionRow.unit_name.like(like) | InspectionRow.address.like(like) | InspectionRow.number.like(like)
        )
    first = InspectionRow.inspect_by if which == "open" else InspectionRow.created_at.desc()
    rows = list(session().scalars(query.order_by(first, InspectionRow.id).limit(limit).offset(offset)))
    lacking = evidence.lacking_counts(agency_id, [row.id for row in rows])
    told = verdict.sentences(rows)
    today, calendar = local_date(clock.now_ms()), rules.calendar_for(agency_id)
    return [_line(row, lacking.get(row.id, 0), told[row.id], today, calendar) for row in rows]


def _line(row: InspectionRow, lacking: int, told: str, today: date, calendar: Calendar) -> Line:
    return Line(
        row.id, row.number, row.unit_name, row.address, row.mode, row.state, row.inspect_by,
        _days_left(today, row.inspect_by, calendar) if row.inspect_by and row.state in OPEN else None,
        [str(member["name"]) for member in row.team],
        next((str(member["name"]) for member in row.team if member.get("lead")), ""),
        row.pack_sha is not None, row.events, lacking, row.events == 0 and row.state in ("assigned", "prepared"),
        row.report_state, row.due_on, list(row.flags), told if row.events else "",
    )  # fmt: skip


def _days_left(today: date, until: date, calendar: Calendar) -> int:
    if today <= until:
        return calendar.workdays_between(today, until)
    return -calendar.workdays_between(until, today)


def standings(agency_id: str, ids: Sequence[str]) -> dict[str, Standing]:
    """How far the visits of these ids have come, for the plan's figures; unknown ids are left out."""
    found: dict[str, Standing] = {}
    for at in range(0, len(ids), AT_ONCE):
        query = scoped(select(InspectionRow), agency_id).where(InspectionRow.id.in_(ids[at : at + AT_ONCE]))
        for row in session().scalars(query):
            ended = local_date(row.ended_at) if row.ended_at is not None else None
            found[row.id] = Standing(row.state, row.state in DONE, row.events > 0, ended, row.number)
    return found
