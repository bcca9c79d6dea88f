"""Rows of evidence: which event names which blob, and which blobs are safely here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Index, Integer, String, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from server.platform.db import UTCDateTime, db, session


class EvidenceRef(db.Model):
    """A signed event of inspection ``insp`` names this blob. Written with the event, before the bytes arrive."""

    __tablename__ = "evidence_ref"
    __table_args__ = (Index("ix_evidence_ref_insp", "insp"),)

    agency_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    insp: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))  # photo | ink | audio | strokes | document
    size: Mapped[int] = mapped_column(Integer)  # bytes; 0 when the event does not say
    mime: Mapped[str] = mapped_column(String(64))
    geotag_allowed: Mapped[bool] = mapped_column(Boolean, default=True)
    name: Mapped[str] = mapped_column(String(120), default="")  # of a document: what people call it


class EvidenceBlob(db.Model):
    """A blob of this agency that is complete, checked and durable.

    The agency is part of the key: who only knows a hash of another agency's photo learns nothing and gets
    nothing; it would have to send the bytes itself.
    """

    __tablename__ = "evidence_blob"
    __table_args__ = (
        Index("ix_evidence_blob_owner", "owner", "received_at"),
        Index(
            "ix_evidence_blob_pending",
            "received_at",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
    )

    agency_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(Integer)
    mime: Mapped[str] = mapped_column(String(64))
    width: Mapped[int] = mapped_column(Integer, default=0)
    height: Mapped[int] = mapped_column(Integer, default=0)
    owner: Mapped[str] = mapped_column(String(36))  # device, else person, else "server"
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[str] = mapped_column(String(10))  # pending | ready | unreadable | plain (nothing to derive)
    derived: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # {"view": sha, "thumb": sha} | {"reason"}


def insert_into(table: type[EvidenceBlob] | type[EvidenceRef]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that may say ON CONFLICT on the database at hand."""
    dialect = postgresql if session().get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(table)
