"""After a draw: a person is replaced by a new small ceremony, a unit by the next ticket of its stratum; both are counted (3.5).

Cause and approval are declared first, in a leaf of the public log: afterwards nobody can say that the illness came later."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select

from server.accounts.domain import Actor
from server.audit import operations as audit
from server.audit import public_log
from server.draw import (
    ceremony,
    districts,
    lending,
    overview,
    pooling,
    proposing,
    replay,
    rulebook,
    snapshot,
    tickets,
    wish,
)
from server.draw.refusals import NobodyLeft, OfficialsWrong, ProposalWrong, StepNotDue
from server.draw.results import DrawnUnit
from server.draw.tables import DrawChangeRow, DrawPersonRow, DrawRow, DrawUnitRow
from server.draw.wish import Wish
from server.kernel import b64url
from server.kernel.moments import local_date
from server.platform import clock, feed
from server.platform.db import session, unit_of_work
from server.platform.ids import new_id
from server.registry import operations as registry
from server.rules import operations as rules

GONE_REASONS = ("closed", "moved", "merged")
EXTERNAL = "external"
"""``of.hash`` of a replacement in a team that was not drawn here (JD: the provincial system draws)."""


@dataclass(frozen=True)
class Leaving:
    """Who leaves which team, why, and who allowed it. ``reference`` is the assignment or visit in plans."""

    reference: str
    unit_id: str
    items: tuple[str, ...]
    leaving: tuple[str, ...]
    staying: tuple[str, ...]
    cause: str
    official_a: str
    official_b: str
    witness_name: str
    title: str = ""
    note: str = ""
    approval_ref: str = ""
    of_draw: str = ""
    witness_user: str = ""
    section: str = ""
    prev_void: str = ""


@unit_of_work
def propose_replacement(actor: Actor, agency_id: str, asked: Leaving) -> overview.Draw:
    """Open the small ceremony for a replacement; its tables are frozen at once. Raises ``ProposalWrong``, ``OfficialsWrong``, ``NobodyLeft``.

    Never a manual pick: "重新在执法检查人员名录库中随机选派，不得随意指定" (WC-16)."""
    own = rules.rules_for(agency_id)
    if asked.cause not in own.value("reassign.reasons"):
        raise ProposalWrong("更换检查人员的事由不在规定的情形之内", article="文昌湖指引 第十六条")
    if own.value("reassign.approval") != "none" and not asked.approval_ref.strip():
        raise ProposalWrong("更换检查人员须先经负责人批准", article="文昌湖指引 第十六条")
    if not asked.leaving or set(asked.leaving) & set(asked.staying):
        raise ProposalWrong("请写明谁退出、谁留下")
    if {asked.official_a, asked.official_b} & set(asked.leaving):
        raise OfficialsWrong("退出的检查人员不能主持自己的更换抽取")
    period = local_date(clock.now_ms()).isoformat()[:7]
    unit = registry.unit(agency_id, asked.unit_id)
    as_wish = Wish(
        asked.title or f"更换检查人员：{unit.name}", "replacement", period, asked.items, asked.official_a, asked.official_b, n=1, section=asked.section,
        team=len(asked.leaving), witness_name=asked.witness_name, witness_user=asked.witness_user, prev_void=asked.prev_void,
        registers=_registers(asked.of_draw),
    )
    lending.check(agency_id, as_wish.registers)
    wish.officials(agency_id, asked.official_a, asked.official_b)
    wish.witness(agency_id, as_wish)
    table = pooling.assemble(agency_id, own, replace(as_wish, objects=(wish.Named(asked.unit_id, "", ""),)))
    left = [hand for hand in table.hands if hand.user_id not in {*asked.leaving, *asked.staying} and table.subjects[0].need in hand.q and hand.user_id not in table.subjects[0].recuse and hand.load < hand.cap]
    if len(left) < len(asked.leaving):
        raise NobodyLeft(f"符合条件的其余检查人员只有{len(left)}人，无法更换", candidates=len(left))
    row = proposing.new_row(actor, agency_id, as_wish, "people")
    row.proposal = {**row.proposal, "reference": asked.reference, "cause": asked.cause, "approval": asked.approval_ref, "of_draw": asked.of_draw, "leaving": list(asked.leaving), "staying": list(asked.staying)}
    proposing.occupy(row, [f"replacement/{asked.reference}/{user}"[:250] for user in sorted(asked.leaving)])
    proposing.add_parties(row, as_wish)
    _freeze(row, table, asked)
    lending.note(actor, row, "draw.register_lent")
    row.state, row.frozen_at = "frozen", clock.now()
    _count(actor, row, asked)
    feed.stamp(agency_id, "draw", row.id)
    session().flush()
    return overview.view(row)


def _registers(of_draw: str) -> tuple[str, ...]:
    """The substitute comes from the registers that the team came from."""
    first = session().get(DrawRow, of_draw) if of_draw else None
    return tuple(first.proposal.get("registers", ())) if first else ()


def _freeze(row: DrawRow, table: pooling.Table, asked: Leaving) -> None:
    """The tables of a small ceremony: one unit with who stays and who is gone (draw.replacement), and the whole roster."""
    snapshot.store(row, table)
    pids = dict(session().execute(select(DrawPersonRow.user_id, DrawPersonRow.pid).where(DrawPersonRow.draw_id == row.id)).all())
    for user in (*asked.leaving, *asked.staying):
        if user not in pids:
            # Somebody on leave is not in the table of people who may be drawn, but the row must still name them, blinded.
            pids[user] = b64url.encode(tickets.uid(secrets.token_bytes(tickets.ID_BYTES), user))
    unit = session().scalars(select(DrawUnitRow).where(DrawUnitRow.draw_id == row.id)).one()
    leaf = {name: unit.leaf[name] for name in ("uid", "st", "need", "recuse")}
    unit.leaf = {**leaf, "gone": sorted(pids[user] for user in asked.leaving), "keep": sorted(pids[user] for user in asked.staying)}
    session().flush()
    first = session().get(DrawRow, asked.of_draw) if asked.of_draw else None
    people = snapshot.person_leaves(row.id)
    row.intent = {
        "v": 1, "kind": "people", "draw": row.id, "root": snapshot.root([unit.leaf], "uid"), "people_root": snapshot.root(people, "pid"),
        "rule": {"bal_max": rulebook.BAL_MAX}, "commits": {}, "open": ["dice"],
        "of": {"hash": first.transcript_hash if first else EXTERNAL} | ({"draw": first.id} if first else {}),
        "about": {"agency": row.agency_id, "number": overview.number_of(row), "purpose": "replacement", "cause": asked.cause, "people": len(people)},
    }


def _count(actor: Actor, row: DrawRow, asked: Leaving) -> None:
    entry: dict[str, Any] = {"v": 1, "k": "draw.change", "draw": row.id, "what": "person", "cause": asked.cause, "approved": bool(asked.approval_ref)}
    leaf = public_log.append(entry, public=True).index
    for user in asked.leaving:
        session().add(_change(actor, row.agency_id, "person", row.id, asked.unit_id, user, asked.cause, asked.note, leaf, reference=asked.reference, approval=asked.approval_ref))
    audit.record(actor, "draw.replacement_declared", "draw", row.id, row.agency_id, {"cause": asked.cause, "reference": asked.reference, "approval": asked.approval_ref, "leaf": leaf})


def _change(actor: Actor, agency_id: str, kind: str, draw_id: str, unit_id: str, out_id: str, cause: str, note: str, leaf: int, **more: str) -> DrawChangeRow:
    now = clock.now()
    return DrawChangeRow(
        id=new_id(), agency_id=agency_id, year=local_date(clock.now_ms()).year, kind=kind, draw_id=draw_id, unit_id=unit_id, out_uid=out_id,
        cause=cause, note=note, by=actor.user_id, at=now, leaf=leaf, **more,
    )


@unit_of_work
def next_unit(actor: Actor, agency_id: str, draw_id: str, unit_id: str, cause: str, note: str, evidence: str) -> DrawnUnit:
    """The unit that takes the place of a closed, moved or merged one: the next ticket of its stratum, which nobody can choose.

    ``evidence`` names the proof (SHA-256 of a file, or the visit that found the door shut). Asking again for the same unit
    answers the same successor. Raises ``ProposalWrong``, ``NobodyLeft`` when the stratum is used up."""
    row = overview.row_of(agency_id, draw_id, lock=True)
    if row.kind != "draw" or row.want is None or row.state == "void":
        raise StepNotDue("只有已经抽取的普通抽查才按顺序递补单位", state=row.state)
    if cause not in GONE_REASONS or not note.strip() or not evidence.strip():
        raise ProposalWrong("更换检查对象须属于停业、迁出或合并，写明情况并附证据")
    known = districts.as_drawn(row, unit_id) if row.proposal.get("districts") else unit_id
    units = {unit: one for one in session().scalars(select(DrawUnitRow).where(DrawUnitRow.draw_id == row.id)) for unit in one.premises}
    out = units.get(known)
    if out is None:
        raise ProposalWrong("这家单位不在本次抽取的名单中")
    changes = list(session().scalars(select(DrawChangeRow).where(DrawChangeRow.draw_id == row.id, DrawChangeRow.kind == "unit").order_by(DrawChangeRow.at, DrawChangeRow.id)))
    if not any(one.out_uid == out.uid for one in changes):
        changes.append(_exchange(actor, row, out, unit_id, cause, note, evidence))
    gone = [{"uid": one.out_uid, "reason": one.cause, "evidence": one.evidence} for one in changes]
    want = replay.replay(unit_transcript(row, gone))
    at = next(number for number, one in enumerate(changes) if one.out_uid == out.uid)
    st, uid, team, candidates = want["selected"][at]
    if not uid:
        raise NobodyLeft("这一类对象已全部抽中，没有可以递补的单位")
    changes[at].in_uid = uid
    new = session().get_one(DrawUnitRow, (row.id, uid))
    users = dict(session().execute(select(DrawPersonRow.pid, DrawPersonRow.user_id).where(DrawPersonRow.draw_id == row.id)).all())
    session().flush()
    follower = DrawnUnit(new.premises[0], st, tuple(users[pid] for pid in team), candidates, tuple(new.premises), tuple(new.items), "" if new.subject_id in new.premises else new.subject_id)
    return districts.taken_in(row, (follower,))[0] if row.proposal.get("districts") else follower


def _exchange(actor: Actor, row: DrawRow, out: DrawUnitRow, unit_id: str, cause: str, note: str, evidence: str) -> DrawChangeRow:
    leaf = public_log.append({"v": 1, "k": "draw.change", "draw": row.id, "what": "unit", "cause": cause}, public=True).index
    change = _change(actor, row.agency_id, "unit", row.id, unit_id, out.uid, cause, note, leaf, evidence=evidence)
    session().add(change)
    audit.record(actor, "draw.unit_exchanged", "draw", row.id, row.agency_id, {"cause": cause, "unit": unit_id, "leaf": leaf})
    feed.stamp(row.agency_id, "draw", row.id)
    session().flush()
    return change


def unit_transcript(row: DrawRow, gone: list[dict[str, str]]) -> dict[str, Any]:
    """The transcript of the exchanges of one draw so far (kind unit): anybody can see that it was the next ticket."""
    whole = ceremony.transcript(row)
    intent = {"v": 1, "kind": "unit", "draw": f"{row.id}/units", "of": {"draw": row.id, "hash": row.transcript_hash}, "gone": gone}
    return {**whole, "intent": intent, "first": whole["intent"]}


def exchanges(row: DrawRow) -> dict[str, Any] | None:
    """The transcript of all exchanges of a draw with its result; None when there were none."""
    query = select(DrawChangeRow).where(DrawChangeRow.draw_id == row.id, DrawChangeRow.kind == "unit", DrawChangeRow.in_uid != "").order_by(DrawChangeRow.at, DrawChangeRow.id)
    gone = [{"uid": one.out_uid, "reason": one.cause, "evidence": one.evidence} for one in session().scalars(query)]
    if not gone:
        return None
    whole = unit_transcript(row, gone)
    return {**whole, "want": replay.replay(whole)}


@dataclass(frozen=True)
class Count:
    """Replacements of one year: published, and red above one per unit or five per cent overall (3.5)."""

    year: int
    drawn: int
    voids: int
    people: int
    units: int
    by_cause: dict[str, int]
    most_per_unit: int
    most_per_leader: int
    most_per_inspector: int
    red: bool


def counts(agency_id: str, year: int) -> Count:
    """How often this year's draws were changed by hand of whom; names stay inside, numbers are public."""
    rows = list(session().scalars(select(DrawChangeRow).where(DrawChangeRow.agency_id == agency_id, DrawChangeRow.year == year)))
    made = session().execute(select(DrawRow.state, DrawRow.want).where(DrawRow.agency_id == agency_id, DrawRow.year == year, DrawRow.kind != "people")).all()
    drawn = sum(len(want["selected"]) for state, want in made if want and state != "void")
    voids = session().scalar(select(func.count()).where(DrawRow.agency_id == agency_id, DrawRow.year == year, DrawRow.state == "void"))

    people = [one for one in rows if one.kind == "person"]
    per_unit = _most(one.unit_id for one in rows)
    return Count(
        year, drawn, int(voids or 0), len(people), len(rows) - len(people), dict(sorted(Counter(one.cause for one in rows).items())),
        per_unit, _most(one.by for one in rows), _most(one.out_uid for one in people), per_unit > 1 or len(rows) * 20 > drawn > 0,
    )


def _most(keys: Iterable[str]) -> int:
    return max(Counter(keys).values(), default=0)
