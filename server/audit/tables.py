"""Rows of the audit: the facts, and the head of each agency's chain."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.platform.db import UTCDateTime, db


class AuditHead(db.Model):
    """The last number and hash of one chain; its row lock orders the chain's writers."""

    __tablename__ = "audit_head"

    chain: Mapped[str] = mapped_column(String(64), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(43))


class AuditFact(db.Model):
    """One fact. ``line`` is the exact canonical text that was hashed; the columns repeat it for queries."""

    __tablename__ = "audit_fact"
    __table_args__ = (
        Index("ix_audit_fact_object", "object_kind", "object_id"),
        Index("ix_audit_fact_at", "chain", "at"),
    )

    chain: Mapped[str] = mapped_column(String(64), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    user_id: Mapped[str] = mapped_column(String(64), index=True)
    verb: Mapped[str] = mapped_column(String(64))
    object_kind: Mapped[str] = mapped_column(String(32))
    object_id: Mapped[str] = mapped_column(String(96))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    line: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(String(43))
