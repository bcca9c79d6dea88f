"""What is odd about an event or a visit is said beside it: clocks, anchors, photos, phones, seals (record-log 2.4)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from server.audit.tables import LogEntry
from server.inspections import operations as inspections
from server.kernel import b64url
from server.platform.db import session
from tests import builders
from tests import phone as phones


@pytest.fixture
def phone(ctx):
    return phones.a_field_phone()


@pytest.fixture
def visit(phone):
    found = phones.a_visit(phone)
    found.open(phone)
    return found


def test_what_comes_after_the_seal_is_kept_flagged_and_outside(ctx):
    carried = phones.carry_visit(photos=0, answers=2)
    before = inspections.visit(carried.visit.insp).visit
    carried.first.event("note.add", {"text": "补记"}, carried.visit.insp)
    answer = carried.first.send([carried.first.wires[-1]])
    assert answer["results"][0] == {"h": carried.first.head, "status": "stored", "flags": ["F_AFTER_SEAL"]}
    after = inspections.visit(carried.visit.insp).visit
    assert after["after_seal"] == [carried.first.head]
    assert after["notes"] == before["notes"]
    assert "F_AFTER_SEAL" in inspections.inspection(carried.visit.insp).flags


def test_a_clock_a_year_ahead_is_flagged_and_a_known_offset_is_not(ctx):
    year = int(timedelta(days=365) / timedelta(milliseconds=1))
    wrong, corrected = phones.a_field_phone(), phones.a_field_phone()
    wrong.skew_ms = corrected.skew_ms = year
    corrected.off = -year
    wrong.event("app.resume")
    corrected.event("app.resume")
    assert "F_FUTURE" in wrong.send()["results"][1]["flags"]
    assert "flags" not in corrected.send()["results"][1]


def test_a_clock_set_back_is_flagged(phone):
    phone.skew_ms = -3 * 24 * 3600 * 1000
    phone.event("app.resume")
    assert phone.send()["results"][1]["flags"] == ["F_CLOCK_BACK"]


def test_a_claim_before_the_last_anchor_is_flagged(phone):
    phone.send()
    leaf = session().scalars(select(LogEntry).where(LogEntry.kind == "head")).one()
    phone.seen = [leaf.idx + 1, b64url.encode(leaf.root)]
    phone.boot, phone.mono = b64url.encode(b"newpag"), 0
    phone.skew_ms = -2 * 24 * 3600 * 1000
    phone.event("app.resume")
    assert "F_BEFORE_ANCHOR" in phone.send([phone.wires[-1]])["results"][0]["flags"]


def test_an_anchor_the_log_never_had_is_flagged(phone):
    phone.send()
    phone.seen = [1, b64url.encode(b"\1" * 32)]
    phone.event("app.resume")
    assert phone.send([phone.wires[-1]])["results"][0]["flags"] == ["F_LOG_EQUIVOCATION"]


def test_the_same_photo_in_two_inspections_is_flagged(phone, visit):
    data = phones.a_picture(7)
    phone.photo(visit.insp, data)
    phone.send()
    second = phones.a_visit(phone)
    second.open(phone)
    phone.photo(second.insp, data)
    assert phone.send()["results"][-1]["flags"] == ["F_PHOTO_REUSED"]
    assert "F_PHOTO_REUSED" in inspections.inspection(second.insp).flags


def test_two_people_attesting_on_one_phone_are_told_apart(ctx):
    one = phones.a_field_phone(installation="shared-phone")
    two = phones.a_field_phone(installation="shared-phone")
    carried = phones.record_visit(one, two, photos=0, answers=1)
    two.send()
    one.send()
    assert "F_ATTEST_SAME_DEVICE" in inspections.inspection(carried.visit.insp).flags


def test_a_cut_tail_is_seen_in_the_other_phones_attestation(ctx):
    one, two = phones.a_field_phone(), phones.a_field_phone()
    visit = phones.a_visit(one, two)
    visit.open(one)
    one.event("note.add", {"text": "后来消失"}, visit.insp)
    two.attest(visit)
    two.send()
    one.send(one.wires[:2])
    assert "F_TAIL_MISSING" in inspections.inspection(visit.insp).flags
    del one.wires[2]
    one.event("note.add", {"text": "换了一条"}, visit.insp)
    one.send()
    assert "F_FORK_WITNESSED" in inspections.inspection(visit.insp).flags


def test_a_second_round_after_a_stray_note_is_not_called_a_fork(ctx):
    """A note outside the seal does not count in the chains; the supplement of the next round does."""
    carried = phones.carry_visit(photos=0, answers=2)
    one, two, visit = carried.first, carried.second, carried.visit
    one.event("note.add", {"text": "封存后误记"}, visit.insp)
    one.photo(visit.insp, phones.a_picture(77))
    supplement = phones.a_picture(78)
    one.event(
        "supplement.photo",
        {"sha256": "a" * 64, "size": len(supplement), "mime": "image/jpeg", "width": 64, "height": 48,
         "src": "inapp", "purpose": "item", "return_id": "r-1"},
        visit.insp,
    )  # fmt: skip
    one.attest(visit)
    two.attest(visit)
    one.seal(visit, prev_seal=inspections.visit(visit.insp).visit["seals"][0]["h"])
    two.send()
    one.send()
    found = inspections.inspection(visit.insp)
    assert found.seals == 2
    assert set(found.flags) == {"F_AFTER_SEAL"}


def test_a_cancelled_inspection_that_was_carried_out_all_the_same_counts_and_is_flagged(phone, visit):
    inspections.cancel(builders.an_actor("plan_officer"), visit.insp, "计划调整")
    phone.send()
    found = inspections.inspection(visit.insp)
    assert (found.state, found.flags) == ("in_progress", ("F_CANCELLED",))


def test_a_phone_that_reports_an_unprovable_log_is_flagged_and_the_auditor_told(ctx, client_as):
    """Record-log 2.9: failure -> red banner and a `dev.health` event; here is what the server does with that word."""
    phone = phones.a_field_phone()
    log = {"code": "F_LOG_EQUIVOCATION", "remembered": [7, "x"], "shown": [9, "y"]}
    phone.event("dev.health", {"self_test": {"log": log}})
    result = phone.send()["results"][1]
    assert (result["status"], result["flags"]) == ("stored", ["F_LOG_EQUIVOCATION"])
    auditor = client_as("auditor", agency=phone.device.person.agency_id)
    facts = auditor.get("/api/v1/audit/facts", query_string={"verb": "log.equivocation"}).get_json()["facts"]
    assert [fact["object_id"] for fact in facts] == [phone.head]


def test_a_phone_that_is_well_reports_nothing_of_the_log(ctx):
    phone = phones.a_field_phone()
    phone.event("dev.health", {"self_test": {"locks": True}})
    assert "flags" not in phone.send()["results"][1]
