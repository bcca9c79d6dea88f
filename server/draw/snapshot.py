"""Step 1 of the ceremony: the registries are frozen into blinded tables; names and salts stay private."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import delete, insert, select

from server.accounts.domain import Actor
from server.audit import operations as audit
from server.draw import departments, districts, lending, overview, pooling, rulebook, tickets, wish
from server.draw.pooling import Table
from server.draw.refusals import NobodyLeft, StepNotDue
from server.draw.tables import DrawPersonRow, DrawRow, DrawUnitRow
from server.draw.wish import Wish
from server.kernel import b64url
from server.platform import clock, feed
from server.platform.db import session, unit_of_work
from server.rules import operations as rules
from server.rules.domain import AgencyRules


def rule_of(own: AgencyRules, asked: Wish) -> dict[str, Any]:
    """The numbers of the rule, as they stand in the intent (3.3a)."""
    profile = own.values
    share = asked.general_min_permille
    fixed = bool(asked.objects)
    return {
        "n": len(asked.objects) if fixed else asked.n,
        "must": [rulebook.KEY_CROWDED] if profile.get("quota.key_crowded_min_per_year") and not fixed else [],
        "months_left": rulebook.months_left(asked.period),
        "general_min_permille": 0 if fixed else int(share if share is not None else profile.get("quota.general_min_permille") or 0),
        "max_visits": rulebook.NO_CAP if fixed else rulebook.max_visits(profile),
        "skip_visited": rulebook.skip_visited(profile, asked.skip_visited) and not fixed,
        "w_max": int(profile["draw.weights"]["w_max"]),
        "team": asked.team,
        "bal_max": rulebook.BAL_MAX,
    }


@unit_of_work
def freeze(actor: Actor, draw_id: str) -> overview.Draw:
    """Freeze the tables of a draw; doing it again answers the frozen ones. Raises ``StepNotDue``, ``NobodyLeft``."""
    row = overview.row_for(actor, draw_id, lock=True)
    if row.state == "frozen":
        return overview.view(row)
    if row.kind == "joint":
        raise StepNotDue("联合抽查由各部门分别冻结自己的名录", state=row.state)
    if row.state != "draft":
        raise StepNotDue("抽取范围已经冻结", state=row.state)
    asked = wish.wish_from(row.proposal)
    own = wish.check(row.agency_id, asked)
    districts.require_all(row, asked.districts)
    table = pooling.assemble(row.agency_id, own, asked)
    if not table.subjects:
        raise NobodyLeft("按这些条件，抽取范围内没有任何检查对象")
    store(row, table)
    row.state, row.frozen_at = "frozen", clock.now()
    row.intent = intent_of(row, own, asked, table)
    audit.record(actor, "draw.frozen", "draw", row.id, row.agency_id, {"units": len(table.subjects), "people": len(table.hands), "root": row.intent["root"]})
    lending.note(actor, row, "draw.register_lent")
    feed.stamp(row.agency_id, "draw", row.id)
    session().flush()
    return overview.view(row)


def store(row: DrawRow, table: Table) -> None:
    """Write the blinded tables of a draw, with fresh salts: nobody can compare two draws' tables by their ids."""
    session().execute(delete(DrawUnitRow).where(DrawUnitRow.draw_id == row.id))
    session().execute(delete(DrawPersonRow).where(DrawPersonRow.draw_id == row.id))
    pids: dict[str, str] = {}
    people = []
    for hand in table.hands:
        salt = secrets.token_bytes(tickets.ID_BYTES)
        pid = pids[hand.user_id] = b64url.encode(tickets.uid(salt, hand.user_id))
        leaf = {"pid": pid, "q": list(hand.q), "load": hand.load, "cap": hand.cap}
        people.append({"draw_id": row.id, "pid": pid, "agency_id": hand.home or row.agency_id, "user_id": hand.user_id, "salt": salt, "name": hand.name, "leaf": leaf})
    units = []
    for one in table.subjects:
        salt = secrets.token_bytes(tickets.ID_BYTES)
        uid = b64url.encode(tickets.uid(salt, one.id))
        leaf = {"uid": uid, "st": one.st, "w": one.weight.w, "visits": one.visits, "need": one.need, "recuse": sorted(pids[user] for user in one.recuse if user in pids)}
        leaf |= {name: word for name, word in (("force", one.force), ("out", one.out)) if word}
        why = {"parts": [list(part) for part in one.weight.parts], "note": one.note}
        units.append({
            "draw_id": row.id, "uid": uid, "agency_id": one.home or row.agency_id, "subject_id": one.id, "salt": salt, "name": one.name,
            "premises": list(one.premises), "items": list(one.items), "leaf": leaf, "why": why,
        })
    session().execute(insert(DrawUnitRow), units)
    if people:
        session().execute(insert(DrawPersonRow), people)


def intent_of(row: DrawRow, own: AgencyRules, asked: Wish, table: Table) -> dict[str, Any]:
    """The intent without commitments: what will be said in public before anybody can know the seed.

    ``about`` binds what a reader must be able to hold against the agency later: the conditions in the officer's own words
    (YS-3.4a), the weights (WC-17), the deadline and whether it was kept (WC-15a)."""
    units, people = unit_leaves(row.id), person_leaves(row.id)
    chosen = wish.registry.filter_from(asked.filter)
    names = {str(item["code"]): str(item["item"]) for item in own.items}
    about: dict[str, Any] = {
        "agency": row.agency_id, "number": overview.number_of(row), "title": row.title, "purpose": row.purpose, "period": row.period,
        "mode": asked.mode, "conditions": wish.registry.filter_words(chosen, rules.facts(), names),
        "items": [f"{code} {names.get(code, '')}".strip() for code in asked.items],
        "counts": dict(sorted(Counter(leaf["st"] for leaf in units).items())), "people": len(people),
        "formula": rulebook.formula(own.values), "profile": own.profile_hash,
        "needs": [[code, sector, list(wanted)] for code, sector, wanted in table.needs],
        "exceptions": exceptions_in(units), "late": row.late,
    }
    about |= {name: text for name, text in (("section", row.section), ("source_doc", asked.source_doc)) if text}
    if areas := districts.words(row):
        about["districts"] = areas
    if registers := lending.words(row):
        about["registers"] = registers
    if both := officials_among(row.id, (hand.user_id for hand in table.hands)):
        about["officials_in_pool"] = both
    if (since := changes(row)) is not None:
        about["since"] = since
    if row.deadline is not None:
        about["deadline"] = row.deadline.isoformat()
    intent: dict[str, Any] = {
        "v": 1, "kind": row.kind, "draw": row.id, "root": root(units, "uid"), "people_root": root(people, "pid"), "rule": rule_of(own, asked),
        "commits": {}, "open": ["dice"], "about": about,
    }
    return intent | ({"prev_void": row.prev_void} if row.prev_void else {})


def changes(row: DrawRow) -> dict[str, Any] | None:
    """What became of the table since the agency's last draw: who was left out or weighs less now shows (attack 1 of 3.9)."""
    last = session().scalars(
        select(DrawRow).where(DrawRow.agency_id == row.agency_id, DrawRow.kind == "draw", DrawRow.section == row.section, DrawRow.want.is_not(None), DrawRow.id != row.id)
        .order_by(DrawRow.drawn_at.desc()).limit(1)
    ).first()
    if last is None or row.kind != "draw":
        return None
    before, now = ({unit: leaf["w"] for unit, leaf in session().execute(select(DrawUnitRow.subject_id, DrawUnitRow.leaf).where(DrawUnitRow.draw_id == one.id))} for one in (last, row))
    weight = sum(1 for unit in before.keys() & now.keys() if before[unit] != now[unit])
    return {"number": overview.number_of(last), "added": len(now.keys() - before.keys()), "removed": len(before.keys() - now.keys()), "weight": weight}


def officials_among(draw_id: str, people: Iterable[str]) -> list[str]:
    """The parties who may be drawn themselves: said in public, without a name."""
    drawable = set(people)
    return sorted(one.party for one in overview.party_rows(draw_id) if one.user_id in drawable)


def exceptions_in(units: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many units stand apart, by reason (3.4: "list of exceptions")."""
    return dict(sorted(Counter(leaf[name] for leaf in units for name in ("force", "out") if name in leaf).items()))


def root(leaves: Iterable[Mapping[str, Any]], key: str) -> str:
    return b64url.encode(tickets.table_root(leaves, key))


def unit_leaves(draw_id: str) -> list[dict[str, Any]]:
    """The public rows of the unit table, by uid."""
    return list(session().scalars(select(DrawUnitRow.leaf).where(DrawUnitRow.draw_id == draw_id).order_by(DrawUnitRow.uid)))


def person_leaves(draw_id: str) -> list[dict[str, Any]]:
    return list(session().scalars(select(DrawPersonRow.leaf).where(DrawPersonRow.draw_id == draw_id).order_by(DrawPersonRow.pid)))


def intact(row: DrawRow) -> bool:
    """Whether the frozen tables still have the roots that the intent names (attack 34)."""
    assert row.intent is not None, "only frozen draws are asked"
    if row.kind == "joint":
        return departments.intact(row)
    return root(unit_leaves(row.id), "uid") == row.intent["root"] and root(person_leaves(row.id), "pid") == row.intent["people_root"]
