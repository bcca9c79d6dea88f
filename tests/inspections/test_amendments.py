"""After the seal: late notes, corrections with a second person, and both versions of what is there (record-log 2.8)."""

from __future__ import annotations

import pytest

from server.inspections import operations as inspections
from server.kernel import b64url, chain
from server.reports import reading
from tests import builders
from tests import phone as phones

PREFIX = "/api/v1"


def integrity(insp: str) -> dict:
    report = reading.of_inspection(builders.AGENCY, insp)
    answer = builders.client_as("reviewer").get(f"{PREFIX}/reports/{report}")
    assert answer.status_code == 200, answer.text
    return answer.get_json()["integrity"]


def correction(target: str, old: str, new: str, path: str = "text") -> dict:
    return {
        "target": target, "path": path, "old": b64url.encode(chain.value_hash(old)), "new": new, "reason": "笔误",
    }  # fmt: skip


@pytest.fixture
def sealed(ctx):
    return phones.carry_visit(photos=0, answers=2)


def note_of(carried: phones.Carried) -> str:
    return str(inspections.visit(carried.visit.insp).visit["notes"][0]["h"])


def say(carried: phones.Carried, phone: phones.FieldPhone, t: str, body: dict) -> str:
    phone.event(t, body, carried.visit.insp)
    answer = phone.send([phone.wires[-1]])
    assert answer["results"][0]["status"] == "stored"
    return phone.head


def approve(carried: phones.Carried, monkeypatch) -> None:
    """The report is approved: it stands for the publication (docs/keys.md)."""
    from server.inspections import verdict

    monkeypatch.setattr(verdict, "_published", [lambda insp: 0])


def test_a_late_note_stands_beside_the_sealed_view_and_raises_no_doubt(sealed):
    insp = sealed.visit.insp
    before = inspections.visit(insp).visit
    say(sealed, sealed.first, "late.note", {"text": "次日单位补交了维保合同"})
    after = inspections.visit(insp)
    assert after.visit["chains"] == before["chains"] and after.visit["state"] == "sealed"
    assert after.inspection.flags == ()
    shown = integrity(insp)
    assert shown["seal"]["added"] == 1 and shown["added"][0]["text"] == "次日单位补交了维保合同"


def test_a_correction_is_an_annotation_and_the_old_value_stays_readable(sealed):
    insp, target = sealed.visit.insp, note_of(sealed)
    say(sealed, sealed.first, "correct", correction(target, "试验记录", "试验记录（三层）"))
    (made,) = integrity(insp)["corrections"]
    assert (made["state"], made["old"], made["new"]) == ("stands", "试验记录", "试验记录（三层）")
    assert inspections.visit(insp).visit["notes"][0]["text"] == "试验记录"


def test_a_correction_of_a_value_that_is_not_there_does_not_stand_and_is_flagged(sealed):
    insp, target = sealed.visit.insp, note_of(sealed)
    say(sealed, sealed.first, "correct", correction(target, "别的原文", "新文"))
    assert integrity(insp)["corrections"][0]["state"] == "void"
    assert "F_CORRECT_BASE" in inspections.inspection(insp).flags


def test_after_the_publication_a_correction_waits_for_a_second_person(sealed, monkeypatch):
    """record-log 2.8: after publication it needs a second person (`correct.approve`)."""
    approve(sealed, monkeypatch)
    insp, target = sealed.visit.insp, note_of(sealed)
    made = say(sealed, sealed.first, "correct", correction(target, "试验记录", "改后"))
    assert integrity(insp)["corrections"][0]["state"] == "waits"
    say(sealed, sealed.first, "correct.approve", {"correct": made})
    assert integrity(insp)["corrections"][0]["state"] == "waits"  # nobody approves themselves
    say(sealed, sealed.second, "correct.approve", {"correct": made})
    found = integrity(insp)["corrections"][0]
    assert (found["state"], found["approved_by"]) == ("stands", sealed.second.user)


def test_two_corrections_of_one_value_are_both_kept(sealed):
    insp, target = sealed.visit.insp, note_of(sealed)
    for phone, new in ((sealed.first, "甲说"), (sealed.second, "乙说")):
        say(sealed, phone, "correct", correction(target, "试验记录", new))
    assert sorted(one["new"] for one in integrity(insp)["corrections"]) == ["乙说", "甲说"]


def test_another_agencys_inspection_cannot_be_corrected(sealed):
    """reliability 6.2, 20: other agency's inspection id (read, write, attach, correct): it does not exist."""
    stranger = phones.a_field_phone(builders.a_person(agency="fire-jindong"))
    stranger.event("correct", correction(note_of(sealed), "试验记录", "越权"), sealed.visit.insp)
    answer = stranger.send()
    assert [(r["status"], r.get("code")) for r in answer["results"]][-1] == ("quarantined", "E_INSP_UNKNOWN")
    assert inspections.visit(sealed.visit.insp).visit["corrections"] == []


def test_the_printed_record_carries_corrections_and_late_additions_after_the_signed_text(sealed):
    from server.inspections import amendments, verdict

    insp, target = sealed.visit.insp, note_of(sealed)
    say(sealed, sealed.first, "correct", correction(target, "试验记录", "试验记录（三层）"))
    say(sealed, sealed.second, "late.note", {"text": "补充说明"})
    seen = inspections.visit(insp)
    names = {str(member["user"]): str(member["name"]) for member in seen.pack["team"]}
    told = amendments.lines(seen.visit, verdict.amended(insp, seen.visit), names)
    assert told[1] == "附：更正与事后补充"
    assert "“试验记录”应为“试验记录（三层）”；理由：笔误" in told[3]
    assert "事后备注：补充说明" in told[4]


def test_late_events_of_another_phone_are_counted_on_both_sides_of_the_seal(ctx):
    """record-log 2.8: the record shows both versions of the count."""
    one, two = phones.a_field_phone(), phones.a_field_phone()
    visit = phones.a_visit(one, two)
    visit.open(one)
    one.wall = two.wall = one.wall or 0
    two.event("note.add", {"text": "另一部手机所记"}, visit.insp)
    visit.phones = [one]
    one.attest(visit)
    one.seal(visit)
    one.send()
    two.send()
    seal = integrity(visit.insp)["seal"]
    assert (seal["after"], seal["late"]) == (1, 1)
