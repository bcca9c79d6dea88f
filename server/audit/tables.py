"""Rows of the audit: the facts, the head of each agency's chain, and the leaves of the public log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, LargeBinary, String, Text
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


class LogEntry(db.Model):
    """One leaf of the server's public log (D-16), with what is needed to prove it and to append the next.

    ``path`` is the audit path of this leaf in the tree it completed: for the last leaf that is exactly the
    right edge of the tree before it, so one row answers a receipt and continues the log. ``dev`` and ``n``
    say whose head an entry of kind ``head`` is; they are empty for every other kind.
    """

    __tablename__ = "log_entry"
    __table_args__ = (Index("ix_log_entry_head", "dev", "n"),)

    idx: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(16))
    dev: Mapped[str] = mapped_column(String(22))
    n: Mapped[int] = mapped_column(BigInteger)
    rx: Mapped[int] = mapped_column(BigInteger)  # ms, when it was written
    entry: Mapped[bytes] = mapped_column(LargeBinary)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    path: Mapped[bytes] = mapped_column(LargeBinary)  # concatenated 32-byte hashes, lowest first
    leaf: Mapped[bytes] = mapped_column(LargeBinary)
    root: Mapped[bytes] = mapped_column(LargeBinary)  # of the tree of idx + 1 leaves
    public: Mapped[bool]  # whether everybody may see salt and entry at once
