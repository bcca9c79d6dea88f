"""Which day a visit is meant for: moved within its time limit, never past it (WC-15d); the month as people see it (JD-7.3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from server.accounts.domain import Actor
from server.audit import operations as audit
from server.kernel.moments import local_date
from server.plans import annual, close, figures
from server.plans.domain import PastLimit, PlanRefused, PlanState, PlanUnknown
from server.plans.tables import AssignmentRow, VisitDayRow
from server.platform import clock
from server.platform.db import session, unit_of_work
from server.registry import operations as registry
from server.rules import operations as rules


@dataclass(frozen=True)
class Entry:
    """One visit in the month's list."""

    id: str
    number: str
    unit_name: str
    team: list[str]
    source: str
    inspect_by: date
    planned_on: date | None
    state: str
    done: bool
    overdue: bool
    may_move: bool


@dataclass(frozen=True)
class Day:
    """One day with its load; ``room``: visits the teams can still make that day, None where no capacity is set."""

    day: date
    workday: bool
    planned: int
    due: int
    room: int | None


@dataclass(frozen=True)
class TeamLine:
    team: list[str]
    planned: int
    done: int
    overdue: int


@dataclass(frozen=True)
class MonthBoard:
    month: str
    planned: int
    done: int
    overdue: int
    elapsed_permille: int
    done_permille: int
    per_day: int | None
    days: list[Day]
    entries: list[Entry]
    teams: list[TeamLine]


@unit_of_work
def move(actor: Actor, visit: str, day: date) -> date:
    """Plan a visit for a day. The same day again changes nothing. Raises PlanUnknown, PastLimit, PlanState, PlanRefused."""
    rows = list(session().scalars(select(AssignmentRow).where(AssignmentRow.visit_group == visit)))
    if not rows or rows[0].agency_id != actor.agency_id:
        raise PlanUnknown("没有这次检查")
    limit = min(row.inspect_by for row in rows)
    if day > limit:
        raise PastLimit(f"检查时限为 {limit.isoformat()}，不能安排在时限之后", limit=limit.isoformat())
    if day < local_date(clock.now_ms()):
        raise PlanRefused("不能安排在过去的日子")
    if not rules.calendar_for(actor.agency_id).is_workday(day):
        raise PlanRefused(f"{day.isoformat()} 不是工作日")
    known = figures.standings(actor.agency_id, [visit]).get(visit)
    if known is not None and (known.done or known.begun or known.state == "cancelled"):
        raise PlanState("检查已经开始或者办结，不再改期")
    row = session().get(VisitDayRow, visit, with_for_update=True)
    if row is None:
        row = VisitDayRow(visit_group=visit, agency_id=actor.agency_id, planned_on=day, moved_by=actor.user_id, moved_at=clock.now())
        session().add(row)
    elif row.planned_on == day:
        return day
    before = row.planned_on
    row.planned_on, row.moved_by, row.moved_at = day, actor.user_id, clock.now()
    session().flush()
    audit.record(actor, "plans.visit_moved", "inspection", visit, facts={"from": before.isoformat(), "to": day.isoformat()})
    return day


def board(agency_id: str, month: str) -> MonthBoard:
    """The month: figures, load per day against capacity, every visit, and each team (YS-4.1)."""
    if not close.is_month(month):
        raise PlanRefused("月份应写作 2026-12")
    start, end, today = close.first_day(month), close.last_day(month), local_date(clock.now_ms())
    found = figures.visits(agency_id, start, end)
    whole = figures.count(found, today)
    capacity = annual.staff(agency_id)
    names = registry.unit_names(agency_id, [one.unit_id for one in found])
    people = registry.inspector_names(agency_id)
    total = (end - start).days + 1
    elapsed = min(total, max(0, (today - start).days + 1))
    return MonthBoard(
        month, whole.planned, whole.done, whole.overdue, elapsed * 1000 // total, 0 if not whole.planned else whole.done * 1000 // whole.planned, capacity.per_day if capacity else None,
        _days(agency_id, start, end, found, capacity.per_day if capacity else None),
        [_entry(one, names, people, today) for one in sorted(found, key=lambda one: (one.planned_on or one.inspect_by, one.id))],
        [TeamLine([people.get(user, user) for user in team], got.planned, got.done, got.overdue) for team, got in figures.by_team(found, today)],
    )


@dataclass(frozen=True)
class OpenVisit:
    """A visit nobody has begun, with ids, for asking that somebody be replaced."""

    id: str
    number: str
    unit_id: str
    unit_name: str
    inspect_by: date
    team: list[dict[str, str]]


def open_visits(agency_id: str) -> list[OpenVisit]:
    """Drawn visits of this and the next months that may still be changed."""
    today = local_date(clock.now_ms())
    found = [one for one in figures.visits(agency_id, today - timedelta(days=92), today + timedelta(days=366)) if not one.cancelled and not (one.standing and one.standing.begun and not one.done)]
    names = registry.unit_names(agency_id, [one.unit_id for one in found])
    people = registry.inspector_names(agency_id)
    return [
        OpenVisit(one.id, one.standing.number if one.standing else "", one.unit_id, names.get(one.unit_id, one.unit_id), one.inspect_by, [{"id": user, "name": people.get(user, user)} for user in one.team])
        for one in found
    ]


def _days(agency_id: str, start: date, end: date, found: Sequence[figures.Visit], per_day: int | None) -> list[Day]:
    calendar = rules.calendar_for(agency_id)
    planned = Counter(one.planned_on for one in found if one.planned_on and not one.cancelled)
    due = Counter(one.inspect_by for one in found if not one.cancelled)
    days = [start + timedelta(days=at) for at in range((end - start).days + 1)]
    return [Day(day, works := calendar.is_workday(day), planned[day], due[day], None if per_day is None else max(0, (per_day if works else 0) - planned[day])) for day in days]


def _entry(one: figures.Visit, names: dict[str, str], people: dict[str, str], today: date) -> Entry:
    at = one.standing
    return Entry(
        one.id, at.number if at else "", names.get(one.unit_id, one.unit_id), [people.get(user, user) for user in one.team], one.source, one.inspect_by, one.planned_on, at.state if at else "assigned",
        one.done, one.overdue(today), not (at and (at.done or at.begun or at.state == "cancelled")) and one.inspect_by >= today,
    )
