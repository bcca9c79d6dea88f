"""Agencies and people. The door to this capability: sessions and enrolment are re-exported here."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from server.accounts import passwords, sessions
from server.accounts.domain import (
    LOGIN,
    Actor,
    LoginTaken,
    NotFound,
    RoleForbidden,
    WrongLogin,
    check_password,
    checked_roles,
    normal_login,
)
from server.accounts.enrolment import (
    Device,
    device,
    device_record,
    devices_of,
    enrol,
    issue_codes,
    list_devices,
    on_device_changed,
)
from server.accounts.lineage import correct_loss, on_judgement, revoke_device, succeed, take_over, tell_story
from server.accounts.sessions import authenticate, login, logout, refresh
from server.accounts.tables import Agency, Person
from server.audit import operations as audit
from server.platform import clock
from server.platform.db import session, unit_of_work
from server.platform.ids import new_id

__all__ = [
    "Actor", "AgencyView", "Device", "PersonView", "above", "add_agency", "add_person", "agencies", "agency",
    "authenticate", "below", "change_own_password", "change_person", "close_unused", "correct_loss", "describe_people_with", "device",
    "device_record", "devices_of", "enrol", "full_person", "issue_codes", "list_devices", "login", "no_password", "on_device_changed",
    "logout", "on_judgement", "people", "people_by_id", "person", "person_by_login", "refresh", "revoke_device", "subordinates", "succeed",
    "take_over", "tell_story", "why_not_login",
]


@dataclass(frozen=True)
class AgencyView:
    id: str
    name: str
    short: str
    kind: str
    level: str
    district_code: str
    phone: str
    parent_id: str | None


@dataclass(frozen=True)
class PersonView:
    id: str
    agency_id: str
    login: str
    name: str
    roles: tuple[str, ...]
    active: bool


# What other capabilities know of a person (certificate, sector groups): the registry registers itself
# here, because accounts may not import it.
_describers: list[Callable[[str], Mapping[str, Any]]] = []


def describe_people_with(source: Callable[[str], Mapping[str, Any]]) -> None:
    """Let ``source(user_id)`` add members to what a person is told about themselves at login."""
    if source not in _describers:
        _describers.append(source)


@unit_of_work
def add_agency(
    agency_id: str, name: str, *, short: str = "", kind: str = "", level: str = "",
    district_code: str = "", phone: str = "", parent_id: str | None = None,
) -> AgencyView:
    """Add an agency to the tree, or bring its master data up to date; done from the command line."""
    current = session()
    row = current.get(Agency, agency_id)
    if row is None:
        row = Agency(id=agency_id)
        current.add(row)
        audit.record(None, "accounts.agency_added", "agency", agency_id, agency=agency_id)
    row.name, row.short, row.kind, row.level = name, short, kind, level
    row.district_code, row.phone, row.parent_id = district_code, phone, parent_id
    current.flush()
    return _agency(row)


def agency(agency_id: str) -> AgencyView:
    """Raises NotFound."""
    row = session().get(Agency, agency_id)
    if row is None:
        raise NotFound("机关不存在")
    return _agency(row)


def agencies() -> list[AgencyView]:
    """All agencies in id order."""
    return [_agency(row) for row in session().scalars(select(Agency).order_by(Agency.id))]


def subordinates(agency_id: str) -> list[AgencyView]:
    """The agencies directly below this one."""
    found = session().scalars(select(Agency).where(Agency.parent_id == agency_id).order_by(Agency.id))
    return [_agency(row) for row in found]


def below(agency_id: str) -> list[AgencyView]:
    """Every agency under this one, directly or through others, in id order."""
    every, found, edge = agencies(), set[str](), {agency_id}
    while edge:
        edge = {one.id for one in every if one.parent_id in edge} - found - {agency_id}
        found |= edge
    return [one for one in every if one.id in found]


def above(agency_id: str) -> list[str]:
    """Ids of the agencies over this one, the nearest first."""
    found: list[str] = []
    row = session().get(Agency, agency_id)
    while row is not None and row.parent_id and row.parent_id not in (agency_id, *found):
        found.append(row.parent_id)
        row = session().get(Agency, row.parent_id)
    return found


def add_person(
    actor: Actor | None, agency_id: str, login_text: str, name: str, roles: list[str], password: str
) -> PersonView:
    """A new person of an agency. ``actor`` None is the command line. Raises LoginTaken, BadRoles, WeakPassword."""
    check_password(password, normal_login(login_text))
    # Here as below: a password takes a fifth of a second to hash, and nobody may wait for the write lock that long.
    return _add_person(actor, agency_id, normal_login(login_text), name, checked_roles(roles), passwords.hash_password(password))


def add_hashed_person(
    actor: audit.Who | None, agency_id: str, login_text: str, name: str, roles: list[str], password_hash: str
) -> PersonView:
    """As ``add_person`` for many people with one hash (of the demo's published password, or ``no_password``), also in the
    caller's unit of work, so that they are added together or not at all. Raises LoginTaken, BadRoles."""
    return _add_person(actor, agency_id, normal_login(login_text), name, checked_roles(roles), password_hash)


@unit_of_work
def _add_person(
    actor: audit.Who | None, agency_id: str, login_name: str, name: str, roles: list[str], password_hash: str
) -> PersonView:
    current = session()
    if current.scalar(select(Person.id).where(Person.login == login_name)):
        raise LoginTaken("账号已存在，请换一个")
    row = Person(
        id=new_id(), agency_id=agency_id, login=login_name, name=name, roles=roles, ver=1, active=True,
        password_hash=password_hash, created_at=clock.now(),
    )
    current.add(row)
    audit.record(actor, "accounts.person_added", "person", row.id, agency=agency_id, facts={"roles": roles})
    current.flush()
    return _person(row)


def why_not_login(login_text: str) -> str:
    """Why nobody new can have this login, "" when somebody can. Logins are of all agencies together."""
    login_name = normal_login(login_text)
    if re.fullmatch(LOGIN, login_name) is None:
        return f"账号“{login_text}”应为 3 至 64 个小写字母、数字、点或横线"
    return "" if person_by_login(login_name) is None else f"账号“{login_name}”已存在，请换一个"


def no_password() -> str:
    """The hash of a password that nobody has: the person enrols a phone by a code, or is given a password later."""
    return passwords.hash_password(secrets.token_urlsafe(32))


def change_person(
    actor: Actor, person_id: str, *, name: str | None = None, roles: list[str] | None = None,
    active: bool | None = None, password: str | None = None,
) -> PersonView:
    """Change a person of the own agency. New roles and a closed account count from the next request.

    Raises NotFound, BadRoles, WeakPassword; RoleForbidden for one's own roles or account."""
    known = _of_agency(actor, person_id)
    if known.id == actor.user_id and (roles is not None or active is not None):
        raise RoleForbidden("不能更改自己的角色或停用自己的账号")
    if password is not None:
        check_password(password, known.login)
    return _change_person(
        actor, person_id, name, None if roles is None else checked_roles(roles), active,
        None if password is None else passwords.hash_password(password),
    )


@unit_of_work
def _change_person(
    actor: Actor, person_id: str, name: str | None, roles: list[str] | None, active: bool | None,
    password_hash: str | None,
) -> PersonView:
    row = _of_agency(actor, person_id)
    changed: dict[str, object] = {}
    if name is not None and name != row.name:
        row.name, changed["name"] = name, True
    if roles is not None and roles != row.roles:
        changed["roles"] = {"old": row.roles, "new": roles}
        row.roles = roles
    if active is not None and active != row.active:
        row.active, changed["active"] = active, active
    if password_hash is not None:
        row.password_hash, changed["password"] = password_hash, True
    if changed.keys() - {"name"}:
        row.ver += 1
    if active is False or password_hash is not None:
        sessions.end_all(row.id, "password" if password_hash else "closed")
    if changed:
        audit.record(actor, "accounts.person_changed", "person", row.id, facts=changed)
    return _person(row)


def _of_agency(actor: Actor, person_id: str) -> Person:
    """The person's row, locked when a unit of work is running. Raises NotFound, also for another agency's."""
    query = select(Person).where(Person.id == person_id, Person.agency_id == actor.agency_id)
    row = session().scalar(query.with_for_update())
    if row is None:
        raise NotFound("人员不存在")
    return row


@unit_of_work
def close_unused(actor: audit.Who, person_id: str) -> str:
    """Close an account that was made by mistake; answers why it cannot be, "" when it is closed. One with a phone stays."""
    row = session().get_one(Person, person_id, with_for_update=True)
    if devices_of([row.id]):
        return f"“{row.name}”已经登记了手机"
    if row.active:
        row.active, row.ver = False, row.ver + 1
        sessions.end_all(row.id, "closed")
        audit.record(actor, "accounts.person_changed", "person", row.id, facts={"active": False})
    return ""


def change_own_password(actor: Actor, old: str, new: str) -> None:
    """Set a new password; all sessions end, the caller's too. Raises WrongLogin, WeakPassword."""
    row = session().get_one(Person, actor.user_id)
    if not passwords.matches(row.password_hash, old):
        raise WrongLogin("原密码不正确")
    check_password(new, row.login)
    _set_own_password(actor, row.password_hash, passwords.hash_password(new))


@unit_of_work
def _set_own_password(actor: Actor, before: str, password_hash: str) -> None:
    row = session().get_one(Person, actor.user_id, with_for_update=True)
    if row.password_hash != before:
        # Somebody reset it while the new one was being hashed: the reset counts.
        raise WrongLogin("原密码不正确")
    row.password_hash = password_hash
    row.ver += 1
    sessions.end_all(row.id, "password")
    audit.record(actor, "accounts.password_changed", "person", row.id)


def person(user_id: str) -> PersonView:
    """Raises NotFound."""
    row = session().get(Person, user_id)
    if row is None:
        raise NotFound("人员不存在")
    return _person(row)


def person_by_login(login_text: str) -> PersonView | None:
    """The person with this login, or None."""
    row = session().scalar(select(Person).where(Person.login == normal_login(login_text)))
    return None if row is None else _person(row)


def people(agency_id: str) -> list[PersonView]:
    """The agency's people in the order of their logins, closed accounts too."""
    found = session().scalars(select(Person).where(Person.agency_id == agency_id).order_by(Person.login))
    return [_person(row) for row in found]


def people_by_id(user_ids: list[str]) -> dict[str, PersonView]:
    """Those of the ids that exist."""
    found = session().scalars(select(Person).where(Person.id.in_(user_ids)))
    return {row.id: _person(row) for row in found}


def full_person(user_id: str) -> dict[str, Any]:
    """What a person is told about themselves: id, login, name, roles, agency, and what others add."""
    row = session().execute(
        select(Person, Agency.name).join(Agency, Agency.id == Person.agency_id).where(Person.id == user_id)
    ).one()
    person_row, agency_name = row
    told: dict[str, Any] = {
        "id": person_row.id, "login": person_row.login, "name": person_row.name,
        "roles": list(person_row.roles), "agency": person_row.agency_id, "agency_name": agency_name,
    }
    for source in _describers:
        told.update(source(user_id))
    return told


def _agency(row: Agency) -> AgencyView:
    return AgencyView(row.id, row.name, row.short, row.kind, row.level, row.district_code, row.phone, row.parent_id)


def _person(row: Person) -> PersonView:
    return PersonView(row.id, row.agency_id, row.login, row.name, tuple(row.roles), row.active)
