"""A forgotten PIN: the vault key comes back to the person, through the administrator, without anybody reading it.

The phone keeps a copy of its vault key sealed to the server's recovery key. Whoever forgot the PIN signs in with the
password, and the phone sends that copy together with a fresh key of its own, signed by its device key. The
administrator hears the check number from the person, types it, gives a reason; the server opens the copy and seals it
again to the phone's fresh key. Only ever the same enrolment gets it back (docs/adr/0012)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select, update

from server.accounts.domain import (
    Actor,
    BadKey,
    NotFound,
    RecoveryBoxBroken,
    RecoveryCheckWrong,
    RecoveryLoginOld,
    RecoveryNotNow,
)
from server.accounts.sessions import signed_by
from server.accounts.tables import Enrolment, Person, RecoveryRequest, SessionFamily
from server.audit import operations as audit
from server.kernel import b64url
from server.platform import boxes, clock
from server.platform.boxes import BoxBroken
from server.platform.db import session, unit_of_work
from server.platform.ids import new_id
from server.platform.keys import server_keys

REQUEST_TAG = b"suijian/recovery/v1\0"
CHECK_TAG = b"suijian/recovery-check/v1\0"
LOGIN_AGE = timedelta(minutes=15)
LIFE = timedelta(days=1)
MOST_WRONG = 3
VAULT_KEY = 32


@dataclass(frozen=True)
class Recovery:
    """A request as its two sides see it; ``released`` only for the phone that asked."""

    id: str
    state: str
    dev: str
    user: str
    user_name: str
    label: str
    asked_at: datetime
    expires_at: datetime
    answered_at: datetime | None
    reason: str
    released: Mapping[str, str] = field(default_factory=dict)


def check_number(request_id: str, key: bytes) -> str:
    """Six digits that phone and server compute alike; whoever put another key in between shows other digits."""
    digest = hashlib.sha256(CHECK_TAG + request_id.encode() + b"\0" + key).digest()
    return f"{int.from_bytes(digest[:8]) % 1_000_000:06d}"


@unit_of_work
def ask(actor: Actor, sealed: Mapping[str, str], key_text: str, signature: str) -> Recovery:
    """Ask for the own vault key. Raises RecoveryLoginOld, BadKey, NotFound (not an enrolled phone)."""
    current = session()
    enrolment = current.get(Enrolment, actor.dev) if actor.dev else None
    if enrolment is None or enrolment.person_id != actor.user_id:
        raise NotFound("此手机没有登记")
    family = current.get_one(SessionFamily, actor.family)
    if clock.now() - family.created_at > LOGIN_AGE:
        raise RecoveryLoginOld("请重新输入登录密码后再申请")
    if not signed_by(enrolment.spki, signature, REQUEST_TAG + key_text.encode()):
        raise BadKey("设备签名不正确")
    key = b64url.decode(key_text)
    try:
        boxes.read_public(key)
    except BoxBroken as wrong:
        raise BadKey("临时公钥格式不正确") from wrong
    current.execute(
        update(RecoveryRequest)
        .where(RecoveryRequest.dev == actor.dev, RecoveryRequest.state.in_(("waiting", "released")))
        .values(state="withdrawn", sealed={}, released={})
    )
    row = RecoveryRequest(
        id=new_id(), dev=actor.dev, person_id=actor.user_id, agency_id=actor.agency_id, key=key, sealed=dict(sealed),
        released={}, state="waiting", wrong_checks=0, asked_at=clock.now(), answered_by="", reason="",
    )
    current.add(row)
    audit.record(actor, "accounts.recovery_asked", "device", actor.dev, facts={"request": row.id})
    current.flush()
    return _told(row, actor.name, enrolment.label)


def mine(actor: Actor, request_id: str) -> Recovery:
    """The own request on the own phone, with the key once it was released. Raises NotFound."""
    row = session().get(RecoveryRequest, request_id)
    if row is None or row.dev != actor.dev or row.person_id != actor.user_id:
        raise NotFound("没有这个申请")
    return _told(row, actor.name, "", released=row.released if row.state == "released" and _alive(row) else {})


def waiting(agency_id: str) -> list[Recovery]:
    """What the administrator has to answer, oldest first, and what was answered in the last day."""
    query = (
        select(RecoveryRequest, Person.name, Enrolment.label)
        .join(Person, Person.id == RecoveryRequest.person_id)
        .join(Enrolment, Enrolment.dev == RecoveryRequest.dev)
        .where(RecoveryRequest.agency_id == agency_id, RecoveryRequest.asked_at > clock.now() - LIFE)
        .order_by(RecoveryRequest.asked_at)
    )
    return [_told(row, name, label) for row, name, label in session().execute(query)]


def release(actor: Actor, request_id: str, check: str, reason: str) -> Recovery:
    """Give the key back to the phone that asked. Raises NotFound, RecoveryNotNow, RecoveryCheckWrong, RecoveryBoxBroken."""
    outcome = _release(actor, request_id, check, reason)
    if outcome is None:
        # Raised outside the unit of work: the wrong try itself must be committed.
        raise RecoveryCheckWrong("核对码与手机上显示的不一致，请让本人当面或在电话里再读一次")
    return outcome


@unit_of_work
def _release(actor: Actor, request_id: str, check: str, reason: str) -> Recovery | None:
    row = _of_agency(actor, request_id)
    if check != check_number(row.id, row.key):
        row.wrong_checks += 1
        if row.wrong_checks >= MOST_WRONG:
            _end(row, actor, "refused", "核对码多次不一致")
        audit.record(actor, "accounts.recovery_check_wrong", "device", row.dev, facts={"request": row.id})
        return None
    try:
        raw = boxes.unseal(server_keys().recovery, f"vault|{row.dev}", row.sealed)
    except BoxBroken as wrong:
        raise RecoveryBoxBroken("手机交来的密钥副本打不开，可能登记在另一台服务器") from wrong
    if len(raw) != VAULT_KEY:
        raise RecoveryBoxBroken("手机交来的密钥副本不完整")
    row.released = boxes.seal(row.key, f"release|{row.id}|{row.dev}", raw)
    _end(row, actor, "released", reason)
    audit.record(actor, "accounts.recovery_released", "device", row.dev,
                 facts={"request": row.id, "user": row.person_id, "reason": reason})
    return _told(row, "", "")


@unit_of_work
def refuse(actor: Actor, request_id: str, reason: str) -> Recovery:
    """Say no, with a reason the person reads. Nothing on the phone is lost. Raises NotFound, RecoveryNotNow."""
    row = _of_agency(actor, request_id)
    _end(row, actor, "refused", reason)
    audit.record(actor, "accounts.recovery_refused", "device", row.dev, facts={"request": row.id, "reason": reason})
    return _told(row, "", "")


@unit_of_work
def done(actor: Actor, request_id: str) -> None:
    """The phone has its new PIN: the box is emptied. Doing it again changes nothing. Raises NotFound."""
    mine(actor, request_id)
    row = session().get_one(RecoveryRequest, request_id, with_for_update=True)
    if row.state == "released":
        row.state, row.released = "done", {}
        audit.record(actor, "accounts.recovery_done", "device", row.dev, facts={"request": row.id})


def _of_agency(actor: Actor, request_id: str) -> RecoveryRequest:
    row = session().scalar(
        select(RecoveryRequest)
        .where(RecoveryRequest.id == request_id, RecoveryRequest.agency_id == actor.agency_id)
        .with_for_update()
    )
    if row is None:
        raise NotFound("没有这个申请")
    if row.state != "waiting" or not _alive(row):
        raise RecoveryNotNow("申请已经处理或已过期，请让本人在手机上重新申请")
    return row


def _alive(row: RecoveryRequest) -> bool:
    return clock.now() < row.asked_at + LIFE


def _end(row: RecoveryRequest, actor: Actor, state: str, reason: str) -> None:
    row.sealed = {}
    row.state, row.answered_at, row.answered_by, row.reason = state, clock.now(), actor.user_id, reason


def _told(row: RecoveryRequest, name: str, label: str, released: Mapping[str, str] | None = None) -> Recovery:
    state = "expired" if row.state in ("waiting", "released") and not _alive(row) else row.state
    return Recovery(row.id, state, row.dev, row.person_id, name, label, row.asked_at, row.asked_at + LIFE,
                    row.answered_at, row.reason, dict(released or {}))
