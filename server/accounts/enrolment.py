"""Enrolling a phone: a one-time code, a key made on the phone, a device record signed by the server.

What becomes of a key afterwards (lost, changed, cleared) stands in ``lineage.py``."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from server.accounts import domain
from server.accounts.domain import Actor, BadEnrolmentCode, BadKey, KeyAlreadyEnrolled, NotFound
from server.accounts.sessions import Tokens, key_of, open_family, signed_by
from server.accounts.tables import Enrolment, EnrolmentCode, Person, SessionFamily
from server.audit import operations as audit
from server.audit import public_log
from server.kernel import b64url, canonical, chain
from server.platform import clock
from server.platform.db import session, unit_of_work
from server.platform.keys import server_keys

CODE_LIFE = timedelta(minutes=10)
ENROL_TAG = b"suijian/enrol/v1\0"
RECORD_TAG = b"suijian/device-record/v1\0"
INVALID = "登记码无效、已使用或已过期，请向管理员索取新码"


@dataclass(frozen=True)
class NewCode:
    """A code to be shown once. It is not stored and cannot be read again."""

    person_id: str
    person_name: str
    code: str
    expires_at: datetime


@dataclass(frozen=True)
class Device:
    """An enrolment as other capabilities see it."""

    dev: str
    user_id: str
    agency_id: str
    installation: str
    spki: bytes
    label: str
    enrolled_at: datetime
    revoked_at: datetime | None
    revoke_reason: str
    user_name: str = ""
    self_test: Mapping[str, Any] = field(default_factory=dict)
    last_contact: datetime | None = None
    lost_at: datetime | None = None
    follows: str = ""
    rotated_by: str = ""
    replaced_by: str = ""
    replaced_at: datetime | None = None
    story: str = ""
    story_note: str = ""
    story_at: datetime | None = None

    @property
    def heard_until(self) -> datetime | None:
        """What has a receipt from before this moment stays part of the record; None while the phone is in use."""
        return None if self.revoked_at is None else min(self.lost_at or self.revoked_at, self.revoked_at)


@dataclass(frozen=True)
class Enrolled:
    dev: str
    person_id: str
    tokens: Tokens


@unit_of_work
def issue_codes(actor: Actor, person_ids: list[str]) -> list[NewCode]:
    """One fresh code per person; older unused codes of theirs stop working. Raises NotFound.

    Codes live ten minutes, also when a whole class is enrolled at once (D-34)."""
    current = session()
    now = clock.now()
    made = []
    for person_id in person_ids:
        person = current.scalar(
            select(Person).where(Person.id == person_id, Person.agency_id == actor.agency_id)
        )
        if person is None or not person.active:
            raise NotFound("人员不存在")
        for old in current.scalars(
            select(EnrolmentCode).where(EnrolmentCode.person_id == person_id, EnrolmentCode.used_at.is_(None))
        ):
            old.used_at = now
        code = "".join(secrets.choice(domain.CODE_ALPHABET) for _ in range(domain.CODE_LENGTH))
        current.add(
            EnrolmentCode(code_hash=_code_hash(code), person_id=person_id, made_by=actor.user_id,
                          expires_at=now + CODE_LIFE)
        )
        audit.record(actor, "accounts.enrolment_code", "person", person_id)
        made.append(NewCode(person_id, person.name, code, now + CODE_LIFE))
    return made


Changed = Callable[[str, str], None]
_listeners: list[Changed] = []


def on_device_changed(listener: Changed) -> None:
    """Tell ``listener(agency_id, user_id)`` inside the unit of work that enrols or revokes a phone of that person."""
    if listener not in _listeners:
        _listeners.append(listener)


def tell_devices(agency_id: str, user_id: str) -> None:
    """Inside the unit of work that changed this person's phones."""
    for listener in _listeners:
        listener(agency_id, user_id)


@unit_of_work
def enrol(
    code: str, spki_text: str, installation: str, signature: str, label: str, self_test: Mapping[str, Any]
) -> Enrolled:
    """Make the key behind ``spki_text`` an enrolment of the person the code was made for.

    ``signature`` is the key's over ``suijian/enrol/v1 NUL`` and the code as shown. Raises BadKey,
    BadEnrolmentCode, KeyAlreadyEnrolled; a wrong signature does not use the code up."""
    current = session()
    now = clock.now()
    spki = key_of(spki_text)
    shown = domain.normal_code(code)
    row = current.scalar(
        select(EnrolmentCode).where(EnrolmentCode.code_hash == _code_hash(shown)).with_for_update()
    )
    if row is None or row.used_at is not None or row.expires_at <= now:
        raise BadEnrolmentCode(INVALID)
    if not signed_by(spki, signature, ENROL_TAG + shown.encode()):
        raise BadKey("设备签名不正确")
    person = current.get_one(Person, row.person_id)
    if not person.active:
        raise BadEnrolmentCode(INVALID)
    dev = chain.device_id(spki)
    if current.get(Enrolment, dev) is not None:
        raise KeyAlreadyEnrolled("此密钥已登记，请重新生成后再试")
    row.used_at = now
    current.add(new_enrolment(person, spki, installation, label, self_test))
    tokens = open_family(person, spki, dev)
    actor = Actor(person.id, person.agency_id, frozenset(person.roles), dev)
    audit.record(actor, "accounts.enrol", "device", dev, facts={"installation": installation, "made_by": row.made_by})
    tell_devices(person.agency_id, person.id)
    return Enrolled(dev, person.id, tokens)


def new_enrolment(
    person: Person, spki: bytes, installation: str, label: str, self_test: Mapping[str, Any], **more: Any
) -> Enrolment:
    """The row of a fresh key with its signed device record, itself a leaf of the log (record-log 2.10); inside the
    caller's unit of work."""
    dev, now = chain.device_id(spki), clock.now()
    record, record_signature = _device_record(
        dev, spki, installation, person, clock.to_ms(now), str(more.get("rotated_by", ""))
    )
    public_log.append({"v": 1, "k": "device", "dev": dev, "h": b64url.encode(chain.text_hash(record))})
    return Enrolment(dev=dev, person_id=person.id, agency_id=person.agency_id, installation=installation,
                     spki=spki, label=label, self_test=dict(self_test), record=record,
                     record_signature=record_signature, enrolled_at=now, **more)


def _device_record(
    dev: str, spki: bytes, installation: str, person: Person, at: int, rotated_by: str
) -> tuple[str, str]:
    """Canonical text "this key is this person's since then" and the server's Ed25519 signature of it.

    ``rotated_by`` is the event in which the older key named this one; the new chain begins after it."""
    text = canonical.encode(
        {"v": 1, "dev": dev, "spki": b64url.encode(spki), "installation": installation,
         "user": person.id, "agency": person.agency_id, "at": at,
         **({"rotated_by": rotated_by} if rotated_by else {})}
    )
    return text.decode(), b64url.encode(server_keys().log.sign(RECORD_TAG + text))


def device(dev: str) -> Device | None:
    """The enrolment with this id, whatever its agency; for whoever checks signatures."""
    row = session().get(Enrolment, dev)
    return None if row is None else device_of(row)


def devices_of(user_ids: list[str]) -> list[Device]:
    """All enrolments of these people, oldest first, revoked ones too (their old events stay valid)."""
    found = session().scalars(
        select(Enrolment).where(Enrolment.person_id.in_(user_ids)).order_by(Enrolment.enrolled_at)
    )
    return [device_of(row) for row in found]


def device_record(dev: str) -> tuple[str, str] | None:
    """The signed device record (canonical text, b64url Ed25519 signature) for exports; None if unknown."""
    row = session().get(Enrolment, dev)
    return None if row is None else (row.record, row.record_signature)


def list_devices(actor: Actor) -> list[Device]:
    """Administrator and auditor see the agency's devices, everybody else their own. Newest first.

    ``last_contact`` is the last login or renewal of a session, so at most ten minutes behind a working phone."""
    contacts = (
        select(SessionFamily.dev, func.max(SessionFamily.rotated_at).label("at")).group_by(SessionFamily.dev).subquery()
    )
    query = (
        select(Enrolment, Person.name, contacts.c.at)
        .join(Person, Person.id == Enrolment.person_id)
        .outerjoin(contacts, contacts.c.dev == Enrolment.dev)
        .where(Enrolment.agency_id == actor.agency_id)
        .order_by(Enrolment.enrolled_at.desc())
    )
    if not actor.has("administrator", "auditor"):
        query = query.where(Enrolment.person_id == actor.user_id)
    return [device_of(row, name, at) for row, name, at in session().execute(query)]


def device_of(row: Enrolment, name: str = "", last_contact: datetime | None = None) -> Device:
    """What other capabilities see of a row."""
    return Device(row.dev, row.person_id, row.agency_id, row.installation, row.spki, row.label,
                  row.enrolled_at, row.revoked_at, row.revoke_reason, name, row.self_test, last_contact,
                  row.lost_at, row.follows, row.rotated_by, row.replaced_by, row.replaced_at,
                  row.story, row.story_note, row.story_at)


def _code_hash(code: str) -> str:
    return b64url.encode(server_keys().mac("enrolment-code", code))
