"""Who changes the database behind the server's back is found by reading every byte again."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, update

from server.audit.tables import LogEntry
from server.inspections.audit import audit
from server.inspections.tables import EventRow
from server.kernel import b64url
from server.platform.db import session, transaction
from tests import phone as phones


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


def faults() -> list[tuple[str, str]]:
    return [(fault.code, fault.where) for fault in audit().faults]


def test_an_untouched_log_is_whole(phone):
    found = audit()
    assert (found.events, found.leaves, found.faults) == (9, 3, ())


def test_an_edited_body_is_found(phone):
    with transaction():
        body = phone.wires[4]["b"].replace("第2条", "第9条").encode()
        session().execute(update(EventRow).where(EventRow.h == phones.h_of(phone.wires[4])).values(body=body))
    assert faults() == [("A_STORED_EVENT", f"{phone.dev}/4")]


def test_a_moved_event_is_found(phone):
    """The columns we search by are not signed; they must still say what the header says."""
    with transaction():
        session().execute(update(EventRow).where(EventRow.h == phones.h_of(phone.wires[4])).values(insp="another"))
    assert faults() == [("A_STORED_EVENT", f"{phone.dev}/4")]


def test_deleted_last_events_are_found_by_the_receipt(phone):
    with transaction():
        session().execute(delete(EventRow).where(EventRow.dev == phone.dev, EventRow.n >= 5))
    assert faults() == [("A_EVENT_DELETED", f"{phone.dev}/7")]


def test_a_deleted_event_in_the_middle_is_found(phone):
    with transaction():
        session().execute(delete(EventRow).where(EventRow.dev == phone.dev, EventRow.n == 5))
    assert ("A_CHAIN", f"{phone.dev}/6") in faults()


def test_a_deleted_leaf_is_found(phone):
    with transaction():
        session().execute(delete(LogEntry).where(LogEntry.idx == 0))
    assert ("A_LOG", "log 1") in faults()


def test_a_false_signature_inside_a_run_that_intake_let_pass_is_found(phone):
    """Intake believes a run by its last signature and the chain; the audit verifies each."""
    next_two = [phone.event("app.resume"), phone.event("app.resume")]
    spoiled = {**next_two[0], "s": b64url.encode(b"\1" * 64)}
    assert [r["status"] for r in phone.send([spoiled, next_two[1]])["results"]] == ["stored", "stored"]
    assert faults() == [("A_STORED_EVENT", f"{phone.dev}/8")]
