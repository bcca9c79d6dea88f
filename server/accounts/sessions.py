"""Login, refresh and the check of every request.

A refresh token is ``r1.<family>.<counter>.<mac>``, mac = HMAC(server key, family ‖ counter). The
successor can be computed again, so a phone whose answer got lost asks once more within 30 seconds and
receives the very same token (D-19). Every refresh is signed by the key the login was bound to. A token
that is older than that, or comes without the key, ends the whole family: somebody copied it."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import bindparam, select, update

from server.accounts import passwords
from server.accounts.domain import (
    Actor,
    BadKey,
    SessionEnded,
    TokenReused,
    WrongLogin,
    normal_login,
)
from server.accounts.tables import Enrolment, Person, SessionFamily
from server.accounts.tokens import LIFE, AccessClaims, decode_access, encode_access
from server.audit import operations as audit
from server.kernel import b64url, chain
from server.platform import clock, signatures
from server.platform.db import session, unit_of_work
from server.platform.ids import new_id
from server.platform.keys import server_keys

FAMILY_LIFE = timedelta(days=60)
RETRY = timedelta(seconds=30)
REFRESH_TAG = b"suijian/refresh/v1\0"

# Built once: every request asks this first.
CALLER = (
    select(
        Person.agency_id, Person.name, Person.roles, Person.ver, Person.active,
        SessionFamily.revoked_at, Enrolment.revoked_at,
    )
    .join(SessionFamily, SessionFamily.person_id == Person.id)
    .outerjoin(Enrolment, Enrolment.dev == SessionFamily.dev)
    .where(Person.id == bindparam("person"), SessionFamily.id == bindparam("family"))
)


@dataclass(frozen=True)
class Tokens:
    """What a login, an enrolment or a refresh gives. ``expires_in`` in seconds."""

    access: str
    refresh: str
    expires_in: int
    family: str


@dataclass(frozen=True)
class SignedIn:
    tokens: Tokens
    person_id: str
    dev: str


def key_of(spki_text: str) -> bytes:
    """The SPKI bytes of a P-256 key in b64url. Raises BadKey."""
    try:
        spki = b64url.decode(spki_text)
        signatures.public_key(spki)
    except ValueError as wrong:
        raise BadKey("设备公钥格式不正确") from wrong
    return spki


def signed_by(spki: bytes, signature_text: str, message: bytes) -> bool:
    """Whether the b64url signature is the key's over the message; a malformed one is simply not."""
    try:
        signature = b64url.decode(signature_text)
    except ValueError:
        return False
    return signatures.holds(signatures.public_key(spki), signature, message)


def login(login_text: str, password: str, spki_text: str) -> SignedIn:
    """Sign in with a password. The session is bound to the key behind ``spki_text``.

    Raises WrongLogin (also for a closed account), BadKey."""
    spki = key_of(spki_text)
    person = session().scalar(select(Person).where(Person.login == normal_login(login_text)))
    # The expensive hash is computed before the unit of work: it must not hold the write lock.
    if not passwords.matches(person.password_hash if person else None, password) or person is None:
        _note_failed_login(person)
        raise WrongLogin("账号或密码不正确")
    if not person.active:
        raise WrongLogin("账号或密码不正确")
    renewed = passwords.hash_password(password) if passwords.outdated(person.password_hash) else None
    return _open_session(person.id, spki, renewed)


@unit_of_work
def _open_session(person_id: str, spki: bytes, renewed_hash: str | None) -> SignedIn:
    current = session()
    person = current.get_one(Person, person_id)
    if renewed_hash:
        person.password_hash = renewed_hash
    enrolment = current.get(Enrolment, chain.device_id(spki))
    dev = ""
    if enrolment is not None:
        if enrolment.person_id != person.id:
            raise BadKey("此密钥属于其他人员的登记，请使用自己的登记")
        # A revoked device may sign in: all it then reaches is the quarantine for what it still holds.
        dev = enrolment.dev
    tokens = open_family(person, spki, dev)
    audit.record(_as_actor(person, dev), "accounts.login", "person", person.id, facts={"dev": dev})
    return SignedIn(tokens, person.id, dev)


@unit_of_work
def _note_failed_login(person: Person | None) -> None:
    """A failed login is a fact of the account's agency; for an unknown account, of the server."""
    if person is None:
        audit.record(None, "accounts.login_failed", "person", "")
    else:
        audit.record(None, "accounts.login_failed", "person", person.id, agency=person.agency_id)


def open_family(person: Person, spki: bytes, dev: str) -> Tokens:
    """A new family of refresh tokens; inside the caller's unit of work."""
    now = clock.now()
    family = SessionFamily(
        id=new_id(), person_id=person.id, dev=dev, spki=spki, counter=0, token_hash="",
        rotated_at=now, created_at=now, expires_at=now + FAMILY_LIFE, revoke_reason="",
    )
    family.token_hash = _hash(_refresh_token(family.id, 0))
    session().add(family)
    return _tokens(person, dev, family.id, 0)


def refresh(token: str, signature: str) -> SignedIn:
    """Exchange a refresh token for the next one and a new access token.

    Raises SessionEnded for an unknown, expired or revoked one, TokenReused when it was used before."""
    family_id, counter = _read_refresh(token)
    outcome = _refresh(family_id, counter, token, signature)
    if outcome is None:
        # Raised outside the unit of work: the revocation itself must be committed.
        raise TokenReused("登录凭据被重复使用，已全部作废，请重新登录")
    return outcome


@unit_of_work
def _refresh(family_id: str, counter: int, token: str, signature: str) -> SignedIn | None:
    """None when the family had to be revoked."""
    current = session()
    now = clock.now()
    # The row stays locked until the commit: two refreshes of one family never run side by side.
    family = current.scalar(
        select(SessionFamily).where(SessionFamily.id == family_id).with_for_update()
    )
    if family is None or family.revoked_at is not None or family.expires_at <= now:
        raise SessionEnded("登录已失效，请重新登录")
    person = current.get_one(Person, family.person_id)
    if not person.active:
        raise SessionEnded("登录已失效，请重新登录")
    genuine = signed_by(family.spki, signature, REFRESH_TAG + token.encode())
    lost_answer = counter == family.counter - 1 and now - family.rotated_at <= RETRY
    if not genuine or not (counter == family.counter or lost_answer):
        _revoke(family, "reused" if genuine else "foreign_key")
        audit.record(None, "accounts.refresh_reused", "person", person.id, agency=person.agency_id,
                     facts={"family": family.id, "dev": family.dev, "genuine": genuine})
        return None
    if not lost_answer:
        family.counter += 1
        family.rotated_at = now
        family.token_hash = _hash(_refresh_token(family.id, family.counter))
    return SignedIn(_tokens(person, family.dev, family.id, family.counter), person.id, family.dev)


def _revoke(family: SessionFamily, reason: str) -> None:
    family.revoked_at = clock.now()
    family.revoke_reason = reason


@unit_of_work
def logout(actor: Actor) -> None:
    """End the caller's family; the access token dies with it."""
    family = session().get(SessionFamily, actor.family)
    if family is not None and family.revoked_at is None:
        _revoke(family, "logout")
        audit.record(actor, "accounts.logout", "person", actor.user_id)


def end_all(person_id: str, reason: str) -> None:
    """Revoke every family of a person, inside the caller's unit of work."""
    session().execute(
        update(SessionFamily)
        .where(SessionFamily.person_id == person_id, SessionFamily.revoked_at.is_(None))
        .values(revoked_at=clock.now(), revoke_reason=reason)
    )


def end_families(dev: str, reason: str) -> None:
    """Revoke every family of a device, inside the caller's unit of work."""
    session().execute(
        update(SessionFamily)
        .where(SessionFamily.dev == dev, SessionFamily.revoked_at.is_(None))
        .values(revoked_at=clock.now(), revoke_reason=reason)
    )


def authenticate(token: str) -> tuple[Actor, bool]:
    """The caller behind an access token, and whether the token knows the person's present rights.

    One statement: person, session and device are looked at afresh at every request, so a demotion, a
    logout and a revoked device take effect at once. Raises SessionEnded."""
    claims = decode_access(token)
    found = session().execute(CALLER, {"person": claims.user_id, "family": claims.family}).one_or_none()
    if found is None:
        raise SessionEnded("登录已失效，请重新登录")
    agency_id, name, roles, ver, active, ended, dev_revoked = found
    if not active or ended is not None:
        raise SessionEnded("登录已失效，请重新登录")
    actor = Actor(
        user_id=claims.user_id, agency_id=agency_id, roles=frozenset(roles), dev=claims.dev,
        name=name, dev_revoked=dev_revoked is not None, family=claims.family,
    )
    return actor, claims.ver == ver and claims.agency_id == agency_id


def _tokens(person: Person, dev: str, family_id: str, counter: int) -> Tokens:
    claims = AccessClaims(person.id, person.agency_id, dev, person.ver, family_id)
    return Tokens(
        encode_access(claims), _refresh_token(family_id, counter), int(LIFE.total_seconds()), family_id
    )


def _refresh_token(family_id: str, counter: int) -> str:
    mac = b64url.encode(server_keys().mac("refresh-token", family_id, str(counter)))
    return f"r1.{family_id}.{counter}.{mac}"


def _read_refresh(token: str) -> tuple[str, int]:
    """Family and counter of a token that this server made. Raises SessionEnded for any other text."""
    parts = token.split(".")
    if len(parts) != 4 or not parts[2].isdecimal() or len(parts[2]) > 9:
        raise SessionEnded("登录已失效，请重新登录")
    family_id, counter = parts[1], int(parts[2])
    if not hmac.compare_digest(_refresh_token(family_id, counter).encode(), token.encode()):
        raise SessionEnded("登录已失效，请重新登录")
    return family_id, counter


def _hash(token: str) -> str:
    return b64url.encode(hashlib.sha256(token.encode()).digest())


def _as_actor(person: Person, dev: str) -> Actor:
    return Actor(person.id, person.agency_id, frozenset(person.roles), dev, person.name)
