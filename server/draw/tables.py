"""Rows of draws: the ceremony's state, its frozen snapshot, its parties, its voids."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Date, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.platform.db import UTCDateTime, db


class DrawRow(db.Model):
    """抽取. ``state``: draft → frozen → open (intent public) → rolled (dice in) → drawn → published; or void, discarded.

    ``seed`` has no column of its own: it stands in ``want`` once the draw is made, and never before."""

    __tablename__ = "draw"
    __table_args__ = (UniqueConstraint("agency_id", "year", "serial"), Index("ix_draw_listing", "agency_id", "created_at"))
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64))
    year: Mapped[int]
    serial: Mapped[int]
    kind: Mapped[str] = mapped_column(String(8))
    """draw | objects | people | unit | joint: how the transcript is read (``intent.kind``, D-28)."""
    purpose: Mapped[str] = mapped_column(String(24))
    period: Mapped[str] = mapped_column(String(7))
    section: Mapped[str] = mapped_column(String(80), default="")
    title: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(12))
    proposal: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Everything the plan officer chose, verbatim."""
    witness_name: Mapped[str] = mapped_column(String(80), default="")
    witness_user: Mapped[str] = mapped_column(String(36), default="")
    witness_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    witness_word: Mapped[str] = mapped_column(String(300), default="")
    """What the witness said about the dice afterwards; empty: nothing, or agreed."""
    deadline: Mapped[date | None] = mapped_column(Date)
    late: Mapped[bool] = mapped_column(Boolean, default=False)
    prev_void: Mapped[str] = mapped_column(String(36), default="")
    intent: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    dice: Mapped[str] = mapped_column(String(200), default="")
    dice_kind: Mapped[str] = mapped_column(String(4), default="")
    dice_photo: Mapped[str] = mapped_column(String(64), default="")
    want: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    transcript_hash: Mapped[str] = mapped_column(String(43), default="")
    intent_leaf: Mapped[int | None]
    result_leaf: Mapped[int | None]
    created_by: Mapped[str] = mapped_column(String(36))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    frozen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    intent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    rolled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    drawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class DrawCounterRow(db.Model):
    """The last number of one agency and year; its lock also orders who takes which place in ``draw_slot``."""

    __tablename__ = "draw_counter"
    agency_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


class DrawSlotRow(db.Model):
    """What may be drawn once: a month, a purpose, a section, an item. A redraw takes the next ``attempt`` and names the void one."""

    __tablename__ = "draw_slot"
    agency_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    slot: Mapped[str] = mapped_column(String(250), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    draw_id: Mapped[str] = mapped_column(ForeignKey("draw.id"), index=True)


class DrawPartyRow(db.Model):
    """Somebody who has a hand in the seed. ``commitment`` is empty for the open party (dice)."""

    __tablename__ = "draw_party"
    draw_id: Mapped[str] = mapped_column(ForeignKey("draw.id"), primary_key=True)
    party: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(36))
    agency_id: Mapped[str] = mapped_column(String(64))
    commitment: Mapped[str] = mapped_column(String(43), default="")
    value: Mapped[str] = mapped_column(String(300), default="")
    committed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revealed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class DrawDepartmentRow(db.Model):
    """One agency's tables of a joint draw (D-28): leaf, opening and real ids of each row; empty until it has joined.

    Of a draw across districts (WC-13c) it only says that the agency has submitted its register; the tables are the superior's."""

    __tablename__ = "draw_department"
    draw_id: Mapped[str] = mapped_column(ForeignKey("draw.id"), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    code: Mapped[str] = mapped_column(String(32))
    items: Mapped[list[str]] = mapped_column(JSON)
    rule: Mapped[dict[str, Any]] = mapped_column(JSON)
    units: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    people: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    frozen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    joined_by: Mapped[str] = mapped_column(String(36), default="", server_default="")


class DrawUnitRow(db.Model):
    """One line of the frozen unit table. ``leaf`` is what is hashed and published; the rest stays private."""

    __tablename__ = "draw_unit"
    __table_args__ = (Index("ix_draw_unit_subject", "draw_id", "subject_id"), Index("ix_draw_unit_agency", "agency_id", "draw_id"))
    draw_id: Mapped[str] = mapped_column(ForeignKey("draw.id"), primary_key=True)
    uid: Mapped[str] = mapped_column(String(22), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64))
    subject_id: Mapped[str] = mapped_column(String(36))
    """The unit, or the market entity where the agency counts per entity (D-2)."""
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    name: Mapped[str] = mapped_column(String(200))
    premises: Mapped[list[str]] = mapped_column(JSON)
    items: Mapped[list[str]] = mapped_column(JSON)
    leaf: Mapped[dict[str, Any]] = mapped_column(JSON)
    why: Mapped[dict[str, Any]] = mapped_column(JSON)
    """How the weight came about, and the words behind ``out`` and ``force``."""


class DrawPersonRow(db.Model):
    """One line of the frozen table of inspectors."""

    __tablename__ = "draw_person"
    __table_args__ = (Index("ix_draw_person_agency", "agency_id"),)
    draw_id: Mapped[str] = mapped_column(ForeignKey("draw.id"), primary_key=True)
    pid: Mapped[str] = mapped_column(String(22), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64))
    """Whose inspector this is; not always the agency that draws (WG-5b)."""
    user_id: Mapped[str] = mapped_column(String(36))
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    name: Mapped[str] = mapped_column(String(80))
    leaf: Mapped[dict[str, Any]] = mapped_column(JSON)


class DrawVoidRow(db.Model):
    """作废: asked for with its cause, decided by whom the profile names, public once it is granted."""

    __tablename__ = "draw_void"
    draw_id: Mapped[str] = mapped_column(ForeignKey("draw.id"), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64), index=True)
    to_agency: Mapped[str] = mapped_column(String(64), index=True)
    """Who decides: the superior agency (D-4), or the own one where the profile says so."""
    cause: Mapped[str] = mapped_column(String(24))
    reason: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[str] = mapped_column(String(36), default="")
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[str] = mapped_column(String(10))
    decided_by: Mapped[str] = mapped_column(String(36), default="")
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    note: Mapped[str] = mapped_column(String(300), default="")
    leaf: Mapped[int | None]


class DrawChangeRow(db.Model):
    """A replacement that was counted: a person by a small ceremony (``draw_id`` of that one), or a unit by its next ticket."""

    __tablename__ = "draw_change"
    __table_args__ = (UniqueConstraint("draw_id", "out_uid"), Index("ix_draw_change_agency", "agency_id", "year"))
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64))
    year: Mapped[int]
    kind: Mapped[str] = mapped_column(String(8))
    draw_id: Mapped[str] = mapped_column(ForeignKey("draw.id"))
    """unit: the draw whose unit was exchanged; person: the small ceremony."""
    reference: Mapped[str] = mapped_column(String(80), default="")
    unit_id: Mapped[str] = mapped_column(String(36))
    out_uid: Mapped[str] = mapped_column(String(36))
    in_uid: Mapped[str] = mapped_column(String(36), default="")
    cause: Mapped[str] = mapped_column(String(24))
    note: Mapped[str] = mapped_column(Text, default="")
    evidence: Mapped[str] = mapped_column(String(64), default="")
    approval: Mapped[str] = mapped_column(String(120), default="")
    by: Mapped[str] = mapped_column(String(36))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    leaf: Mapped[int | None]
