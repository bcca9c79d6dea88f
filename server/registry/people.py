"""Inspectors at the desk: certificates that end, leave and duty, training, interests, the leading group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from server.accounts import operations as accounts
from server.audit import operations as audit
from server.kernel.moments import local_date
from server.platform import clock
from server.platform.db import db, unit_of_work
from server.platform.ids import new_id
from server.registry import domain, drawing
from server.registry.people_fields import INSPECTOR_HEADERS
from server.registry.settings import keep_setting, setting
from server.registry.tables import (
    ConflictRow,
    InspectorLeaveRow,
    InspectorRow,
    LeadingGroupRow,
    RegistryChangeRow,
    TrainingRow,
    UnitRow,
)
from server.rules import operations as rules
from server.rules.domain import ProfileNotInForce, UnknownAgency

REMIND_DAYS = (30, 60)
"""Days before its end at which a certificate is spoken of; the nearer one is urgent."""
LABELS: Mapping[str, str] = {name: words[0] for name, words in INSPECTOR_HEADERS.items()}


def required_of(agency_id: str) -> tuple[str, ...]:
    """The profile's ``inspector.required`` (C14)."""
    try:
        return tuple(rules.rules_for(agency_id).values.get("inspector.required") or ())
    except (UnknownAgency, ProfileNotInForce):
        return ("name", "certificate_no", "valid_to")


def lacking(row: InspectorRow, required: tuple[str, ...]) -> tuple[str, ...]:
    """Labels of the required fields that are empty; the agency is the unit unless another is named."""
    has = {"name": row.name, "certificate_no": row.certificate_no, "valid_to": row.valid_to, "unit": row.agency_id, **row.details}
    return tuple(LABELS.get(one, one) for one in required if has.get(one) in (None, "", []))


@dataclass(frozen=True)
class Completeness:
    """YS-3.4c: "行政执法检查人员名录库要涵盖所有执法人员"."""

    unregistered: tuple[Mapping[str, str], ...]
    """People with the role who are not in the registry."""
    incomplete: tuple[Mapping[str, Any], ...]
    expired: tuple[str, ...]
    ending: tuple[Mapping[str, Any], ...]
    """Certificates that end within 60 days; ``urgent`` within 30."""
    without_sector: tuple[str, ...]
    """Sectors of the unit registry for which no inspector with a valid certificate is grouped (WS-3.3a)."""


def completeness(agency_id: str, today: date) -> Completeness:
    rows = list(db.session.scalars(select(InspectorRow).where(InspectorRow.agency_id == agency_id).order_by(InspectorRow.valid_to, InspectorRow.name)))
    known, required = {row.user_id for row in rows}, required_of(agency_id)
    outside = tuple({"id": one.id, "name": one.name} for one in accounts.people(agency_id) if one.active and "inspector" in one.roles and one.id not in known)
    gaps = tuple({"user_id": row.user_id, "name": row.name, "lacking": list(found)} for row in rows if (found := lacking(row, required)))
    ending = tuple(
        {"user_id": row.user_id, "name": row.name, "valid_to": row.valid_to, "days_left": (row.valid_to - today).days, "urgent": (row.valid_to - today).days <= REMIND_DAYS[0]}
        for row in rows if today <= row.valid_to <= today + timedelta(days=REMIND_DAYS[1])
    )
    covered = {group for one in drawing.inspectors_on(agency_id, today) for group in one.sector_groups if one.valid_to >= today}
    sectors = {unit.sector for unit in drawing.pool_units(agency_id, today) if unit.sector}
    return Completeness(outside, gaps, tuple(row.name for row in rows if row.valid_to < today), ending, tuple(sorted(sectors - covered)))


def reminders(agency_id: str, today: date) -> list[dict[str, Any]]:
    """Certificates that end within 60 days or have ended, the most pressing first: one light statement, for the first page of the desk."""
    rows = db.session.scalars(
        select(InspectorRow).where(InspectorRow.agency_id == agency_id, InspectorRow.valid_to <= today + timedelta(days=REMIND_DAYS[1])).order_by(InspectorRow.valid_to, InspectorRow.name)
    )
    return [
        {"user_id": row.user_id, "name": row.name, "valid_to": row.valid_to, "days_left": (row.valid_to - today).days, "urgent": (row.valid_to - today).days <= REMIND_DAYS[0]}
        for row in rows
    ]


def note_changes(actor: audit.Who | None, agency_id: str, user_id: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """History of an inspector's fields (YS-3.4c: 及时调整完善); answers those that changed. Part of the caller's unit of work."""
    changed = []
    for name in sorted(set(before) | set(after)):
        old, new = (_said(values.get(name)) for values in (before, after))
        if old != new:
            changed.append(name)
            db.session.add(RegistryChangeRow(
                id=new_id(), agency_id=agency_id, kind="inspector", object_id=user_id, field=name, old=old, new=new, how="desk", source="", reason="",
                by_user=actor.user_id if actor else "", at=clock.now(), import_id=None, before=[],
            ))
    return changed


def _said(value: object) -> str:
    if value is None:
        return ""
    return "、".join(map(str, value)) if isinstance(value, list) else value.isoformat() if isinstance(value, date) else str(value)


def history(agency_id: str, user_id: str) -> list[dict[str, Any]]:
    rows = list(db.session.scalars(select(RegistryChangeRow).where(RegistryChangeRow.agency_id == agency_id, RegistryChangeRow.object_id == user_id).order_by(RegistryChangeRow.at.desc()).limit(200)))
    people = accounts.people_by_id(sorted({row.by_user for row in rows if row.by_user}))
    return [{"at": row.at, "label": LABELS.get(row.field, row.field), "old": row.old, "new": row.new, "by": people[row.by_user].name if row.by_user in people else ""} for row in rows]


def _of_agency(agency_id: str, user_id: str) -> InspectorRow:
    row = db.session.get(InspectorRow, user_id)
    if row is None or row.agency_id != agency_id:
        raise domain.InspectorUnknown("此人未进入执法检查人员名录库，不得参与检查")
    return row


@unit_of_work
def add_leave(actor: audit.Who, agency_id: str, user_id: str, kind: str, from_day: date, to_day: date, note: str) -> str:
    """Days on which this person is not drawn (D-34)."""
    _of_agency(agency_id, user_id)
    if to_day < from_day:
        raise domain.FieldsWrong("结束日期早于开始日期")
    row = InspectorLeaveRow(id=new_id(), agency_id=agency_id, user_id=user_id, kind=kind, from_day=from_day, to_day=to_day, note=note, recorded_by=actor.user_id, recorded_at=clock.now())
    db.session.add(row)
    audit.record(actor, "registry.leave_added", "inspector", user_id, agency_id, {"kind": kind, "from": from_day.isoformat(), "to": to_day.isoformat()})
    return row.id


@unit_of_work
def cancel_leave(actor: audit.Who, agency_id: str, leave_id: str) -> None:
    row = db.session.get(InspectorLeaveRow, leave_id)
    if row is None or row.agency_id != agency_id or row.cancelled_at is not None:
        raise domain.EntryUnknown("没有这条请假或值班记录")
    row.cancelled_at = clock.now()
    audit.record(actor, "registry.leave_cancelled", "inspector", row.user_id, agency_id, {"leave": leave_id})


def leaves(agency_id: str, from_day: date, to_day: date) -> list[InspectorLeaveRow]:
    """What touches these days, by beginning."""
    query = select(InspectorLeaveRow).where(InspectorLeaveRow.agency_id == agency_id, InspectorLeaveRow.cancelled_at.is_(None), InspectorLeaveRow.from_day <= to_day, InspectorLeaveRow.to_day >= from_day)
    return list(db.session.scalars(query.order_by(InspectorLeaveRow.from_day, InspectorLeaveRow.id)))


@unit_of_work
def add_training(actor: audit.Who, agency_id: str, user_ids: list[str], held_on: date, subject: str, half_hours: int, note: str) -> int:
    """One training for several people (YS-4.3, JD-2.5b, WG-10.5, WS-5.3); whoever has it already keeps it. Answers how many were new."""
    known = {row.user_id for row in db.session.scalars(select(TrainingRow).where(TrainingRow.agency_id == agency_id, TrainingRow.held_on == held_on, TrainingRow.subject == subject))}
    fresh = [user_id for user_id in dict.fromkeys(user_ids) if user_id not in known]
    for user_id in fresh:
        _of_agency(agency_id, user_id)
        db.session.add(TrainingRow(
            id=new_id(), agency_id=agency_id, user_id=user_id, held_on=held_on, subject=subject, half_hours=half_hours, note=note, recorded_by=actor.user_id, recorded_at=clock.now(),
        ))
    try:
        db.session.flush()
    except IntegrityError as raced:
        raise domain.UnitTaken("这次培训刚刚由另一人登记") from raced
    if fresh:
        audit.record(actor, "registry.training_added", "agency", agency_id, agency_id, {"people": len(fresh), "on": held_on.isoformat(), "half_hours": half_hours})
    return len(fresh)


def trainings(agency_id: str, limit: int = 500) -> list[TrainingRow]:
    return list(db.session.scalars(select(TrainingRow).where(TrainingRow.agency_id == agency_id).order_by(TrainingRow.held_on.desc(), TrainingRow.subject, TrainingRow.id).limit(limit)))


@unit_of_work
def set_training_gate(actor: audit.Who, agency_id: str, hours: float) -> None:
    """Hours within a year below which nobody is drawn; 0 switches the gate off."""
    keep_setting(actor, agency_id, drawing.TRAINING_GATE, {"hours": hours})


def training_gate(agency_id: str) -> float:
    return float(setting(agency_id, drawing.TRAINING_GATE).get("hours", 0))


@unit_of_work
def withdraw_conflict(actor: audit.Who, agency_id: str, conflict_id: str, reason: str) -> None:
    """An interest that has ended or was entered by mistake: it stays in the record with the reason. An inspector only withdraws their own."""
    row = db.session.get(ConflictRow, conflict_id)
    if row is None or row.agency_id != agency_id or row.withdrawn_at is not None:
        raise domain.EntryUnknown("没有这条利害关系，或已经撤回")
    row.withdrawn_at, row.withdrawn_by, row.withdrawn_reason = clock.now(), actor.user_id, reason
    audit.record(actor, "registry.conflict_withdrawn", "unit", row.unit_id, agency_id, {"inspector": row.user_id})


def all_conflicts(agency_id: str) -> list[tuple[ConflictRow, str]]:
    """(interest, name of the unit), withdrawn ones included, newest first."""
    query = select(ConflictRow, UnitRow.name).join(UnitRow, UnitRow.id == ConflictRow.unit_id).where(ConflictRow.agency_id == agency_id)
    return [(row, name) for row, name in db.session.execute(query.order_by(ConflictRow.recorded_at.desc()))]


PLACES = ("head", "deputy", "member", "office")


def leading_group(agency_id: str, on: date | None = None) -> list[LeadingGroupRow]:
    """组长、副组长、成员、办公室 (JD-3, WS-3.1) as of a day, or with everybody who ever was in it."""
    query = select(LeadingGroupRow).where(LeadingGroupRow.agency_id == agency_id)
    rows = [row for row in db.session.scalars(query) if on is None or (row.from_day <= on and (row.to_day is None or row.to_day >= on))]
    return sorted(rows, key=lambda row: (PLACES.index(row.place), row.from_day, row.id))


@unit_of_work
def add_leader(actor: audit.Who, agency_id: str, place: str, name: str, post: str, duty: str, from_day: date) -> str:
    row = LeadingGroupRow(id=new_id(), agency_id=agency_id, place=place, name=name, post=post, duty=duty, from_day=from_day, origins={})
    db.session.add(row)
    audit.record(actor, "registry.leader_added", "agency", agency_id, agency_id, {"place": place, "member": row.id})
    return row.id


@unit_of_work
def end_leader(actor: audit.Who, agency_id: str, member_id: str, to_day: date) -> None:
    row = db.session.get(LeadingGroupRow, member_id)
    if row is None or row.agency_id != agency_id:
        raise domain.EntryUnknown("领导小组里没有这个人")
    if to_day < row.from_day:
        raise domain.FieldsWrong("结束日期早于开始日期")
    row.to_day, row.origins = to_day, row.origins | {"to_day": ["desk", local_date(clock.now_ms()).isoformat(), ""]}
    audit.record(actor, "registry.leader_ended", "agency", agency_id, agency_id, {"member": member_id, "to": to_day.isoformat()})
