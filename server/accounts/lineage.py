"""What becomes of a phone's key: revoked because the phone is lost, changed for a new one, or gone with its storage.

Nothing here judges events: whoever does is told (``on_judgement``) inside the same unit of work (record-log 2.10)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from server.accounts.domain import Actor, BadKey, BadLossTime, KeyAlreadyEnrolled, NotFound, RotationUnknown
from server.accounts.enrolment import Device, Enrolled, device_of, new_enrolment, tell_devices
from server.accounts.sessions import end_families, key_of, open_family, signed_by
from server.accounts.tables import Enrolment, Person
from server.audit import operations as audit
from server.kernel import chain
from server.platform import clock
from server.platform.db import session, unit_of_work

ROTATE_TAG = b"suijian/rotate/v1\0"
Judge = Callable[[str], object]
_judges: list[Judge] = []


def on_judgement(judge: Judge) -> None:
    """Call ``judge(dev)`` in the unit of work that revokes a device or corrects the time of its loss."""
    if judge not in _judges:
        _judges.append(judge)


# --- lost ---------------------------------------------------------------------------------------------------------


@unit_of_work
def revoke_device(actor: Actor, dev: str, reason: str, lost_at: datetime | None = None) -> Device:
    """Revoke at ``lost_at`` (default: now): what has a receipt from before, or was witnessed before, stays valid.

    The device's own holder may do it too. Raises NotFound, BadLossTime. Again changes nothing."""
    row = _own(actor, dev)
    if row.revoked_at is not None:
        return device_of(row)
    phone = _lineage(row)
    _check_loss(phone[0], lost_at)
    for one in phone:
        if one.revoked_at is None:
            one.revoked_at, one.revoked_by, one.revoke_reason, one.lost_at = clock.now(), actor.user_id, reason, lost_at
            facts = {"user": one.person_id, "lost_at": lost_at.isoformat() if lost_at else ""}
            audit.record(actor, "accounts.device_revoked", "device", one.dev, facts=facts)
    _judge(phone)
    tell_devices(row.agency_id, row.person_id)
    return device_of(row)


@unit_of_work
def correct_loss(actor: Actor, dev: str, lost_at: datetime, reason: str) -> Device:
    """The phone was lost at another moment than was said: everything of it is judged again.

    Raises NotFound (also for a device that is not revoked), BadLossTime."""
    row = _own(actor, dev)
    if row.revoked_at is None:
        raise NotFound("此设备没有停用")
    phone = _lineage(row)
    _check_loss(phone[0], lost_at)
    before = row.lost_at or row.revoked_at
    for one in phone:
        one.lost_at = lost_at
    facts = {"from": before.isoformat(), "to": lost_at.isoformat(), "reason": reason}
    audit.record(actor, "accounts.loss_corrected", "device", dev, facts=facts)
    _judge(phone)
    return device_of(row)


def _lineage(row: Enrolment) -> list[Enrolment]:
    """All keys that followed each other on one phone, the first first: who loses the phone loses all of them."""
    current = session()
    keys = [row]
    while keys[0].follows:
        keys.insert(0, current.get_one(Enrolment, keys[0].follows))
    while keys[-1].replaced_by:
        keys.append(current.get_one(Enrolment, keys[-1].replaced_by))
    return keys


def _own(actor: Actor, dev: str) -> Enrolment:
    """The row, locked: the administrator's agency's, or the holder's own. Raises NotFound."""
    row = session().scalar(
        select(Enrolment).where(Enrolment.dev == dev, Enrolment.agency_id == actor.agency_id).with_for_update()
    )
    if row is None or not (actor.has("administrator") or row.person_id == actor.user_id):
        raise NotFound("设备不存在")
    return row


def _check_loss(row: Enrolment, lost_at: datetime | None) -> None:
    if lost_at is not None and not row.enrolled_at <= lost_at <= clock.now():
        raise BadLossTime("遗失时间应在登记之后、现在之前")


def _judge(phone: list[Enrolment]) -> None:
    session().flush()
    for key in phone:
        for judge in _judges:
            judge(key.dev)


# --- changed ------------------------------------------------------------------------------------------------------


def succeed(old: str, spki_text: str, event: str) -> str:
    """The key that ``old`` has named in its signed ``event`` is enrolled for the same person on the same installation.

    Inside the unit of work that stores the event. Raises BadKey, KeyAlreadyEnrolled, NotFound."""
    current = session()
    row = current.scalar(select(Enrolment).where(Enrolment.dev == old).with_for_update())
    if row is None or row.replaced_by:
        raise NotFound("旧密钥已更换过")
    spki = key_of(spki_text)
    dev = chain.device_id(spki)
    if current.get(Enrolment, dev) is not None:
        raise KeyAlreadyEnrolled("此密钥已登记，请重新生成后再试")
    person = current.get_one(Person, row.person_id)
    current.add(
        new_enrolment(person, spki, row.installation, row.label, row.self_test, follows=old, rotated_by=event)
    )
    row.replaced_by, row.replaced_at = dev, clock.now()
    actor = Actor(person.id, person.agency_id, frozenset(person.roles), old)
    audit.record(actor, "accounts.key_rotated", "device", dev, facts={"from": old, "event": event})
    current.flush()
    tell_devices(person.agency_id, person.id)
    return dev


@unit_of_work
def take_over(event: str, spki_text: str, signature: str) -> Enrolled:
    """A session for the key that ``event`` named, proved by its own signature; the sessions of the old key end.

    ``signature`` is the new key's over ``suijian/rotate/v1 NUL`` and the event's hash. Asking again after a lost
    answer is allowed. Raises RotationUnknown, BadKey."""
    current = session()
    spki = key_of(spki_text)
    row = current.scalar(
        select(Enrolment).where(Enrolment.dev == chain.device_id(spki), Enrolment.rotated_by == event)
    )
    if row is None or not event:
        raise RotationUnknown("服务器还没有收到这次密钥更换的记录，请先上传")
    if not signed_by(spki, signature, ROTATE_TAG + event.encode()):
        raise BadKey("设备签名不正确")
    person = current.get_one(Person, row.person_id)
    if not person.active:
        raise RotationUnknown("账号已停用，请联系管理员")
    end_families(row.follows, "rotated")
    tokens = open_family(person, spki, row.dev)
    actor = Actor(person.id, person.agency_id, frozenset(person.roles), row.dev)
    audit.record(actor, "accounts.key_taken_over", "device", row.dev, facts={"from": row.follows})
    return Enrolled(row.dev, person.id, tokens)


# --- gone with its storage ----------------------------------------------------------------------------------------


@unit_of_work
def tell_story(actor: Actor, dev: str, story: str, note: str) -> Device:
    """The holder says what became of an older phone of theirs; the administrator reads it and decides. Raises NotFound."""
    row = _own(actor, dev)
    if row.person_id != actor.user_id:
        raise NotFound("设备不存在")
    row.story, row.story_note, row.story_at = story, note, clock.now()
    audit.record(actor, "accounts.device_story", "device", dev, facts={"story": story})
    return device_of(row)
