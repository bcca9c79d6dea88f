"""Nobody looks like two: one phone, one person with two phones, a stranger, a copied attestation."""

from __future__ import annotations

import json

import pytest

from server.inspections import operations as inspections
from server.kernel import b64url, chain
from server.reports import reading
from tests import builders
from tests import phone as phones


def state(visit: phones.Visit) -> str:
    return inspections.inspection(visit.insp).state


@pytest.fixture
def first(ctx):
    return phones.a_field_phone()


def test_two_people_on_one_phone_are_never_called_two_phones(ctx):
    one, two = phones.a_field_phone(installation="shared"), phones.a_field_phone(installation="shared")
    carried = phones.record_visit(one, two, photos=0, answers=1)
    two.send()
    one.send()
    levels = {act["level"] for act in inspections.visit(carried.visit.insp).visit["attests"]}
    assert levels == {"A1"}, "the phones claimed A3"
    report = reading.of_inspection(builders.AGENCY, carried.visit.insp)
    detail = builders.client_as("reviewer").get(f"/api/v1/reports/{report}").get_json()
    assert {one["level"] for one in detail["attestations"]} == {"同机确认"}
    assert "双机" not in detail["verdict"]


def test_one_person_with_two_phones_is_one_person(first):
    again = phones.a_field_phone(first.device.person)
    visit = phones.a_visit(first)
    visit.phones.append(again)
    visit.open(first)
    first.attest(visit)
    again.attest(visit)
    first.seal(visit)
    again.send()
    first.send()
    assert state(visit) == "awaiting_second"
    assert {"F_ONE_ATTEST", "F_ATTEST_SAME_USER"} <= set(inspections.inspection(visit.insp).flags)


def test_a_strangers_attestation_counts_for_nothing(first):
    stranger = phones.a_field_phone()
    visit = phones.a_visit(first)
    visit.open(first)
    first.attest(visit)
    visit.phones.append(stranger)
    stranger.attest(visit)
    first.seal(visit)
    assert stranger.send()["results"][1]["code"] == "E_NOT_TEAM"
    first.send()
    assert state(visit) == "awaiting_second"


@pytest.mark.parametrize("lie", ["d", "pin", "chains", "text"])
def test_an_attestation_of_something_else_does_not_stand(first, lie):
    second = phones.a_field_phone()
    visit = phones.a_visit(first, second)
    visit.open(first)
    first.attest(visit)
    honest = json.loads(second.attest(visit)["b"])
    second.wires.pop()
    second.counters[visit.insp] -= 1
    other = b64url.encode(chain.text_hash("别的"))
    body = {key: value for key, value in honest.items() if key != "salt"} | {lie: [] if lie == "chains" else other}
    second.event("attest", body, visit.insp)
    first.seal(visit)
    second.send()
    first.send()
    assert state(visit) == "awaiting_second"


def test_a_replayed_attestation_does_not_stand_for_what_was_added_after_it(first):
    second = phones.a_field_phone()
    visit = phones.a_visit(first, second)
    visit.open(first)
    second.attest(visit)
    first.event("note.add", {"text": "核验之后才写"}, visit.insp)
    old = {key: value for key, value in json.loads(second.wires[-1]["b"]).items() if key != "salt"}
    second.event("attest", old, visit.insp)
    first.attest(visit)
    first.seal(visit)
    second.send()
    first.send()
    assert state(visit) == "awaiting_second"


def test_an_attestation_of_another_visit_does_not_travel(first):
    second = phones.a_field_phone()
    one, two = phones.a_visit(first, second), phones.a_visit(first, second)
    one.open(first)
    two.open(first)
    body = {key: value for key, value in json.loads(second.attest(one)["b"]).items() if key != "salt"}
    second.event("attest", body, two.insp)
    first.attest(two)
    first.seal(two)
    second.send()
    first.send()
    assert state(two) == "awaiting_second"
    assert state(one) == "in_progress"


def test_the_second_inspector_may_attest_before_the_seal_is_known_and_after(first):
    """Both orders of arrival end in the same state; nothing waits for ever."""
    for early in (True, False):
        second = phones.a_field_phone()
        visit = phones.a_visit(first, second)
        visit.open(first)
        first.attest(visit)
        first.seal(visit)
        second.attest(visit)
        for phone in (second, first) if early else (first, second):
            phone.send()
        assert state(visit) == "sealed"
