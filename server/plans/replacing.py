"""调整 of a drawn inspector or unit (WC-16, WS-4.2d): asked with a reason of the profile, approved by the head where it says
so, filed upward, and then drawn anew in a small ceremony. No operation here takes the name of a substitute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from server.accounts import operations as accounts
from server.accounts.domain import Actor
from server.audit import operations as audit
from server.draw import operations as draws
from server.kernel.moments import local_date
from server.plans import figures, monthly, operations, publishing
from server.plans.domain import OwnWork, PlanRefused, PlanState, PlanUnknown, ReasonUnknown
from server.plans.tables import AssignmentRow, PlanLineRow, ReplacementRow
from server.plans.upward import about, send_up
from server.platform import clock
from server.platform.db import session, unit_of_work
from server.platform.ids import new_id
from server.registry import operations as registry
from server.rules import operations as rules

UNIT_REASONS = {"closed": "已停业或注销", "moved": "已迁出辖区", "merged": "已与其他对象合并"}
REASONS = {"post_change": "岗位调整", "official_duty": "公差", "leave": "休假", "recusal": "回避", "other": "其他特殊情况"}
RED_PERMILLE, RED_PER_UNIT = 50, 1


@dataclass(frozen=True)
class Replacement:
    id: str
    visit_group: str
    kind: str
    out_id: str
    out_name: str
    unit_name: str
    reason: str
    note: str
    state: str
    asked_by: str
    asked_at: datetime
    decision: str
    filing_no: str
    filing_state: str
    draw_id: str
    in_name: str
    done_at: datetime | None


@dataclass(frozen=True)
class Count:
    """Replacements of a year, published: red above one for a unit or 5 % of all visits (draw.md 3.5)."""

    year: int
    visits: int
    replaced: int
    permille: int
    red: bool
    by_reason: Mapping[str, int]
    by_leader: list[tuple[str, int]]
    by_inspector: list[tuple[str, int]]
    by_unit: list[tuple[str, int]]


@unit_of_work
def ask(actor: Actor, replacement_id: str, visit: str, kind: str, out_id: str, reason: str, note: str, evidence: str = "") -> Replacement:
    """Ask that an inspector (or the unit) of a drawn visit be replaced. The same id again is the same request.

    Raises PlanUnknown, ReasonUnknown, PlanState (begun, or asked already)."""
    known = session().get(ReplacementRow, replacement_id)
    if known is not None:
        if known.agency_id != actor.agency_id:
            raise PlanUnknown("没有这项调整")
        return _view(known)
    rows = _visit(actor.agency_id, visit)
    values = rules.rules_for(actor.agency_id).values
    if kind == "inspector":
        if reason not in (values.get("reassign.reasons") or []):
            raise ReasonUnknown("调整理由不在本机关规定的情形之内", allowed=values.get("reassign.reasons"))
        if out_id not in rows[0].inspectors:
            raise PlanUnknown("此人不是这次检查的检查人员")
    elif reason not in UNIT_REASONS or out_id != rows[0].unit_id:
        raise ReasonUnknown("更换检查对象须是已停业、迁出或合并，并附证据", allowed=list(UNIT_REASONS))
    elif not evidence.strip():
        raise PlanRefused("请写明证据：到场检查的编号、照片或者登记信息")
    if not note.strip():
        raise PlanRefused("请写明具体情况")
    _may_change(actor.agency_id, visit, kind)
    open_one = session().scalars(select(ReplacementRow).where(ReplacementRow.visit_group == visit, ReplacementRow.out_id == out_id, ReplacementRow.state.in_(("asked", "approved", "drawing")))).first()
    if open_one is not None:
        raise PlanState("这项调整已经提出，正在办理")
    row = ReplacementRow(
        id=replacement_id, agency_id=actor.agency_id, visit_group=visit, kind=kind, out_id=out_id, reason=reason, note=note, evidence=evidence, state="asked", asked_by=actor.user_id, asked_at=clock.now(),
    )
    session().add(row)
    session().flush()
    audit.record(actor, "plans.replacement_asked", "replacement", row.id, facts={"visit": visit, "kind": kind, "reason": reason})
    if values.get("reassign.approval") == "none":
        _approved(actor, row, "本机关规定无须审批")
    return _view(row)


@unit_of_work
def decide(actor: Actor, replacement_id: str, granted: bool, decision: str) -> Replacement:
    """审批 by the head (WC-16c); with it the filing goes upward where the profile says so. Raises PlanState, OwnWork."""
    row = _row(actor.agency_id, replacement_id, lock=True)
    if row.state != "asked":
        if row.decided_by == actor.user_id and (row.state != "refused") == granted:
            return _view(row)
        raise PlanState("这项调整已经办理")
    if row.asked_by == actor.user_id:
        raise OwnWork("申请人不能批准自己提出的调整")
    if granted:
        _approved(actor, row, decision)
    else:
        if not decision.strip():
            raise PlanRefused("不同意须写明理由")
        row.state, row.decided_by, row.decided_at, row.decision = "refused", actor.user_id, clock.now(), decision
        audit.record(actor, "plans.replacement_refused", "replacement", row.id)
    session().flush()
    return _view(row)


def _approved(actor: Actor, row: ReplacementRow, decision: str) -> None:
    row.state, row.decided_by, row.decided_at, row.decision = "approved", actor.user_id, clock.now(), decision
    session().flush()
    audit.record(actor, "plans.replacement_approved", "replacement", row.id, facts={"reason": row.reason})
    if rules.rules_for(row.agency_id).values.get("reassign.file_upward"):
        seen = _view(row)
        send_up(actor, row.agency_id, "reassignment", row.id, f"关于调整检查人员的备案（{seen.unit_name}）", [
            ["检查对象", seen.unit_name], ["调整" if row.kind == "unit" else "调整人员", seen.out_name], ["情形", (REASONS | UNIT_REASONS)[row.reason]], ["说明", row.note],
            ["审批", f"{decision or '同意'}（{local_date(clock.now_ms()).isoformat()}）"], ["替换办法", "在名录库中重新随机选派"],
        ])


@unit_of_work
def draw(actor: Actor, replacement_id: str, official_a: str, official_b: str, witness_name: str) -> Replacement:
    """Begin the small ceremony (WC-16d 重新在执法检查人员名录库中随机选派，不得随意指定); a unit is followed by the next ticket of
    its stratum at once. Again changes nothing."""
    row = _row(actor.agency_id, replacement_id, lock=True)
    if row.state in ("drawing", "done"):
        return _view(row)
    if row.state != "approved":
        raise PlanState("审批同意后才能重新抽取")
    _may_change(row.agency_id, row.visit_group, row.kind)
    rows = _visit(row.agency_id, row.visit_group)
    line = session().scalars(select(PlanLineRow).where(PlanLineRow.visit_group == row.visit_group).limit(1)).first()
    of_draw = line.draw_id if line and not line.draw_id.startswith("import:") else ""
    if row.kind == "unit":
        if not of_draw:
            raise PlanState("不是在本系统抽取的单位，请在来源系统重新抽取后导入")
        found = draws.next_unit(actor, row.agency_id, of_draw, row.out_id, row.reason, row.note, row.evidence)
        row.draw_id = of_draw
        _unit_follows(row, found.unit_id, found.team)
        return _view(row)
    items = tuple(dict.fromkeys(one.item_code for one in rows))
    letters = about(row.agency_id, "reassignment", row.id)
    row.draw_id = draws.propose_replacement(actor, row.agency_id, draws.Leaving(
        row.id, rows[0].unit_id, items, (row.out_id,), tuple(user for user in rows[0].inspectors if user != row.out_id), row.reason, official_a, official_b, witness_name, note=row.note,
        approval_ref=letters[-1].number if letters else row.decision or "同意", of_draw=of_draw, section=str((rules.rules_for(row.agency_id).item(items[0]) or {}).get("section", "")),
    )).id
    row.state = "drawing"
    monthly.draw_is_for(row.agency_id, row.draw_id, "replacement", row.id)
    session().flush()
    audit.record(actor, "plans.replacement_draws", "replacement", row.id, facts={"draw": row.draw_id})
    return _view(row)


def drawn(agency_id: str, replacement_id: str, result: monthly.DrawResult) -> None:
    """The ceremony is over: the drawn one takes the place, and the phones hear of it. Inside the draw's unit of work."""
    row = session().get_one(ReplacementRow, replacement_id, with_for_update=True)
    if row.state != "drawing" or row.agency_id != agency_id:
        return
    before = _visit(agency_id, row.visit_group)[0].inspectors
    fresh = [user for one in result.rows for user in one.team if user not in before]
    if not fresh:
        raise PlanState("名录库中没有可以替换的人选")
    row.in_id = fresh[0]
    _new_team(row)
    _finish(row)


def _unit_follows(row: ReplacementRow, unit_id: str, team: tuple[str, ...]) -> None:
    row.in_id = unit_id
    _new_unit(row, team)
    _finish(row)


def _finish(row: ReplacementRow) -> None:
    agency_id = row.agency_id
    row.state, row.done_at = "done", clock.now()
    session().flush()
    audit.record(None, "plans.replaced", "replacement", row.id, agency_id, {"visit": row.visit_group, "kind": row.kind, "draw": row.draw_id})
    publishing.republish(_server(agency_id), agency_id, row.visit_group, f"调整：{(REASONS | UNIT_REASONS)[row.reason]}")


def _server(agency_id: str) -> Actor:
    """The caller of what follows from a draw by itself."""
    return Actor("", agency_id, frozenset())


def _new_team(row: ReplacementRow) -> None:
    rows = _visit(row.agency_id, row.visit_group)
    team = [row.in_id if user == row.out_id else user for user in rows[0].inspectors]
    for one in rows:
        one.inspectors = team
        one.lead = None if one.lead == row.out_id else one.lead
    for line in session().scalars(select(PlanLineRow).where(PlanLineRow.visit_group == row.visit_group)):
        line.team = [row.in_id if user == row.out_id else user for user in line.team]
        line.lead = None if line.lead == row.out_id else line.lead
    session().flush()
    publishing.tell_changed(_server(row.agency_id), row.agency_id, row.visit_group, {"team": team, "lead": rows[0].lead, "reason": row.reason})


def _new_unit(row: ReplacementRow, team: tuple[str, ...]) -> None:
    """The next unit of the stratum gets a row and a visit of its own; the closed one keeps its row with the reason."""
    olds = list(session().scalars(select(PlanLineRow).where(PlanLineRow.visit_group == row.visit_group)))
    known = figures.standings(row.agency_id, [row.visit_group]).get(row.visit_group)
    if known is None or not known.done:
        publishing.tell_changed(_server(row.agency_id), row.agency_id, row.visit_group, {"cancel": f"{UNIT_REASONS[row.reason]}：{row.note}"})
    unit = registry.unit(row.agency_id, row.in_id)
    for old in olds:
        old.withdrawn = f"{UNIT_REASONS[row.reason]}，由下一顺位替换"
        made = PlanLineRow(
            id=new_id(), plan_id=old.plan_id, agency_id=old.agency_id, unit_id=unit.id, unit_name=unit.name, address=unit.address, premises=[], item_codes=list(old.item_codes), team=list(team), lead=None,
            inspect_by=old.inspect_by, mode=old.mode, draw_id=row.draw_id or old.draw_id, draw_no=old.draw_no, stratum=old.stratum, candidates=old.candidates, place=len(monthly.line_rows(old.plan_id)),
        )
        session().add(made)
        session().flush()
        if not team:
            # Somebody of the team may not visit the new unit: its people are drawn in a ceremony of their own.
            continue
        plan = monthly.own_row(old.agency_id, old.plan_id)
        name = f"{plan.title}·替换{made.place}"
        operations.store_batch(None, old.agency_id, name, monthly.grouped(old.agency_id, name, [made], plan.merges), plan.source, (plan.title, ""))


def listing(agency_id: str) -> list[Replacement]:
    query = select(ReplacementRow).where(ReplacementRow.agency_id == agency_id).order_by(ReplacementRow.asked_at.desc(), ReplacementRow.id)
    return [_view(row) for row in session().scalars(query.limit(500))]


def one(agency_id: str, replacement_id: str) -> Replacement:
    return _view(_row(agency_id, replacement_id))


def count(agency_id: str, year: int) -> Count:
    """Every replacement of a year by reason, leader, inspector and unit."""
    done = [row for row in session().scalars(select(ReplacementRow).where(ReplacementRow.agency_id == agency_id, ReplacementRow.state == "done")) if row.done_at and local_date(clock.to_ms(row.done_at)).year == year]
    visits = figures.between(agency_id, date(year, 1, 1), date(year, 12, 31)).planned
    units = {row.id: _visit(agency_id, row.visit_group)[0].unit_id for row in done}
    people = accounts.people_by_id([user for row in done for user in (row.decided_by, row.out_id) if user])
    names = registry.unit_names(agency_id, units.values())
    by_unit = Counter(units.values())
    permille = 0 if not visits else len(done) * 1000 // visits

    def named(counter: Counter[str], known: Mapping[str, str]) -> list[tuple[str, int]]:
        return [(known.get(key, key), number) for key, number in counter.most_common()]

    who = {user: person.name for user, person in people.items()}
    return Count(
        year, visits, len(done), permille, permille > RED_PERMILLE or any(number > RED_PER_UNIT for number in by_unit.values()), dict(Counter(row.reason for row in done)),
        named(Counter(row.decided_by for row in done), who), named(Counter(row.out_id for row in done if row.kind == "inspector"), who), named(by_unit, names),
    )


def _visit(agency_id: str, visit: str) -> Sequence[AssignmentRow]:
    rows = list(session().scalars(select(AssignmentRow).where(AssignmentRow.visit_group == visit).order_by(AssignmentRow.row, AssignmentRow.id)))
    if not rows or rows[0].agency_id != agency_id:
        raise PlanUnknown("没有这次检查")
    return rows


def _may_change(agency_id: str, visit: str, kind: str) -> None:
    """Nobody has begun; or, for a unit, the visit is over and its record shows that there was nobody to inspect."""
    known = figures.standings(agency_id, [visit]).get(visit)
    if known is None or (kind == "unit" and known.done):
        return
    if known.done or known.begun or known.state == "cancelled":
        raise PlanState("检查已经开始或者办结，不能调整")


def _row(agency_id: str, replacement_id: str, lock: bool = False) -> ReplacementRow:
    row = session().get(ReplacementRow, replacement_id, with_for_update=lock or None)
    if row is None or row.agency_id != agency_id:
        raise PlanUnknown("没有这项调整")
    return row


def _view(row: ReplacementRow) -> Replacement:
    unit_id = session().scalar(select(AssignmentRow.unit_id).where(AssignmentRow.visit_group == row.visit_group).limit(1)) or ""
    people = accounts.people_by_id([user for user in (row.out_id, row.in_id, row.asked_by) if user])
    units = registry.unit_names(row.agency_id, [unit_id, row.out_id, row.in_id])
    letters = about(row.agency_id, "reassignment", row.id)

    def name(key: str) -> str:
        return units.get(key, "") if row.kind == "unit" else (people[key].name if key in people else "")

    return Replacement(
        row.id, row.visit_group, row.kind, row.out_id, name(row.out_id), units.get(unit_id, ""), row.reason, row.note, row.state, people[row.asked_by].name if row.asked_by in people else "", row.asked_at,
        row.decision, letters[-1].number if letters else "", letters[-1].state if letters else "", row.draw_id, name(row.in_id), row.done_at,
    )
