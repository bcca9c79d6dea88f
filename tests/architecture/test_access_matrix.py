"""Every route for every kind of caller, generated from the URL map.

``access.json`` lists who comes in where; it is read by people. A route that is missing there, or stands
there and no longer exists, fails. After a deliberate change write it anew and look at the difference:
``python -m tests.architecture.test_access_matrix``."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from server.accounts.domain import ROLES, SessionEnded
from server.accounts.sessions import authenticate
from server.app import demo
from server.app.access import declared
from server.platform.access import OPERATOR, PUBLIC, SIGNED_IN
from server.platform.db import db
from tests import builders
from tests.architecture import objects
from tests.builders import a_client, a_person
from tests.world import Client, make_app

FILE = Path(__file__).with_name("access.json")
EXPECTED: dict[str, list[str]] = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}
OURS, THEIRS = "fire-yanshi", "fire-jindong"
ARGUMENT = re.compile(r"<(?:[a-z]+:)?([a-z_0-9]+)>")
NOBODYS = "0" * 64
SECRET = 423
"""The role comes in, and the list is not published yet: told before anything is looked up, so it says nothing either."""


def matrix(app: Flask) -> dict[str, list[str]]:
    """"METHOD rule" -> who comes in, for every method of every route."""
    found: dict[str, list[str]] = {}
    for rule in app.url_map.iter_rules():
        for method in rule.methods or ():
            if method == "OPTIONS" and rule.provide_automatic_options is not False:
                continue
            if method == "HEAD" and "GET" in (rule.methods or ()):
                continue  # the same view as GET
            who = declared(app, rule.endpoint, method)
            assert who is not None
            # Several routes may share a rule (one per method); Flask answers OPTIONS with the first.
            found.setdefault(f"{method} {rule.rule}", sorted(who.who))
    return dict(sorted(found.items(), key=lambda pair: (pair[0].split(" ")[1], pair[0])))


def test_the_expectation_names_exactly_the_routes_and_who_comes_in(one_app: Flask) -> None:
    assert matrix(one_app) == EXPECTED


@pytest.fixture(scope="module")
def office(database: str, fresh_database: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application with the demo loaded: two agencies with people, units, batches and inspections."""
    app = make_app(tmp_path_factory.mktemp("office"), fresh_database(database), jobs="held")
    with app.app_context():
        demo.load_demo()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def at_office(office: Flask) -> Iterator[Flask]:
    """The loaded application with a context, and the builders working in it."""
    builders.use(office)
    objects._uploads.clear()
    with office.app_context():
        yield office
    builders.use(None)


@pytest.fixture(scope="module")
def staff(office: Flask) -> Callable[[str], Client]:
    """``staff("auditor")``: somebody of our agency with this role, the same one as long as the sign-in is good."""
    signed_in: dict[str, Client] = {}

    def of(role: str) -> Client:
        if role not in signed_in or not still_signed_in(signed_in[role]):
            signed_in[role] = a_client(a_person(role, agency=OURS))
        return signed_in[role]

    return of


def still_signed_in(client: Client) -> bool:
    """False when a request of an earlier test has ended the session or changed the person."""
    try:
        return authenticate(client.token)[1]
    except SessionEnded:
        return False


API = [route for route in EXPECTED if " /api/" in route]
OBJECTS = [route for route in API if "<" in route and not route.startswith("OPTIONS")]


def who_comes_in(route: str) -> frozenset[str]:
    """The roles that come in at a route."""
    who = frozenset(EXPECTED[route])
    return ROLES if who & {SIGNED_IN, PUBLIC} else who & ROLES


def send(client: Client, route: str, values: dict[str, str]) -> int:
    """The status of one request to a route with these values of its arguments."""
    method, rule = route.split(" ")
    path = ARGUMENT.sub(lambda found: values[found[1]], rule)
    answer = client.open(path, method=method, **objects.BODIES.get(route, {}))
    answer.get_data()
    if answer.status_code == 403 and b"\"E_EMBARGO\"" in answer.get_data():
        return SECRET
    return answer.status_code


def nobodys(route: str) -> dict[str, str]:
    return dict.fromkeys(ARGUMENT.findall(route), NOBODYS)


def sample(route: str, agency: str) -> dict[str, str]:
    """The values of the route's arguments that name real objects of the agency."""
    rule = route.split(" ")[1]
    values = {}
    for name in ARGUMENT.findall(rule):
        make = objects.VALUES.get(f"{rule} {name}") or objects.VALUES.get(name)
        assert make is not None, f"{rule}: no sample for <{name}> in tests/architecture/objects.py"
        values[name] = make(agency)
    return values


@pytest.mark.parametrize("route", API)
def test_who_is_not_signed_in_or_has_not_the_role_is_turned_away(
    at_office: Flask, staff: Callable[[str], Client], route: str
) -> None:
    expected = EXPECTED[route]
    if OPERATOR in expected:
        remote = {"REMOTE_ADDR": "203.0.113.9"}
        assert a_client().get(route.split(" ")[1], environ_base=remote).status_code == 401
        return
    anonymous = send(a_client(), route, nobodys(route))
    assert anonymous < 500
    assert (anonymous == 401) == (PUBLIC not in expected) or route.endswith(("/login", "/refresh"))
    for role in sorted(ROLES):
        status = send(staff(role), route, nobodys(route))
        assert status < 500, f"{role}: {status}"
        if role in who_comes_in(route):
            assert status != 403, f"{role} comes in"
            assert status != 401 or route.endswith(("/login", "/refresh")), f"{role} is signed in"
        else:
            assert status == 403, f"{role}: {status}"


@pytest.mark.parametrize("route", OBJECTS)
def test_another_agencys_object_does_not_exist(
    at_office: Flask, staff: Callable[[str], Client], route: str
) -> None:
    values = sample(route, THEIRS)
    for role in sorted(who_comes_in(route)):
        status = send(staff(role), route, values)
        assert status in (404, SECRET), f"{role} of another agency: {status}"


@pytest.mark.parametrize("route", OBJECTS)
def test_the_samples_are_real_somebody_of_the_own_agency_reaches_them(at_office: Flask, route: str) -> None:
    """Without this a wrong sample would make the test above pass for nothing."""
    values = sample(route, THEIRS)
    statuses = []
    for client in objects.callers(THEIRS, who_comes_in(route), next(iter(values))):
        statuses.append(send(client, route, values))
        if statuses[-1] not in (401, 403, 404):
            return
    raise AssertionError(f"nobody reaches it: {statuses}")


@pytest.mark.parametrize("rule", objects.ONLY_THE_TEAM)
def test_an_inspector_who_is_not_drawn_does_not_reach_the_visit(at_office: Flask, rule: str) -> None:
    route = f"GET {rule}"
    status = send(a_client(a_person("inspector", agency=THEIRS)), route, sample(route, THEIRS))
    assert status in (403, 404)


def write() -> None:
    """Write the expectation from the code as it is."""
    with tempfile.TemporaryDirectory() as folder:
        app = make_app(Path(folder), f"sqlite:///{folder}/x.sqlite3")
        lines = [f"  {json.dumps(route)}: {json.dumps(who)}" for route, who in matrix(app).items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


if __name__ == "__main__":
    write()
