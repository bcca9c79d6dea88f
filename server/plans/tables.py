"""Rows of batches and assignments."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, Date, ForeignKey, String, UniqueConstraint
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
