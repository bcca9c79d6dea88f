"""Valid things with one call each; a test names only the fact that matters to it.

Builders write through the operations, in the application of the running test (fixture ``app``)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, has_app_context

from server.accounts import operations as accounts
from server.accounts import sessions
from server.accounts.domain import Actor, NotFound
from server.accounts.enrolment import ENROL_TAG
from server.accounts.tables import Person
from server.platform.db import session, transaction
from tests.world import PASSWORD, Client, Phone

_running: list[Flask] = []
_count = itertools.count(1)
_administrators: dict[str, accounts.PersonView] = {}

AGENCY = "fire-yanshi"


def use(app: Flask | None) -> None:
    """Tell the builders which application the running test has; done by the fixture."""
    _running[:] = [app] if app is not None else []


@contextmanager
def at_work() -> Iterator[None]:
    """Inside an application context: the test's own, else a fresh one."""
    if has_app_context():
        yield
    else:
        with _running[0].app_context():
            yield


def an_agency(agency_id: str = AGENCY, name: str = "偃师测试消防救援大队", **more: str) -> accounts.AgencyView:
    """An agency; asking for the same id again gives the same one."""
    with at_work():
        try:
            return accounts.agency(agency_id)
        except NotFound:
            return accounts.add_agency(agency_id, name, **({"kind": "fire"} | more))


def a_person(
    *roles: str, agency: str = AGENCY, name: str = "", login: str = "", password: str = PASSWORD
) -> accounts.PersonView:
    """A person (an inspector unless other roles are named) of an agency that is made if need be."""
    number = next(_count)
    with at_work():
        an_agency(agency)
        return accounts.add_person(
            None, agency, login or f"person{number}", name or f"试验员{number}",
            list(roles) or ["inspector"], password,
        )


def an_administrator(agency: str = AGENCY) -> accounts.PersonView:
    """Somebody who hands out codes: the same one as long as the database has it and it is at work."""
    with at_work():
        known = _administrators.get(agency)
        row = session().get(Person, known.id) if known else None
        if known is None or row is None or not row.active:
            known = _administrators[agency] = a_person("administrator", agency=agency)
        return known


def actor_of(person: accounts.PersonView, dev: str = "") -> Actor:
    """The caller as operations want it."""
    return Actor(person.id, person.agency_id, frozenset(person.roles), dev, person.name)


def an_actor(*roles: str, agency: str = AGENCY) -> Actor:
    """A caller with these roles, with a person behind it."""
    return actor_of(a_person(*roles, agency=agency))


def a_client(person: accounts.PersonView | None = None, token: str = "") -> Client:
    """A client of this person at a desk; without one an anonymous client, or one with the given token."""
    client = _running[0].test_client()
    assert isinstance(client, Client)
    client.token = token
    if person is not None:
        client.person = person
        with at_work(), transaction():
            row = session().get_one(Person, person.id)
            client.token = sessions.open_family(row, Phone().spki, "").access
    return client


def client_as(*roles: str, agency: str = AGENCY) -> Client:
    """A signed-in client of a fresh person with these roles; no role: anonymous."""
    return a_client(a_person(*roles, agency=agency)) if roles else a_client()


def an_enrolled_device(
    person: accounts.PersonView | None = None, installation: str = "", phone: Phone | None = None
) -> Phone:
    """A phone enrolled for ``person`` (a fresh inspector by default), with its tokens."""
    phone = phone or Phone(installation=installation or f"installation-{next(_count)}")
    with at_work():
        person = person or a_person()
        admin = actor_of(an_administrator(person.agency_id))
        code = accounts.issue_codes(admin, [person.id])[0].code
        done = accounts.enrol(
            code, phone.spki_text, phone.installation, phone.sign(ENROL_TAG + code.encode()), "试验手机", {}
        )
    phone.person, phone.access, phone.refresh = person, done.tokens.access, done.tokens.refresh
    return phone


def client_of(phone: Phone) -> Client:
    """A client that sends the phone's access token."""
    client = a_client(token=phone.access)
    client.person = phone.person
    return client
