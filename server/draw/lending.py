"""A superior agency draws its inspectors from registers of agencies under it (WG-5b).

舞钢细则 五："上级人防部门开展随机抽查时，可以根据工作需要从执法检查人员名录库中随机抽调执法检查人员". Only where the lending agency's
own profile agrees, and only downwards in the tree. In the table they are people like all others; whose they are is known to
the private side alone (``draw_person.agency_id``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from server.accounts import operations as accounts
from server.accounts.domain import Actor
from server.audit import operations as audit
from server.draw.refusals import ProposalWrong
from server.draw.tables import DrawPersonRow, DrawRow, DrawUnitRow
from server.platform.db import session
from server.rules import operations as rules
from server.rules.domain import ProfileNotInForce, RulesFaulty, UnknownAgency

ARTICLE = "舞钢细则 五"
CONSENT = "draw.superior_may_draw_inspectors"
TOLD = ("open", "rolled", "drawn", "published", "void")
"""From the announcement on the lending agency knows of the draw; who was drawn, once it is published."""


def consents(agency_id: str) -> bool:
    """Whether the agency's own rules let a superior draw from its register."""
    try:
        return bool(rules.rules_for(agency_id).values.get(CONSENT))
    except (UnknownAgency, ProfileNotInForce, RulesFaulty):
        return False


def lenders(agency_id: str) -> list[accounts.AgencyView]:
    """Agencies under this one whose register it may draw from."""
    return [one for one in accounts.below(agency_id) if consents(one.id)]


def check(agency_id: str, registers: Iterable[str]) -> None:
    """Raises ``ProposalWrong`` for a register that is neither the own one nor lent."""
    under = {one.id: one.name for one in accounts.below(agency_id)}
    for one in registers:
        if one == agency_id:
            continue
        if one not in under:
            raise ProposalWrong("只能从本机关和下级机关的执法检查人员名录库中抽取检查人员", article=ARTICLE, agency=one)
        if not consents(one):
            raise ProposalWrong(f"“{under[one]}”的规则没有同意上级机关抽调其执法检查人员", article=ARTICLE, agency=one)


def homes(agency_id: str, registers: tuple[str, ...]) -> tuple[str, ...]:
    """Whose registers make the urn of people: those named, else the own one."""
    return registers or (agency_id,)


def words(row: DrawRow) -> list[str]:
    """["舞钢市人防办：5人", ..] for the announcement; nothing where only the own register takes part."""
    found = _by_home(row)
    return [f"{accounts.agency(one).name}：{n}人" for one, n in sorted(found.items())] if set(found) - {row.agency_id} else []


def note(actor: Actor | None, row: DrawRow, verb: str, named: bool = False) -> None:
    """The fact in the audit of every agency that lends, inside the caller's unit of work: how many of its inspectors are in the
    urn, or how many were drawn once there is a result; who, when ``named``."""
    drawn = drawn_pids(row)
    theirs: dict[str, list[str]] = {}
    for one in session().scalars(select(DrawPersonRow).where(DrawPersonRow.draw_id == row.id, DrawPersonRow.agency_id != row.agency_id)):
        theirs.setdefault(one.agency_id, []).extend([one.user_id] if row.want is None or one.pid in drawn else [])
    for home, users in sorted(theirs.items()):
        audit.record(actor, verb, "draw", row.id, home, {"by": row.agency_id, "people": sorted(users) if named else len(users)})


def drawn_pids(row: DrawRow) -> Counter[str]:
    """How many units each row of the table of people was drawn for; empty before the draw and for joint ones."""
    selected = row.want["selected"] if row.want and row.kind != "joint" else ()
    return Counter(pid for _st, _uid, team, *_rest in selected for pid in team)


def _by_home(row: DrawRow) -> dict[str, int]:
    query = select(DrawPersonRow.agency_id, func.count()).where(DrawPersonRow.draw_id == row.id).group_by(DrawPersonRow.agency_id)
    return {agency: int(n) for agency, n in session().execute(query)}


@dataclass(frozen=True)
class LentPerson:
    name: str
    units: int


@dataclass(frozen=True)
class Lent:
    """A draw of a superior in whose urn this agency's inspectors were."""

    draw_id: str
    number: str
    title: str
    agency_name: str
    state: str
    intent_at: datetime | None
    drawn_at: datetime | None
    published_at: datetime | None
    pool: int
    """How many of the own inspectors were in the urn."""
    people: tuple[LentPerson, ...]
    """Who was drawn and for how many units; empty until the draw is published."""
    register: int
    """How many of the own units were in the urn (WC-13c)."""
    units: tuple[str, ...]
    """Which of them were drawn; empty until the draw is published."""


def lent(actor: Actor) -> list[Lent]:
    """The superiors' draws that this agency has lent its inspectors or its register to, newest first (D-4: nothing of others')."""
    own = select(DrawPersonRow).where(DrawPersonRow.agency_id == actor.agency_id).order_by(DrawPersonRow.name, DrawPersonRow.user_id)
    by_draw: dict[str, list[DrawPersonRow]] = {}
    for person in session().scalars(own.join(DrawRow, DrawRow.id == DrawPersonRow.draw_id).where(DrawRow.agency_id != actor.agency_id, DrawRow.state.in_(TOLD))):
        by_draw.setdefault(person.draw_id, []).append(person)
    units: dict[str, list[DrawUnitRow]] = {}
    theirs = select(DrawUnitRow).where(DrawUnitRow.agency_id == actor.agency_id).order_by(DrawUnitRow.name, DrawUnitRow.uid)
    for unit in session().scalars(theirs.join(DrawRow, DrawRow.id == DrawUnitRow.draw_id).where(DrawRow.agency_id != actor.agency_id, DrawRow.state.in_(TOLD))):
        units.setdefault(unit.draw_id, []).append(unit)
    rows = session().scalars(select(DrawRow).where(DrawRow.id.in_({*by_draw, *units})).order_by(DrawRow.intent_at.desc(), DrawRow.id.desc()))
    names = {one.id: one.name for one in accounts.agencies()}
    return [_lent(row, by_draw.get(row.id, []), units.get(row.id, []), names[row.agency_id]) for row in rows]


def _lent(row: DrawRow, people: list[DrawPersonRow], units: list[DrawUnitRow], agency_name: str) -> Lent:
    drawn = drawn_pids(row) if row.state == "published" else Counter[str]()
    who = tuple(LentPerson(one.name, drawn[one.pid]) for one in people if drawn[one.pid])
    chosen = {uid for _st, uid, *_rest in (row.want or {}).get("selected", ())} if row.state == "published" else set()
    # The title of a replacement names the unit that is visited.
    title = "更换检查人员" if row.purpose == "replacement" else row.title
    return Lent(row.id, f"{row.year}-{row.serial:04d}", title, agency_name, row.state, row.intent_at, row.drawn_at, row.published_at, len(people), who, len(units), tuple(one.name for one in units if one.uid in chosen))
