"""Draws as the screens and other capabilities see them, and who may see what (D-4, secrecy of the list)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import load_only

from server.accounts import operations as accounts
from server.accounts import secrecy
from server.accounts.domain import Actor
from server.audit import operations as audit
from server.draw.refusals import DrawUnknown, NotYourPart, StillSecret
from server.draw.tables import DrawDepartmentRow, DrawPartyRow, DrawRow, DrawVoidRow
from server.platform.db import session
from server.rules import operations as rules

LISTING = ("plan_officer", "reviewer", "auditor")
"""Who of the agency sees that a draw takes place and how far it is; not the list."""


@dataclass(frozen=True)
class Party:
    party: str
    user_id: str
    name: str
    agency_id: str
    committed_at: datetime | None
    revealed_at: datetime | None


@dataclass(frozen=True)
class Department:
    """An agency that takes part with its own register, and how far it is; ``official`` acts for it."""

    agency_id: str
    name: str
    official: str
    joined_at: datetime | None


@dataclass(frozen=True)
class Void:
    draw_id: str
    cause: str
    reason: str
    state: str
    to_agency: str
    asked_by: str
    asked_at: datetime
    decided_by: str
    decided_at: datetime | None
    note: str


@dataclass(frozen=True)
class Draw:
    """A draw without its list: what every official of it may see at any moment."""

    id: str
    agency_id: str
    number: str
    kind: str
    purpose: str
    period: str
    section: str
    title: str
    state: str
    mode: str
    items: tuple[str, ...]
    n: int
    deadline: date | None
    late: bool
    prev_void: str
    witness_name: str
    witness_user: str
    witness_at: datetime | None
    witness_word: str
    created_by: str
    created_at: datetime
    frozen_at: datetime | None
    intent_at: datetime | None
    rolled_at: datetime | None
    drawn_at: datetime | None
    published_at: datetime | None
    dice: str
    dice_photo: str
    transcript_hash: str
    intent_leaf: int | None
    result_leaf: int | None
    parties: tuple[Party, ...]
    departments: tuple[Department, ...]
    void: Void | None
    intent: dict[str, Any] | None


def number_of(row: DrawRow) -> str:
    return f"{row.year}-{row.serial:04d}"


def row_of(agency_id: str, draw_id: str, lock: bool = False) -> DrawRow:
    """The row, also for an agency that is a party of a joint draw. Raises ``DrawUnknown`` for everybody else's."""
    query = select(DrawRow).where(DrawRow.id == draw_id)
    row = session().scalar(query.with_for_update() if lock else query)
    if row is None or (row.agency_id != agency_id and not _takes_part(agency_id, row)):
        raise DrawUnknown("没有这次抽取")
    return row


def _takes_part(agency_id: str, row: DrawRow) -> bool:
    found = session().scalars(select(DrawPartyRow.agency_id).where(DrawPartyRow.draw_id == row.id))
    return agency_id in set(found)


def row_for(actor: Actor, draw_id: str, lock: bool = False) -> DrawRow:
    """The row for somebody who takes part or whose role lets them look on. Raises ``DrawUnknown``.

    A superior sees a draw only when it is addressed to it: as witness, as a committing party, or to decide a void (D-4)."""
    query = select(DrawRow).where(DrawRow.id == draw_id)
    row = session().scalar(query.with_for_update() if lock else query)
    if row is None or not (row.agency_id == actor.agency_id and actor.has(*LISTING) or actor.user_id in hands_in(row) or _asked(actor, row)):
        raise DrawUnknown("没有这次抽取")
    return row


def row_seen(actor: Actor, draw_id: str, lock: bool = False) -> DrawRow:
    """As ``row_for``, and for officials of a district that is asked for its register: how far the draw is, nothing of its tables."""
    row = session().get(DrawRow, draw_id)
    if row is not None and row.kind != "joint" and actor.has(*LISTING) and session().get(DrawDepartmentRow, (draw_id, actor.agency_id)) is not None:
        return session().get_one(DrawRow, draw_id, with_for_update=True) if lock else row
    return row_for(actor, draw_id, lock)


def hands_in(row: DrawRow) -> set[str]:
    """Everybody with a part in the ceremony."""
    parties = session().scalars(select(DrawPartyRow.user_id).where(DrawPartyRow.draw_id == row.id))
    return {*parties, row.witness_user} - {""}


def _asked(actor: Actor, row: DrawRow) -> bool:
    asked = session().scalar(select(DrawVoidRow.to_agency).where(DrawVoidRow.draw_id == row.id))
    return asked == actor.agency_id and actor.has("superior")


def party_rows(draw_id: str, lock: bool = False) -> list[DrawPartyRow]:
    query = select(DrawPartyRow).where(DrawPartyRow.draw_id == draw_id).order_by(DrawPartyRow.party)
    return list(session().scalars(query.with_for_update() if lock else query))


def party_of(row: DrawRow, actor: Actor, dice: bool = False) -> DrawPartyRow:
    """The part of this person. Raises ``NotYourPart``: nobody acts for another (product.md, 等保 separation)."""
    for one in party_rows(row.id):
        if one.user_id == actor.user_id and (one.party == "dice") == dice:
            return one
    raise NotYourPart("这一步须由" + ("掷骰的人员（B）" if dice else "作出承诺的人员（A）") + "用本人账号办理")


def view(row: DrawRow) -> Draw:
    return views([row])[0]


def views(rows: list[DrawRow]) -> list[Draw]:
    """Several draws with parties, departments and voids in a few statements."""
    ids = [row.id for row in rows]
    parties = list(session().scalars(select(DrawPartyRow).where(DrawPartyRow.draw_id.in_(ids)).order_by(DrawPartyRow.party)))
    voids = {one.draw_id: one for one in session().scalars(select(DrawVoidRow).where(DrawVoidRow.draw_id.in_(ids)))}
    names = accounts.people_by_id([one.user_id for one in parties])
    taking_part = _departments([row.id for row in rows if row.kind == "joint" or row.proposal.get("districts")])
    found = []
    for row in rows:
        own = tuple(
            Party(one.party, one.user_id, names[one.user_id].name if one.user_id in names else "", one.agency_id, one.committed_at, one.revealed_at)
            for one in parties if one.draw_id == row.id
        )
        void = voids.get(row.id)
        told = void and Void(void.draw_id, void.cause, void.reason, void.state, void.to_agency, void.asked_by, void.asked_at, void.decided_by, void.decided_at, void.note)
        found.append(
            Draw(
                row.id, row.agency_id, number_of(row), row.kind, row.purpose, row.period, row.section, row.title, row.state,
                row.proposal.get("mode", ""), tuple(row.proposal.get("items", ())), int(row.proposal.get("n", 0)), row.deadline, row.late, row.prev_void,
                row.witness_name, row.witness_user, row.witness_at, row.witness_word, row.created_by, row.created_at, row.frozen_at, row.intent_at, row.rolled_at,
                row.drawn_at, row.published_at, row.dice, row.dice_photo, row.transcript_hash, row.intent_leaf, row.result_leaf, own,
                tuple(_department(one, own, label, joined) for one, label, joined in taking_part.get(row.id, ())), told, row.intent,
            )
        )
    return found


def _departments(ids: list[str]) -> dict[str, list[tuple[DrawDepartmentRow, str, str]]]:
    """draw → its departments with their agency's name and who has joined for it, by code; none of their tables is read."""
    found: dict[str, list[tuple[DrawDepartmentRow, str, str]]] = {}
    if not ids:
        return found
    labels = {one.id: one.name for one in accounts.agencies()}
    columns = load_only(DrawDepartmentRow.agency_id, DrawDepartmentRow.code, DrawDepartmentRow.frozen_at, DrawDepartmentRow.joined_by)
    rows = list(session().scalars(select(DrawDepartmentRow).options(columns).where(DrawDepartmentRow.draw_id.in_(ids)).order_by(DrawDepartmentRow.code)))
    people = accounts.people_by_id([one.joined_by for one in rows if one.joined_by])
    for one in rows:
        found.setdefault(one.draw_id, []).append((one, labels.get(one.agency_id, one.agency_id), people[one.joined_by].name if one.joined_by in people else ""))
    return found


def _department(row: DrawDepartmentRow, parties: tuple[Party, ...], name: str, joined: str) -> Department:
    return Department(row.agency_id, name, joined or next((one.name for one in parties if one.party == row.code), ""), row.frozen_at)


def listing(actor: Actor) -> list[Draw]:
    """The draws this person may know of, newest first."""
    part = select(DrawPartyRow.draw_id).where(DrawPartyRow.user_id == actor.user_id)
    mine = or_(DrawRow.id.in_(part), DrawRow.witness_user == actor.user_id)
    if actor.has("superior"):
        mine = or_(mine, DrawRow.id.in_(select(DrawVoidRow.draw_id).where(DrawVoidRow.to_agency == actor.agency_id)))
    if actor.has(*LISTING):
        asked = select(DrawDepartmentRow.draw_id).join(DrawRow, DrawRow.id == DrawDepartmentRow.draw_id).where(DrawDepartmentRow.agency_id == actor.agency_id, DrawRow.kind != "joint")
        mine = or_(mine, DrawRow.agency_id == actor.agency_id, DrawRow.id.in_(asked))
    query = select(DrawRow).where(mine, DrawRow.state != "discarded").order_by(DrawRow.created_at.desc(), DrawRow.id.desc())
    return views(list(session().scalars(query.limit(500))))


def may_see_list(actor: Actor, row: DrawRow) -> bool:
    """Whether the drawn list is for this person's eyes: everybody's once published, until then by the profile (WG-9b)."""
    if row.state == "published":
        return True
    visible = set(rules.rules_for(row.agency_id).values.get("secrecy.list_visible_to", ()))
    takes_part = row.agency_id == actor.agency_id or row.kind == "joint" and actor.user_id in hands_in(row)
    return takes_part and actor.has(*(visible & {"plan_officer", "reviewer"}))


def list_for(actor: Actor, draw_id: str, what: str) -> DrawRow:
    """The row of a made draw whose list this person may read; each reading and each refusal is an audit fact (WG-9a), each
    reading before publication a blinded leaf of the public log as well."""
    row = row_for(actor, draw_id) if not actor.has("inspector") else row_of(actor.agency_id, draw_id)
    if row.want is None:
        raise DrawUnknown("这次抽取还没有结果")
    if not may_see_list(actor, row):
        audit.record_read(actor, "draw.list_refused", "draw", draw_id, what=what)
        raise StillSecret("抽取名单在公开前严格保密，您无权查看；本次尝试已记录")
    if row.state == "published":
        audit.record_read(actor, "draw.list_read", "draw", draw_id, what=what, state=row.state)
    else:
        shown = len(row.want["selected"])
        secrecy.reading(actor, "draw.list_read", "draw", draw_id, shown, "work", {"what": what, "state": row.state})
    return row
