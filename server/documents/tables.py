"""Numbers of official documents and the documents that were made (D-26)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.platform.db import UTCDateTime, db


class NumberCounterRow(db.Model):
    """The last number of one kind, agency and year."""

    __tablename__ = "document_counter"
    agency_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(24), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


class DocumentNumberRow(db.Model):
    """〔年份〕第N号: reserved at preparation, used or voided with a reason (作废), never given twice."""

    __tablename__ = "document_number"
    __table_args__ = (UniqueConstraint("agency_id", "kind", "year", "serial"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(24))
    year: Mapped[int]
    serial: Mapped[int]
    text: Mapped[str] = mapped_column(String(80))
    insp: Mapped[str] = mapped_column(String(36), index=True)
    state: Mapped[str] = mapped_column(String(12))
    void_reason: Mapped[str | None] = mapped_column(String(200))
    reserved_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class DocumentMadeRow(db.Model):
    """A PDF that was made from a sealed record or an approved report; found again by what it was made from."""

    __tablename__ = "document_made"
    insp: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(24), primary_key=True)
    inputs: Mapped[str] = mapped_column(String(64), primary_key=True)
    """``Sheet.digest()``: the same inputs give the same bytes, so a row never becomes wrong."""
    sha256: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
