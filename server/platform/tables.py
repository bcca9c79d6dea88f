"""Rows of the ground: change feed, job outbox, counters, the server's own state."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.platform.db import UTCDateTime, db


class FeedCounter(db.Model):
    """The last change number of one agency; its row lock orders the agency's commits."""

    __tablename__ = "feed_counter"

    agency_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, default=0)


class Change(db.Model):
    """One line of the change feed. ``scope_user`` empty: everybody of the agency may be told."""

    __tablename__ = "change"
    __table_args__ = (Index("ix_change_scope", "agency_id", "scope_user", "seq"),)

    agency_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(32))
    object_id: Mapped[str] = mapped_column(String(96))
    op: Mapped[str] = mapped_column(String(3))
    scope_user: Mapped[str] = mapped_column(String(64), default="")
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class OutboxJob(db.Model):
    """A job written in the transaction that wants it done; the queue is only told after the commit."""

    __tablename__ = "outbox_job"
    __table_args__ = (Index("ix_outbox_job_due", "state", "due_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    args: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(8), default="waiting")  # waiting | failed
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_error: Mapped[str] = mapped_column(String(500), default="")


class Counter(db.Model):
    """One limiter window: how often, and until when it counts."""

    __tablename__ = "counter"

    key: Mapped[str] = mapped_column(String(250), primary_key=True)
    hits: Mapped[int]
    expires: Mapped[int] = mapped_column(BigInteger)  # whole seconds since 1970


class ServerState(db.Model):
    """Facts about this server that must travel with its database (the epoch)."""

    __tablename__ = "server_state"

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str] = mapped_column(String(200))
