"""The monthly plan: closed by a day, filled by draws, approved, released to the phones (WC-13, WC-15, JD-6c, WS-4.1b).

Rows come from a draw or from an imported one and are never typed in; what may be changed in a draft is when a row must be
done and whether several sections go together. After the cutoff a plan that was in time is frozen, and whatever comes
later stands in a supplement that is marked late and carries the head's note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from server.accounts import operations as accounts
from server.accounts.domain import Actor
from server.audit import operations as audit
from server.kernel.moments import local_date
from server.plans import annual, close, closing, operations
from server.plans.domain import (
    BatchHasErrors,
    Group,
    LateNeedsNote,
    Line,
    OwnWork,
    PlanPublished,
    PlanRefused,
    PlanState,
    PlanUnknown,
)
from server.plans.tables import MonthlyPlanRow, PlanDrawRow, PlanLineRow
from server.platform import clock
from server.platform.db import session, unit_of_work
from server.platform.ids import new_id
from server.platform.sheets import read_sheet
from server.registry import operations as registry
from server.rules import operations as rules

DRAWN_HERE = "internal"
IMPORTED = operations.IMPORTED


class DrawnRow(Protocol):
    """One drawn unit as a draw hands it over; ``team`` in the order it was drawn, empty when nobody could go."""

    @property
    def unit_id(self) -> str: ...
    @property
    def stratum(self) -> str: ...
    @property
    def team(self) -> tuple[str, ...]: ...
    @property
    def candidates(self) -> int: ...
    @property
    def premises(self) -> tuple[str, ...]: ...
    @property
    def item_codes(self) -> tuple[str, ...]: ...


class DrawResult(Protocol):
    """A draw that is over (``server.draw.operations.Drawn``)."""

    @property
    def draw_id(self) -> str: ...
    @property
    def number(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def item_codes(self) -> Sequence[str]: ...
    @property
    def rows(self) -> Sequence[DrawnRow]: ...
    @property
    def period(self) -> str: ...


@dataclass(frozen=True)
class Plan:
    id: str
    agency_id: str
    month: str
    seq: int
    title: str
    state: str
    late: bool
    late_note: str
    merges: bool
    source: str
    created_at: datetime
    created_by: str
    approved_at: datetime | None
    approved_by: str
    number: str
    signatory: str
    released_at: datetime | None
    published_at: datetime | None
    version: int
    lines: int


@dataclass(frozen=True)
class PlanLine:
    id: str
    unit_id: str
    unit_name: str
    address: str
    premises: list[str]
    item_codes: list[str]
    team: list[str]
    lead: str | None
    inspect_by: date
    mode: str
    draw_id: str
    draw_no: str
    stratum: str
    candidates: int
    visit_group: str
    withdrawn: str


# --- rows from draws -------------------------------------------------------------------------------------------------


def draw_is_for(agency_id: str, draw_id: str, target: str, target_id: str) -> None:
    """Note what a proposed draw is for. Part of the caller's unit of work."""
    session().add(PlanDrawRow(draw_id=draw_id, agency_id=agency_id, target=target, target_id=target_id, taken=False))
    session().flush()


def add_draw(agency_id: str, month: str, drawn: DrawResult) -> str:
    """The rows of a finished draw; answers the plan's id. Called inside the draw's unit of work, once per draw."""
    plan = _open_plan(agency_id, month, DRAWN_HERE, "")
    place = _lines_of(plan.id)
    for at, row in enumerate(drawn.rows, start=len(place)):
        unit = registry.unit(agency_id, row.unit_id)
        session().add(PlanLineRow(
            id=new_id(), plan_id=plan.id, agency_id=agency_id, unit_id=unit.id, unit_name=unit.name, address=unit.address, premises=list(row.premises), item_codes=list(row.item_codes or drawn.item_codes), team=list(row.team), lead=None,
            inspect_by=close.last_day(month), mode="on_site", draw_id=drawn.draw_id, draw_no=drawn.number, stratum=row.stratum, candidates=row.candidates, place=at,
        ))
    session().flush()
    audit.record(None, "plans.draw_taken", "monthly_plan", plan.id, agency_id, {"draw": drawn.draw_id, "rows": len(drawn.rows), "late": plan.late})
    return plan.id


def _open_plan(agency_id: str, month: str, source: str, by: str) -> MonthlyPlanRow:
    """The draft of the month, or a new supplement when the month's plan is signed or frozen by the cutoff."""
    query = select(MonthlyPlanRow).where(MonthlyPlanRow.agency_id == agency_id, MonthlyPlanRow.month == month).order_by(MonthlyPlanRow.seq).with_for_update()
    known = list(session().scalars(query))
    late = close.is_late(closing.close_for(agency_id, month), local_date(clock.now_ms()))
    last = known[-1] if known else None
    if last is not None and last.state == "draft" and last.late == late and last.source == source:
        return last
    seq = len(known) + 1
    title = f"{month[:4]}年{int(month[5:])}月抽查计划" + (f"（补充{seq - 1}）" if seq > 1 else "")
    row = MonthlyPlanRow(
        id=new_id(), agency_id=agency_id, month=month, seq=seq, title=title, state="draft", late=late, late_note="", merges=True, source=source, created_at=clock.now(), created_by=by, version=0,
    )
    session().add(row)
    session().flush()
    return row


def import_draw(actor: Actor, month: str, data: bytes, filename: str, dry_run: bool) -> operations.BatchOutcome:
    """The rows of a draw made elsewhere (JD: the provincial system draws) as a plan to be approved, all or nothing.

    Without a ``month`` it is the one of the limits, which must all lie in it."""
    if month and not close.is_month(month):
        raise PlanRefused("月份应写作 2026-12")
    return _import_draw(actor, month, read_sheet(data, filename), dry_run)


@unit_of_work
def _import_draw(actor: Actor, month: str, sheet: Any, dry_run: bool) -> operations.BatchOutcome:
    agency_id = actor.agency_id
    lines, errors = operations.read_batch(agency_id, sheet)
    if errors or dry_run:
        return operations.BatchOutcome((), len(sheet.rows), len({line.unit_id for line in lines}), tuple(errors))
    known = session().scalar(select(PlanLineRow.plan_id).where(PlanLineRow.agency_id == agency_id, PlanLineRow.draw_id.in_({_import_id(line) for line in lines})).limit(1))
    if known:
        raise BatchHasErrors("这批抽取结果已经导入过，不会重复")
    month = month or close.month_of(min(line.inspect_by for line in lines))
    if any(close.month_of(line.inspect_by) != month for line in lines):
        raise PlanRefused(f"检查时限须都在{month}内")
    plan = _open_plan(agency_id, month, IMPORTED, actor.user_id)
    place = len(_lines_of(plan.id))
    merged: dict[tuple[str, str], PlanLineRow] = {}
    for line in lines:
        unit = registry.unit(agency_id, line.unit_id)
        key = (_import_id(line), line.unit_id)
        if key in merged:
            row = merged[key]
            row.item_codes = [*row.item_codes, line.item_code] if line.item_code not in row.item_codes else row.item_codes
            row.inspect_by = min(row.inspect_by, line.inspect_by)
            continue
        merged[key] = PlanLineRow(
            id=new_id(), plan_id=plan.id, agency_id=agency_id, unit_id=unit.id, unit_name=unit.name, address=unit.address, premises=[], item_codes=[line.item_code], team=list(line.inspectors), lead=line.lead,
            inspect_by=line.inspect_by, mode=line.mode, draw_id=_import_id(line), draw_no=line.foreign_batch_no or line.batch_no, place=place + len(merged),
        )
        session().add(merged[key])
    session().flush()
    audit.record(actor, "plans.draw_imported", "monthly_plan", plan.id, facts={"rows": len(merged), "late": plan.late})
    return operations.BatchOutcome((plan.id,), len(sheet.rows), len(merged), ())


def _import_id(line: Line) -> str:
    return f"import:{line.foreign_batch_no or line.batch_no}"[:64]


# --- draft, approval, release ----------------------------------------------------------------------------------------


@unit_of_work
def change_draft(actor: Actor, plan_id: str, limits: Mapping[str, date], merges: bool | None, premises: Mapping[str, str] | None = None) -> Plan:
    """In a draft: by when a row must be done, which premises of a drawn market entity are visited (D-2), and whether
    sections go together. Everything else is what was drawn.

    Raises PlanPublished (abuse 23), PlanState once approved."""
    row = own_row(actor.agency_id, plan_id, lock=True)
    if row.published_at is not None:
        raise PlanPublished("抽查计划已经公开，不得修改；确需修改的，请申请变更")
    if row.state != "draft":
        raise PlanState("计划已经批准，行已冻结")
    lines = {one.id: one for one in _lines_of(plan_id)}
    for line_id, day in limits.items():
        if line_id not in lines:
            raise PlanUnknown("计划中没有这一行")
        if not close.first_day(row.month) <= day <= close.last_day(row.month):
            raise PlanRefused(f"检查时限须在{row.month}内")
        lines[line_id].inspect_by = day
    for line_id, unit_id in (premises or {}).items():
        if line_id not in lines:
            raise PlanUnknown("计划中没有这一行")
        if unit_id not in lines[line_id].premises:
            raise PlanRefused("只能在抽中的市场主体的场所中选择")
        unit = registry.unit(row.agency_id, unit_id)
        lines[line_id].unit_id, lines[line_id].unit_name, lines[line_id].address = unit.id, unit.name, unit.address
    if merges is not None:
        row.merges = merges
    session().flush()
    audit.record(actor, "plans.draft_changed", "monthly_plan", row.id, facts={"lines": sorted({*limits, *(premises or {})}), "merges": row.merges})
    return _plan(row, len(lines))


@unit_of_work
def approve(actor: Actor, plan_id: str, note: str) -> Plan:
    """The head approves and thereby freezes the rows. A late plan needs the head's note (WC-15a). Raises PlanState, OwnWork."""
    row = own_row(actor.agency_id, plan_id, lock=True)
    lines = _lines_of(plan_id)
    if row.state != "draft":
        if row.approved_by == actor.user_id:
            return _plan(row, len(lines))
        raise PlanState("计划已经批准")
    if row.created_by and row.created_by == actor.user_id:
        raise OwnWork("导入名单的人不能批准自己导入的计划")
    if row.late and not note.strip():
        raise LateNeedsNote("已过每月截止日的批次，负责人须写明原因", month=row.month)
    row.state, row.approved_by, row.approved_at = "approved", actor.user_id, clock.now()
    row.late_note = note if row.late else ""
    today = local_date(clock.now_ms())
    row.signatory = actor.name
    row.number = f"（{accounts.agency(row.agency_id).short}）抽查字〔{today.year}〕第{annual.next_serial(row.agency_id, 'month_plan', today.year)}号"
    session().flush()
    audit.record(actor, "plans.approved", "monthly_plan", row.id, facts={"rows": len(lines), "late": row.late})
    return _plan(row, len(lines))


@unit_of_work
def release(actor: Actor, plan_id: str) -> Plan:
    """Hand the visits to the drawn inspectors' phones. Once; a second time changes nothing. Rows for which nobody could be
    drawn stay in the plan without a visit."""
    row = own_row(actor.agency_id, plan_id, lock=True)
    lines = _lines_of(plan_id)
    if row.released_at is not None:
        return _plan(row, len(lines))
    if row.state not in ("approved", "published"):
        raise PlanState("负责人批准后才能下达")
    least = int(rules.rules_for(row.agency_id).values.get("team.min", 2))
    groups = grouped(row.agency_id, row.title, [line for line in lines if not line.withdrawn and len(line.team) >= least], row.merges)
    batch_id = operations.store_batch(actor, row.agency_id, row.title, groups, row.source, (row.title, "")) if groups else ""
    row.released_at, row.released_by = clock.now(), actor.user_id
    row.state = "released" if row.state == "approved" else row.state
    session().flush()
    audit.record(actor, "plans.released", "monthly_plan", row.id, facts={"visits": len(groups), "batch": batch_id})
    return _plan(row, len(lines))


def grouped(agency_id: str, batch_no: str, lines: Sequence[PlanLineRow], merges: bool) -> list[Group]:
    """Visits of plan rows: with ``merges`` all rows at one unit are one attendance of everybody who was drawn for it
    (WS-4.1b 对同一企业，不同业务科室实施检查时，可以同时实行检查), by the earliest limit."""
    names = {str(item["code"]): str(item["item"]) for item in rules.rules_for(agency_id).items}
    found: dict[tuple[str, str], list[PlanLineRow]] = {}
    for line in lines:
        found.setdefault((line.unit_id, line.mode if merges else line.id), []).append(line)
    groups = []
    for (unit_id, _), rows in found.items():
        visit = new_id()
        team = tuple(dict.fromkeys(user for row in rows for user in row.team))
        lead, inspect_by = next((row.lead for row in rows if row.lead), None), min(row.inspect_by for row in rows)
        parts = []
        for row in rows:
            row.visit_group = visit
            parts += [Line(row.place, batch_no, row.draw_no, code, names.get(code, code), unit_id, team, lead, row.inspect_by, row.mode) for code in row.item_codes]
        groups.append(Group(unit_id, team, lead, rows[0].mode, inspect_by, tuple(parts), visit))
    return groups


# --- reading ---------------------------------------------------------------------------------------------------------


def plans(agency_id: str) -> list[Plan]:
    """Monthly plans, the newest month first; without their rows."""
    counts = select(PlanLineRow.plan_id, func.count().label("n")).group_by(PlanLineRow.plan_id).subquery()
    query = select(MonthlyPlanRow, counts.c.n).outerjoin(counts, counts.c.plan_id == MonthlyPlanRow.id).where(MonthlyPlanRow.agency_id == agency_id)
    return [_plan(row, int(n or 0)) for row, n in session().execute(query.order_by(MonthlyPlanRow.month.desc(), MonthlyPlanRow.seq))]


def plan(agency_id: str, plan_id: str) -> Plan:
    """Raises PlanUnknown, also for another agency's."""
    return _plan(own_row(agency_id, plan_id), len(_lines_of(plan_id)))


def lines(agency_id: str, plan_id: str) -> list[PlanLine]:
    own_row(agency_id, plan_id)
    return [_line(row) for row in _lines_of(plan_id)]


def own_row(agency_id: str, plan_id: str, lock: bool = False) -> MonthlyPlanRow:
    row = session().get(MonthlyPlanRow, plan_id, with_for_update=lock or None)
    if row is None or row.agency_id != agency_id:
        raise PlanUnknown("没有这份月度计划")
    return row


def _lines_of(plan_id: str) -> list[PlanLineRow]:
    return list(session().scalars(select(PlanLineRow).where(PlanLineRow.plan_id == plan_id).order_by(PlanLineRow.place, PlanLineRow.id)))


line_rows = _lines_of


def _line(row: PlanLineRow) -> PlanLine:
    return PlanLine(**{name: getattr(row, name) for name in PlanLine.__dataclass_fields__})


def _plan(row: MonthlyPlanRow, count: int) -> Plan:
    return Plan(**{name: getattr(row, name) for name in Plan.__dataclass_fields__ if name != "lines"}, lines=count)


def take(agency_id: str, drawn: DrawResult, targets: Mapping[str, Any]) -> None:
    """Where the result of a draw goes: what it was proposed for, else next month's plan. A second delivery does nothing."""
    link = session().get(PlanDrawRow, drawn.draw_id, with_for_update=True)
    if link is None:
        month = drawn.period if close.is_month(drawn.period) else close.following(close.month_of(local_date(clock.now_ms())))
        link = PlanDrawRow(draw_id=drawn.draw_id, agency_id=agency_id, target="month", target_id=month, taken=False)
        session().add(link)
        try:
            session().flush()
        except IntegrityError as raced:
            raise PlanState("这次抽取的结果刚刚已经取走") from raced
    if link.taken:
        return
    link.taken = True
    targets[link.target](agency_id, link.target_id, drawn)
