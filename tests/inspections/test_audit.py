"""Who changes the database behind the server's back is found by reading every byte again, and the row is named."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, update

from server.audit import checkpoints, public_log
from server.audit.tables import AuditFact, LogCheckpoint, LogEntry
from server.evidence.tables import EvidenceBlob
from server.inspections.audit import audit
from server.inspections.tables import EventRow
from server.kernel import b64url
from server.platform.blobs import blobs
from server.platform.db import session, transaction
from tests import phone as phones
from tests.audit.tampering import rewrite


@pytest.fixture
def phone(ctx):
    found = phones.a_field_phone()
    visit = phones.a_visit(found)
    visit.open(found)
    for n in range(6):
        found.event("note.add", {"text": f"第{n}条"}, visit.insp)
    found.send(found.wires[:3])
    found.send()
    phones.a_field_phone().send()
    return found


def faults(**how) -> list[tuple[str, str]]:
    return [(fault.code, fault.where) for fault in audit(**how).faults]


def test_an_untouched_log_is_whole(phone):
    found = audit()
    # Two enrolments and three batches.
    assert (found.events, found.leaves, found.faults) == (9, 5, [])
    assert found.facts > 0


def test_signatures_are_verified_in_processes_of_their_own_with_the_same_verdict(phone):
    spoil(phone, 4, sig=b"\1" * 64)
    assert faults(workers=2) == faults() == [("A_STORED_EVENT", f"{phone.dev}/4")]


def spoil(phone, n, **columns):
    with transaction():
        session().execute(update(EventRow).where(EventRow.h == phones.h_of(phone.wires[n])).values(**columns))


def test_attack_24_an_edited_body_is_found(phone):
    """24: an administrator edits a stored body; the audit names the event."""
    spoil(phone, 4, body=phone.wires[4]["b"].replace("第2条", "第9条").encode())
    assert faults() == [("A_STORED_EVENT", f"{phone.dev}/4")]
    assert audit().faults[0].text == f"事件 {phone.dev}/4 的内容被改动"


@pytest.mark.parametrize("columns", [{"insp": "another"}, {"t": "note.gone"}, {"agency_id": "elsewhere"}, {"body": None},
                                     {"header": b"{}"}, {"header": b"not json"}, {"sig": b"short"}])
def test_any_edited_column_is_found(phone, columns):
    """The columns we search by are not signed; they must still say what the header says."""
    spoil(phone, 4, **columns)
    assert faults() == [("A_STORED_EVENT", f"{phone.dev}/4")]


def test_attack_25_deleted_last_events_are_found_by_the_receipt(phone):
    """25: an administrator deletes the last events; their leaf in the log is still there."""
    with transaction():
        session().execute(delete(EventRow).where(EventRow.dev == phone.dev, EventRow.n >= 5))
    assert faults() == [("A_EVENT_DELETED", f"{phone.dev}/5-7")]


def test_attack_25_a_deleted_event_in_the_middle_is_found(phone):
    with transaction():
        session().execute(delete(EventRow).where(EventRow.dev == phone.dev, EventRow.n == 5))
    assert faults() == [("A_EVENT_DELETED", f"{phone.dev}/5")]


def test_attack_25_all_events_of_a_phone_deleted_are_found(phone):
    with transaction():
        session().execute(delete(EventRow).where(EventRow.dev == phone.dev))
    assert faults() == [("A_EVENT_DELETED", f"{phone.dev}/0-7")]


def test_attack_21_a_deleted_leaf_is_named(phone):
    with transaction():
        session().execute(delete(LogEntry).where(LogEntry.idx == 0))
    assert faults() == [("A_LOG", "log 0")]


@pytest.mark.parametrize("columns", [{"leaf": bytes(32)}, {"entry": b'{"k":"head"}'}, {"salt": bytes(16)}, {"path": bytes(32)},
                                     {"root": bytes(32)}])
def test_an_edited_leaf_is_named(phone, columns):
    with transaction():
        session().execute(update(LogEntry).where(LogEntry.idx == 1).values(**columns))
    assert ("A_LOG", "log 1") in faults()


def test_the_last_leaves_deleted_with_their_events_are_found_by_what_other_phones_have_signed(phone):
    """An administrator who deletes leaf and event together: the next anchor somebody signed still knows them."""
    other = phones.a_field_phone()
    tail = public_log.tail()
    other.seen = [tail.size, b64url.encode(public_log.stored(tail.size - 1).root)]
    other.event("app.resume")
    other.send()
    with transaction():
        session().execute(delete(LogEntry).where(LogEntry.idx >= tail.size - 1))
    found = faults()
    assert ("A_SEEN", f"{other.dev}/1") in found
    assert {code for code, _ in found} == {"A_SEEN"}


def test_an_edited_leaf_rewritten_with_care_is_found_by_a_stored_checkpoint(phone):
    checkpoints.issue("2026-11-26")
    kept = checkpoints.get("2026-11-26").note
    assert faults(outside=[("noticeboard.txt", kept)]) == []
    rewrite(at=1)
    assert ("A_CHECKPOINT", "checkpoint 2026-11-26") in faults()
    assert ("A_CHECKPOINT", "checkpoint noticeboard.txt") in faults(outside=[("noticeboard.txt", kept)])


def test_a_deleted_checkpoint_is_named(phone):
    checkpoints.issue("2026-11-26")
    with transaction():
        session().execute(delete(LogCheckpoint))
    assert faults() == [("A_CHECKPOINT", "checkpoint 2026-11-26")]


def test_an_edited_fact_is_named(phone):
    with transaction():
        session().execute(update(AuditFact).where(AuditFact.seq == 2).values(user_id="somebody else"))
    assert [code for code, _ in faults()] == ["A_AUDIT"] * len(faults()) and faults()


def test_a_file_whose_bytes_changed_is_named_when_files_are_asked_for(phone):
    data = phones.a_picture(3)
    visit = phones.a_visit(phone)
    visit.open(phone)
    phone.photo(visit.insp, data)
    phone.send()
    sha = phone.upload(data, "image/jpeg")
    assert faults(with_blobs=True) == []
    path = blobs().path(sha)
    path.chmod(0o600)
    path.write_bytes(data[:-1] + b"?")
    assert faults(with_blobs=True) == [("A_BLOB", sha)]
    with transaction():
        session().execute(update(EvidenceBlob).where(EvidenceBlob.sha256 == sha).values(sha256="0" * 64))
    assert faults(with_blobs=True)[0] == ("A_BLOB", "0" * 64)


def test_a_false_signature_inside_a_run_that_intake_let_pass_is_found(phone):
    """Intake believes a run by its last signature and the chain; the audit verifies each."""
    next_two = [phone.event("app.resume"), phone.event("app.resume")]
    spoiled = {**next_two[0], "s": b64url.encode(b"\1" * 64)}
    assert [r["status"] for r in phone.send([spoiled, next_two[1]])["results"]] == ["stored", "stored"]
    assert faults() == [("A_STORED_EVENT", f"{phone.dev}/8")]
