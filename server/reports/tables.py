"""Rows of reports, of every revision of an opinion, of every return."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, BigInteger, Boolean, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.platform.db import UTCDateTime, db


class ReportRow(db.Model):
    """检查报告 of one inspection."""

    __tablename__ = "report"
    __table_args__ = (Index("ix_report_queue", "agency_id", "state", "due_on"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64))
    insp: Mapped[str] = mapped_column(String(36), unique=True)
    state: Mapped[str] = mapped_column(String(12))
    round: Mapped[int]
    """0 until the first return; grows by one with every return."""
    ended_ms: Mapped[int] = mapped_column(BigInteger)
    counted_from: Mapped[date] = mapped_column(Date)
    due_on: Mapped[date] = mapped_column(Date)
    provisional: Mapped[bool] = mapped_column(Boolean)
    clamped: Mapped[bool] = mapped_column(Boolean)
    lead_target: Mapped[date] = mapped_column(Date)
    calendar_version: Mapped[str] = mapped_column(String(80))
    computed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    submitted_by: Mapped[str | None] = mapped_column(String(36))
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(36))
    decision_note: Mapped[str] = mapped_column(Text, default="")
    clock_reason: Mapped[str] = mapped_column(Text, default="")
    """Why the reviewer accepts the end time although the phone's clock was in doubt (D-14)."""


class OpinionRow(db.Model):
    """One revision of 评价、处理意见和建议 (D-11). ``base`` is the revision its author had before them."""

    __tablename__ = "report_opinion"
    __table_args__ = (UniqueConstraint("report_id", "rev"), UniqueConstraint("report_id", "event"))
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    report_id: Mapped[str] = mapped_column(ForeignKey("report.id"), index=True)
    rev: Mapped[int]
    base: Mapped[int]
    clash: Mapped[bool] = mapped_column(Boolean)
    author: Mapped[str] = mapped_column(String(36))
    event: Mapped[str | None] = mapped_column(String(43))
    """H of the signed ``report.opinion`` it came from; null when written at the desk."""
    evaluation: Mapped[str] = mapped_column(Text)
    handling: Mapped[str] = mapped_column(Text)
    advice: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class ReturnRow(db.Model):
    """退回: what the reviewer wants answered, item by item."""

    __tablename__ = "report_return"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    report_id: Mapped[str] = mapped_column(ForeignKey("report.id"), index=True)
    round: Mapped[int]
    reasons: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    note: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(36))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class FindingRow(db.Model):
    """What one approved report found, for the figures of the item list (WS-3.2d)."""

    __tablename__ = "report_finding"
    __table_args__ = (Index("ix_report_finding_day", "agency_id", "approved_on"),)
    report_id: Mapped[str] = mapped_column(ForeignKey("report.id"), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64))
    approved_on: Mapped[date] = mapped_column(Date)
    item_codes: Mapped[list[str]] = mapped_column(JSON)
    """Items of the list for which the unit was inspected."""
    fails: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    """{checklist, title, item, text} of every checklist item that failed, once each."""
    notes: Mapped[list[str]] = mapped_column(JSON)
    """Notes that belong to no checklist item."""
