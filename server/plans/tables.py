"""Rows of plan documents, monthly plans, batches and assignments, replacements and what goes to the superior."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.platform.db import UTCDateTime, db


class BatchRow(db.Model):
    """批次. ``foreign_batch_no`` is what the drawing system called it (JD: draw.source external_import), for lists:

    several sections may have drawn parts of one batch, so the number that counts stands at each assignment."""

    __tablename__ = "batch"
    __table_args__ = (UniqueConstraint("agency_id", "batch_no"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64))
    batch_no: Mapped[str] = mapped_column(String(80))
    foreign_batch_no: Mapped[str] = mapped_column(String(80), default="")
    source: Mapped[str] = mapped_column(String(40))
    file_name: Mapped[str] = mapped_column(String(200))
    file_sha256: Mapped[str] = mapped_column(String(64))
    imported_by: Mapped[str] = mapped_column(String(36))
    imported_at: Mapped[datetime] = mapped_column(UTCDateTime)


class AssignmentRow(db.Model):
    """任务: one unit and one item of a batch, with the people who were drawn for it."""

    __tablename__ = "assignment"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64), index=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("batch.id"), index=True)
    visit_group: Mapped[str] = mapped_column(String(36), index=True)
    """Assignments with the same value are carried by one inspection (D-1); it is that inspection's id."""
    unit_id: Mapped[str] = mapped_column(String(36), index=True)
    foreign_batch_no: Mapped[str] = mapped_column(String(80), default="")
    item_code: Mapped[str] = mapped_column(String(40))
    item_name: Mapped[str] = mapped_column(String(200))
    inspectors: Mapped[list[str]] = mapped_column(JSON)
    lead: Mapped[str | None] = mapped_column(String(36))
    inspect_by: Mapped[date] = mapped_column(Date)
    mode: Mapped[str] = mapped_column(String(24))
    row: Mapped[int]


class PlanDocumentRow(db.Model):
    """年度计划 or 方案 (kind annual | scheme): a numbered, signed document (YS-0a), not just rows."""

    __tablename__ = "plan_document"
    __table_args__ = (UniqueConstraint("agency_id", "year", "serial"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    year: Mapped[int]
    serial: Mapped[int]
    number: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(12))  # draft | approved | reported | void
    rev: Mapped[int]
    """Grows with every save; who saves names the one they saw."""
    title: Mapped[str] = mapped_column(String(200))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    signatory: Mapped[str] = mapped_column(String(60), default="")
    created_by: Mapped[str] = mapped_column(String(36))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    approved_by: Mapped[str] = mapped_column(String(36), default="")
    approved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    issued_on: Mapped[date | None] = mapped_column(Date)
    void_reason: Mapped[str] = mapped_column(String(300), default="")


class PlanMonthRow(db.Model):
    """The monthly close of one month: how many units are to be drawn, set when and by whom (JD-6c, WC-15a)."""

    __tablename__ = "plan_month"
    agency_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    quota: Mapped[int]
    set_by: Mapped[str] = mapped_column(String(36))
    set_at: Mapped[datetime] = mapped_column(UTCDateTime)
    late: Mapped[bool]
    late_note: Mapped[str] = mapped_column(String(300), default="")
    late_by: Mapped[str] = mapped_column(String(36), default="")


class MonthlyPlanRow(db.Model):
    """月度抽查计划: the rows of one or several draws. ``seq`` 2 and later are supplements of the same month."""

    __tablename__ = "monthly_plan"
    __table_args__ = (UniqueConstraint("agency_id", "month", "seq"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64), index=True)
    month: Mapped[str] = mapped_column(String(7))
    seq: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(12))  # draft | approved | released | published
    late: Mapped[bool]
    late_note: Mapped[str] = mapped_column(String(300), default="")
    merges: Mapped[bool]
    """Rows of several sections at one unit become one visit (WS-4.1b)."""
    source: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    created_by: Mapped[str] = mapped_column(String(36))
    approved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    approved_by: Mapped[str] = mapped_column(String(36), default="")
    number: Mapped[str] = mapped_column(String(80), default="", server_default="")
    """文号, taken with the approval; "" for a draft."""
    signatory: Mapped[str] = mapped_column(String(60), default="", server_default="")
    released_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    released_by: Mapped[str] = mapped_column(String(36), default="")
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=0)


class PlanLineRow(db.Model):
    """One drawn unit of a monthly plan with its drawn team. Name and address are frozen with the row."""

    __tablename__ = "plan_line"
    __table_args__ = (UniqueConstraint("plan_id", "draw_id", "unit_id"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    plan_id: Mapped[str] = mapped_column(ForeignKey("monthly_plan.id"), index=True)
    agency_id: Mapped[str] = mapped_column(String(64))
    unit_id: Mapped[str] = mapped_column(String(36))
    unit_name: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(300))
    premises: Mapped[list[str]] = mapped_column(JSON)
    """Where a market entity was drawn (D-2): its premises, one of which is chosen while the plan is a draft."""
    item_codes: Mapped[list[str]] = mapped_column(JSON)
    team: Mapped[list[str]] = mapped_column(JSON)
    lead: Mapped[str | None] = mapped_column(String(36))
    inspect_by: Mapped[date] = mapped_column(Date)
    mode: Mapped[str] = mapped_column(String(24))
    draw_id: Mapped[str] = mapped_column(String(64))
    draw_no: Mapped[str] = mapped_column(String(80))
    stratum: Mapped[str] = mapped_column(String(40), default="")
    candidates: Mapped[int] = mapped_column(default=0)
    place: Mapped[int]
    visit_group: Mapped[str] = mapped_column(String(36), default="")
    withdrawn: Mapped[str] = mapped_column(String(300), default="")
    """Why the row no longer counts: an amendment, or the unit is closed and the next ticket took its place."""


class PlanVersionRow(db.Model):
    """What was published, frozen: rows as the public sees them. A published version is never edited (WC-20b)."""

    __tablename__ = "plan_version"
    plan_id: Mapped[str] = mapped_column(ForeignKey("monthly_plan.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    rows: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    sha256: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(300))
    published_at: Mapped[datetime] = mapped_column(UTCDateTime)
    published_by: Mapped[str] = mapped_column(String(36))


class PlanAmendmentRow(db.Model):
    """A change of a published plan that waits for its permission (审批), or got or lost it."""

    __tablename__ = "plan_amendment"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    plan_id: Mapped[str] = mapped_column(ForeignKey("monthly_plan.id"), index=True)
    agency_id: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(12))  # asked | applied | refused
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(String(300))
    asked_by: Mapped[str] = mapped_column(String(36))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    decided_by: Mapped[str] = mapped_column(String(36), default="")
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decision: Mapped[str] = mapped_column(String(300), default="")
    version: Mapped[int] = mapped_column(default=0)


class ReplacementRow(db.Model):
    """调整 of one inspector of a visit (people) or of the unit itself (unit). Nobody is ever named as the substitute."""

    __tablename__ = "plan_replacement"
    __table_args__ = (Index("ix_plan_replacement_visit", "visit_group"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64), index=True)
    visit_group: Mapped[str] = mapped_column(String(36))
    kind: Mapped[str] = mapped_column(String(12))  # inspector | unit
    out_id: Mapped[str] = mapped_column(String(36))
    """The person or the unit that is replaced."""
    reason: Mapped[str] = mapped_column(String(24))
    note: Mapped[str] = mapped_column(String(300))
    evidence: Mapped[str] = mapped_column(String(100))
    """What proves that a unit is gone: a file's SHA-256, a document's number, or the visit that found the door shut."""
    state: Mapped[str] = mapped_column(String(12))  # asked | approved | refused | drawing | done
    asked_by: Mapped[str] = mapped_column(String(36))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    decided_by: Mapped[str] = mapped_column(String(36), default="")
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decision: Mapped[str] = mapped_column(String(300), default="")
    draw_id: Mapped[str] = mapped_column(String(64), default="")
    in_id: Mapped[str] = mapped_column(String(36), default="")
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class PlanDrawRow(db.Model):
    """What a proposed draw is for, so that its result finds its place; ``taken`` makes a second delivery harmless."""

    __tablename__ = "plan_draw"
    draw_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64))
    target: Mapped[str] = mapped_column(String(12))  # month | scheme | fixed | replacement
    target_id: Mapped[str] = mapped_column(String(36))
    taken: Mapped[bool]


class UndrawnRow(db.Model):
    """An inspection that did not come from a draw of units, with its type, source document and reason (WC-4b, D-27)."""

    __tablename__ = "undrawn_inspection"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64), index=True)
    type: Mapped[str] = mapped_column(String(40))
    drawn: Mapped[str] = mapped_column(String(16))  # none | inspectors_only, as the profile said that day
    state: Mapped[str] = mapped_column(String(16))  # awaiting_draw | assigned
    number: Mapped[str] = mapped_column(String(80))
    unit_ids: Mapped[list[str]] = mapped_column(JSON)
    item_codes: Mapped[list[str]] = mapped_column(JSON)
    source_name: Mapped[str] = mapped_column(String(200))
    source_no: Mapped[str] = mapped_column(String(80))
    source_date: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(300))
    mode: Mapped[str] = mapped_column(String(24))
    inspect_by: Mapped[date] = mapped_column(Date)
    created_by: Mapped[str] = mapped_column(String(36))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    draw_id: Mapped[str] = mapped_column(String(64), default="")
    batch_id: Mapped[str] = mapped_column(String(36), default="")


class VisitDayRow(db.Model):
    """The day a visit is meant to take place; never after its time limit."""

    __tablename__ = "visit_day"
    visit_group: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64), index=True)
    planned_on: Mapped[date] = mapped_column(Date)
    moved_by: Mapped[str] = mapped_column(String(36))
    moved_at: Mapped[datetime] = mapped_column(UTCDateTime)


class UpwardRow(db.Model):
    """What an agency sends its superior: a report 报告, a filing 备案, a request for permission 审批 (C22).

    ``summary`` is all the superior gets to see: a copy made when it was sent, never evidence."""

    __tablename__ = "upward_act"
    __table_args__ = (UniqueConstraint("agency_id", "object", "object_id", "round"), UniqueConstraint("agency_id", "number"))
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64))
    to_agency: Mapped[str] = mapped_column(String(64), index=True)
    """The superior in this system; "" when it has none here and answers by letter."""
    recipient: Mapped[str] = mapped_column(String(120))
    object: Mapped[str] = mapped_column(String(24))
    object_id: Mapped[str] = mapped_column(String(64))
    round: Mapped[int]
    act: Mapped[str] = mapped_column(String(12))  # report | file | approve
    number: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(200))
    summary: Mapped[list[list[str]]] = mapped_column(JSON)
    document: Mapped[str] = mapped_column(String(36), default="")
    """A plan document that goes with it."""
    sent_by: Mapped[str] = mapped_column(String(36))
    sent_at: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[str] = mapped_column(String(12))  # sent | received | returned | granted | refused
    answer_no: Mapped[str] = mapped_column(String(80), default="")
    answer_on: Mapped[date | None] = mapped_column(Date)
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_by: Mapped[str] = mapped_column(String(36), default="")
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
