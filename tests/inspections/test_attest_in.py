"""双机互签 at the server: what the code of the second phone must be before it counts (record-log 2.6, 2.11)."""

from __future__ import annotations

import json

import pytest

from server.inspections import attest
from server.inspections import operations as inspections
from server.inspections.gist import gist
from server.inspections.record_text import record_text
from server.kernel import b64url, chain
from server.reports import reading
from tests import builders
from tests import phone as phones
from tests.handset import FieldPhone, Visit, Wire
from tests.world import Phone


@pytest.fixture
def one(ctx):
    return phones.a_field_phone()


@pytest.fixture
def two(ctx):
    return phones.a_field_phone()


@pytest.fixture
def visit(one, two):
    made = phones.a_visit(one, two, items=2)
    made.open(one)
    one.event("check.answer", {"checklist": "CL-T-1", "item": "T-01", "sheet": 0, "val": "fail", "part": "一层",
                               "note": "堆放杂物", "fixed": False}, made.insp)  # fmt: skip
    return made


def answered(phone: FieldPhone, visit: Visit, **changes: object) -> Wire:
    """The attestation that ``phone`` signs after scanning the offer of the record as it is now."""
    folded = visit.fold()
    text = record_text(folded, visit.pack)
    body = attest.attestation(folded, text, "A2")
    seen = gist(folded, visit.pack)
    offer = b64url.encode(chain.text_hash("offer"))
    return phone.event("attest", {**body, "offer": offer, "gist": seen, **changes}, visit.insp)


def result(phone: FieldPhone) -> tuple[str, str]:
    last = phone.send()["results"][-1]
    return last["status"], last.get("code") or ""


def levels(visit: Visit) -> dict[str, str]:
    return {act["by"]: act["level"] for act in inspections.visit(visit.insp).visit["attests"]}


def carried_visit(one: FieldPhone, two: FieldPhone, visit: Visit) -> Wire:
    """Both attest, the second by code, and the first seals."""
    one.attest(visit, "A1")
    wire = answered(two, visit)
    one.event("attest.in", wire, visit.insp)
    one.seal(visit)
    return wire


def test_an_attestation_by_code_seals_a_visit_with_two_signatures_before_the_second_phone_has_ever_synced(one, two, visit):
    carried_visit(one, two, visit)
    assert result(one) == ("stored", "")
    row = inspections.inspection(visit.insp)
    assert (row.state, row.flags) == ("sealed", ())
    assert levels(visit) == {one.user: "A2", two.user: "A2"}
    report = reading.of_inspection(builders.AGENCY, visit.insp)
    detail = builders.client_as("reviewer").get(f"/api/v1/reports/{report}").get_json()
    assert {act["level"] for act in detail["attestations"]} == {"双机互签"}
    assert "双机互签" in detail["verdict"]


@pytest.mark.parametrize("own_first", [True, False], ids=["own first", "carried first"])
def test_the_own_event_replaces_the_carried_one_and_never_counts_twice(one, two, visit, own_first):
    carried_visit(one, two, visit)
    for phone in (two, one) if own_first else (one, two):
        phone.send()
    acts = inspections.visit(visit.insp).visit["attests"]
    assert [act["by"] for act in acts].count(two.user) == 1
    assert levels(visit) == {one.user: "A2", two.user: "A2"}
    assert inspections.inspection(visit.insp).flags == ()


def test_the_same_answer_scanned_twice_is_one_attestation(one, two, visit):
    one.attest(visit, "A1")
    wire = answered(two, visit)
    one.event("attest.in", wire, visit.insp)
    one.event("attest.in", wire, visit.insp)
    one.seal(visit)
    one.send()
    assert [act["by"] for act in inspections.visit(visit.insp).visit["attests"]].count(two.user) == 1


def test_who_signs_again_because_the_code_was_shown_anew_has_one_line_on_the_desk(one, two, visit):
    one.attest(visit, "A1")
    answered(two, visit)
    one.event("attest.in", answered(two, visit), visit.insp)
    one.seal(visit)
    one.send()
    two.send()
    report = reading.of_inspection(builders.AGENCY, visit.insp)
    detail = builders.client_as("reviewer").get(f"/api/v1/reports/{report}").get_json()
    assert [act["level"] for act in detail["attestations"]] == ["双机互签", "双机互签"]


def test_without_having_been_carried_a_claim_of_two_phones_face_to_face_is_only_two_uploads(one, two, visit):
    one.attest(visit, "A1")
    answered(two, visit)
    one.seal(visit)
    two.send()
    one.send()
    assert levels(visit) == {one.user: "A3", two.user: "A3"}


def test_a_code_from_the_same_installation_is_labelled_same_phone(ctx):
    """2.11 row 6: an attestation from the same phone is told by comparing devices (F_ATTEST_SAME_DEVICE)."""
    one, two = phones.a_field_phone(installation="shared"), phones.a_field_phone(installation="shared")
    visit = phones.a_visit(one, two, items=1)
    visit.open(one)
    carried_visit(one, two, visit)
    one.send()
    assert set(levels(visit).values()) == {"A1"}
    assert "F_ATTEST_SAME_DEVICE" in inspections.inspection(visit.insp).flags


def test_content_added_after_the_code_was_shown_leaves_one_attestation(one, two, visit):
    wire = answered(two, visit)
    one.event("note.add", {"text": "核验之后才写"}, visit.insp)
    one.attest(visit, "A1")
    one.event("attest.in", wire, visit.insp)
    one.seal(visit)
    one.send()
    assert inspections.inspection(visit.insp).state == "awaiting_second"


def test_a_third_persons_phone_is_refused(one, two, visit):
    third = phones.a_field_phone()
    wire = answered(third, visit)
    one.event("attest.in", wire, visit.insp)
    assert result(one) == ("quarantined", "E_NOT_TEAM")


def test_the_same_persons_second_phone_is_refused(one, two, visit):
    again = phones.a_field_phone(one.device.person)
    wire = answered(again, visit)
    one.event("attest.in", wire, visit.insp)
    assert result(one) == ("quarantined", "E_SAME_PERSON")
    assert not inspections.visit(visit.insp).visit["attests"]


def test_a_key_nobody_enrolled_is_refused(one, two, visit):
    """2.11 row 4: forged second inspector (own new key) E_DEV_UNKNOWN."""
    stranger = FieldPhone(Phone(person=two.device.person), two.client)
    forged = answered(stranger, visit)
    one.event("attest.in", forged, visit.insp)
    assert result(one) == ("quarantined", "E_DEV_UNKNOWN")


def test_the_first_phone_cannot_sign_for_the_second_inspector(one, two, visit):
    """2.11 row 5: phone A claims to be user B (E_USER_DEV)."""
    folded = visit.fold()
    body = attest.attestation(folded, record_text(folded, visit.pack), "A2")
    forged = one.make("attest", body, visit.insp, by=two.user)
    one.event("attest.in", forged, visit.insp)
    assert result(one) == ("quarantined", "E_USER_DEV")


def test_an_answer_of_another_inspection_is_refused(one, two, visit):
    other = phones.a_visit(one, two, items=1)
    other.open(one)
    wire = answered(two, other)
    one.event("attest.in", wire, visit.insp)
    assert result(one) == ("quarantined", "E_ATTEST_OTHER")


@pytest.mark.parametrize("part", ["h", "s", "b"])
def test_a_damaged_answer_is_refused(one, two, visit, part):
    wire = dict(answered(two, visit))
    at = len(wire[part]) // 2
    wire[part] = wire[part][:at] + ("x" if wire[part][at] != "x" else "y") + wire[part][at + 1 :]
    one.event("attest.in", wire, visit.insp)
    assert result(one) == ("quarantined", "E_SIG")


def test_something_else_than_an_attestation_cannot_be_carried(one, two, visit):
    wire = two.event("note.add", {"text": "不是核验"}, visit.insp)
    one.event("attest.in", wire, visit.insp)
    assert result(one) == ("quarantined", "E_SIG")


def test_a_revoked_phones_attestation_is_not_carried_in(one, two, visit):
    wire = answered(two, visit)
    assert builders.client_of(two.device).post(f"/api/v1/accounts/devices/{two.dev}/revoke", json={"reason": "丢失"}).status_code < 300
    one.event("attest.in", wire, visit.insp)
    assert result(one) == ("quarantined", "E_ATTEST_REVOKED")


def test_a_place_in_the_chain_that_another_event_holds_is_a_fork(one, two, visit):
    """2.11 row 8: two events with one n; both kept as proof (E_FORK)."""
    wire = answered(two, visit)
    two.wires.pop()
    two.counters[visit.insp] -= 1
    two.event("note.add", {"text": "另一段历史"}, visit.insp)
    two.send()
    one.event("attest.in", wire, visit.insp)
    assert result(one) == ("quarantined", "E_FORK")


def test_a_chain_that_continues_without_the_attestation_it_gave_away_is_named(one, two, visit):
    """2.11 row 10: tail cut and chain continued; the hash of the witnessed head differs (F_FORK_WITNESSED)."""
    carried_visit(one, two, visit)
    one.send()
    two.wires.pop()
    two.counters[visit.insp] -= 1
    two.event("app.resume", {}, visit.insp)
    two.send()
    assert "F_FORK_WITNESSED" in inspections.inspection(visit.insp).flags


def test_a_phone_that_shows_something_else_than_the_record_is_named(one, two, visit):
    """B signs what B was shown: a gist that is not the record's is told (F_GIST)."""
    one.attest(visit, "A1")
    shown = {**gist(visit.fold(), visit.pack), "fails": 0, "findings": []}
    wire = answered(two, visit, gist=shown)
    one.event("attest.in", wire, visit.insp)
    one.seal(visit)
    one.send()
    assert "F_GIST" in inspections.inspection(visit.insp).flags


def test_the_team_learns_each_others_keys_with_the_visit_and_of_new_and_revoked_phones(one, two, visit):
    def known(phone: FieldPhone) -> dict[str, bool]:
        cards = [c["data"] for c in phone.changes()["changes"] if c["kind"] == "visit" and c["id"] == visit.insp]
        return {one["dev"]: one["revoked"] for one in cards[-1]["phones"]}

    assert known(one) == {one.dev: False, two.dev: False}
    cursor = one.changes()["cursor"]
    fresh = phones.a_field_phone(two.device.person)
    told = [c for c in one.changes(cursor)["changes"] if c["kind"] == "visit"]
    assert fresh.dev in {phone["dev"] for phone in told[-1]["data"]["phones"]}
    builders.client_of(two.device).post(f"/api/v1/accounts/devices/{two.dev}/revoke", json={"reason": "丢失"})
    assert known(one)[two.dev] is True
    spki = next(phone["spki"] for phone in told[-1]["data"]["phones"] if phone["dev"] == two.dev)
    assert chain.device_id(b64url.decode(spki)) == two.dev


def test_the_body_of_the_embedded_attestation_is_what_was_signed(one, two, visit):
    wire = carried_visit(one, two, visit)
    one.send()
    act = next(a for a in inspections.visit(visit.insp).visit["attests"] if a["by"] == two.user)
    assert act["gist"] == json.loads(wire["b"])["gist"]
    assert act["gist"]["findings"] == [{"checklist": "CL-T-1", "item": "T-01", "sheet": 0, "text": "一层：堆放杂物"}]
