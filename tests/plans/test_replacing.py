"""Replacements: reason, approval, filing, a new small ceremony, counted; never a pick by hand (WC-16, WS-4.2d, C7)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from server.accounts import operations as accounts
from server.draw import operations as draws
from server.inspections import operations as inspections
from server.plans import figures, monthly, operations, publishing, replacing, upward
from server.plans.domain import OwnWork, PlanRefused, PlanState, ReasonUnknown
from server.platform import jobs
from server.platform.db import session, transaction
from server.platform.ids import new_id
from server.registry import operations as registry
from server.registry.tables import UnitItemRow
from server.rules import operations as rules
from tests import builders, kept
from tests.draw.office import Ceremony, a_ceremony
from tests.phone import a_field_phone
from tests.plans.office import CHECKLISTS, WC, WS, Office, an_office

API = "/api/v1/plans"


@pytest.fixture
def office(ctx: Flask) -> Office:
    return an_office(WC)


def asked(office: Office, reason: str = "leave", at: int = 0) -> replacing.Replacement:
    """Somebody of the first visit cannot go."""
    visit = inspections.inspections(office.agency)[0]
    return replacing.ask(office.officer, new_id(), visit.id, "inspector", str(visit.team[at]["user"]), reason, "因病住院")


def test_wc_16b_only_the_reasons_of_the_profile_are_reasons(office: Office) -> None:
    """因岗位调整、公差、休假、回避等特殊情况确需调整的"""
    office.released(0)
    for reason in ("post_change", "official_duty", "leave", "recusal"):
        made = asked(office, reason)
        replacing.decide(office.head, made.id, False, "另行安排")
    with pytest.raises(ReasonUnknown):
        asked(office, "favour")


def test_wc_16c_the_head_approves_and_the_filing_goes_upward_with_number_and_date(office: Office) -> None:
    """报请组织实施抽查计划的消防救援机构负责人审批，并报上一级消防救援机构备案"""
    office.released(0)
    made = asked(office)
    with pytest.raises(PlanState):
        replacing.draw(office.officer, made.id, office.officer.user_id, office.head.user_id, "甄见证")
    assert upward.inbox(office.superior) == []
    approved = replacing.decide(office.head, made.id, True, "同意")
    assert approved.state == "approved" and approved.filing_no.startswith("（文昌湖消防）备字〔") and approved.filing_state == "sent"
    (letter,) = upward.inbox(office.superior)
    assert letter.act == "file" and ["情形", "休假"] in letter.summary
    # A filing tells, it does not ask: the draw need not wait for it.
    upward.answer(office.superior, letter.id, "received", "", "淄消备2026-11")
    assert replacing.one(WC, made.id).filing_state == "received"


def test_who_asks_does_not_approve_and_a_refusal_has_its_reason(office: Office) -> None:
    office.released(0)
    both = builders.an_actor("plan_officer", "reviewer", agency=WC)
    visit = inspections.inspections(WC)[0]
    made = replacing.ask(both, new_id(), visit.id, "inspector", str(visit.team[0]["user"]), "leave", "年休假")
    with pytest.raises(OwnWork):
        replacing.decide(both, made.id, True, "")
    with pytest.raises(PlanRefused):
        replacing.decide(office.head, made.id, False, " ")


def test_the_same_request_is_one_and_a_second_for_the_same_chair_waits(office: Office) -> None:
    office.released(0)
    visit, key = inspections.inspections(WC)[0], new_id()
    out = str(visit.team[0]["user"])
    for _ in range(2):
        replacing.ask(office.officer, key, visit.id, "inspector", out, "leave", "年休假")
    assert len(replacing.listing(WC)) == 1
    with pytest.raises(PlanState):
        replacing.ask(office.officer, new_id(), visit.id, "inspector", out, "leave", "再提一次")


def test_wc_16d_no_request_can_name_the_substitute(app: Flask) -> None:
    """重新在执法检查人员名录库中随机选派，不得随意指定"""
    with app.app_context():
        office = an_office(WC)
        office.released(0)
        visit = inspections.inspections(WC)[0]
        made = asked(office)
        replacing.decide(office.head, made.id, True, "同意")
        head, wanted = office.client(office.head), office.people[3]
    names = ("in", "in_id", "substitute", "inspector", "inspectors", "team", "user", "to")
    body = {"id": new_id(), "visit": visit.id, "kind": "inspector", "out": str(visit.team[1]["user"]), "reason": "leave", "note": "试"}
    for name in names:
        assert head.post(f"{API}/replacements", json=body | {name: wanted}).status_code == 422
        assert head.post(f"{API}/replacements/{made.id}/draw", json={"official_a": wanted, "official_b": wanted, name: wanted}).status_code == 422
        assert head.post(f"{API}/replacements/{made.id}/decide", json={"granted": True, name: wanted}).status_code == 422


def test_nobody_is_replaced_once_the_visit_has_begun(office: Office) -> None:
    office.released(0)
    visit = inspections.inspections(WC)[0]
    phone = a_field_phone(accounts.person(str(visit.team[0]["user"])))
    phone.event("insp.open", {"pack": visit.pack_sha, "pin": inspections.load_pack(str(visit.pack_sha))["pin"], "mode": "on_site", "assignments": [], "checklists": []}, visit.id)
    phone.send()
    with pytest.raises(PlanState):
        asked(office, at=1)


def ready(app: Flask, agency: str, n: int = 2, **more: Any) -> tuple[Ceremony, Office]:
    """A real ceremony, its plan approved and released."""
    with app.app_context():
        return kept.once(f"ready {agency} {n} {more}", lambda: _ready(app, agency, n, **more))


def _ready(app: Flask, agency: str, n: int, **more: Any) -> tuple[Ceremony, Office]:
    stage = a_ceremony(agency, CHECKLISTS)
    with app.app_context(), transaction():
        # Where every item has a pool of its own (WG-4b, WS-3.4b) all units are put into the first one.
        first = str(rules.rules_for(agency).items[0]["code"])
        for unit in registry.units(agency):
            session().merge(UnitItemRow(unit_id=unit.id, item_code=first, agency_id=agency))
    stage.to_drawn(n=n, **more)
    with app.app_context():
        office = Office(agency, builders.actor_of(stage.a.person), builders.actor_of(stage.b.person), builders.actor_of(stage.superior.person))
        plan = office.plan()
        monthly.approve(office.head, plan.id, "已过截止日，补充安排")
        monthly.release(office.officer, plan.id)
        jobs.drain()
    return stage, office


def run_small(stage: Ceremony, draw_id: str) -> Any:
    """The small ceremony of a replacement: its tables are frozen already."""
    stage.draw = {"id": draw_id}
    for step, body in (("commit", {"commitment": stage.commitment()}), ("intent", None)):
        answer = stage.post(stage.a, step, body)
        assert answer.status_code == 200, (step, answer.get_json())
    assert stage.roll("13572468013579246801").status_code == 200
    return stage.reveal()


def test_ws_4_2d_a_section_draws_the_substitute_again_without_approval_and_the_phones_hear_of_it(app: Flask) -> None:
    """如遇特殊情况，实施部门可再次随机生成替换人选"""
    stage, office = ready(app, WS, n=1)
    with app.app_context():
        visit = inspections.inspections(WS)[0]
        out, stays = (accounts.person(str(member["user"])) for member in visit.team[:2])
        phone = a_field_phone(out)
        seen = phone.changes()
        cursor = seen["cursor"]
        assert seen["changes"][-1]["op"] == "put"
    body = {"id": new_id(), "visit": visit.id, "kind": "inspector", "out": out.id, "reason": "leave", "note": "年休假"}
    made = stage.a.post(f"{API}/replacements", json=body).get_json()
    assert made["state"] == "approved", "this agency asks for no approval"
    officials = {"official_a": stage.a.person.id, "official_b": stage.b.person.id, "witness_name": "甄见证"}
    drawing = stage.a.post(f"{API}/replacements/{made['id']}/draw", json=officials)
    assert drawing.status_code == 200, drawing.get_json()
    again = stage.a.post(f"{API}/replacements/{made['id']}/draw", json=officials).get_json()
    assert again["draw_id"] == drawing.get_json()["draw_id"], "a repeated request begins no second ceremony"
    done = run_small(stage, drawing.get_json()["draw_id"])
    assert done.status_code == 200, done.get_json()
    with app.app_context():
        jobs.drain()
        (found,) = replacing.listing(WS)
        now = inspections.inspection(visit.id)
        team = {str(member["user"]) for member in now.team}
        assert found.state == "done" and found.in_name and out.id not in team and stays.id in team and len(team) == 2
        assert set(operations.assignments_of(visit.id)[0].inspectors) == team
        assert phone.changes(cursor)["changes"][-1]["op"] == "del", "who left forgets the visit"
        fresh = next(user for user in team if user != stays.id)
        card = a_field_phone(accounts.person(fresh)).changes()["changes"][-1]["data"]
        assert card["insp"] == visit.id and {member["user"] for member in inspections.load_pack(card["pack"])["team"]} == team
        counted = replacing.count(WS, 2026)
        assert (counted.replaced, counted.by_reason, counted.by_inspector) == (1, {"leave": 1}, [(out.name, 1)])
        assert counted.red, "one of one visit is more than five per cent"


def test_wc_16_the_whole_way_with_approval_filing_and_ceremony_after_publication(app: Flask) -> None:
    """确需调整的，要报请…负责人审批，并报上一级…备案后，重新在执法检查人员名录库中随机选派，不得随意指定"""
    stage, office = ready(app, WC)
    with app.app_context():
        plan = publishing.publish(office.head, office.plan().id)
        assert draws.view(draws.row_for(office.officer, stage.id)).state == "published", "the transcript goes with the plan"
        made = asked(office)
        replacing.decide(office.head, made.id, True, "同意")
        drawing = replacing.draw(office.officer, made.id, office.officer.user_id, office.head.user_id, "甄见证")
    assert run_small(stage, drawing.draw_id).status_code == 200
    with app.app_context():
        assert replacing.one(WC, made.id).state == "done"
        # Inspectors are hidden in this agency's plan: nothing of what is public has changed, and no 审批 was needed (C7/C8).
        assert monthly.plan(WC, plan.id).version == 1
        assert figures.loads_of(WC, [str(member["user"]) for member in inspections.inspection(made.visit_group).team], 2026)


def test_a_closed_unit_is_followed_by_the_next_ticket_with_evidence(app: Flask) -> None:
    """draw.md 3.5: units by the next ticket of the same stratum (closed, moved, merged), with evidence"""
    stage, office = ready(app, WC, n=1)
    with app.app_context():
        drawn = next(line for line in monthly.lines(WC, office.plan().id) if line.stratum == "general")
        before, visit = monthly.plan(WC, office.plan().id).lines, inspections.inspection(drawn.visit_group)
        with pytest.raises(PlanRefused):
            replacing.ask(office.officer, new_id(), visit.id, "unit", visit.unit_id, "closed", "大门紧锁", "")
        with pytest.raises(ReasonUnknown):
            replacing.ask(office.officer, new_id(), visit.id, "unit", visit.unit_id, "leave", "大门紧锁", "照片")
        made = replacing.ask(office.officer, new_id(), visit.id, "unit", visit.unit_id, "closed", "市场监管登记已注销", "注销通知书 2026-77")
        replacing.decide(office.head, made.id, True, "同意")
        done = replacing.draw(office.officer, made.id, "", "", "")
        assert replacing.draw(office.officer, made.id, "", "", "").in_name == done.in_name, "asking again changes nothing"
        jobs.drain()
        assert done.state == "done" and done.in_name != done.out_name
        assert inspections.inspection(visit.id).state == "cancelled"
        lines = monthly.lines(WC, office.plan().id)
        gone, follower = next(line for line in lines if line.id == drawn.id), lines[-1]
        assert len(lines) == before + 1 and gone.withdrawn and (follower.unit_name, follower.stratum) == (done.in_name, "general")
        went = [one for one in inspections.inspections(WC, unit_id=follower.unit_id) if one.state != "cancelled"]
        assert len(went) == (1 if follower.team else 0)


def test_the_repository_has_no_route_whose_schema_takes_a_substitute(repository: Path) -> None:
    from server.plans import change_schemas

    assert set(change_schemas.OfficialsIn().fields) == {"official_a", "official_b", "witness_name"}
    assert set(change_schemas.ReplacementIn().fields) == {"id", "visit", "kind", "out", "reason", "note", "evidence"}
    assert (repository / "server/plans/replacing.py").exists()
