"""Inspections that do not come from a draw of units, each with its type, source document, item and reason (WC-4b, YS-2.1a,
YS-3.4e, D-27). Types that are drawn are refused here; where only people are drawn, the objects are fixed with a reason
and the inspectors come out of a ceremony. They are counted apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from server.accounts.domain import Actor
from server.audit import operations as audit
from server.draw import operations as draws
from server.kernel.moments import local_date
from server.plans import close, domain, figures, monthly, operations
from server.plans.domain import NoBasis, PlanRefused, PlanUnknown, TypeIsDrawn
from server.plans.tables import UndrawnRow
from server.platform import clock
from server.platform.db import session, unit_of_work
from server.platform.ids import new_id
from server.registry import operations as registry
from server.registry.domain import InspectorUnknown
from server.rules import operations as rules


@dataclass(frozen=True)
class Undrawn:
    id: str
    type: str
    drawn: str
    state: str
    number: str
    unit_ids: list[str]
    unit_names: list[str]
    item_codes: list[str]
    source_name: str
    source_no: str
    source_date: date
    reason: str
    mode: str
    inspect_by: date
    created_at: datetime
    draw_id: str
    batch_id: str


@unit_of_work
def create(actor: Actor, undrawn_id: str, data: Mapping[str, Any]) -> Undrawn:
    """Record the inspection; with an undrawn type it goes to the named inspectors, with ``inspectors_only`` a draw of people
    begins. The same id again is the same inspection. Raises TypeIsDrawn, NoBasis, PlanRefused."""
    known = session().get(UndrawnRow, undrawn_id)
    if known is not None:
        if known.agency_id != actor.agency_id:
            raise PlanUnknown("没有这项检查")
        return _view(known)
    agency_id, own = actor.agency_id, rules.rules_for(actor.agency_id)
    how = own.values.get(f"types.{data['type']}")
    if how is None:
        raise PlanRefused("没有这种检查类型")
    if how == "both":
        raise TypeIsDrawn("这种检查的对象和人员都须随机抽取，不能直接安排")
    for code in data["item_codes"]:
        item = own.item(code)
        if item is None or not item.get("bases"):
            raise NoBasis(f"抽查事项“{code}”不在清单内或者没有法律依据，不得检查")
    units = [registry.unit(agency_id, unit_id) for unit_id in dict.fromkeys(data["unit_ids"])]
    if data["inspect_by"] < local_date(clock.now_ms()):
        raise PlanRefused("检查时限已经过去")
    number = _number(agency_id)
    row = UndrawnRow(
        id=undrawn_id, agency_id=agency_id, type=data["type"], drawn=how, state="awaiting_draw", number=number, unit_ids=[unit.id for unit in units], item_codes=list(data["item_codes"]),
        source_name=data["source_name"], source_no=data["source_no"], source_date=data["source_date"], reason=data["reason"], mode=data["mode"], inspect_by=data["inspect_by"],
        created_by=actor.user_id, created_at=clock.now(),
    )
    session().add(row)
    session().flush()
    audit.record(actor, "plans.undrawn_created", "undrawn", row.id, facts={"type": row.type, "items": row.item_codes, "units": len(units), "drawn": how})
    people = tuple(dict.fromkeys(data["inspectors"]))
    if how == "inspectors_only":
        if people:
            raise TypeIsDrawn("这种检查的对象可以确定，检查人员须随机抽取，不能指定")
        row.draw_id = _propose(actor, row, data)
    else:
        _assign(actor, row, {unit.id: people for unit in units})
    session().flush()
    return _view(row)


def _propose(actor: Actor, row: UndrawnRow, data: Mapping[str, Any]) -> str:
    """Put the draw of people on paper (YS-3.4e 视情况随机确定相关执法人员); the ceremony's own screen goes on from there."""
    wish = draws.Wish(
        f"{row.number} 检查人员抽取", row.type, close.month_of(row.inspect_by), tuple(row.item_codes), data["official_a"], data["official_b"], n=0,
        source_doc=f"{row.source_name} {row.source_no}".strip(), objects=tuple(draws.Named(unit, row.type, row.reason) for unit in row.unit_ids), witness_name=data["witness_name"],
        section=str((rules.rules_for(row.agency_id).item(row.item_codes[0]) or {}).get("section", "")), mode="undirected",
    )
    draw_id = draws.propose(actor, row.agency_id, wish).id
    monthly.draw_is_for(row.agency_id, draw_id, "fixed", row.id)
    return draw_id


def people_drawn(agency_id: str, undrawn_id: str, drawn: monthly.DrawResult) -> None:
    """The ceremony has drawn the people for fixed objects: now there are visits."""
    row = session().get_one(UndrawnRow, undrawn_id, with_for_update=True)
    if row.state == "awaiting_draw" and row.agency_id == agency_id:
        _assign(None, row, {one.unit_id: tuple(one.team) for one in drawn.rows if one.team})


def _assign(actor: Actor | None, row: UndrawnRow, teams: Mapping[str, Sequence[str]]) -> None:
    own = rules.rules_for(row.agency_id)
    names = {str(item["code"]): str(item["item"]) for item in own.items}
    groups = []
    for at, (unit_id, team) in enumerate(teams.items(), start=1):
        if row.drawn == "none":
            _check_team(row, unit_id, team, int(own.values.get("team.min", 2)))
        parts = tuple(domain.Line(at, row.number, row.source_no, code, names[code], unit_id, tuple(team), None, row.inspect_by, row.mode) for code in row.item_codes)
        groups.append(domain.Group(unit_id, tuple(team), None, row.mode, row.inspect_by, parts, new_id()))
    row.batch_id = operations.store_batch(actor, row.agency_id, row.number, groups, figures.UNDRAWN if row.drawn == "none" else f"{figures.UNDRAWN}_people_drawn", (row.source_name, ""))
    row.state = "assigned"
    session().flush()


def _check_team(row: UndrawnRow, unit_id: str, team: Sequence[str], least: int) -> None:
    """At least two, each with a valid certificate and no interest in the unit: as for every visit."""
    if len(team) < least:
        raise PlanRefused(f"检查人员不得少于{least}人", article="WC-18a 第十八条")
    for user in team:
        try:
            person = registry.inspector(row.agency_id, user)
        except InspectorUnknown as unknown:
            raise PlanRefused("有人未进入执法检查人员名录库，不得参与检查") from unknown
        if not person.certificate.valid_on(row.inspect_by):
            raise PlanRefused(f"{person.name}的执法证在检查时限内无效")
        reason = registry.conflict_between(user, unit_id)
        if reason:
            raise PlanRefused(f"{person.name}与被检查单位有利害关系（{reason}），依法应当回避")


def _number(agency_id: str) -> str:
    """FSJ-2026-0003. The batch's unique key refuses a number that two people took at the same moment."""
    head = f"FSJ-{local_date(clock.now_ms()).year}-"
    last = session().scalar(select(UndrawnRow.number).where(UndrawnRow.agency_id == agency_id, UndrawnRow.number.startswith(head)).order_by(UndrawnRow.number.desc()).limit(1))
    return f"{head}{int(last[len(head):]) + 1 if last else 1:04}"


def listing(agency_id: str) -> list[Undrawn]:
    query = select(UndrawnRow).where(UndrawnRow.agency_id == agency_id).order_by(UndrawnRow.created_at.desc(), UndrawnRow.id)
    return [_view(row) for row in session().scalars(query.limit(500))]


def one(agency_id: str, undrawn_id: str) -> Undrawn:
    """Raises PlanUnknown, also for another agency's."""
    row = session().get(UndrawnRow, undrawn_id)
    if row is None or row.agency_id != agency_id:
        raise PlanUnknown("没有这项检查")
    return _view(row)


def types(agency_id: str) -> dict[str, str]:
    """{type: both | inspectors_only | none} as the agency's profile says (C21)."""
    values = rules.rules_for(agency_id).values
    return {key.removeprefix("types."): str(value) for key, value in values.items() if key.startswith("types.")}


def _view(row: UndrawnRow) -> Undrawn:
    names = registry.unit_names(row.agency_id, row.unit_ids)
    fields: dict[str, Any] = {name: getattr(row, name) for name in Undrawn.__dataclass_fields__ if name != "unit_names"}
    return Undrawn(unit_names=[names.get(unit, unit) for unit in row.unit_ids], **fields)
