"""Joint draws of several agencies (3.6): each freezes its own tables and holds a part of the seed; the lead throws the dice."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass
from typing import Any

from server.accounts import operations as accounts
from server.accounts.domain import Actor
from server.audit import operations as audit
from server.draw import departments, joint, overview, pooling, proposing, rulebook, snapshot, tickets, wish
from server.draw.refusals import NobodyLeft, NotYourPart, OfficialsWrong, ProposalWrong, StepNotDue
from server.draw.tables import DrawDepartmentRow, DrawPartyRow, DrawRow
from server.draw.wish import Wish
from server.kernel import b64url
from server.platform import clock, feed
from server.platform.db import session, unit_of_work
from server.registry import operations as registry
from server.rules import operations as rules
from server.rules.domain import AgencyRules

SALT = 32


@dataclass(frozen=True)
class Partner:
    """An agency that is asked to take part, and the official who acts for it."""

    agency_id: str
    official: str


@unit_of_work
def propose_joint(actor: Actor, agency_id: str, asked: Wish, partners: tuple[Partner, ...]) -> overview.Draw:
    """Put a joint draw on paper; the departments join one by one. Raises ``ProposalWrong``, ``OfficialsWrong``, ``SecondDraw``."""
    own = wish.check(agency_id, asked)
    if own.values.get("types.joint_inspection") != "both" or asked.purpose != "joint":
        raise ProposalWrong("本机关的规则没有联合抽查")
    codes = {departments.code_of(one.agency_id) for one in partners} | {departments.code_of(agency_id)}
    if not partners or len(codes) != len(partners) + 1:
        raise ProposalWrong("联合抽查至少有两个不同的部门")
    people = accounts.people_by_id([one.official for one in partners])
    for one in partners:
        person = people.get(one.official)
        if person is None or not person.active or person.agency_id != one.agency_id or not set(wish.OFFICIALS) & set(person.roles):
            raise OfficialsWrong("参加部门的抽取人员须是该部门在职的计划承办人或负责人")
    row = proposing.new_row(actor, agency_id, asked, "joint")
    row.proposal = {**row.proposal, "joint_salt": b64url.encode(secrets.token_bytes(SALT))}
    proposing.occupy(row, rulebook.slots("joint", asked.period, asked.section, asked.source_doc, asked.mode, asked.items))
    for one in (Partner(agency_id, asked.official_a), *partners):
        code = departments.code_of(one.agency_id)
        session().add(DrawPartyRow(draw_id=row.id, party=code, user_id=one.official, agency_id=one.agency_id))
        session().add(DrawDepartmentRow(draw_id=row.id, agency_id=one.agency_id, code=code, items=[], rule={}, units=[], people=[]))
        feed.stamp(one.agency_id, "draw", row.id)
    session().add(DrawPartyRow(draw_id=row.id, party=proposing.OFFICIAL_B, user_id=asked.official_b, agency_id=agency_id))
    audit.record(actor, "draw.joint_proposed", "draw", row.id, agency_id, {"partners": sorted(codes), "source": asked.source_doc})
    session().flush()
    return overview.view(row)


@unit_of_work
def join(actor: Actor, draw_id: str, items: tuple[str, ...], team: int) -> overview.Draw:
    """A department freezes its own tables for its own items; the last one completes the announcement. Again changes nothing."""
    row = overview.row_for(actor, draw_id, lock=True)
    if row.kind != "joint":
        raise StepNotDue("这不是联合抽查", state=row.state)
    party = overview.party_of(row, actor)
    if party.agency_id != actor.agency_id:
        raise NotYourPart("这一步由各部门的抽取人员用本人账号办理")
    department = session().get_one(DrawDepartmentRow, (row.id, actor.agency_id))
    if department.frozen_at is not None:
        return overview.view(row)
    if row.state != "draft":
        raise StepNotDue("联合抽查的名录已经冻结", state=row.state)
    asked = wish.wish_from(row.proposal)
    own = rules.rules_for(actor.agency_id)
    if team < int(own.values.get("team.min", 2)) or not items or any(own.item(code) is None for code in items):
        raise ProposalWrong("请选择本部门清单内的抽查事项和不少于规定的检查人数")
    _freeze(row, department, own, Wish(row.title, "joint", row.period, items, "", "", team=team, mode=asked.mode, filter=asked.filter))
    department.joined_by = actor.user_id
    audit.record(actor, "draw.joined", "draw", row.id, actor.agency_id, {"units": len(department.units), "people": len(department.people)})
    session().flush()
    if all(one.frozen_at for one in departments.rows_of(row.id)):
        _complete(row, asked)
    feed.stamp(row.agency_id, "draw", row.id)
    session().flush()
    return overview.view(row)


def _freeze(row: DrawRow, department: DrawDepartmentRow, own: AgencyRules, asked: Wish) -> None:
    table = pooling.assemble(department.agency_id, own, asked)
    codes = {one.unit_id: one.uscc for one in registry.pool(department.agency_id, registry.filter_from({}))}
    salt = b64url.decode(row.proposal["joint_salt"])
    people, pids = [], {}
    for hand in table.hands:
        own_salt = secrets.token_bytes(tickets.ID_BYTES)
        pid = pids[hand.user_id] = b64url.encode(tickets.uid(own_salt, hand.user_id))
        people.append({"leaf": {"pid": pid, "q": list(hand.q), "load": hand.load, "cap": hand.cap}, "user": hand.user_id, "name": hand.name, "salt": b64url.encode(own_salt)})
    units: dict[str, dict[str, Any]] = {}
    for one in table.subjects:
        # Without a credit code nobody can say that two registers mean the same unit; several premises of one code are one.
        uscc = next((codes[unit] for unit in one.premises if codes.get(unit)), "")
        if not uscc or uscc in units:
            continue
        unit_salt = joint.joint_salt(salt, uscc)
        leaf: dict[str, Any] = {"uid": b64url.encode(tickets.uid(unit_salt, uscc)), "st": one.st, "w": one.weight.w, "visits": one.visits, "need": one.need, "recuse": sorted(pids[user] for user in one.recuse if user in pids)}
        leaf |= {name: word for name, word in (("force", one.force), ("out", one.out)) if word}
        units[uscc] = {"leaf": leaf, "uscc": uscc, "unit": one.premises[0], "premises": list(one.premises), "items": list(one.items), "name": one.name, "salt": b64url.encode(unit_salt)}
    if not units:
        raise NobodyLeft("本部门没有可以参加联合抽查的检查对象")
    rule = snapshot.rule_of(own, asked)
    department.rule = {name: rule[name] for name in ("max_visits", "skip_visited", "w_max", "team", "bal_max")}
    department.items, department.units, department.people, department.frozen_at = list(asked.items), list(units.values()), people, clock.now()
    session().flush()


def _complete(row: DrawRow, asked: Wish) -> None:
    """All have joined: the intent without commitments, as the ordinary one."""
    found = departments.rows_of(row.id)
    lead = next(one for one in found if one.agency_id == row.agency_id)
    own = rules.rules_for(row.agency_id)
    rule = snapshot.rule_of(own, asked)
    shared = set.intersection(*({unit["leaf"]["uid"] for unit in one.units} for one in found))
    if not shared:
        raise NobodyLeft("各部门的名录中没有共同的检查对象（按统一社会信用代码比对）")
    about: dict[str, Any] = {
        "agency": row.agency_id, "number": overview.number_of(row), "title": row.title, "purpose": "joint", "period": row.period, "mode": asked.mode,
        "source_doc": asked.source_doc, "departments": [f"{accounts.agency(one.agency_id).name}：{'、'.join(one.items)}" for one in found],
        "counts": dict(sorted(Counter(unit["leaf"]["st"] for unit in lead.units if unit["leaf"]["uid"] in shared).items())),
        "people": sum(len(one.people) for one in found), "formula": rulebook.formula(own.values), "profile": own.profile_hash, "late": False,
    }
    if both := snapshot.officials_among(row.id, (str(person["user"]) for one in found for person in one.people)):
        about["officials_in_pool"] = both
    agencies = []
    for one in found:
        root, people_root = departments.roots(one)
        agencies.append({"agency": one.code, "root": root, "people_root": people_root, "rule": one.rule})
    row.intent = {
        "v": 1, "kind": "joint", "draw": row.id, "lead": lead.code, "agencies": agencies,
        "rule": {name: rule[name] for name in ("n", "must", "months_left", "general_min_permille")}, "commits": {}, "open": ["dice"], "about": about,
    } | ({"prev_void": row.prev_void} if row.prev_void else {})
    row.state, row.frozen_at = "frozen", clock.now()


def partners(agency_id: str) -> list[dict[str, Any]]:
    """Agencies that may be asked, with the people who could act for them: those whose rules know joint inspections."""
    found = []
    for agency in accounts.agencies():
        if agency.id == agency_id or agency.id not in rules.agency_ids():
            continue
        officials = [{"id": one.id, "name": one.name} for one in accounts.people(agency.id) if one.active and set(wish.OFFICIALS) & set(one.roles)]
        if officials:
            found.append({"agency_id": agency.id, "name": agency.name, "officials": officials})
    return found


