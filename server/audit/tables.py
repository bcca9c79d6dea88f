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


class LogCheckpoint(db.Model):
    """A checkpoint that was given out: one a day (``id`` is the date), and on demand (``id`` is a UUID).

    Receipts are checkpoints too; theirs are kept as the roots of ``log_entry``."""

    __tablename__ = "log_checkpoint"
    __table_args__ = (Index("ix_log_checkpoint_issued", "issued_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    epoch: Mapped[int]
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    issued_at: Mapped[datetime] = mapped_column(UTCDateTime)
    note: Mapped[str] = mapped_column(Text)  # text and the log's own signatures


class LogCosignature(db.Model):
    """What a witness added to a checkpoint: a cosignature line, or the token of a time stamp or co-signature plug-in."""

    __tablename__ = "log_cosignature"

    checkpoint_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    witness: Mapped[str] = mapped_column(String(120), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))  # cosignature/v1 | rfc3161 | sm2 …
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    value: Mapped[str] = mapped_column(Text)


class LogBranch(db.Model):
    """Where the log went on after a restore: it had ``size`` leaves and ``root`` when the epoch was raised."""

    __tablename__ = "log_branch"

    epoch: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class LogWitness(db.Model):
    """A server that our daily checkpoint is offered to (usually the superior agency's)."""

    __tablename__ = "log_witness"

    vkey: Mapped[str] = mapped_column(String(250), primary_key=True)
    url: Mapped[str] = mapped_column(String(300))
    size: Mapped[int] = mapped_column(BigInteger)  # of the last checkpoint it cosigned
    trouble: Mapped[str] = mapped_column(String(300))  # "" when the last attempt went well


class LogWatched(db.Model):
    """Another server's log that this server is a witness of, and the newest head it has cosigned."""

    __tablename__ = "log_watched"

    vkey: Mapped[str] = mapped_column(String(250), primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    note: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class LogKey(db.Model):
    """A key the log had before. ``statement`` is the note with which it named its successor."""

    __tablename__ = "log_key"

    vkey: Mapped[str] = mapped_column(String(250), primary_key=True)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    statement: Mapped[str] = mapped_column(Text)
