"""Use cases of inspections: make them, prepare them, take their events in, read them. The door of this capability."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import delete, select, update

from server.accounts.domain import Actor
from server.audit import operations as audit
from server.evidence.photos import on_judged
from server.inspections import domain, projection
from server.inspections.cards import (
    current_objects,
    describe_change,
    described,
    files_of,
    pack_for,
    visit_card,
    wire_events,
)
from server.inspections.domain import InspectionStarted, InspectionUnknown, PackRefused, PackUnknown
from server.inspections.intake import Outcome, Result, standing, take_in
from server.inspections.members import agency_of_visit, is_member, lent_to, tell_member, tell_team
from server.inspections.projection import Visit, load_pack, on_folded, on_sealed
from server.inspections.tables import EventRow, InspectionMember, InspectionPack, InspectionRow
from server.platform import clock
from server.platform.blobs import blobs
from server.platform.db import scoped, session, unit_of_work
from server.platform.ids import new_id

__all__ = [
    "InspectionView",
    "Outcome",
    "Result",
    "Visit",
    "VisitView",
    "agency_of_visit",
    "attach_pack",
    "cancel",
    "change_team",
    "create_inspection",
    "current_objects",
    "describe_change",
    "files_of",
    "hold",
    "described",
    "inspection",
    "inspections",
    "is_member",
    "keep_flag",
    "lent_to",
    "load_pack",
    "on_cancelled",
    "on_folded",
    "on_sealed",
    "pack_for",
    "rebuild",
    "set_report",
    "standing",
    "take_in",
    "tell_team",
    "visit",
    "visit_card",
    "visits_of",
    "wire_events",
]  # fmt: skip

PACK_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class InspectionView:
    """An inspection as other capabilities see it. Times in ms; ``flags`` are F_ codes of the visit and its events."""

    id: str
    agency_id: str
    number: str
    unit_id: str
    unit_name: str
    address: str
    mode: str
    state: str
    inspect_by: date | None
    team: tuple[dict[str, Any], ...]
    pack_sha: str | None
    counts: Mapping[str, int]
    ended_at: int | None
    sealed_at: int | None
    seals: int
    code: str
    flags: tuple[str, ...]
    report_state: str
    due_on: date | None
    created_ms: int

    @property
    def lead(self) -> str:
        """User id of the lead (主办), "" when nobody is."""
        return next((str(member["user"]) for member in self.team if member.get("lead")), "")


@dataclass(frozen=True, slots=True)
class VisitView:
    """The folded visit with its pack; what reports and documents are made from."""

    inspection: InspectionView
    visit: Visit
    pack: dict[str, Any]


Cancelled = Callable[[Actor, str, str, str], None]
_cancel_listeners: list[Cancelled] = []


def on_cancelled(listener: Cancelled) -> None:
    """Tell ``listener(actor, agency_id, insp_id, reason)`` inside the unit of work that cancels an inspection."""
    if listener not in _cancel_listeners:
        _cancel_listeners.append(listener)


# --- making and preparing ---------------------------------------------------------------------------------------


@unit_of_work
def create_inspection(
    actor: Actor | None,
    *,
    agency_id: str,
    unit_id: str,
    unit_name: str,
    number: str,
    mode: str,
    team: Sequence[Mapping[str, Any]],
    address: str = "",
    inspect_by: date | None = None,
    insp_id: str | None = None,
) -> InspectionView:
    """A new inspection (assigned). ``team``: [{user, name, certificate_no, lead, home?}], at least the drawn pair; ``home`` is
    the agency of an inspector who was drawn from another register (WG-5b).

    The id may be given, so that whoever plans can name it in the pack before the row exists.
    """
    if mode not in domain.MODES:
        raise ValueError(f"unknown mode {mode!r}")
    row = InspectionRow(
        id=insp_id or new_id(),
        agency_id=agency_id,
        number=number,
        unit_id=unit_id,
        unit_name=unit_name,
        address=address,
        mode=mode,
        inspect_by=inspect_by,
        team=[dict(member) for member in team],
        created_at=clock.now(),
        pack_sha=None,
        report_state="",
        due_on=None,
        state="assigned",
        counts={},
        ended_at=None,
        sealed_at=None,
        seals=0,
        code="",
        devices={},
        flags=[],
        kept_flags={},
        proof={},
        events=0,
    )
    current = session()
    current.add(row)
    current.flush()
    _set_members(row)
    audit.record(actor, "inspections.created", "inspection", row.id, agency=agency_id, facts={"number": number})
    _tell_team(row)
    return _view(row)


@unit_of_work
def attach_pack(insp_id: str, pack_bytes: bytes) -> str:
    """Give a prepared pack to an inspection; answers its SHA-256. Earlier packs stay readable.

    Raises InspectionUnknown, PackRefused (not a pack, or of another inspection).
    """
    row = _row(insp_id, lock=True)
    try:
        pack = json.loads(pack_bytes)
    except ValueError as broken:
        raise PackRefused("检查资料包不是有效的 JSON") from broken
    if not isinstance(pack, dict) or pack.get("insp") != insp_id or len(pack_bytes) > PACK_BYTES:
        raise PackRefused()
    missing = [
        key for key in ("pin", "mode", "team", "assignments", "checklists", "profile", "facts") if key not in pack
    ]
    if missing:
        raise PackRefused(missing=missing)
    sha256 = blobs().put_bytes(pack_bytes)
    if session().get(InspectionPack, (insp_id, sha256)) is None:
        session().add(InspectionPack(insp=insp_id, sha256=sha256, made_at=clock.now()))
    row.pack_sha = sha256
    session().flush()
    if row.state == "assigned":
        row.state = "prepared"
    if row.events:
        # Events may have come before the pack (restored server): only now can they be read as a visit.
        projection.rebuild(row, clock.now_ms())
    _tell_team(row)
    return sha256


@unit_of_work
def change_team(actor: Actor | None, insp_id: str, team: Sequence[Mapping[str, Any]], reason: str) -> InspectionView:
    """A recorded replacement. Who leaves forgets the visit; events kept back as E_NOT_TEAM are judged again."""
    row = _row(insp_id, lock=True)
    gone = [member for member in row.team if member["user"] not in {one["user"] for one in team}]
    row.team = [dict(member) for member in team]
    _set_members(row)
    users = {member["user"] for member in team}
    table = EventRow.__table__
    kept_back = session().execute(
        select(table.c.h, table.c.header).where(
            table.c.insp == insp_id, table.c.code == "E_NOT_TEAM", table.c.place == ""
        )
    )
    released = [h for h, header in kept_back if json.loads(header)["by"] in users]
    if released:
        session().execute(update(EventRow).where(EventRow.h.in_(released)).values(status="stored", code=""))
    projection.rebuild(row, clock.now_ms())
    for member in gone:
        tell_member(row, member, "visit", insp_id, "del")
    audit.record(
        actor,
        "inspections.team_changed",
        "inspection",
        insp_id,
        agency=row.agency_id,
        facts={"team": sorted(users), "reason": reason, "released": len(released)},
    )
    _tell_team(row)
    return _view(row)


@unit_of_work
def cancel(actor: Actor, insp_id: str, reason: str) -> InspectionView:
    """Give up an inspection that nobody has begun; again changes nothing. Raises InspectionUnknown, InspectionStarted."""
    row = _row(insp_id, actor.agency_id, lock=True)
    if row.events:
        raise InspectionStarted()
    if row.state == "cancelled":
        return _view(row)
    row.state = "cancelled"
    for listener in _cancel_listeners:
        listener(actor, row.agency_id, insp_id, reason)
    for member in row.team:
        tell_member(row, member, "visit", insp_id, "del")
    audit.record(actor, "inspections.cancelled", "inspection", insp_id, facts={"reason": reason})
    return _view(row)


@unit_of_work
def set_report(insp_id: str, report_state: str, due_on: date | None = None) -> None:
    """What reports say about an inspection, for the phones' visit cards. The caller holds the inspection."""
    row = _row(insp_id)
    if (row.report_state, row.due_on) != (report_state, due_on or row.due_on):
        row.report_state = report_state
        row.due_on = due_on or row.due_on
        _tell_team(row)


def hold(insp_id: str) -> None:
    """Lock the inspection until the running unit of work ends. Who decides about its report holds it before the
    report's own row: intake takes the two in this order, and the other one would be a deadlock."""
    _row(insp_id, lock=True)


@unit_of_work
def rebuild(insp_id: str) -> InspectionView:
    """Compute the projection again from the stored bytes."""
    row = _row(insp_id, lock=True)
    projection.rebuild(row, clock.now_ms())
    return _view(row)


@unit_of_work
def keep_flag(insp_id: str, about: str, flag: str) -> None:
    """Say something about an inspection that no fold can tell; it stays through every later fold."""
    row = _row(insp_id, lock=True)
    if row.kept_flags.get(about) != flag:
        row.kept_flags = {**row.kept_flags, about: flag}
        row.flags = sorted({*row.flags, flag})
        _tell_team(row)


@on_judged
def _photo_unreadable(_agency_id: str, sha256: str, insps: tuple[str, ...], readable: bool) -> None:
    """A photo could not be decoded: the visit says so, the bytes stay (D-21)."""
    for insp in insps:
        if not readable and session().get(InspectionRow, insp) is not None:
            keep_flag(insp, sha256, "F_MEDIA_UNREADABLE")


# --- reading ----------------------------------------------------------------------------------------------------


def inspection(insp_id: str, agency_id: str | None = None) -> InspectionView:
    """Raises InspectionUnknown, also for another agency's."""
    return _view(_row(insp_id, agency_id))


def inspections(
    agency_id: str, *, states: Sequence[str] = (), unit_id: str | None = None, limit: int = 500
) -> list[InspectionView]:
    """Inspections of an agency, newest first; in some states, of one unit."""
    query = scoped(select(InspectionRow), agency_id)
    if states:
        query = query.where(InspectionRow.state.in_(states))
    if unit_id is not None:
        query = query.where(InspectionRow.unit_id == unit_id)
    rows = session().scalars(query.order_by(InspectionRow.created_at.desc(), InspectionRow.id.desc()).limit(limit))
    return [_view(row) for row in rows]


def visits_of(user_id: str, states: Sequence[str] = (), limit: int = 500) -> list[InspectionView]:
    """The inspections of one member, newest first, whichever agency has drawn them."""
    query = select(InspectionRow).join(InspectionMember, InspectionMember.insp == InspectionRow.id).where(InspectionMember.user_id == user_id)
    if states:
        query = query.where(InspectionRow.state.in_(states))
    return [_view(row) for row in session().scalars(query.order_by(InspectionRow.created_at.desc(), InspectionRow.id.desc()).limit(limit))]


def visit(insp_id: str, agency_id: str | None = None) -> VisitView:
    """The folded visit and its pack. Raises InspectionUnknown, PackUnknown."""
    row = _row(insp_id, agency_id)
    if row.pack_sha is None:
        raise PackUnknown()
    folded, pack = projection.visit_of(row)
    return VisitView(_view(row), folded, pack)


# --- rows -------------------------------------------------------------------------------------------------------


def _row(insp_id: str, agency_id: str | None = None, *, lock: bool = False) -> InspectionRow:
    """``lock``: for whoever writes. Intake holds this row while it folds; what is decided on an older reading of it
    would be written over what has just arrived."""
    row = session().get(InspectionRow, insp_id, with_for_update=lock or None)
    if row is None or (agency_id is not None and row.agency_id != agency_id):
        raise InspectionUnknown()
    return row


def _set_members(row: InspectionRow) -> None:
    session().execute(delete(InspectionMember).where(InspectionMember.insp == row.id))
    session().add_all(
        InspectionMember(insp=row.id, user_id=member["user"], lead=bool(member.get("lead")), home=str(member.get("home") or ""))
        for member in row.team
    )
    session().flush()


def _tell_team(row: InspectionRow) -> None:
    for member in row.team:
        tell_member(row, member, "visit", row.id)


def _view(row: InspectionRow) -> InspectionView:
    return InspectionView(
        row.id,
        row.agency_id,
        row.number,
        row.unit_id,
        row.unit_name,
        row.address,
        row.mode,
        row.state,
        row.inspect_by,
        tuple(row.team),
        row.pack_sha,
        row.counts,
        row.ended_at,
        row.sealed_at,
        row.seals,
        row.code,
        tuple(row.flags),
        row.report_state,
        row.due_on,
        clock.to_ms(row.created_at),
    )
