"""A key is no second person: who attests twice, with another phone or with the key that replaced the first, is named."""

from __future__ import annotations

import pytest

from server.inspections import operations as inspections
from tests import builders
from tests import phone as phones
from tests.inspections.test_keys import PREFIX, new_key, take_over, told


@pytest.fixture
def phone(ctx):
    return phones.a_field_phone()


@pytest.fixture
def visit(phone):
    found = phones.a_visit(phone)
    found.open(phone)
    return found


def attested_before_and_after_a_change_of_the_key(visit, phone, between=None) -> phones.FieldPhone:
    """One person attests, changes the key, and attests again with the new one; everything comes by HTTP."""
    phone.attest(visit)
    fresh = new_key(phone)
    visit.phones.append(fresh)
    phone.send()
    taken = take_over(fresh, phone.head).get_json()
    fresh.client = builders.a_client(token=taken["access"])
    if between:
        fresh.event("note.add", {"text": between}, visit.insp)
    fresh.attest(visit)
    fresh.seal(visit)
    assert {status for status, _ in told(fresh.send())} == {"stored"}
    return fresh


def test_who_attests_again_with_the_key_that_replaced_the_first_is_named_as_the_same_person(phone, visit):
    """record-log 2.6: two different users; a key is no second person, however it came to be."""
    fresh = attested_before_and_after_a_change_of_the_key(visit, phone)
    shown = inspections.inspection(visit.insp)
    assert shown.state == "awaiting_second"
    assert {"F_ONE_ATTEST", "F_ATTEST_SAME_USER"} <= set(shown.flags)
    standing = {act["dev"] for act in inspections.visit(visit.insp).visit["attests"] if act["stands"]}
    assert standing == {phone.dev, fresh.dev}
    listed = builders.client_as("reviewer").get(f"{PREFIX}/inspections").get_json()["inspections"]
    mine = next(one for one in listed if one["id"] == visit.insp)
    assert "F_ATTEST_SAME_USER" in mine["flags"]


def test_who_attests_on_a_new_phone_after_the_old_one_is_named_as_the_same_person(phone, visit):
    phone.attest(visit)
    phone.send()
    again = phones.a_field_phone(phone.device.person)
    visit.phones.append(again)
    again.attest(visit)
    again.seal(visit)
    again.send()
    assert {"F_ONE_ATTEST", "F_ATTEST_SAME_USER"} <= set(inspections.inspection(visit.insp).flags)


def test_to_attest_what_was_added_since_with_the_new_key_is_no_doubt_about_the_person(phone, visit):
    """The first attestation is void by the note (any later change voids both): nobody looks like two."""
    attested_before_and_after_a_change_of_the_key(visit, phone, between="换钥之后补记")
    flags = inspections.inspection(visit.insp).flags
    assert "F_ATTEST_SAME_USER" not in flags and "F_ONE_ATTEST" in flags
