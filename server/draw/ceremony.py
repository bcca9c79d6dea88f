"""Steps 2 to 6: commitment, intent, dice, reveal, result. Each step happens once; saying it again answers what stands.

The order is the protection. A's number is fixed (by its hash, in the public log) before B throws, and B throws before A's
number is shown: neither can choose the seed. What remains is to abort, which is public, approved and chained (voiding.py)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from server.accounts.domain import Actor
from server.audit import operations as audit
from server.audit import public_log
from server.draw import departments, districts, lending, overview, replay, snapshot, tickets, voiding
from server.draw.domain import CommitmentBroken, DiceTooFew, RootDiffers
from server.draw.refusals import NotYourPart, StepNotDue
from server.draw.results import Drawn, DrawnUnit
from server.draw.tables import DrawDepartmentRow, DrawPartyRow, DrawPersonRow, DrawRow, DrawUnitRow
from server.kernel import b64url
from server.platform import clock, feed
from server.platform.db import session, unit_of_work

NONCE = 32
TEN_SIDED, SIX_SIDED = re.compile(r"[0-9]{20,200}"), re.compile(r"[1-6]{26,200}")


Listener = Callable[[str, Drawn], None]
_listeners: list[Listener] = []


def on_drawn(listener: Listener) -> None:
    """Tell ``listener(agency_id, drawn)`` inside the unit of work that made the draw."""
    if listener not in _listeners:
        _listeners.append(listener)


@unit_of_work
def commit(actor: Actor, draw_id: str, commitment: str) -> overview.Draw:
    """Keep a party's commitment, made in their own browser. The same again is the same; another one is refused."""
    row = overview.row_for(actor, draw_id, lock=True)
    party = overview.party_of(row, actor)
    if party.commitment == commitment:
        return overview.view(row)
    if party.commitment:
        raise StepNotDue("您已经作出承诺，不能更换", state=row.state)
    if row.state != "frozen":
        raise StepNotDue("抽取范围冻结之后、公布之前才能作出承诺", state=row.state)
    party.commitment, party.committed_at = commitment, clock.now()
    audit.record(actor, "draw.committed", "draw", row.id, row.agency_id, {"party": party.party})
    feed.stamp(row.agency_id, "draw", row.id)
    session().flush()
    return overview.view(row)


def announce(actor: Actor, draw_id: str) -> overview.Draw:
    """Publish the intent: one leaf of the public log, readable by everybody at once. Raises ``RootDiffers``."""
    return _unless_changed(_announce(actor, draw_id))


@unit_of_work
def _announce(actor: Actor, draw_id: str) -> overview.Draw:
    row = overview.row_for(actor, draw_id, lock=True)
    if row.intent_at is not None:
        return overview.view(row)
    overview.party_of(row, actor)
    if row.agency_id != actor.agency_id:
        raise NotYourPart("抽取公告由组织抽取的机关公布")
    committing = [one for one in overview.party_rows(row.id) if one.party != "dice"]
    if row.state != "frozen" or any(not one.commitment for one in committing):
        raise StepNotDue("须先冻结抽取范围，并由各方作出承诺", state=row.state)
    if _changed(row):
        return overview.view(row)
    assert row.intent is not None
    row.intent = {**row.intent, "commits": {one.party: one.commitment for one in committing}}
    row.state, row.intent_at = "open", clock.now()
    row.intent_leaf = public_log.append({"v": 1, "k": "draw.intent", "intent": row.intent}, public=True).index
    audit.record(actor, "draw.announced", "draw", row.id, row.agency_id, {"leaf": row.intent_leaf, "late": row.late})
    feed.stamp(row.agency_id, "draw", row.id)
    session().flush()
    return overview.view(row)


@unit_of_work
def attend(actor: Actor, draw_id: str) -> overview.Draw:
    """The witness with a login says: I am here. The dice wait for it."""
    row = overview.row_for(actor, draw_id, lock=True)
    if actor.user_id != row.witness_user:
        raise NotYourPart("这一步须由见证人用本人账号办理")
    if row.witness_at is None:
        if row.state != "open":
            raise StepNotDue("抽取公布之后、掷骰之前由见证人确认在场", state=row.state)
        row.witness_at = clock.now()
        audit.record(actor, "draw.witness_present", "draw", row.id, row.agency_id)
        feed.stamp(row.agency_id, "draw", row.id)
    return overview.view(row)


@unit_of_work
def testify(actor: Actor, draw_id: str, word: str) -> overview.Draw:
    """What the witness says of the dice as typed: agreed, or an objection that is published with the draw.

    It comes after the dice and changes nothing of them: a witness who could stop a draw would be one more hand in the seed."""
    row = overview.row_for(actor, draw_id, lock=True)
    if actor.user_id != row.witness_user:
        raise NotYourPart("这一步须由见证人用本人账号办理")
    if row.rolled_at is None:
        raise StepNotDue("掷骰之后才能核对点数", state=row.state)
    if not row.witness_word:
        row.witness_word = word
        audit.record(actor, "draw.witness_word", "draw", row.id, row.agency_id)
        feed.stamp(row.agency_id, "draw", row.id)
    return overview.view(row)


def roll(actor: Actor, draw_id: str, digits: str, kind: str = "d10", photo: str = "") -> overview.Draw:
    """B's dice: at least 20 ten-sided or 26 six-sided. Raises ``DiceTooFew``, ``StepNotDue`` before the intent is public."""
    thrown = re.sub(r"\s", "", digits)
    if not (SIX_SIDED if kind == "d6" else TEN_SIDED).fullmatch(thrown):
        raise DiceTooFew(f"十面骰至少20个数字（0至9），六面骰至少26个（1至6）；现在是{len(thrown)}个")
    return _unless_changed(_roll(actor, draw_id, thrown, kind, photo))


@unit_of_work
def _roll(actor: Actor, draw_id: str, thrown: str, kind: str, photo: str) -> overview.Draw:
    row = overview.row_for(actor, draw_id, lock=True)
    party = overview.party_of(row, actor, dice=True)
    if row.dice == thrown:
        return overview.view(row)
    if row.state != "open" or row.dice:
        raise StepNotDue("点数已经录入，不能更改" if row.dice else "抽取公布之前不得掷骰", state=row.state)
    if row.witness_user and row.witness_at is None:
        raise StepNotDue("请先由见证人用本人账号确认在场", state=row.state)
    if _changed(row):
        return overview.view(row)
    now = clock.now()
    row.dice, row.dice_kind, row.dice_photo, row.state, row.rolled_at = thrown, kind, photo, "rolled", now
    party.value, party.revealed_at = b64url.encode(thrown.encode()), now
    audit.record(actor, "draw.rolled", "draw", row.id, row.agency_id, {"dice": len(thrown), "kind": kind, "photo": bool(photo)})
    feed.stamp(row.agency_id, "draw", row.id)
    session().flush()
    return overview.view(row)


def reveal(actor: Actor, draw_id: str, value: str) -> overview.Draw:
    """A party's number, sent by its browser by itself once the dice are in; the last one makes the draw.

    Raises ``CommitmentBroken`` (nothing changes: the right number may still come), ``RootDiffers`` (the draw is void)."""
    try:
        return _unless_changed(_reveal(actor, draw_id, value))
    except CommitmentBroken:
        _note_broken(actor, draw_id)
        raise


@unit_of_work
def _reveal(actor: Actor, draw_id: str, value: str) -> overview.Draw:
    row = overview.row_for(actor, draw_id, lock=True)
    party = overview.party_of(row, actor)
    if party.value and party.value == value:
        return overview.view(row)
    if row.state != "rolled":
        raise StepNotDue("掷骰之前不得揭示随机数", state=row.state)
    number = b64url.decode(value)
    if len(number) != NONCE or b64url.encode(tickets.commitment(row.id, party.party, number)) != party.commitment:
        raise CommitmentBroken("揭示的随机数与事先公布的承诺不符，不予采用；本次尝试已记录")
    if _changed(row):
        return overview.view(row)
    party.value, party.revealed_at = value, clock.now()
    audit.record(actor, "draw.revealed", "draw", row.id, row.agency_id, {"party": party.party})
    session().flush()
    parties = overview.party_rows(row.id)
    if all(one.value for one in parties):
        _make(actor, row, parties)
    feed.stamp(row.agency_id, "draw", row.id)
    session().flush()
    return overview.view(row)


@unit_of_work
def _note_broken(actor: Actor, draw_id: str) -> None:
    audit.record(actor, "draw.commitment_broken", "draw", draw_id, overview.row_for(actor, draw_id).agency_id)


def transcript(row: DrawRow) -> dict[str, Any]:
    """What anybody needs to run the draw again: intent, both blinded tables, reveals."""
    reveals = [[one.party, one.value] for one in overview.party_rows(row.id)]
    if row.kind == "joint":
        units, people = departments.tables(row.id)
        return {"intent": row.intent, "units": units, "people": people, "reveals": reveals}
    return {"intent": row.intent, "units": snapshot.unit_leaves(row.id), "people": snapshot.person_leaves(row.id), "reveals": reveals}


def _make(actor: Actor, row: DrawRow, parties: list[DrawPartyRow]) -> None:
    """The draw itself, once: result and transcript hash together with the log leaf and whoever listens."""
    whole = transcript(row)
    row.want = replay.replay(whole)
    row.transcript_hash = b64url.encode(tickets.transcript_hash(whole["intent"], whole["reveals"], row.want))
    row.state, row.drawn_at = "drawn", clock.now()
    row.result_leaf = public_log.append({"v": 1, "k": "draw.result", "draw": row.id, "transcript": row.transcript_hash}, public=True).index
    audit.record(actor, "draw.made", "draw", row.id, row.agency_id, {"transcript": row.transcript_hash, "leaf": row.result_leaf, "units": len(row.want["selected"])})
    lending.note(actor, row, "draw.inspectors_drawn")
    session().flush()
    for agency_id, told in told_to(row):
        for listener in _listeners:
            listener(agency_id, told)


def told_to(row: DrawRow) -> list[tuple[str, Drawn]]:
    """Who hears of the result: the agency, or every department of a joint draw with its own units and people."""
    if row.kind != "joint":
        drawn = drawn_of(row)
        # Across districts the plan rows are the superior's: what was drawn is taken into its register (WC-13c).
        return [(row.agency_id, replace(drawn, rows=districts.taken_in(row, drawn.rows)) if row.proposal.get("districts") else drawn)]
    return [(one.agency_id, _department_drawn(row, one)) for one in departments.rows_of(row.id)]


def _department_drawn(row: DrawRow, one: DrawDepartmentRow) -> Drawn:
    assert row.want is not None
    units = {unit["leaf"]["uid"]: unit for unit in one.units}
    users = {person["leaf"]["pid"]: str(person["user"]) for person in one.people}
    crews = departments.teams_for(row.want["selected"], one.code)
    rows = tuple(
        DrawnUnit(units[uid]["unit"], units[uid]["leaf"]["st"], tuple(users[pid] for pid in team), number, tuple(units[uid]["premises"]), tuple(units[uid]["items"]))
        for uid, (team, number) in crews.items()
    )
    return Drawn(row.id, overview.number_of(row), row.title, row.purpose, tuple(one.items), rows, row.period, row.section, "", row.late)


def drawn_of(row: DrawRow) -> Drawn:
    """The result with real ids."""
    assert row.want is not None
    users = dict(session().execute(select(DrawPersonRow.pid, DrawPersonRow.user_id).where(DrawPersonRow.draw_id == row.id)).all())
    chosen = [uid for _st, uid, _team, _candidates in row.want["selected"]]
    units = {one.uid: one for one in session().scalars(select(DrawUnitRow).where(DrawUnitRow.draw_id == row.id, DrawUnitRow.uid.in_(chosen)))}
    rows = []
    for st, uid, team, candidates in row.want["selected"]:
        unit = units[uid]
        entity = "" if unit.subject_id in unit.premises else unit.subject_id
        rows.append(DrawnUnit(unit.premises[0], st, tuple(users[pid] for pid in team), candidates, tuple(unit.premises), tuple(unit.items), entity))
    items = tuple(row.proposal.get("items", ()))
    return Drawn(row.id, overview.number_of(row), row.title, row.purpose, items, tuple(rows), row.period, row.section, row.proposal.get("reference", ""), row.late)


def _changed(row: DrawRow) -> bool:
    """End a draw whose frozen tables no longer have their roots: void, in the public log, chained like every other void."""
    if snapshot.intact(row):
        return False
    voiding.void_by_server(row, "root_changed", "抽取范围在冻结之后被改动，程序自动作废")
    return True


def _unless_changed(found: overview.Draw) -> overview.Draw:
    """Outside the unit of work, so that the void has been kept before anybody hears of it."""
    if found.state == "void" and found.void is not None and found.void.cause == "root_changed":
        raise RootDiffers("抽取范围在冻结之后被改动，本次抽取已作废并公布", draw=found.id)
    return found
