"""Who may read a list before it is public, what becomes public, and how a published plan changes (WG-9, WC-20, C8–C10)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from server.accounts import secrecy
from server.accounts.domain import Actor
from server.audit import operations as audit
from server.draw import operations as draws
from server.kernel import canonical
from server.plans import close, figures, monthly
from server.plans.domain import Embargoed, NotPublic, OwnWork, PlanPublished, PlanRefused, PlanState, PlanUnknown
from server.plans.tables import AssignmentRow, MonthlyPlanRow, PlanAmendmentRow, PlanLineRow, PlanVersionRow
from server.plans.upward import Letter, on_answered, send_up
from server.platform import clock
from server.platform.db import session, unit_of_work
from server.registry import operations as registry
from server.rules import operations as rules


@dataclass(frozen=True)
class Version:
    version: int
    rows: list[dict[str, Any]]
    sha256: str
    reason: str
    published_at: datetime


@dataclass(frozen=True)
class Amendment:
    id: str
    plan_id: str
    state: str
    changes: list[dict[str, Any]]
    reason: str
    asked_by: str
    asked_at: datetime
    decision: str
    version: int
    way: str


VisitChanged = Callable[[Actor, str, str, Mapping[str, Any]], None]
_changed: list[VisitChanged] = []


def on_visit_changed(listener: VisitChanged) -> None:
    """``listener(actor, agency_id, visit, {"inspect_by": day} | {"cancel": reason} | {"team": […]})`` inside the unit of
    work that changes a visit which is already on the phones."""
    if listener not in _changed:
        _changed.append(listener)


def tell_changed(actor: Actor, agency_id: str, visit: str, change: Mapping[str, Any]) -> None:
    for listener in _changed:
        listener(actor, agency_id, visit, change)


# --- reading under embargo -------------------------------------------------------------------------------------------


@unit_of_work
def results_are_public(actor: Actor, plan_id: str) -> None:
    """Where the plan itself is never published, its list is secret until the results are public (secrecy.embargo_until:
    result_published); publications say so here. Again changes nothing."""
    row = monthly.own_row(actor.agency_id, plan_id, lock=True)
    if row.published_at is None:
        _publish_version(actor, row, "结果已公开")
        row.published_at = clock.now()


def read_lines(actor: Actor, plan_id: str) -> list[monthly.PlanLine]:
    """The list of drawn units, for those whom the profile names; every reading is recorded with its count (WG-9a) and stands in the public log, blinded.

    Raises PlanUnknown, Embargoed."""
    plan = monthly.plan(actor.agency_id, plan_id)
    if plan.published_at is not None:
        return monthly.lines(actor.agency_id, plan_id)
    visible_to = [str(role) for role in rules.rules_for(actor.agency_id).values.get("secrecy.list_visible_to") or []]
    if not actor.has(*visible_to):
        audit.record_read(actor, "plans.list_refused", "monthly_plan", plan_id)
        raise Embargoed("名单公开前保密，您不在知悉范围内")
    found = monthly.lines(actor.agency_id, plan_id)
    secrecy.reading(actor, "plans.list_read", "monthly_plan", plan_id, len(found), "work")
    return found


def export(actor: Actor, plan_id: str) -> list[list[str]]:
    """The published list as a table. Before that it does not leave the system, and the attempt is recorded (WG-9a)."""
    plan = monthly.plan(actor.agency_id, plan_id)
    if plan.published_at is None:
        audit.record_read(actor, "plans.export_refused", "monthly_plan", plan_id)
        raise Embargoed("名单公开前不得导出、复制、传递")
    last = versions(actor.agency_id, plan_id)[-1]
    names = [field for field in LABELS if any(field in row for row in last.rows)]
    return [[LABELS[name] for name in names], *([str(row.get(name, "")) for name in names] for row in last.rows)]


@dataclass(frozen=True)
class Paper:
    """A published version as it is printed: every column that its rows have, under its Chinese name."""

    agency_id: str
    title: str
    number: str
    signatory: str
    approved_at: datetime
    late_note: str
    version: int
    reason: str
    sha256: str
    published_at: datetime
    table: list[list[str]]


Printer = Callable[[Paper], bytes]
_printers: list[Printer] = []


def printed_by(printer: Printer) -> None:
    _printers[:] = [printer]


def paper(actor: Actor, plan_id: str) -> Paper:
    """The newest published version for printing; as with ``export`` nothing leaves the system before (WG-9a)."""
    table = export(actor, plan_id)
    plan, last = monthly.plan(actor.agency_id, plan_id), versions(actor.agency_id, plan_id)[-1]
    assert plan.approved_at is not None, "published plans are approved"
    return Paper(plan.agency_id, plan.title, plan.number, plan.signatory, plan.approved_at, plan.late_note, last.version, last.reason, last.sha256, last.published_at, table)


def pdf(actor: Actor, plan_id: str) -> bytes:
    return _printers[0](paper(actor, plan_id))


LABELS = {"unit_name": "检查对象名称", "address": "地址", "inspect_by": "检查时限", "items": "抽查事项", "inspectors": "检查人员"}


# --- publication -----------------------------------------------------------------------------------------------------


@unit_of_work
def publish(actor: Actor, plan_id: str) -> monthly.Plan:
    """The approved plan becomes version 1, frozen. Again changes nothing. Raises PlanState, NotPublic (C10)."""
    row = monthly.own_row(actor.agency_id, plan_id, lock=True)
    if row.published_at is None:
        values = rules.rules_for(row.agency_id).values
        if row.approved_at is None:
            raise PlanState("负责人批准后才能公开")
        _may_be_public(row, values)
        _publish_version(actor, row, "首次公开")
        for draw_id in sorted({line.draw_id for line in monthly.line_rows(row.id)}) if row.source == monthly.DRAWN_HERE else ():
            draws.publish_transcript(draw_id, actor)
        row.published_at, row.state = clock.now(), "published"
        session().flush()
    return monthly.plan(actor.agency_id, plan_id)


def _may_be_public(row: MonthlyPlanRow, values: Mapping[str, Any]) -> None:
    if not {"plan", "objects"} & set(values.get("publish.kinds") or []):
        raise NotPublic("本机关的公开内容不含抽查计划，名单保密到结果公开")
    if not values.get("publish.plan_before_visit"):
        lines = [line for line in monthly.line_rows(row.id) if not line.withdrawn]
        known = figures.standings(row.agency_id, [line.visit_group for line in lines if line.visit_group])
        open_ones = [line for line in lines if line.visit_group not in known or not (known[line.visit_group].done or known[line.visit_group].state == "cancelled")]
        if open_ones:
            raise NotPublic(f"检查前不公开名单，还有 {len(open_ones)} 家没有检查", open=len(open_ones))


def public_rows(row: MonthlyPlanRow, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The columns of the profile (WC-15d 检查对象名称、地址、检查时限等); inspectors only where they are not hidden (WC-20a)."""
    fields = [field for field in values.get("plan.row_fields") or [] if field not in ("inspectors", "team")]
    names = {str(item["code"]): str(item["item"]) for item in rules.rules_for(row.agency_id).items}
    people = {} if values.get("publish.hide_inspectors_in_plan") else registry.inspector_names(row.agency_id)
    found = []
    for line in monthly.line_rows(row.id):
        if line.withdrawn:
            continue
        whole = {"unit_name": line.unit_name, "address": line.address, "inspect_by": line.inspect_by.isoformat(), "items": "；".join(names.get(code, code) for code in line.item_codes)}
        shown = {field: whole[field] for field in whole if field in fields or (field == "items" and "item" in fields)}
        found.append(shown | ({"inspectors": "、".join(people.get(user, "") for user in line.team)} if people else {}))
    return found


def _publish_version(actor: Actor, row: MonthlyPlanRow, reason: str) -> None:
    rows = public_rows(row, rules.rules_for(row.agency_id).values)
    row.version += 1
    digest = hashlib.sha256(canonical.encode({"plan": row.id, "version": row.version, "rows": rows})).hexdigest()
    session().add(PlanVersionRow(plan_id=row.id, version=row.version, rows=rows, sha256=digest, reason=reason, published_at=clock.now(), published_by=actor.user_id))
    session().flush()
    audit.record(actor, "plans.published", "monthly_plan", row.id, row.agency_id, {"version": row.version, "rows": len(rows), "sha256": digest})


def versions(agency_id: str, plan_id: str) -> list[Version]:
    """What was published, oldest first. Nothing of it is ever changed."""
    monthly.own_row(agency_id, plan_id)
    query = select(PlanVersionRow).where(PlanVersionRow.plan_id == plan_id).order_by(PlanVersionRow.version)
    return [Version(one.version, one.rows, one.sha256, one.reason, one.published_at) for one in session().scalars(query)]


# --- amendments of a published plan ----------------------------------------------------------------------------------


@unit_of_work
def ask_amendment(actor: Actor, plan_id: str, amendment_id: str, changes: Sequence[Mapping[str, Any]], reason: str) -> Amendment:
    """变更 of a published plan (WC-20b 确需修改的要报上一级消防救援机构审批). ``changes``: [{line, inspect_by} | {line, withdraw}].

    Per profile the superior permits it, the own head does, or nobody may. The same request again is the same one."""
    row = monthly.own_row(actor.agency_id, plan_id, lock=True)
    known = session().get(PlanAmendmentRow, amendment_id)
    if known is not None:
        if known.plan_id != plan_id:
            raise PlanUnknown("没有这项变更")
        return _amendment(known)
    way = _way(row.agency_id)
    if row.published_at is None:
        raise PlanState("计划尚未公开")
    if way == "forbidden":
        raise PlanPublished("抽查计划公开后不得修改")
    kept = _checked(row, changes)
    made = PlanAmendmentRow(id=amendment_id, plan_id=plan_id, agency_id=row.agency_id, state="asked", changes=kept, reason=reason, asked_by=actor.user_id, asked_at=clock.now())
    session().add(made)
    session().flush()
    audit.record(actor, "plans.amendment_asked", "monthly_plan", plan_id, facts={"amendment": amendment_id, "changes": len(kept)})
    if way == "superior_approval":
        names = {line.id: line.unit_name for line in monthly.line_rows(plan_id)}
        words = [[names[one["line"]], f"检查时限改为 {one['inspect_by']}" if "inspect_by" in one else "不再检查"] for one in kept]
        send_up(actor, row.agency_id, "plan_change", amendment_id, f"关于变更{row.title}的请示", [["计划", f"{row.title}（第{row.version}版）"], ["理由", reason], *words])
    return _amendment(made)


def _way(agency_id: str) -> str:
    return str(rules.rules_for(agency_id).values.get("plan.amend_after_publish"))


def _checked(row: MonthlyPlanRow, changes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    lines = {line.id: line for line in monthly.line_rows(row.id) if not line.withdrawn}
    kept: list[dict[str, Any]] = []
    for change in changes:
        if change["line"] not in lines:
            raise PlanUnknown("计划中没有这一行")
        if ("inspect_by" in change) == ("withdraw" in change):
            raise PlanRefused("每行只能改检查时限，或者不再检查")
        if "inspect_by" in change and not change["inspect_by"] >= close.first_day(row.month):
            raise PlanRefused("检查时限不能早于计划月份")
        kept.append({key: value.isoformat() if isinstance(value, date) else value for key, value in change.items()})
    return kept


@unit_of_work
def decide_amendment(actor: Actor, amendment_id: str, granted: bool, decision: str) -> Amendment:
    """The own head decides where the profile says so. Raises PlanState where it is the superior's to decide."""
    found = session().get(PlanAmendmentRow, amendment_id, with_for_update=True)
    if found is None or found.agency_id != actor.agency_id:
        raise PlanUnknown("没有这项变更")
    if _way(found.agency_id) != "own_approval":
        raise PlanState("这项变更由上级机关审批")
    if found.state != "asked":
        if found.decided_by == actor.user_id:
            return _amendment(found)
        raise PlanState("这项变更已经办理")
    if found.asked_by == actor.user_id:
        raise OwnWork("申请人不能批准自己的变更")
    if not granted and not decision.strip():
        raise PlanRefused("不同意须写明理由")
    _decide(actor, found, granted, decision)
    return _amendment(found)


def superior_decided(actor: Actor, letter: Letter) -> None:
    """审批 came back: granted makes a new version, refused leaves the plan as it is."""
    found = session().get(PlanAmendmentRow, letter.object_id, with_for_update=True)
    if found is not None and found.state == "asked":
        _decide(actor, found, letter.state == "granted", f"{letter.answer_no} {letter.answer}".strip())


on_answered("plan_change", superior_decided)


def _decide(actor: Actor, found: PlanAmendmentRow, granted: bool, decision: str) -> None:
    found.state, found.decided_by, found.decided_at, found.decision = "applied" if granted else "refused", actor.user_id, clock.now(), decision
    if granted:
        row = monthly.own_row(found.agency_id, found.plan_id, lock=True)
        lines = {line.id: line for line in monthly.line_rows(row.id)}
        for change in found.changes:
            _apply(actor, lines[change["line"]], change, found.reason)
        session().flush()
        _publish_version(actor, row, found.reason)
        found.version = row.version
    session().flush()
    audit.record(actor, "plans.amendment_decided", "monthly_plan", found.plan_id, found.agency_id, {"amendment": found.id, "granted": granted, "version": found.version})


def _apply(actor: Actor, line: PlanLineRow, change: Mapping[str, Any], reason: str) -> None:
    if "withdraw" in change:
        line.withdrawn = reason
        told: Mapping[str, Any] = {"cancel": reason}
    else:
        line.inspect_by = date.fromisoformat(change["inspect_by"])
        told = {"inspect_by": line.inspect_by}
    if line.visit_group:
        for assigned in session().scalars(select(AssignmentRow).where(AssignmentRow.visit_group == line.visit_group, AssignmentRow.unit_id == line.unit_id)):
            assigned.inspect_by = line.inspect_by
        session().flush()
        tell_changed(actor, line.agency_id, line.visit_group, told)


def amendments(agency_id: str, plan_id: str) -> list[Amendment]:
    monthly.own_row(agency_id, plan_id)
    query = select(PlanAmendmentRow).where(PlanAmendmentRow.plan_id == plan_id).order_by(PlanAmendmentRow.asked_at.desc(), PlanAmendmentRow.id)
    return [_amendment(one) for one in session().scalars(query)]


def republish(actor: Actor, agency_id: str, visit: str, reason: str) -> None:
    """People changed by a recorded replacement: where they stand in the published plan, a new version says so (C7 is a
    filing of its own and asks no permission of C8)."""
    line = session().scalars(select(PlanLineRow).where(PlanLineRow.agency_id == agency_id, PlanLineRow.visit_group == visit).limit(1)).first()
    if line is None:
        return
    row = monthly.own_row(agency_id, line.plan_id, lock=True)
    if row.published_at is not None and not rules.rules_for(agency_id).values.get("publish.hide_inspectors_in_plan"):
        _publish_version(actor, row, reason)


def _amendment(row: PlanAmendmentRow) -> Amendment:
    return Amendment(row.id, row.plan_id, row.state, row.changes, row.reason, row.asked_by, row.asked_at, row.decision, row.version, _way(row.agency_id))
