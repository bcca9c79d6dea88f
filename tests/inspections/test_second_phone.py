"""D-15: the record phone holds the answers; another adds photos and notes in its own chain, and both are one record.

"another may add photos and notes in its own chain, entering D by QR or after sync" (decisions, D-15). By QR code the
recording phone takes the other one's events in before anybody attests; here they come to the server from both sides.
"""

from __future__ import annotations

import hashlib
import io

import pytest

from server.inspections import export, record_verify
from server.inspections import operations as inspections
from server.reports import reading
from tests import builders
from tests import phone as phones
from tests.documents.reading import assert_says

NOTE = "二层东侧楼梯间堆放纸箱"


@pytest.fixture
def pair(ctx):
    """(record phone, second phone, visit) with a photo and a note that only the second one has made: it has not begun
    the visit, and neither phone has met the server since."""
    first, second = phones.a_field_phone(), phones.a_field_phone()
    visit = phones.a_visit(first, second, items=1)
    visit.open(first)
    picture = phones.a_picture(7)
    second.photo(visit.insp, picture, purpose="general")
    second.event("note.add", {"text": NOTE}, visit.insp)
    return first, second, visit, picture


def both_attest(first, second, visit) -> None:
    """What happens after the codes: each attests the record as both of them now have it."""
    first.attest(visit, "A1")
    second.attest(visit, "A2")
    first.seal(visit)


def test_photos_and_notes_of_the_second_phone_are_part_of_the_attested_record_and_of_the_report(pair):
    first, second, visit, picture = pair
    both_attest(first, second, visit)
    for phone in (second, first):
        assert {one["status"] for one in phone.send()["results"]} == {"stored"}
    second.upload(picture, "image/jpeg")
    shown = inspections.inspection(visit.insp)
    assert (shown.state, shown.counts["photos"]) == ("sealed", 1)
    assert set(shown.flags) <= {"F_ATTEST_SAME_DEVICE"}
    folded = inspections.visit(visit.insp).visit
    assert folded["opened"]["dev"] == first.dev and folded["takeovers"] == []
    assert {one["dev"] for one in folded["chains"]} == {first.dev, second.dev}
    assert [(note["text"], note["dev"]) for note in folded["notes"]] == [(NOTE, second.dev)]

    report = reading.of_inspection(builders.AGENCY, visit.insp)
    leader = builders.client_as("reviewer")
    detail = leader.get(f"/api/v1/reports/{report}").get_json()
    assert NOTE in detail["record_text"]
    assert hashlib.sha256(picture).hexdigest()[:12] in detail["record_text"]
    paper = leader.get(f"/api/v1/reports/{report}/documents/record.pdf")
    assert_says(paper.data, NOTE)

    file = io.BytesIO()
    export.write_zip(visit.insp, file)
    assert record_verify.verify(file).facts["files"] == 1


def test_until_the_second_phone_has_sent_its_part_the_server_says_what_is_missing_and_nothing_is_lost(pair):
    first, second, visit, _ = pair
    both_attest(first, second, visit)
    first.send()
    early = inspections.inspection(visit.insp)
    assert early.state == "awaiting_second" and "F_TAIL_MISSING" in early.flags
    second.send()
    late = inspections.inspection(visit.insp)
    assert late.state == "sealed" and "F_TAIL_MISSING" not in late.flags


def test_what_the_second_phone_adds_after_the_attestations_voids_both(pair):
    first, second, visit, _ = pair
    first.attest(visit)
    second.attest(visit)
    second.event("note.add", {"text": "核验之后"}, visit.insp)
    second.send()
    first.send()
    assert inspections.inspection(visit.insp).state == "in_progress"
    assert not any(act["stands"] for act in inspections.visit(visit.insp).visit["attests"])


def test_what_it_adds_and_never_showed_stays_outside_of_the_sealed_record(pair):
    first, second, visit, _ = pair
    both_attest(first, second, visit)
    second.event("note.add", {"text": "封存之后才写"}, visit.insp)
    second.send()
    first.send()
    assert inspections.inspection(visit.insp).state == "sealed"
    assert "F_AFTER_SEAL" in inspections.inspection(visit.insp).flags
    assert [note["text"] for note in inspections.visit(visit.insp).visit["notes"]] == [NOTE]


def test_an_attestation_that_leaves_the_second_phones_part_out_does_not_stand(pair):
    first, second, visit, _ = pair
    visit.phones.remove(second)
    first.attest(visit)
    first.seal(visit)
    second.send()
    first.send()
    shown = inspections.inspection(visit.insp)
    assert "F_AFTER_SEAL" in shown.flags and shown.counts["photos"] == 0
    assert shown.state == "awaiting_second"
