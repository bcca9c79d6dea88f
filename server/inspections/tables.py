"""Rows of the record log: inspections, their events byte for byte."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Date, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.platform.db import UTCDateTime, db


class InspectionRow(db.Model):
    """One attendance at one unit (D-1). Everything below ``pack_sha`` is a projection of events."""

    __tablename__ = "inspection"
    __table_args__ = (
        UniqueConstraint("agency_id", "number"),
        Index("ix_inspection_state", "agency_id", "state"),
        Index("ix_inspection_unit", "unit_id"),
        Index("ix_inspection_code", "code"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64))
    number: Mapped[str] = mapped_column(String(40))
    unit_id: Mapped[str] = mapped_column(String(36))
    unit_name: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(300), default="")
    mode: Mapped[str] = mapped_column(String(20))
    inspect_by: Mapped[date | None] = mapped_column(Date)
    team: Mapped[list[dict[str, Any]]] = mapped_column(JSON)  # [{user, name, certificate_no, lead, home?}]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    pack_sha: Mapped[str | None] = mapped_column(String(64))
    # What reports say about it; kept here so that a phone's visit card is one row.
    report_state: Mapped[str] = mapped_column(String(12), default="")
    due_on: Mapped[date | None] = mapped_column(Date)

    state: Mapped[str] = mapped_column(String(16))  # D-3
    counts: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    ended_at: Mapped[int | None] = mapped_column(BigInteger)  # ms, D-14
    sealed_at: Mapped[int | None] = mapped_column(BigInteger)  # ms, when the first seal arrived here
    seals: Mapped[int] = mapped_column(Integer, default=0)
    code: Mapped[str] = mapped_column(String(10), default="")  # record code of the first seal, D-9
    devices: Mapped[dict[str, dict[str, str]]] = mapped_column(JSON, default=dict)  # dev: {user, installation}
    flags: Mapped[list[str]] = mapped_column(JSON, default=list)
    kept_flags: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)  # what no fold can tell: {sha256 or reason: flag}
    proof: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # {level, anchor_ms, received_ms} for the verdict
    events: Mapped[int] = mapped_column(Integer, default=0)  # rows of this inspection, quarantined ones too


class InspectionMember(db.Model):
    """Who is drawn for an inspection; the same as ``team``, for the question "which are mine?"."""

    __tablename__ = "inspection_member"
    __table_args__ = (Index("ix_inspection_member_user", "user_id"),)

    insp: Mapped[str] = mapped_column(String(36), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    lead: Mapped[bool]
    home: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """The agency that lends this inspector (WG-5b); "" for the visit's own."""


class InspectionPack(db.Model):
    """Every pack ever prepared for an inspection. A phone keeps working with the one it opened."""

    __tablename__ = "inspection_pack"

    insp: Mapped[str] = mapped_column(String(36), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)


class EventRow(db.Model):
    """One signed event, exactly as received. Only ``status``, ``place``, ``code`` and ``flags`` are ours.

    ``place`` is empty for an event that stands in its device's chain and its own hash otherwise (held, forked):
    the unique key then says "one event per number and chain" and still keeps both sides of a fork.
    """

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("dev", "n", "place"),
        Index("ix_event_insp", "insp", "batch"),
    )

    h: Mapped[str] = mapped_column(String(43), primary_key=True)
    dev: Mapped[str] = mapped_column(String(22))
    n: Mapped[int] = mapped_column(BigInteger)
    place: Mapped[str] = mapped_column(String(43), default="")
    prev: Mapped[str] = mapped_column(String(43))
    agency_id: Mapped[str] = mapped_column(String(64))
    insp: Mapped[str] = mapped_column(String(64))
    t: Mapped[str] = mapped_column(String(40))
    status: Mapped[str] = mapped_column(String(12))  # stored | quarantined | held
    code: Mapped[str] = mapped_column(String(32), default="")
    flags: Mapped[str] = mapped_column(String(200), default="")  # blank-separated F_ codes
    batch: Mapped[str] = mapped_column(String(36))
    rx: Mapped[int] = mapped_column(BigInteger)  # ms, server clock
    header: Mapped[bytes] = mapped_column(LargeBinary)
    sig: Mapped[bytes] = mapped_column(LargeBinary)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)  # NULL only when erased by law


class QuarantineDecision(db.Model):
    """A reviewer's word about one quarantined event: let in, or kept apart. The event itself never changes."""

    __tablename__ = "quarantine_decision"

    h: Mapped[str] = mapped_column(String(43), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64))
    decision: Mapped[str] = mapped_column(String(8))  # release | keep
    reason: Mapped[str] = mapped_column(String(300))
    by: Mapped[str] = mapped_column(String(36))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class AttestLevel(db.Model):
    """How each inspector has attested the sealed record, and for 同机确认 (A1) the confirmation from the own account.

    A projection of events, apart from the two moments of this server: when it first knew, and when it heard the
    confirmation."""

    __tablename__ = "attest_level"
    __table_args__ = (Index("ix_attest_level_agency", "agency_id", "known_at"),)

    insp: Mapped[str] = mapped_column(String(36), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64))
    d: Mapped[str] = mapped_column(String(43))
    attest: Mapped[str] = mapped_column(String(43))  # H of the attestation
    level: Mapped[str] = mapped_column(String(2))  # A1 | A2 | A3, as reached
    guest: Mapped[bool]  # attested on the phone of somebody else: has to confirm
    known_at: Mapped[datetime] = mapped_column(UTCDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    own_phone: Mapped[bool | None]  # the confirmation came from another installation
