"""People of an agency, run by its administrator."""

from __future__ import annotations

import pytest

from server.accounts.domain import BadRoles, checked_roles
from tests.builders import a_client, a_person, client_as
from tests.world import PASSWORD

PERSON = {"login": "new.person", "name": "试验新", "roles": ["inspector"], "password": "long enough 1"}


def test_an_administrator_adds_a_person_to_the_own_agency(client):
    admin = client_as("administrator")
    added = admin.post("/api/v1/accounts/people", json=PERSON)
    assert added.status_code == 201
    assert "password" not in added.json
    listed = admin.get("/api/v1/accounts/people").json["people"]
    assert "new.person" in {person["login"] for person in listed}
    foreign = client_as("administrator", agency="fire-jindong").get("/api/v1/accounts/people").json["people"]
    assert "new.person" not in {person["login"] for person in foreign}


def test_a_login_is_taken_once_in_the_whole_server(client):
    client_as("administrator").post("/api/v1/accounts/people", json=PERSON)
    again = client_as("administrator", agency="fire-jindong").post("/api/v1/accounts/people", json=PERSON)
    assert (again.status_code, again.json["code"]) == (409, "E_LOGIN_TAKEN")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"roles": ["god"]}, "E_INVALID"), ({"roles": []}, "E_INVALID"),
        ({"roles": ["auditor", "reviewer"]}, "E_ROLES"), ({"roles": ["administrator", "inspector"]}, "E_ROLES"),
        ({"password": "short"}, "E_PASSWORD"), ({"password": "new.person.new"}, "E_PASSWORD"),
        ({"password": "aaaaaaaaaaaaaaaa"}, "E_PASSWORD"), ({"login": "Bad Login"}, "E_INVALID"),
        ({"agency": "fire-jindong"}, "E_INVALID"), ({"ver": 7}, "E_INVALID"),
    ],
    ids=str,
)
def test_what_a_person_may_not_be(client, changed, code):
    answer = client_as("administrator").post("/api/v1/accounts/people", json=PERSON | changed)
    assert (answer.status_code, answer.json["code"]) == (422, code)


def test_nobody_changes_their_own_roles(client):
    admin = client_as("administrator")
    answer = admin.patch(f"/api/v1/accounts/people/{admin.person.id}", json={"roles": ["reviewer"]})
    assert (answer.status_code, answer.json["code"]) == (403, "E_ROLE")


def test_another_agencys_person_does_not_exist(client):
    stranger = a_person(agency="fire-jindong")
    admin = client_as("administrator")
    assert admin.patch(f"/api/v1/accounts/people/{stranger.id}", json={"name": "x"}).status_code == 404
    assert admin.post(f"/api/v1/accounts/people/{stranger.id}/enrolment-codes").status_code == 404


def test_a_reset_password_ends_the_old_sessions(client):
    person = a_person()
    signed_in = a_client(person)
    client_as("administrator").patch(
        f"/api/v1/accounts/people/{person.id}", json={"password": "set by the administrator"}
    )
    assert signed_in.get("/api/v1/accounts/me").status_code == 401


def test_changes_are_facts_with_ids_and_codes_only(client):
    admin = client_as("administrator")
    person = a_person()
    admin.patch(f"/api/v1/accounts/people/{person.id}", json={"roles": ["reviewer"], "name": "改名"})
    facts = client_as("auditor").get("/api/v1/audit/facts?verb=accounts.person_changed").json["facts"]
    assert facts[0]["object_id"] == person.id
    assert facts[0]["facts"] == {"roles": {"old": ["inspector"], "new": ["reviewer"]}, "name": True}
    assert "改名" not in str(facts)


def test_roles_are_sorted_and_unique():
    assert checked_roles(["reviewer", "inspector", "reviewer"]) == ["inspector", "reviewer"]
    with pytest.raises(BadRoles):
        checked_roles(["lead"])


def test_nothing_that_is_answered_contains_a_hash_or_a_password(client):
    admin = client_as("administrator")
    text = admin.get("/api/v1/accounts/people").text + admin.get("/api/v1/accounts/me").text
    assert "argon2" not in text
    assert PASSWORD not in text
