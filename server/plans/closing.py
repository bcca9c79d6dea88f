"""The close of a month: the number of units set in time or late, and how each month stands (WC-15a, JD-6c)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from server.accounts.domain import Actor
from server.audit import operations as audit
from server.kernel.moments import local_date
from server.plans import close
from server.plans.domain import LateNeedsNote, PlanRefused
from server.plans.tables import MonthlyPlanRow, PlanMonthRow
from server.platform import clock
from server.platform.db import session, unit_of_work
from server.rules import operations as rules

MOST_MONTHS = 24


@dataclass(frozen=True)
class Month:
    """The close of one month. ``standing``: none | later | remind | overdue | done | done_late."""

    month: str
    what: str
    last_day: date | None
    remind_on: date | None
    standing: str
    quota: int | None
    set_at: datetime | None
    late: bool
    late_note: str
    plans: int


def close_for(agency_id: str, month: str) -> close.Close | None:
    cutoff = rules.rules_for(agency_id).values.get("plan.monthly_cutoff") or {}
    return close.close_of(month, cutoff, rules.calendar_for(agency_id))


@unit_of_work
def set_quota(actor: Actor, month: str, quota: int, note: str) -> Month:
    """How many units are to be drawn next month (JD-6c 每月25日前设置下一个月的检查单位抽查数). After the cutoff only the head
    sets it, with a note. Raises LateNeedsNote, PlanState once the month has a plan."""
    if not close.is_month(month):
        raise PlanRefused("月份应写作 2026-12")
    agency_id, today = actor.agency_id, local_date(clock.now_ms())
    late = close.is_late(close_for(agency_id, month), today)
    row = session().get(PlanMonthRow, (agency_id, month), with_for_update=True)
    if row is not None and row.quota == quota:
        return month_view(agency_id, month)
    if late and not (actor.has("reviewer") and note.strip()):
        raise LateNeedsNote("已过本月截止日，须由负责人设定并写明原因", month=month)
    if row is None:
        row = PlanMonthRow(agency_id=agency_id, month=month)
        session().add(row)
    row.quota, row.set_by, row.set_at, row.late = quota, actor.user_id, clock.now(), late
    if late:
        row.late_note, row.late_by = note, actor.user_id
    session().flush()
    audit.record(actor, "plans.quota_set", "plan_month", month, facts={"quota": quota, "late": late})
    return month_view(agency_id, month)


def month_view(agency_id: str, month: str) -> Month:
    """How the close of a month stands today."""
    found, row = close_for(agency_id, month), session().get(PlanMonthRow, (agency_id, month))
    query = select(func.count(), func.min(MonthlyPlanRow.created_at)).where(MonthlyPlanRow.agency_id == agency_id, MonthlyPlanRow.month == month)
    count, first = session().execute(query).one()
    late_plans = session().scalar(select(func.min(MonthlyPlanRow.seq)).where(MonthlyPlanRow.agency_id == agency_id, MonthlyPlanRow.month == month, MonthlyPlanRow.late.is_(False)))
    what = found.what if found else str((rules.rules_for(agency_id).values.get("plan.monthly_cutoff") or {}).get("what", "plan_generated"))
    if what == "quota_set":
        done = row.late if row is not None else None
    else:
        done = None if first is None else late_plans is None
    return Month(
        month, what, found.last_day if found else None, found.remind_on if found else None, close.standing(found, local_date(clock.now_ms()), done),
        row.quota if row else None, row.set_at if row else None, bool(row and row.late), row.late_note if row else "", int(count),
    )


def months(agency_id: str, start: str, count: int) -> list[Month]:
    found = []
    for _ in range(min(count, MOST_MONTHS)):
        found.append(month_view(agency_id, start))
        start = close.following(start)
    return found
