"""A draw across districts, made by the agency above them (WC-13c).

文昌湖指引 第十三条："跨行政区域检查的，由上一级…开展". The lead is the superior; each district's agency submits its register for this
one draw, as a department of a joint draw joins, and only then its units are in the urn. The draw itself is an ordinary one: one
table of units, the superior's rule, one team per unit. What is drawn goes to the superior's plan; the district is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import delete, select

from server.accounts import operations as accounts
from server.accounts.domain import Actor
from server.audit import operations as audit
from server.draw import departments, overview
from server.draw.refusals import ProposalWrong, StepNotDue
from server.draw.results import DrawnUnit
from server.draw.tables import DrawDepartmentRow, DrawRow, DrawUnitRow
from server.platform import clock, feed
from server.platform.db import session, unit_of_work
from server.registry import operations as registry
from server.rules import operations as rules

ARTICLE = "文昌湖指引 第十三条"


def offered(agency_id: str) -> list[accounts.AgencyView]:
    """Agencies under this one that keep a register here."""
    known = set(rules.agency_ids())
    return [one for one in accounts.below(agency_id) if one.id in known]


def check(agency_id: str, districts: Iterable[str], fixed: bool) -> None:
    """Raises ``ProposalWrong`` for a district that is not below this agency, and for objects that are fixed beforehand."""
    asked = list(districts)
    if not asked:
        return
    if fixed:
        raise ProposalWrong("对象已经确定的检查不从下级机关的名录库中抽取对象", article=ARTICLE)
    under = {one.id for one in offered(agency_id)}
    if len(set(asked)) != len(asked) or not set(asked) <= under:
        raise ProposalWrong("跨区域抽查的检查对象只能来自下级机关的检查对象名录库，每个机关一次", article=ARTICLE)


def ask(row: DrawRow, districts: Iterable[str]) -> None:
    """Ask these agencies for their registers; whoever had submitted for another wish is asked again."""
    session().execute(delete(DrawDepartmentRow).where(DrawDepartmentRow.draw_id == row.id))
    for one in districts:
        session().add(DrawDepartmentRow(draw_id=row.id, agency_id=one, code=departments.code_of(one), items=[], rule={}, units=[], people=[]))
        feed.stamp(one, "draw", row.id)


@unit_of_work
def submit(actor: Actor, draw_id: str) -> overview.Draw:
    """The district's agency lets its register into this one draw. Again changes nothing. Raises ``DrawUnknown``, ``StepNotDue``."""
    row = overview.row_seen(actor, draw_id, lock=True)
    mine = session().get(DrawDepartmentRow, (row.id, actor.agency_id))
    if row.kind == "joint" or mine is None:
        raise StepNotDue("这次抽取没有请本机关提交名录", state=row.state)
    if mine.frozen_at is None:
        if row.state != "draft":
            raise StepNotDue("抽取范围已经冻结，不再接收名录", state=row.state)
        mine.frozen_at, mine.joined_by = clock.now(), actor.user_id
        facts = {"units": registry.count_units(actor.agency_id), "for": row.agency_id}
        for agency_id in (actor.agency_id, row.agency_id):
            audit.record(actor, "draw.register_submitted", "draw", row.id, agency_id, facts)
        for agency_id in (actor.agency_id, row.agency_id):
            feed.stamp(agency_id, "draw", row.id)
        session().flush()
    return overview.view(row)


def submitted(row: DrawRow) -> tuple[str, ...]:
    """The districts whose registers are in the urn by now."""
    return tuple(one.agency_id for one in departments.rows_of(row.id) if one.frozen_at is not None)


def require_all(row: DrawRow, districts: Sequence[str]) -> None:
    """Raises ``StepNotDue`` with the names of those that are missing."""
    have = submitted(row)
    lacking = [accounts.agency(one).name for one in districts if one not in have]
    if lacking:
        raise StepNotDue(f"还有机关没有提交名录：{'、'.join(lacking)}", state=row.state, article=ARTICLE)


def words(row: DrawRow) -> list[str]:
    """["金东大队：12家", ..] for the announcement; nothing where the own register alone takes part."""
    found: dict[str, int] = {}
    for home in session().scalars(select(DrawUnitRow.agency_id).where(DrawUnitRow.draw_id == row.id)):
        found[home] = found.get(home, 0) + 1
    return [f"{accounts.agency(one).name}：{n}家" for one, n in sorted(found.items())] if set(found) - {row.agency_id} else []


def taken_in(row: DrawRow, units: Sequence[DrawnUnit]) -> tuple[DrawnUnit, ...]:
    """The drawn units as units of the drawing agency's own register. Part of the unit of work that draws."""
    ids = {unit for one in units for unit in (one.unit_id, *one.premises)}
    homes: dict[str, list[str]] = {}
    for drawn in session().scalars(select(DrawUnitRow).where(DrawUnitRow.draw_id == row.id, DrawUnitRow.agency_id != row.agency_id)):
        homes.setdefault(drawn.agency_id, []).extend(unit for unit in drawn.premises if unit in ids)
    own: dict[str, str] = {}
    for home, theirs in sorted(homes.items()):
        if theirs:
            own |= registry.adopt(None, row.agency_id, home, theirs, f"跨区域抽查 {overview.number_of(row)}：{accounts.agency(home).name}提交")
    return tuple(replace(one, unit_id=own.get(one.unit_id, one.unit_id), premises=tuple(own.get(unit, unit) for unit in one.premises), entity_id="" if own else one.entity_id) for one in units)


def as_drawn(row: DrawRow, unit_id: str) -> str:
    """The unit of the district that one of the own register was taken in from; the id itself when it was not."""
    homes: dict[str, list[str]] = {}
    for one in session().scalars(select(DrawUnitRow).where(DrawUnitRow.draw_id == row.id, DrawUnitRow.agency_id != row.agency_id)):
        homes.setdefault(one.agency_id, []).extend(one.premises)
    for home, theirs in homes.items():
        for unit, own in registry.twins(row.agency_id, home, theirs).items():
            if own == unit_id:
                return unit
    return unit_id
