"""Rows of agencies, people, enrolments and sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.platform.db import UTCDateTime, db


class Agency(db.Model):
    """An agency in the tree of agencies; a tenant. Sections (股室) inside it are not tenants."""

    __tablename__ = "agency"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    short: Mapped[str] = mapped_column(String(40), default="")
    kind: Mapped[str] = mapped_column(String(16), default="")  # fire | cad | em
    level: Mapped[str] = mapped_column(String(16), default="")
    district_code: Mapped[str] = mapped_column(String(12), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("agency.id"), index=True)


class Person(db.Model):
    """A person with a login. ``ver`` is raised when rights change; older access tokens end at once."""

    __tablename__ = "person"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(ForeignKey("agency.id"), index=True)
    login: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    password_hash: Mapped[str] = mapped_column(String(160))
    roles: Mapped[list[str]] = mapped_column(JSON)
    ver: Mapped[int] = mapped_column(default=1)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class EnrolmentCode(db.Model):
    """A one-time code (10 minutes, single use); only its keyed hash is stored."""

    __tablename__ = "enrolment_code"

    code_hash: Mapped[str] = mapped_column(String(43), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    made_by: Mapped[str] = mapped_column(String(36))
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Enrolment(db.Model):
    """One person on one installation with one key (D-5). ``dev`` is the hash of that key."""

    __tablename__ = "enrolment"
    __table_args__ = (Index("ix_enrolment_agency", "agency_id", "enrolled_at"),)

    dev: Mapped[str] = mapped_column(String(22), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    agency_id: Mapped[str] = mapped_column(ForeignKey("agency.id"))
    installation: Mapped[str] = mapped_column(String(64), index=True)
    spki: Mapped[bytes] = mapped_column(LargeBinary(91))
    label: Mapped[str] = mapped_column(String(80), default="")
    self_test: Mapped[dict[str, Any]] = mapped_column(JSON)
    # The signed device record: canonical text and the server's Ed25519 signature over it (b64url).
    record: Mapped[str] = mapped_column(String(1000))
    record_signature: Mapped[str] = mapped_column(String(86))
    enrolled_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_by: Mapped[str] = mapped_column(String(36), default="")
    revoke_reason: Mapped[str] = mapped_column(String(200), default="")
    # Lost since (record-log 2.10); None: the moment of the revocation counts.
    lost_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # One key after another of one person on one installation: the older key, and the event in which it named this one.
    follows: Mapped[str] = mapped_column(String(22), default="")
    rotated_by: Mapped[str] = mapped_column(String(43), default="")
    replaced_by: Mapped[str] = mapped_column(String(22), default="")
    replaced_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # What its holder says became of it, when a newer phone of theirs is enrolled.
    story: Mapped[str] = mapped_column(String(12), default="")
    story_note: Mapped[str] = mapped_column(String(300), default="")
    story_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class RecoveryRequest(db.Model):
    """Somebody forgot a PIN. ``sealed`` is the phone's copy of its vault key, sealed to the server's recovery key;
    ``released`` is the same key sealed to the phone that asked. Both are emptied when the request ends."""

    __tablename__ = "recovery_request"
    __table_args__ = (Index("ix_recovery_agency", "agency_id", "asked_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    dev: Mapped[str] = mapped_column(ForeignKey("enrolment.dev"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    agency_id: Mapped[str] = mapped_column(String(64))
    key: Mapped[bytes] = mapped_column(LargeBinary(91))
    sealed: Mapped[dict[str, str]] = mapped_column(JSON)
    released: Mapped[dict[str, str]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(12))  # waiting | released | refused | withdrawn | done
    wrong_checks: Mapped[int] = mapped_column(default=0)
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answered_by: Mapped[str] = mapped_column(String(36), default="")
    reason: Mapped[str] = mapped_column(String(200), default="")


class SessionFamily(db.Model):
    """One login and all refresh tokens that follow from it; only counter and hash are kept (D-19)."""

    __tablename__ = "session_family"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    dev: Mapped[str] = mapped_column(String(22), default="")
    spki: Mapped[bytes] = mapped_column(LargeBinary(91))
    counter: Mapped[int] = mapped_column(default=0)
    token_hash: Mapped[str] = mapped_column(String(43))
    rotated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoke_reason: Mapped[str] = mapped_column(String(40), default="")
