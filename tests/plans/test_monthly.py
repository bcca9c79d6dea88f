"""From a finished draw to visits on the drawn inspectors' phones (WC-13, WC-15, WS-4.1b, D-1, D-2)."""

from __future__ import annotations

import json
from datetime import date

import pytest
from flask import Flask

from server.accounts import operations as accounts
from server.inspections import operations as inspections
from server.plans import figures, monthly, operations
from server.plans.domain import BatchHasErrors, PlanRefused, PlanState, PlanUnknown
from server.platform import clock, jobs
from server.platform.ids import new_id
from server.registry import operations as registry
from server.rules import operations as rules
from tests import builders
from tests.diligent import Team, carry
from tests.handset import Visit
from tests.phone import a_field_phone
from tests.plans.office import JD, WC, WG, WS, Office, an_office, on


@pytest.fixture
def office(ctx: Flask) -> Office:
    return an_office(WC)


def test_wc_13a_monthly_batches_are_made_from_draws_and_the_second_draw_of_a_month_joins_the_draft(office: Office) -> None:
    """大队制定年度监督抽查计划，原则上按月度逐批次组织实施"""
    with clock.freeze(on("2026-11-20")):
        office.take(office.result(0, period="2026-12"))
        office.take(office.result(1, period="2026-12"))
        (plan,) = monthly.plans(WC)
        assert (plan.lines, plan.title) == (2, "2026年12月抽查计划")
        monthly.approve(office.head, plan.id, "")
        office.take(office.result(2, period="2026-12"))
        assert [(one.seq, one.lines) for one in monthly.plans(WC)] == [(1, 2), (2, 1)]


def test_the_result_of_a_draw_is_taken_once_however_often_it_is_told(office: Office) -> None:
    result = office.result(0, 1)
    for _ in range(3):
        office.take(result)
    assert office.plan().lines == 2


def test_wc_15d_a_row_has_name_address_and_limit_frozen_and_the_limit_stays_in_the_month(office: Office) -> None:
    """月度抽查计划应包括但不限于检查对象名称、地址、检查时限等"""
    with clock.freeze(on("2026-11-20")):
        office.take(office.result(0))
        plan = office.plan()
        line = office.line(plan.id)
        assert (line.unit_name, line.address, line.inspect_by) == (office.units[0].name, office.units[0].address, date(2026, 12, 31))
        with pytest.raises(PlanRefused):
            monthly.change_draft(office.officer, plan.id, {line.id: date(2027, 1, 4)}, None)
        monthly.change_draft(office.officer, plan.id, {line.id: date(2026, 12, 18)}, None)
        assert office.line(plan.id).inspect_by == date(2026, 12, 18)
        monthly.approve(office.head, plan.id, "")
        with pytest.raises(PlanState):
            monthly.change_draft(office.officer, plan.id, {line.id: date(2026, 12, 11)}, None)


def test_wc_16a_neither_unit_nor_team_of_a_row_can_be_set_by_hand(office: Office) -> None:
    """随机选派后原则上不得进行调整 / 1a: neither list can be typed in by hand"""
    client = office.client(office.officer)
    office.take(office.result(0))
    plan = office.plan()
    for body in ({"team": office.people[2:4]}, {"lines": []}, {"limits": [{"line": office.line(plan.id).id, "inspect_by": "2026-12-20", "team": office.people[2:4]}]}, {"limits": [{"line": office.line(plan.id).id, "unit_id": office.units[3].id, "inspect_by": "2026-12-20"}]}):
        assert client.patch(f"/api/v1/plans/monthly/{plan.id}", json=body).status_code == 422, body


def test_d_2_of_a_drawn_market_entity_only_its_own_premises_can_be_chosen(ctx: Flask) -> None:
    office = an_office(WG)
    units = office.units
    result = office.result(0)
    row = type(result.rows[0])(units[0].id, result.rows[0].team, premises=(units[0].id, units[1].id))
    office.take(type(result)(result.item_codes, (row,)))
    plan = office.plan()
    line = office.line(plan.id)
    monthly.change_draft(office.officer, plan.id, {}, None, {line.id: units[1].id})
    assert office.line(plan.id).unit_name == units[1].name
    with pytest.raises(PlanRefused):
        monthly.change_draft(office.officer, plan.id, {}, None, {line.id: units[2].id})


def test_ws_4_1b_rows_of_several_sections_at_one_enterprise_become_one_visit_of_everybody_drawn(ctx: Flask) -> None:
    """对同一企业，不同业务科室实施检查时，可以同时实行检查"""
    office = an_office(WS)
    codes = [str(item["code"]) for item in rules.rules_for(WS).items[:2]]
    with clock.freeze(on("2026-11-20")):
        office.take(office.result(0, 1, team=(0, 1), items=(codes[0],)))
        office.take(office.result(0, team=(2, 3), items=(codes[1],)))
        plan = office.plan()
        monthly.approve(office.head, plan.id, "")
        monthly.release(office.officer, plan.id)
    jobs.drain()
    visits = {one.unit_id: one for one in inspections.inspections(WS)}
    assert len(visits) == 2
    merged = visits[office.units[0].id]
    assert {member["user"] for member in merged.team} == set(office.people[:4])
    assert [one.item_code for one in operations.assignments_of(merged.id)] == codes
    assert merged.pack_sha is not None
    assert {one["item_code"] for one in inspections.load_pack(merged.pack_sha)["assignments"]} == set(codes)


def test_ws_4_1b_going_together_may_be_switched_off_because_it_is_a_may(ctx: Flask) -> None:
    """…可以同时实行检查"""
    office = an_office(WS)
    office.take(office.result(0, team=(0, 1)))
    office.take(office.result(0, team=(2, 3)))
    plan = office.plan()
    monthly.change_draft(office.officer, plan.id, {}, False)
    monthly.approve(office.head, plan.id, "补")
    monthly.release(office.officer, plan.id)
    assert len(inspections.inspections(WS)) == 2


def test_release_happens_once_and_only_after_approval(office: Office) -> None:
    office.take(office.result(0, 1))
    plan = office.plan()
    with pytest.raises(PlanState):
        monthly.release(office.officer, plan.id)
    monthly.approve(office.head, plan.id, "补充")
    for _ in range(3):
        assert monthly.release(office.officer, plan.id).state == "released"
    assert len(inspections.inspections(WC)) == 2 and len(operations.batches(WC)) == 1
    assert operations.batches(WC)[0].source == "internal"


def test_a_row_for_which_nobody_could_be_drawn_waits_in_the_plan_and_is_no_visit(office: Office) -> None:
    office.take(office.result(0, team=()))
    office.take(office.result(1))
    plan = office.plan()
    monthly.approve(office.head, plan.id, "补充")
    monthly.release(office.officer, plan.id)
    assert [one.unit_id for one in inspections.inspections(WC)] == [office.units[1].id]
    assert office.line(plan.id, 0).visit_group == "" and office.line(plan.id, 1).visit_group != ""


def test_drawn_visits_reach_the_phones_of_the_drawn_by_sync_and_run_through_the_visit_unchanged(office: Office) -> None:
    """Issue C, must show 5: drawn visits reach the phones of the drawn inspectors by sync."""
    phones = {user: a_field_phone(accounts.person(user)) for user in office.people[:3]}
    office.take(office.result(0, team=(0, 1)))
    for phone in phones.values():
        assert phone.changes()["changes"] == [], "nothing before the release"
    plan = office.plan()
    monthly.approve(office.head, plan.id, "补充")
    monthly.release(office.officer, plan.id)
    jobs.drain()
    first, second, outsider = (phones[user] for user in office.people[:3])
    assert outsider.changes()["changes"] == []
    card = first.changes()["changes"][-1]["data"]
    assert card["state"] == "prepared" and card["insp"] == second.changes()["changes"][-1]["data"]["insp"]
    pack = json.loads(first.client.get(f"/api/v1/sync/packs/{card['pack']}").data)
    assert pack["assignments"][0]["foreign_batch_no"] == "抽-2026-1"
    team = Team(Visit(card["insp"], pack, card["pack"], [first, second]), first, second)
    carry(team)
    team.upload(second)
    team.upload(first)
    jobs.drain()
    assert inspections.inspection(card["insp"]).state == "sealed"
    assert figures.standings(WC, [card["insp"]])[card["insp"]].done


def test_what_has_been_planned_and_inspected_is_told_to_the_next_draw(office: Office) -> None:
    with clock.freeze(on("2026-11-20")):
        office.released(0, 1)
        office.take(office.result(2, period="2026-12"))
        ids = [unit.id for unit in office.units[:4]]
        assert figures.visits_of_units(WC, ids, 2026) == {ids[0]: 1, ids[1]: 1, ids[2]: 1}
        assert figures.loads_of(WC, office.people, 2026) == {office.people[0]: 3, office.people[1]: 3}
        assert figures.visits_of_units(WC, ids, 2027) == {}
        inspections.cancel(office.officer, inspections.inspections(WC, unit_id=ids[0])[0].id, "试验")
        assert ids[0] not in figures.visits_of_units(WC, ids, 2026)


def test_c2_a_list_drawn_by_the_province_becomes_a_plan_to_be_approved_and_never_two(ctx: Flask) -> None:
    """JD: provincial system draws; JD only sets the number"""
    office = an_office(JD)
    numbers = [registry.inspector(JD, user).certificate.number for user in office.people[:2]]
    head = "批次号,来源系统批次号,抽查事项,被检查单位,检查人员1证号,检查人员2证号,检查时限"
    table = "\n".join([head, *(f"2026-12,浙-202612,{office.item},{unit.name},{numbers[0]},{numbers[1]},2026-12-1{at}" for at, unit in enumerate(office.units[:2]))]).encode("utf-8-sig")
    with clock.freeze(on("2026-11-20")):
        assert monthly.import_draw(office.officer, "2026-12", table, "省.csv", True).batch_ids == ()
        assert monthly.plans(JD) == []
        monthly.import_draw(office.officer, "2026-12", table, "省.csv", False)
        with pytest.raises(BatchHasErrors):
            monthly.import_draw(office.officer, "2026-12", table, "省.csv", False)
        with pytest.raises(PlanRefused):
            monthly.import_draw(office.officer, "2027-01", table.replace("浙-202612".encode(), "浙-202701".encode()), "省.csv", False)
        plan = office.plan()
        assert (plan.lines, plan.source, plan.state) == (2, "external_import", "draft") and inspections.inspections(JD) == []
        monthly.approve(office.head, plan.id, "")
        monthly.release(office.officer, plan.id)
    assert len(inspections.inspections(JD)) == 2
    assert operations.assignments_of(inspections.inspections(JD)[0].id)[0].foreign_batch_no == "浙-202612"


def test_another_agency_does_not_find_the_plan(office: Office) -> None:
    office.take(office.result(0))
    stranger = builders.an_actor("reviewer", "plan_officer", agency="fire-yanshi")
    for act in (lambda: monthly.plan("fire-yanshi", office.plan().id), lambda: monthly.approve(stranger, office.plan().id, "x"), lambda: monthly.release(stranger, office.plan().id)):
        with pytest.raises(PlanUnknown):
            act()
    with pytest.raises(PlanUnknown):
        monthly.plan(WC, new_id())
