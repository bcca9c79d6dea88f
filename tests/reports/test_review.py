"""From the sealed visit to the leader's decision: drafted by itself, blocked while anything is missing, answered when returned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from server.accounts import operations as accounts
from server.kernel.moments import local_date
from server.platform import clock, jobs
from server.reports import reading
from tests import builders
from tests.diligent import Team, a_prepared_visit, attest_now, calendar, carry, opinion, seal_now
from tests.phone import a_picture
from tests.world import Client

AGENCIES = ["fire-yanshi", "fire-wenchanghu", "fire-jindong", "civil-air-defence-wugang", "emergency-wushen"]
API = "/api/v1/reports"


@pytest.fixture
def team(app: Flask, repository: Path) -> Callable[..., Team]:
    def prepared(agency: str = "emergency-wushen", **more: Any) -> Team:
        with app.app_context():
            return a_prepared_visit(agency, repository / "checklists", **more)

    return prepared


def leader_of(agency: str) -> Client:
    with builders.at_work():
        return builders.a_client(next(one for one in accounts.people(agency) if "reviewer" in one.roles))


def report_id(agency: str, insp: str) -> str:
    with builders.at_work():
        found = reading.of_inspection(agency, insp)
    assert found is not None
    return found


def sent(app: Flask, team: Team, *, second: bool = True) -> str:
    """Both phones send everything; answers the report's id."""
    team.upload(team.first)
    if second:
        team.upload(team.second)
    with app.app_context():
        jobs.drain()
    return report_id(team.first.device.person.agency_id, team.insp)


@pytest.mark.parametrize("agency", AGENCIES)
def test_a_whole_visit_of_every_agency_is_drafted_handed_in_and_approved(app: Flask, team: Callable[..., Team], agency: str) -> None:
    visit = team(agency)
    carry(visit)
    opinion(visit)
    rid = sent(app, visit)
    leader = leader_of(agency)
    line = leader.get(f"{API}?queue=review").get_json()["reports"][0]
    assert (line["id"], line["state"], line["counts"]["fails"]) == (rid, "submitted", 1)
    ended = visit.fold()["ended_at"]
    with app.app_context():
        assert line["due_on"] == calendar(agency).add_workdays(local_date(ended), 5).due_on.isoformat()
    detail = leader.get(f"{API}/{rid}").get_json()
    assert detail["gaps"] == [] and detail["verdict"].startswith("完整")
    assert "通道堆放杂物" in detail["record_text"]
    assert leader.post(f"{API}/{rid}/approve", json={}).status_code == 204
    assert leader.get(f"{API}/{rid}").get_json()["state"] == "approved"
    assert leader.post(f"{API}/{rid}/approve", json={}).get_json()["code"] == "E_REPORT_STATE"


def test_with_one_attestation_nothing_is_approved_until_the_second_has_synced(app: Flask, team: Callable[..., Team]) -> None:
    visit = team()
    carry(visit)
    opinion(visit)
    rid = sent(app, visit, second=False)
    leader = leader_of("emergency-wushen")
    assert leader.get(f"{API}/{rid}").get_json()["inspection_state"] == "awaiting_second"
    refused = visit.first.client.post(f"{API}/{rid}/submit")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "E_TWO_REQUIRED")
    refused = leader.post(f"{API}/{rid}/approve", json={})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "E_TWO_REQUIRED")
    visit.upload(visit.second)
    assert leader.get(f"{API}/{rid}").get_json()["state"] == "submitted", "complete now, so it hands itself in"
    assert leader.post(f"{API}/{rid}/approve", json={}).status_code == 204


def test_a_photo_that_has_not_arrived_blocks_approval_and_is_counted(app: Flask, team: Callable[..., Team]) -> None:
    visit = team()
    carry(visit)
    opinion(visit)
    visit.first.send()
    visit.second.send()
    rid = report_id("emergency-wushen", visit.insp)
    answer = leader_of("emergency-wushen").post(f"{API}/{rid}/approve", json={})
    assert answer.status_code == 409 and answer.get_json()["code"] == "E_REPORT_INCOMPLETE"
    assert "没有上传完" in answer.get_json()["detail"]


def test_without_an_opinion_the_report_stays_with_the_lead(app: Flask, team: Callable[..., Team]) -> None:
    visit = team()
    carry(visit)
    rid = sent(app, visit)
    lead = visit.first.client
    refused = lead.post(f"{API}/{rid}/submit").get_json()
    assert refused["code"] == "E_REPORT_INCOMPLETE" and "缺少对被检查人的评价" in refused["detail"]
    assert lead.put(f"{API}/{rid}/opinion", json={"base": 0, "evaluation": "较好", "handling": "责令限期改正"}).get_json() == {"rev": 1}
    assert lead.post(f"{API}/{rid}/submit").status_code == 204


def test_two_opinions_from_the_same_revision_are_both_kept_and_must_be_merged(app: Flask, team: Callable[..., Team]) -> None:
    visit = team()
    carry(visit)
    rid = sent(app, visit)
    lead = visit.first.client
    for words in ("第一份", "第二份"):
        lead.put(f"{API}/{rid}/opinion", json={"base": 0, "evaluation": words, "handling": "责令改正"})
    detail = lead.get(f"{API}/{rid}").get_json()
    assert [(one["evaluation"], one["clash"]) for one in detail["opinions"]] == [("第二份", True), ("第一份", False)]
    assert lead.post(f"{API}/{rid}/submit").get_json()["code"] == "E_REPORT_INCOMPLETE"
    lead.put(f"{API}/{rid}/opinion", json={"base": 2, "evaluation": "合并", "handling": "责令改正"})
    assert lead.post(f"{API}/{rid}/submit").status_code == 204


def test_a_returned_report_reaches_the_phones_is_answered_by_new_events_and_approved(app: Flask, team: Callable[..., Team]) -> None:
    visit = team()
    carry(visit)
    opinion(visit)
    rid = sent(app, visit)
    leader = leader_of("emergency-wushen")
    failed = next(head for one in visit.fold()["answers"].values() for head in one["heads"] if head["val"] == "fail")
    assert leader.post(f"{API}/{rid}/return", json={"reasons": []}).status_code == 422
    returned = leader.post(f"{API}/{rid}/return", json={"reasons": [{"checklist": failed["checklist"], "item": failed["item"], "text": "请补拍全景"}], "note": "材料不足"})
    assert returned.status_code == 200
    for phone in (visit.first, visit.second):
        notes = [change["data"] for change in phone.changes()["changes"] if change["kind"] == "return"]
        assert [(note["round"], note["reasons"][0]["text"]) for note in notes] == [(1, "请补拍全景")]
    before = visit.fold()
    visit.first.event("reply", {"return_id": returned.get_json()["id"], "checklist": failed["checklist"], "item": failed["item"], "text": "已补拍"}, visit.insp)
    shot = a_picture(987_654)
    sha256 = visit.keep(shot, "image/jpeg")
    visit.first.event("supplement.photo", {"return_id": returned.get_json()["id"], "sha256": sha256, "size": len(shot), "mime": "image/jpeg", "width": 64, "height": 48, "src": "inapp", "purpose": "item", "checklist": failed["checklist"], "item": failed["item"], "sheet": 0}, visit.insp)
    attest_now(visit, visit.first)
    attest_now(visit, visit.second)
    seal_now(visit)
    sent(app, visit)
    detail = leader.get(f"{API}/{rid}").get_json()
    assert detail["state"] == "submitted" and detail["returns"][0]["replies"][0]["text"] == "已补拍"
    assert "更正说明" in detail["record_text"]
    assert visit.fold()["party"]["text"] == before["party"]["text"], "what the party signed never changes"
    assert leader.post(f"{API}/{rid}/approve", json={}).status_code == 204


def test_a_hold_needs_a_reason_and_keeps_the_report_in_the_queue(app: Flask, team: Callable[..., Team]) -> None:
    visit = team()
    carry(visit)
    opinion(visit)
    rid = sent(app, visit)
    leader = leader_of("emergency-wushen")
    assert leader.post(f"{API}/{rid}/hold", json={}).status_code == 422
    assert leader.post(f"{API}/{rid}/hold", json={"note": "等检测报告"}).status_code == 204
    assert leader.get(f"{API}?queue=review").get_json()["reports"][0]["state"] == "held"


def test_nobody_reviews_a_visit_of_their_own(app: Flask, team: Callable[..., Team]) -> None:
    visit = team()
    carry(visit)
    opinion(visit)
    rid = sent(app, visit)
    person = visit.second.device.person
    with app.app_context():
        admin = builders.an_actor("administrator", agency=person.agency_id)
        accounts.change_person(admin, person.id, roles=["inspector", "reviewer"])
    both = builders.a_client(person)
    refused = both.post(f"{API}/{rid}/approve", json={})
    assert refused.status_code == 403 and refused.get_json()["code"] == "E_REPORT_ROLE"


def test_a_wrong_phone_clock_asks_the_reviewer_for_a_reason(app: Flask, team: Callable[..., Team]) -> None:
    visit = team()
    visit.first.skew_ms = 5 * 86_400_000
    carry(visit)
    opinion(visit)
    rid = sent(app, visit)
    leader = leader_of("emergency-wushen")
    detail = leader.get(f"{API}/{rid}").get_json()
    assert detail["clock_in_doubt"] and detail["clamped"]
    assert detail["counted_from"] == local_date(clock.now_ms()).isoformat(), "clamped to the receipt"
    assert leader.post(f"{API}/{rid}/approve", json={}).get_json()["code"] == "E_CLOCK_REASON"
    assert leader.post(f"{API}/{rid}/approve", json={"clock_reason": "与记录仪时间核对一致"}).status_code == 204


def test_a_visit_refused_at_the_door_is_a_short_record_that_can_be_approved(app: Flask, team: Callable[..., Team]) -> None:
    visit = team()
    first, insp = visit.first, visit.insp
    visit.visit.open(first)
    for member in visit.visit.pack["team"]:
        first.event("recusal.declare", {"inspector": member["user"], "conflict": False}, insp)
    first.event("rec.mark", {"mark": "arrival"}, insp)
    first.event("outcome", {"kind": "not_possible", "reason": "closed", "note": "卷帘门关闭，张贴停业告示"}, insp)
    visit.photo(purpose="door")
    attest_now(visit, first)
    attest_now(visit, visit.second)
    seal_now(visit)
    opinion(visit)
    rid = sent(app, visit)
    detail = leader_of("emergency-wushen").get(f"{API}/{rid}").get_json()
    assert detail["outcome"]["reason"] == "closed" and detail["gaps"] == []
    assert "停业" in detail["record_text"]
    assert leader_of("emergency-wushen").post(f"{API}/{rid}/approve", json={}).status_code == 204
