"""An inspector drawn from another agency's register gets the visit on the own phone (WG-5b), and nothing else of that agency (D-4)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from server.accounts import operations as accounts
from server.inspections import attest
from server.inspections import operations as inspections
from server.inspections.record_text import record_text
from server.inspections.tables import EventRow, InspectionRow
from server.plans import monthly
from server.platform import feed, jobs
from server.platform.db import session
from tests import builders, kept
from tests.builders import an_actor, client_as
from tests.diligent import Team, a_team_for, attest_now, carry, opinion
from tests.draw.lending import ABOVE, LENDER, Lending, a_lending
from tests.phone import a_picture

API = "/api/v1"


@dataclass
class Lent:
    world: Lending
    team: Team

    @property
    def head(self) -> Any:
        return client_as("reviewer", agency=ABOVE)


@pytest.fixture
def lent(ctx: Flask, repository: Path) -> Lent:
    """A draw of the superior among the lender's inspectors, released to their phones."""
    checklists = repository / "checklists"
    return kept.once(f"lent {checklists}", lambda: a_lent_visit(checklists))


def a_lent_visit(checklists: Path) -> Lent:
    world = a_lending(checklists)
    world.office.to_drawn(registers=[LENDER])
    plan = monthly.plans(ABOVE)[-1]
    monthly.approve(an_actor("reviewer", agency=ABOVE), plan.id, "补充安排")
    monthly.release(an_actor("plan_officer", agency=ABOVE), plan.id)
    jobs.drain()
    return Lent(world, a_team_for(inspections.inspections(ABOVE)[0]))


def visits(changes: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {one["id"]: one["data"] for one in changes if one["kind"] == "visit" and one["op"] == "put"}


def test_a_lent_inspectors_phone_gets_the_visit_with_its_pack_and_notice(lent: Lent) -> None:
    team = lent.team
    card = visits(team.first.changes()["changes"])[team.insp]
    assert {one["user"] for one in card["team"]} >= {team.first.user, team.second.user}
    assert {one["dev"] for one in card["phones"]} >= {team.first.dev, team.second.dev}
    assert team.first.client.get(f"{API}/sync/packs/{card['pack']}").status_code == 200
    (notice,) = card["files"]
    assert team.first.client.get(f"{API}/sync/blobs/{notice['sha256']}").data.startswith(b"%PDF")
    # Whoever is enrolled already hears of it by the own agency's feed; colleagues of that agency hear nothing.
    cursor = team.second.changes()["cursor"]
    inspections.keep_flag(team.insp, "test", "F_TEST")
    assert list(visits(team.second.changes(cursor)["changes"])) == [team.insp]
    stranger = next(one.id for one in accounts.people(LENDER) if one.id not in {str(member["user"]) for member in card["team"]})
    assert [line for line in feed.page(LENDER, stranger, 0) if line.kind == "visit"] == []


def test_a_whole_visit_by_lent_inspectors_ends_in_a_report_that_the_superior_approves(lent: Lent) -> None:
    team = lent.team
    carry(team, fails=0)
    opinion(team)
    for phone in (team.first, team.second):
        answer = team.upload(phone)
        assert {one["status"] for one in answer["results"]} == {"stored"}, answer["results"]
        assert phone.send()["lacks"] == []
    assert team.first.lacks(list(team.files)) == []
    session().rollback()
    assert inspections.inspection(team.insp).state == "sealed"
    (report,) = [one for one in lent.head.get(f"{API}/reports").get_json()["reports"] if one["insp"] == team.insp]
    own = builders.a_client(team.first.device.person)
    assert [one["id"] for one in own.get(f"{API}/reports").get_json()["reports"]] == [report["id"]]
    assert own.get(f"{API}/reports/{report['id']}").status_code == 200
    assert own.get(f"{API}/reports/{report['id']}/documents/record.pdf").data.startswith(b"%PDF")
    detail = lent.head.get(f"{API}/reports/{report['id']}").get_json()
    assert detail["gaps"] == [] and len(detail["attestations"]) == 2
    jobs.drain()
    for sha, (_data, mime) in team.files.items():
        if mime == "image/jpeg":
            assert own.get(f"{API}/evidence/{sha}/thumb").status_code == lent.head.get(f"{API}/evidence/{sha}/thumb").status_code == 200
    done = lent.head.post(f"{API}/reports/{report['id']}/approve", json={})
    assert done.status_code == 204, done.get_json()


def test_two_lent_inspectors_attest_face_to_face_though_their_phones_are_enrolled_elsewhere(lent: Lent) -> None:
    """双机互签 (A2): the carried signature counts by the team, not by the agency of the phone."""
    team = lent.team
    carry(team, second_attests=False)
    team.upload(team.first)
    folded = team.fold()
    wire = team.second.event("attest", attest.attestation(folded, record_text(folded, team.visit.pack), "A2"), team.insp)
    team.first.event("attest.in", dict(wire), team.insp)
    assert team.first.send()["results"][-1]["status"] == "stored"
    team.second.send()
    session().rollback()
    assert inspections.inspection(team.insp).state == "sealed"


def test_a_report_returned_by_the_superior_reaches_the_lent_inspectors_phone(lent: Lent) -> None:
    team = lent.team
    carry(team, fails=0)
    opinion(team)
    for phone in (team.first, team.second):
        team.upload(phone)
    cursor = team.first.changes()["cursor"]
    (report,) = [one for one in lent.head.get(f"{API}/reports").get_json()["reports"] if one["insp"] == team.insp]
    assert lent.head.post(f"{API}/reports/{report['id']}/return", json={"reasons": [{"text": "请补充说明"}], "note": ""}).status_code == 200
    for changes in (team.first.changes(cursor), team.second.changes()):
        (told,) = [one["data"] for one in changes["changes"] if one["kind"] == "return"]
        assert told["insp"] == team.insp and told["reasons"][0]["text"] == "请补充说明"


def test_the_lenders_desk_and_colleagues_find_nothing_of_the_visit(lent: Lent) -> None:
    team = lent.team
    carry(team)
    team.upload(team.first)
    photo = next(sha for sha, (_data, mime) in team.files.items() if mime == "image/jpeg")
    session().rollback()
    pack = inspections.inspection(team.insp).pack_sha
    leader, clerk, auditor = (client_as(role, agency=LENDER) for role in ("reviewer", "plan_officer", "auditor"))
    colleague = builders.an_enrolled_device(builders.a_person("inspector", agency=LENDER))
    mate = builders.client_of(colleague)
    for who in (leader, auditor, mate):
        assert who.get(f"{API}/inspections/{team.insp}").status_code == 404
        assert who.get(f"{API}/evidence/{photo}/original").status_code == 404
    for who in (leader, mate):
        assert who.get(f"{API}/sync/packs/{pack}").status_code == 404
    assert leader.get(f"{API}/inspections/{team.insp}/export.zip").status_code == 404
    assert all(one["insp"] != team.insp for one in leader.get(f"{API}/reports").get_json()["reports"])
    assert team.insp not in {one["id"] for one in clerk.get(f"{API}/inspections?which=all").get_json()["inspections"]}
    assert mate.post(f"{API}/sync/lacks", json={"sha256": [photo]}).get_json()["lacks"] == [photo]


def test_a_lent_inspector_finds_nothing_but_the_own_visit(lent: Lent) -> None:
    team = lent.team
    members = {one.id: {str(member["user"]) for member in one.team} for one in inspections.inspections(ABOVE)}
    other = next((insp for insp, users in members.items() if team.first.user not in users), "")
    assert other, "the draw made more than one team"
    assert team.first.client.get(f"{API}/inspections/{other}").status_code == 404
    assert team.first.client.get(f"{API}/sync/packs/{inspections.inspection(other).pack_sha}").status_code == 404
    assert other not in visits(team.first.changes()["changes"])
    # Events and files about a visit of the other agency that one is not drawn for stay apart.
    team.first.event("note.add", {"text": "不是我的检查"}, other)
    (*_, result) = team.first.send()["results"]
    assert (result["status"], result["code"]) == ("quarantined", "E_NOT_TEAM")
    data = a_picture(77)
    team.first.upload(data, "image/jpeg", insp=other)
    assert client_as("reviewer", agency=ABOVE).get(f"{API}/evidence/{hashlib.sha256(data).hexdigest()}/original").status_code == 404


def test_what_a_lost_phone_of_a_lent_inspector_said_is_the_superiors_to_read_and_decide(lent: Lent) -> None:
    team = lent.team
    carry(team)
    team.upload(team.first)
    admin = an_actor("administrator", agency=LENDER)
    accounts.revoke_device(admin, team.second.dev, "遗失")
    attest_now(team, team.second)
    team.second.send()
    session().rollback()
    assert session().query(EventRow).filter_by(insp=team.insp, status="quarantined").count() >= 1
    listed = {who: client_as("reviewer", agency=who).get(f"{API}/inspections/quarantine").get_json()["events"] for who in (ABOVE, LENDER)}
    assert {one["insp"] for one in listed[ABOVE]} == {team.insp} and team.insp not in {one["insp"] for one in listed[LENDER]}
    kept = [one["h"] for one in listed[ABOVE]]
    decision = {"events": kept, "decision": "release", "reason": "本人当面确认"}
    assert client_as("reviewer", agency=LENDER).post(f"{API}/inspections/quarantine/decisions", json=decision).status_code == 404
    assert client_as("reviewer", agency=ABOVE).post(f"{API}/inspections/quarantine/decisions", json=decision).get_json()["released"] == sorted(kept)
    session().rollback()
    assert session().get_one(InspectionRow, team.insp).state == "sealed"
