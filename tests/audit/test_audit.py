"""Facts: in the same commit as what they speak of, in a chain that shows every change."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import delete, update

from server.audit import operations as audit
from server.audit.tables import AuditFact, AuditHead
from server.platform.db import transaction
from tests.builders import a_client, a_person, actor_of, an_actor, client_as

CHAIN = "fire-yanshi"


def note(verb: str, actor=None, **facts: object) -> None:
    with transaction():
        audit.record(actor, verb, "visit", "v1", agency=CHAIN, facts=facts)


def test_a_fact_says_who_what_and_when(ctx):
    actor = an_actor("reviewer")
    note("reports.approve", actor, round=2)
    fact = audit.listing(CHAIN)[0]
    assert (fact.user_id, fact.verb, fact.object_kind, fact.object_id) == (actor.user_id, "reports.approve", "visit", "v1")
    assert fact.facts == {"round": 2}


def test_a_rolled_back_operation_leaves_no_fact(ctx):
    with pytest.raises(ValueError), transaction():
        audit.record(None, "never", "visit", "v1", agency=CHAIN)
        raise ValueError
    assert audit.listing(CHAIN) == []
    assert audit.verify(CHAIN).fault is None


def test_a_fact_outside_a_unit_of_work_is_a_mistake(ctx):
    with pytest.raises(RuntimeError):
        audit.record(None, "x", "visit", "v1", agency=CHAIN)


def test_each_agency_has_its_own_chain(ctx):
    with transaction():
        audit.record(None, "one", "visit", "v1", agency="a")
        audit.record(None, "two", "visit", "v1", agency="b")
        audit.record(None, "three", "visit", "v1")
    assert [fact.verb for fact in audit.listing("a")] == ["one"]
    assert [fact.seq for fact in audit.listing("b")] == [1]
    assert [fact.verb for fact in audit.listing(audit.SERVER)] == ["three"]


def test_the_listing_pages_and_filters(ctx):
    for number in range(5):
        note(f"verb{number}")
    assert [fact.seq for fact in audit.listing(CHAIN, limit=2)] == [5, 4]
    assert [fact.seq for fact in audit.listing(CHAIN, before=4, limit=2)] == [3, 2]
    assert [fact.seq for fact in audit.listing(CHAIN, verb="verb1")] == [2]
    assert audit.listing(CHAIN, object_id="other") == []


def tamper_text(current) -> None:
    current.execute(update(AuditFact).where(AuditFact.seq == 2).values(verb="nicer"))


def tamper_line(current) -> None:
    current.execute(update(AuditFact).where(AuditFact.seq == 2).values(line="{}"))


def tamper_facts(current) -> None:
    current.execute(update(AuditFact).where(AuditFact.seq == 2).values(facts={"n": 9}))


def tamper_remove(current) -> None:
    current.execute(delete(AuditFact).where(AuditFact.seq == 2))


@pytest.mark.parametrize("tamper", [tamper_text, tamper_line, tamper_facts, tamper_remove])
def test_a_changed_or_removed_fact_breaks_the_chain_there(ctx, tamper):
    for number in range(4):
        note("verb", n=number)
    assert audit.verify(CHAIN).fault is None
    with transaction() as current:
        tamper(current)
    assert audit.verify(CHAIN).fault == 2


def test_a_removed_last_fact_shows_by_the_head(ctx):
    for number in range(3):
        note("verb", n=number)
    with transaction() as current:
        current.execute(delete(AuditFact).where(AuditFact.seq == 3))
    assert audit.verify(CHAIN).fault == 3


def test_writers_at_the_same_time_make_one_whole_chain(app):
    def write() -> None:
        with app.app_context():
            for number in range(5):
                note("verb", n=number)

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with app.app_context():
        found = audit.verify(CHAIN)
    assert (found.length, found.fault) == (15, None)


def test_the_auditor_reads_and_the_reading_is_a_fact(app):
    auditor = client_as("auditor")
    person = a_person(agency="fire-jindong")
    first = auditor.get("/api/v1/audit/facts")
    assert first.status_code == 200
    assert person.id not in {fact["object_id"] for fact in first.json["facts"]}, "another agency's fact"
    second = auditor.get("/api/v1/audit/facts?verb=audit.read").json["facts"]
    assert [fact["user"] for fact in second] == [auditor.person.id]
    assert auditor.get("/api/v1/audit/verify").json["fault"] is None


def test_the_limit_of_a_page_is_checked(app):
    auditor = client_as("auditor")
    assert auditor.get("/api/v1/audit/facts?limit=501").status_code == 422
    assert auditor.get("/api/v1/audit/facts?before=x").status_code == 422


def test_heads_are_kept_per_chain(ctx):
    note("verb")
    person = a_person()
    a_client(person)
    assert actor_of(person).agency_id == CHAIN
    with transaction() as current:
        assert current.get_one(AuditHead, CHAIN).seq == audit.verify(CHAIN).length
