"""Reports under pressure: two leaders at once, events in odd orders, evidence that nobody in the team named.

A race is forced, not hoped for: the test holds the row (on SQLite the write lock) until both requests wait for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from server.accounts import operations as accounts
from server.audit.tables import AuditFact
from server.inspections import operations as inspections
from server.inspections.tables import InspectionRow
from server.kernel.moments import local_date
from server.platform import jobs
from server.platform.db import session, transaction
from server.reports import reading
from server.reports.tables import ReportRow
from tests import builders, kept
from tests import phone as phones
from tests.world import Client

API = "/api/v1/reports"
WORDS = {"evaluation": "制度健全", "handling": "继续保持", "advice": ""}


def the_report(insp: str) -> str:
    found = reading.of_inspection(builders.AGENCY, insp)
    assert found is not None
    return found


@pytest.fixture
def carried(ctx: Flask) -> phones.Carried:
    """A visit of two phones, sealed, sent, with the lead's opinion: waiting for the leader."""
    return kept.once("for the leader", for_the_leader)


def for_the_leader() -> phones.Carried:
    found = phones.record_visit(phones.a_field_phone(), phones.a_field_phone(), photos=0, answers=2)
    found.first.event("report.opinion", {"base": 0, **WORDS}, found.visit.insp)
    found.second.send()
    found.first.send()
    jobs.drain()
    return found


def state_of(insp: str) -> str:
    return session().get_one(ReportRow, the_report(insp), populate_existing=True).state


@contextmanager
def held(table: type, key: object) -> Iterator[None]:
    """Hold one row until the block ends."""
    with transaction():
        session().get(table, key, with_for_update=True)
        yield


def at_once(*acts: Callable[[], object], lock: tuple[type, object]) -> list[object]:
    """Start all acts while the row is held, let go when they wait, and answer what each brought."""
    brought: list[object] = [None] * len(acts)

    def run(place: int) -> None:
        brought[place] = acts[place]()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(acts))]
    with held(*lock):
        for thread in threads:
            thread.start()
            time.sleep(0.2)
    for thread in threads:
        thread.join(20)
    return brought


def a_leader() -> Client:
    return builders.client_as("reviewer")


def test_two_leaders_at_once_decide_once(carried: phones.Carried) -> None:
    rid = the_report(carried.visit.insp)
    one, other = a_leader(), a_leader()
    answers = at_once(
        lambda: one.post(f"{API}/{rid}/hold", json={"note": "等一等"}).status_code,
        lambda: other.post(f"{API}/{rid}/return", json={"reasons": [{"text": "请补充"}]}).status_code,
        lock=(ReportRow, rid),
    )
    # Holding and then returning is one after the other and allowed; returning and then holding is not.
    assert answers in ([204, 200], [409, 200])
    answers = at_once(
        lambda: one.post(f"{API}/{rid}/return", json={"reasons": [{"text": "甲"}]}).status_code,
        lambda: other.post(f"{API}/{rid}/return", json={"reasons": [{"text": "乙"}]}).status_code,
        lock=(ReportRow, rid),
    )
    assert answers == [409, 409]
    assert session().get_one(ReportRow, rid, populate_existing=True).round == 1


def test_a_report_is_returned_once_though_two_leaders_return_it(carried: phones.Carried) -> None:
    rid = the_report(carried.visit.insp)
    one, other = a_leader(), a_leader()
    answers = at_once(
        lambda: one.post(f"{API}/{rid}/return", json={"reasons": [{"text": "甲"}]}).status_code,
        lambda: other.post(f"{API}/{rid}/return", json={"reasons": [{"text": "乙"}]}).status_code,
        lock=(ReportRow, rid),
    )
    assert sorted(answers) == [200, 409]
    decided = select(func.count()).where(AuditFact.verb == "reports.returned")
    assert session().scalar(decided) == 1


def test_two_opinions_at_the_same_moment_are_both_kept(carried: phones.Carried) -> None:
    insp = carried.visit.insp
    rid = the_report(insp)
    lead, again = (builders.a_client(carried.first.device.person) for _ in range(2))
    answers = at_once(
        lambda: lead.put(f"{API}/{rid}/opinion", json={"base": 1, **WORDS, "evaluation": "甲"}).status_code,
        lambda: again.put(f"{API}/{rid}/opinion", json={"base": 1, **WORDS, "evaluation": "乙"}).status_code,
        lock=(ReportRow, rid),
    )
    assert answers == [200, 200]
    opinions = a_leader().get(f"{API}/{rid}").get_json()["opinions"]
    assert {one["evaluation"] for one in opinions} == {"甲", "乙", "制度健全"}
    assert [one["clash"] for one in opinions] == [True, False, False]


def test_a_visit_that_begins_while_somebody_cancels_it_is_not_cancelled(ctx: Flask, database: str) -> None:
    phone = phones.a_field_phone()
    visit = phones.a_visit(phone)
    visit.open(phone)
    planner = builders.client_as("plan_officer")
    answers = at_once(
        lambda: phone.send()["results"][1]["status"],
        lambda: planner.post(f"/api/v1/inspections/{visit.insp}/cancel", json={"reason": "试"}).status_code,
        lock=(InspectionRow, visit.insp),
    )
    assert answers[0] == "stored"
    # PostgreSQL serves who waits first; on SQLite either may be first, and what was sent is kept in both cases.
    if database == "postgres" or answers[1] == 409:
        assert (answers[1], inspections.inspection(visit.insp).state) == (409, "in_progress")


def test_who_is_not_in_the_team_cannot_block_an_approval_with_a_file_that_never_comes(carried: phones.Carried) -> None:
    insp = carried.visit.insp
    stranger = phones.a_field_phone()
    stranger.photo(insp, b"a photo that will never be sent")
    answer = stranger.send()
    assert answer["results"][1]["code"] == "E_NOT_TEAM"
    assert "M_FILES" not in [gap["code"] for gap in a_leader().get(f"{API}/{the_report(insp)}").get_json()["gaps"]]


def test_a_revoked_phones_photo_does_not_block_the_approval(carried: phones.Carried) -> None:
    insp = carried.visit.insp
    admin = builders.an_actor("administrator")
    accounts.revoke_device(admin, carried.second.dev, "丢失")
    carried.second.photo(insp, b"made after the loss")
    assert carried.second.send([carried.second.wires[-1]])["results"][0]["code"] == "E_DEV_REVOKED"
    assert "M_FILES" not in [gap["code"] for gap in a_leader().get(f"{API}/{the_report(insp)}").get_json()["gaps"]]


def test_a_photo_of_a_replacement_inspector_counts_from_the_replacement_on(carried: phones.Carried) -> None:
    insp = carried.visit.insp
    stranger = phones.a_field_phone()
    stranger.photo(insp, b"a photo of the third person")
    stranger.send()
    team = [*inspections.inspection(insp).team, {"user": stranger.user, "name": "丙", "certificate_no": "试3", "lead": False}]
    inspections.change_team(builders.an_actor("plan_officer"), insp, team, "增加人员")
    assert "M_FILES" in [gap["code"] for gap in a_leader().get(f"{API}/{the_report(insp)}").get_json()["gaps"]]


def test_an_opinion_that_comes_before_the_seal_is_the_first_revision(ctx: Flask) -> None:
    first, second = phones.a_field_phone(), phones.a_field_phone()
    visit = phones.a_visit(first, second, items=1)
    visit.open(first)
    first.event("report.opinion", {"base": 0, **WORDS, "evaluation": "含\0字符"}, visit.insp)
    first.attest(visit)
    second.attest(visit)
    first.seal(visit)
    first.send(first.wires[:4])
    second.send()
    assert {r["status"] for r in first.send()["results"]} == {"known", "stored"}
    detail = a_leader().get(f"{API}/{the_report(visit.insp)}").get_json()
    assert [(one["rev"], one["evaluation"]) for one in detail["opinions"]] == [(1, "含字符")]
    assert detail["state"] == "submitted"


def test_the_deadline_follows_an_attestation_that_was_made_before_the_seal_and_comes_after_it(ctx: Flask) -> None:
    """D-14 counts from the last signature before the first seal, whenever it arrives."""
    first, second = phones.a_field_phone(), phones.a_field_phone()
    first.skew_ms = int(-timedelta(days=2) / timedelta(milliseconds=1))
    visit = phones.a_visit(first, second, items=1)
    visit.open(first)
    first.attest(visit)
    second.attest(visit)
    first.skew_ms = 0
    first.wall = second.wall
    first.seal(visit)
    with transaction():
        session().get_one(InspectionRow, visit.insp).created_at -= timedelta(days=9)
    first.send()
    early = session().get_one(ReportRow, the_report(visit.insp))
    counted, due = early.counted_from, early.due_on
    second.send()
    late = session().get_one(ReportRow, the_report(visit.insp), populate_existing=True)
    ended = inspections.inspection(visit.insp).ended_at
    assert ended is not None and late.ended_ms == ended
    assert late.counted_from == local_date(ended) == counted + timedelta(days=2)
    assert late.due_on > due
    assert session().scalar(select(func.count()).where(AuditFact.verb == "reports.dated_again")) == 1


def test_after_the_approval_answers_are_kept_and_change_nothing_that_was_approved(carried: phones.Carried) -> None:
    insp = carried.visit.insp
    rid = the_report(insp)
    with transaction():
        session().get_one(ReportRow, rid).state = "approved"
    visit, first, second = carried.visit, carried.first, carried.second
    first.event("reply", {"return_id": "r-none", "item": "", "text": "迟到的答复"}, insp)
    first.event("report.opinion", {"base": 1, **WORDS, "evaluation": "改写"}, insp)
    first.attest(visit)
    second.attest(visit)
    first.seal(visit, prev_seal=visit.fold()["seals"][0]["h"])
    second.send([second.wires[-1]])
    assert {r["status"] for r in first.send()["results"]} == {"known", "stored"}
    assert state_of(insp) == "approved"
    detail = a_leader().get(f"{API}/{rid}").get_json()
    assert [one["evaluation"] for one in detail["opinions"]] == ["制度健全"]
    assert "F_AFTER_APPROVAL" in detail["flags"]
    assert inspections.rebuild(insp).flags == tuple(detail["flags"]), "a later fold says it as well"
