"""Planned, done, overdue (YS-4.1), per team and per month; which share of inspections came from a draw (YS-2.1b)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select

from server.accounts import operations as accounts
from server.kernel.moments import local_date
from server.plans.tables import AssignmentRow, BatchRow, PlanLineRow, UndrawnRow, VisitDayRow
from server.platform import clock
from server.platform.db import session

UNDRAWN = "undrawn"
"""``source`` of batches whose units did not come from a draw."""


@dataclass(frozen=True)
class Standing:
    """How far a visit has come, as inspections know it."""

    state: str
    done: bool
    begun: bool
    ended_on: date | None
    number: str


@dataclass(frozen=True)
class Visit:
    """One attendance: what was planned and how it stands. ``standing`` None: no inspection of it is known."""

    id: str
    unit_id: str
    team: tuple[str, ...]
    items: tuple[str, ...]
    inspect_by: date
    planned_on: date | None
    source: str
    batch_id: str
    standing: Standing | None

    @property
    def done(self) -> bool:
        return self.standing is not None and self.standing.done

    @property
    def cancelled(self) -> bool:
        return self.standing is not None and self.standing.state == "cancelled"

    def overdue(self, today: date) -> bool:
        return not self.done and not self.cancelled and self.inspect_by < today


@dataclass(frozen=True)
class Figures:
    planned: int
    done: int
    overdue: int


@dataclass(frozen=True)
class Share:
    """``permille`` of all inspections of a year came from a draw; the others by their type."""

    year: int
    drawn: int
    undrawn: int
    permille: int
    by_type: Mapping[str, int] = field(default_factory=dict)


StandingsOf = Callable[[str, Sequence[str]], Mapping[str, Standing]]
_sources: list[StandingsOf] = []


def standings_come_from(source: StandingsOf) -> None:
    """``source(agency_id, visit ids)`` says how far visits have come; inspections stand above plans."""
    _sources[:] = [source]


def standings(agency_id: str, ids: Sequence[str]) -> Mapping[str, Standing]:
    return _sources[0](agency_id, ids) if _sources and ids else {}


def visits(agency_id: str, start: date, end: date, batch_id: str = "") -> list[Visit]:
    """Visits whose limit or planned day lies in the span, by limit."""
    query = select(AssignmentRow, BatchRow.source).join(BatchRow, BatchRow.id == AssignmentRow.batch_id).where(AssignmentRow.agency_id == agency_id)
    days = {row.visit_group: row.planned_on for row in session().scalars(select(VisitDayRow).where(VisitDayRow.agency_id == agency_id, VisitDayRow.planned_on >= start, VisitDayRow.planned_on <= end))}
    inside = AssignmentRow.inspect_by.between(start, end)
    query = query.where(AssignmentRow.batch_id == batch_id) if batch_id else query.where(inside | AssignmentRow.visit_group.in_(days))
    groups: dict[str, list[AssignmentRow]] = {}
    sources: dict[str, str] = {}
    for row, source in session().execute(query.order_by(AssignmentRow.inspect_by, AssignmentRow.row, AssignmentRow.id)):
        groups.setdefault(row.visit_group, []).append(row)
        sources[row.visit_group] = source
    known = standings(agency_id, list(groups))
    later = set(groups) - set(days)
    days |= {row.visit_group: row.planned_on for row in session().scalars(select(VisitDayRow).where(VisitDayRow.visit_group.in_(later)))}
    return [
        Visit(visit, rows[0].unit_id, tuple(rows[0].inspectors), tuple(row.item_code for row in rows), min(row.inspect_by for row in rows), days.get(visit), sources[visit], rows[0].batch_id, known.get(visit))
        for visit, rows in groups.items()
    ]


def visits_of_units(agency_id: str, unit_ids: Sequence[str], year: int) -> dict[str, int]:
    """How often each unit was or will be visited by draw that year: what a draw must know of caps and of what is still
    owed. Inspections that were not drawn are counted apart (D-27), cancelled ones not at all."""
    found = Counter(one.unit_id for one in _drawn_of(agency_id, year))
    found.update(line.unit_id for line in _waiting(agency_id, year))
    return {unit: found[unit] for unit in unit_ids if found[unit]}


def loads_of(agency_id: str, user_ids: Sequence[str], year: int) -> dict[str, int]:
    """How many attendances each inspector has that year, planned ones included (JD-6a balances them); those for a superior
    that has drawn them from this register count as well (WG-5b)."""
    found: Counter[str] = Counter()
    for whose in (agency_id, *accounts.above(agency_id)):
        found.update(user for one in visits(whose, date(year, 1, 1), date(year, 12, 31)) if not one.cancelled for user in one.team)
        found.update(user for line in _waiting(whose, year) for user in line.team)
    return {user: found[user] for user in user_ids if found[user]}


def _drawn_of(agency_id: str, year: int) -> list[Visit]:
    return [one for one in visits(agency_id, date(year, 1, 1), date(year, 12, 31)) if not one.cancelled and not one.source.startswith(UNDRAWN)]


def _waiting(agency_id: str, year: int) -> list[PlanLineRow]:
    """Drawn rows of plans that have not been released yet."""
    query = select(PlanLineRow).where(PlanLineRow.agency_id == agency_id, PlanLineRow.visit_group == "", PlanLineRow.withdrawn == "")
    return [line for line in session().scalars(query) if line.inspect_by.year == year]


def draw_is_over(agency_id: str, draw_id: str) -> bool:
    """Whether every visit of a draw is over, for agencies that publish only afterwards (C10)."""
    lines = [line for line in session().scalars(select(PlanLineRow).where(PlanLineRow.agency_id == agency_id, PlanLineRow.draw_id == draw_id)) if not line.withdrawn]
    known = standings(agency_id, [line.visit_group for line in lines if line.visit_group])
    return all(line.visit_group in known and (known[line.visit_group].done or known[line.visit_group].state == "cancelled") for line in lines)


def count(found: Sequence[Visit], today: date) -> Figures:
    standing = [one for one in found if not one.cancelled]
    return Figures(len(standing), sum(one.done for one in standing), sum(one.overdue(today) for one in standing))


def between(agency_id: str, start: date, end: date) -> Figures:
    return count(visits(agency_id, start, end), local_date(clock.now_ms()))


def by_team(found: Sequence[Visit], today: date) -> list[tuple[tuple[str, ...], Figures]]:
    """The same people are the same team whatever order they were drawn in."""
    teams: dict[tuple[str, ...], list[Visit]] = {}
    for one in found:
        teams.setdefault(tuple(sorted(one.team)), []).append(one)
    return sorted(((team, count(members, today)) for team, members in teams.items()), key=lambda pair: (-pair[1].overdue, -pair[1].planned, pair[0]))


def share(agency_id: str, year: int) -> Share:
    """Drawn and undrawn inspections of a year, cancelled ones left out. Imported batches were drawn elsewhere."""
    seen = [one for one in visits(agency_id, date(year, 1, 1), date(year, 12, 31)) if not one.cancelled and one.inspect_by.year == year]
    types = {row.batch_id: row.type for row in session().scalars(select(UndrawnRow).where(UndrawnRow.agency_id == agency_id, UndrawnRow.batch_id != ""))}
    by_type = Counter(types.get(one.batch_id, "other") for one in seen if one.source.startswith(UNDRAWN))
    undrawn = sum(by_type.values())
    drawn = len(seen) - undrawn
    return Share(year, drawn, undrawn, 0 if not seen else drawn * 1000 // len(seen), dict(sorted(by_type.items())))
