"""Inspectors: who may be drawn, what is missing, leave, training, interests, the leading group, and what the field proposes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from server.platform.db import transaction
from server.registry import domain, operations, people, proposals
from tests import builders
from tests.registry import desk
from tests.world import Client

AGENCY = builders.AGENCY
API = "/api/v1/registry"
DAY = date(2026, 11, 27)
EIGHT = ("name", "gender", "unit", "position", "certificate_no", "post", "title_class", "years_of_service")


def clerk() -> Any:
    return builders.an_actor("plan_officer")


def available(on: date = DAY) -> set[str]:
    return {one.user_id for one in operations.available_inspectors(AGENCY, on)}


def why_not(user_id: str, on: date = DAY) -> list[str]:
    return [text for one in operations.inspectors_on(AGENCY, on) if one.user_id == user_id for _, text in one.hindrances]


@pytest.fixture
def planner(app: Flask) -> Client:
    return builders.client_as("plan_officer")


def test_wc_10b_the_eight_fields_of_an_inspector_are_asked_for_where_the_rules_ask_for_them(ctx: Flask) -> None:
    """WC-10b: "姓名、性别、单位、职务、执法资格证编号、岗位、专业技术职称类别、执法工作年限" (C14: ``inspector.required``)."""
    agency = "fire-wenchanghu"
    assert set(EIGHT) <= set(people.required_of(agency))
    person = desk.an_inspector(1, agency=agency, gender="男")
    (gap,) = people.completeness(agency, DAY).incomplete
    assert gap["user_id"] == person.id and set(gap["lacking"]) == {"职务", "岗位", "专业技术职称类别", "执法工作年限"}
    details = {"gender": "男", "position": "参谋", "post": "执法", "title_class": "中级", "years_of_service": 5}
    operations.register_inspector(None, agency, person.id, person.name, "示例-0001", date(2030, 1, 1), details)
    assert people.completeness(agency, DAY).incomplete == ()


def test_ws_3_3b_elsewhere_name_and_certificate_are_enough(ctx: Flask) -> None:
    """WS-3.3b: "应当明确执法人员的姓名、执法证号等内容"."""
    assert people.required_of("emergency-wushen") == ("name", "certificate_no", "valid_to")


def test_ys_3_4c_who_holds_the_role_and_is_not_in_the_registry_is_named(ctx: Flask) -> None:
    """YS-3.4c: "行政执法检查人员名录库要涵盖所有执法人员，并按照负责监管的行业领域分组并及时调整完善"."""
    inside, outside = desk.an_inspector(1, sector_groups=["宾馆饭店"]), builders.a_person("inspector", name="甄漏登")
    desk.units_of(desk.line(1), desk.line(2, 行业="工业仓储"))
    found = people.completeness(AGENCY, DAY)
    assert [one["id"] for one in found.unregistered] == [outside.id] and inside.id not in {one["id"] for one in found.unregistered}
    assert found.without_sector == ("工业仓储",), "WS-3.3a: a sector of the units without an inspector for it"


def test_every_change_of_an_inspector_stands_in_the_history(planner: Client) -> None:
    """YS-3.4c: "及时调整完善"."""
    with builders.at_work():
        person = desk.an_inspector(1, post="执法")
    path = f"{API}/inspectors/{person.id}"
    assert planner.put(path, json={"name": person.name, "certificate_no": "示例-0001", "valid_to": "2031-01-01", "post": "监督", "sector_groups": ["宾馆饭店"]}).status_code == 204
    seen = {one["label"]: (one["old"], one["new"]) for one in planner.get(f"{path}/history").json["history"]}
    assert seen == {"岗位": ("执法", "监督"), "证件有效期": ("2030-01-01", "2031-01-01"), "行业领域分组": ("", "宾馆饭店")}


def test_one_certificate_is_one_persons_at_the_desk_too(planner: Client) -> None:
    with builders.at_work():
        first, other = desk.an_inspector(1), builders.a_person("inspector", name="甄另一")
        operations.register_inspector(None, AGENCY, other.id, other.name, "示例-0002", date(2031, 1, 1), {})
    entered = {"name": other.name, "certificate_no": "示例-0001", "valid_to": "2032-01-01"}
    answer = planner.put(f"{API}/inspectors/{other.id}", json=entered)
    assert (answer.status_code, answer.json["code"]) == (409, "E_CERTIFICATE_TAKEN")
    assert answer.json["detail"] == f"执法证号 示例-0001 已登记给“{first.name}”，请核对证号"
    kept = {one["user_id"]: (one["certificate_no"], one["valid_to"]) for one in planner.get(f"{API}/inspectors").json["inspectors"]}
    assert kept[other.id] == ("示例-0002", "2031-01-01"), "nothing of it is kept"
    assert planner.put(f"{API}/inspectors/{other.id}", json=entered | {"certificate_no": "示例-0002"}).status_code == 204, "one's own is no other's"


@pytest.mark.parametrize("days, urgent", [(60, False), (31, False), (30, True), (0, True)])
def test_wc_10a_a_certificate_that_ends_is_spoken_of_sixty_and_thirty_days_before(ctx: Flask, days: int, urgent: bool) -> None:
    """WC-10a: "未取得执法资格的人员不得列入": the end of the qualification is announced in time."""
    desk.an_inspector(1, DAY + timedelta(days=days))
    desk.an_inspector(2, DAY + timedelta(days=61))
    (one,) = people.completeness(AGENCY, DAY).ending
    assert (one["days_left"], one["urgent"]) == (days, urgent)


@pytest.mark.parametrize("days, urgent", [(60, False), (30, True), (0, True), (-1, True), (-400, True)])
def test_whoever_keeps_the_registry_is_reminded_until_the_certificate_is_renewed(app: Flask, days: int, urgent: bool) -> None:
    """WC-10a: "未取得执法资格的人员不得列入"; the reminder stays after the end, and is this agency's alone."""
    planner, elsewhere = builders.client_as("plan_officer"), builders.client_as("plan_officer", agency="elsewhere")
    with app.app_context():
        today = operations.today()
        person = desk.an_inspector(1, today + timedelta(days=days))
        desk.an_inspector(2, today + timedelta(days=61))
    (one,) = planner.get(f"{API}/inspectors/reminders").get_json()["reminders"]
    assert (one["user_id"], one["days_left"], one["urgent"]) == (person.id, days, urgent)
    assert elsewhere.get(f"{API}/inspectors/reminders").get_json()["reminders"] == []
    assert builders.client_as("inspector").get(f"{API}/inspectors/reminders").status_code == 403


def test_wg_5a_ws_3_3c_who_is_not_in_the_registry_is_drawn_for_nothing(ctx: Flask) -> None:
    """WG-5a: "取得行政执法资格证书的人员方可纳入名录库"; WS-3.3c: "未进入名录库的行政执法人员不得参与行政检查活动"."""
    builders.a_person("inspector")
    kept = desk.an_inspector(1)
    assert available() == {kept.id}


def test_a_person_on_leave_or_on_duty_is_not_drawn_in_those_days(planner: Client) -> None:
    with builders.at_work():
        person = desk.an_inspector(1)
    body = {"user_id": person.id, "kind": "duty", "from_day": "2026-11-26", "to_day": "2026-11-28", "note": "战备"}
    made = planner.post(f"{API}/leaves", json=body)
    assert made.status_code == 201
    with builders.at_work():
        assert (available(), why_not(person.id)) == (set(), ["值班备勤至 2026-11-28"])
        assert available(date(2026, 11, 25)) == available(date(2026, 11, 29)) == {person.id}
    assert [one["kind"] for one in planner.get(f"{API}/leaves?from_day=2026-11-01&to_day=2026-11-30").json["leaves"]] == ["duty"]
    assert planner.post(f"{API}/leaves/{made.json['id']}/cancel").status_code == 204
    with builders.at_work():
        assert available() == {person.id}
    assert planner.post(f"{API}/leaves/{made.json['id']}/cancel").status_code == 404
    assert planner.post(f"{API}/leaves", json=body | {"to_day": "2026-11-01"}).status_code == 422


def test_ys_4_3_jd_2_5b_wg_10_5_ws_5_3_training_is_recorded_with_date_subject_and_hours(planner: Client) -> None:
    """YS-4.3: "加强执法人员业务培训"; JD-2.5b: "岗位大练兵计划中安排好双随机抽查业务的培训"; WS-5.3: "执法人员业务技能培训"."""
    with builders.at_work():
        first, second = desk.an_inspector(1), desk.an_inspector(2)
    body = {"user_ids": [first.id, second.id], "held_on": "2026-06-01", "subject": "双随机抽查业务", "half_hours": 16}
    assert planner.post(f"{API}/trainings", json=body).json == {"added": 2}
    assert planner.post(f"{API}/trainings", json=body).json == {"added": 0}, "the same training is recorded once"
    found = planner.get(f"{API}/trainings").json
    assert len(found["trainings"]) == 2 and found["gate_hours"] == 0


def test_the_training_gate_keeps_the_untrained_out_of_the_draw_where_an_agency_wants_it(planner: Client) -> None:
    with builders.at_work():
        trained, untrained = desk.an_inspector(1), desk.an_inspector(2)
        assert available() == {trained.id, untrained.id}
    planner.post(f"{API}/trainings", json={"user_ids": [trained.id], "held_on": "2026-06-01", "subject": "双随机", "half_hours": 16})
    assert planner.put(f"{API}/trainings/gate", json={"half_hours": 16}).status_code == 204
    with builders.at_work():
        assert available() == {trained.id} and why_not(untrained.id) == ["近一年培训 0 学时，不足 8 学时"]
        assert available(date(2027, 6, 2)) == set(), "a training counts for a year"


def test_an_interest_is_withdrawn_with_a_reason_and_stays_in_the_record(planner: Client) -> None:
    with builders.at_work():
        person = desk.an_inspector(1)
        (unit,) = desk.units_of(desk.line(1))
    assert planner.post(f"{API}/conflicts", json={"user_id": person.id, "unit_id": unit.id, "reason": "配偶任职"}).status_code == 204
    (one,) = planner.get(f"{API}/conflicts").json["conflicts"]
    assert planner.post(f"{API}/conflicts/{one['id']}/withdraw", json={"reason": "已离职"}).status_code == 204
    assert planner.get(f"{API}/conflicts").json["conflicts"] == []
    with builders.at_work():
        assert operations.conflicts_of([unit.id]) == {} and operations.conflict_between(person.id, unit.id) is None
        ((row, _),) = people.all_conflicts(AGENCY)
        assert row.withdrawn_reason == "已离职"
    planner.post(f"{API}/conflicts", json={"user_id": person.id, "unit_id": unit.id, "reason": "又任职"})
    with builders.at_work():
        assert operations.conflict_between(person.id, unit.id) == "又任职"


def test_jd_3_ws_3_1_the_leading_group_has_its_roster_by_time(planner: Client) -> None:
    """JD-3: "组长：…成员：…"; WS-3.1: "成立…领导小组：组长、副组长、组员"."""
    ids = [planner.post(f"{API}/leading-group", json={"place": place, "name": name, "from_day": "2026-01-01"}).json["id"] for place, name in (("member", "甄成员"), ("head", "甄组长"), ("deputy", "贾副"))]
    assert [one["name"] for one in planner.get(f"{API}/leading-group").json["members"]] == ["甄组长", "贾副", "甄成员"]
    assert planner.post(f"{API}/leading-group/{ids[1]}/end", json={"to_day": "2026-06-30"}).status_code == 204
    with builders.at_work():
        assert [row.name for row in people.leading_group(AGENCY, date(2026, 7, 1))] == ["贾副", "甄成员"]
        assert [row.name for row in people.leading_group(AGENCY, date(2026, 6, 30))] == ["甄组长", "贾副", "甄成员"]


def seen(event: str, field: str, new: str, old: str = "") -> proposals.Seen:
    return proposals.Seen(event, field, old, new, "营业执照", "")


def of_visit(unit: operations.Unit, *proposed: proposals.Seen, **facts: str) -> list[proposals.Proposal]:
    with transaction():
        proposals.from_visit(AGENCY, unit.id, "visit-1", proposed, facts)
    return proposals.proposals(AGENCY, "open")[0]


def test_wc_9b_what_a_visit_finds_waits_for_a_clerk_and_is_written_with_the_visit_as_source(ctx: Flask) -> None:
    """WC-9b: "其他信息可…逐步完善": filled in during inspections, taken over by a person."""
    (unit,) = desk.units_of(desk.line(1))
    found = of_visit(unit, seen("e1", "responsible", "甄新人 0379-5555-6666", "甄责任 0379-0000-0001"), seen("e2", "floor_area", "88"), key_unit="yes")
    assert {(one.label, one.now, one.row.new) for one in found} == {("消防安全责任人", "甄责任", "甄新人"), ("责任人电话", "0379-0000-0001", "0379-5555-6666"), ("建筑面积", "", "88"), ("消防安全重点单位", "", "yes")}
    assert operations.unit(AGENCY, unit.id).details.get("floor_area") is None, "nothing is taken over by itself"
    for one in found:
        proposals.decide(clerk(), AGENCY, one.row.id, one.label != "建筑面积", "现场记录属实", {})
    now = operations.unit(AGENCY, unit.id)
    assert (now.details["responsible_name"], now.details["responsible_phone"], now.facts["key_unit"], "floor_area" in now.details) == ("甄新人", "0379-5555-6666", "yes", False)
    again = operations.import_units(clerk(), AGENCY, desk.csv(desk.line(1)), "旧表.csv")
    assert {error.code for error in again.errors} == {"W_KEPT"} and operations.unit(AGENCY, unit.id).details["responsible_name"] == "甄新人"


def test_the_same_events_arriving_again_propose_nothing_twice(ctx: Flask) -> None:
    (unit,) = desk.units_of(desk.line(1))
    of_visit(unit, seen("e1", "floor_area", "88"), key_unit="yes")
    assert len(of_visit(unit, seen("e1", "floor_area", "88"), key_unit="no")) == 2


def test_what_the_registry_already_knows_or_never_heard_of_is_no_proposal(ctx: Flask) -> None:
    (unit,) = desk.units_of(desk.line(1, 消防安全重点单位="是"))
    assert of_visit(unit, seen("e1", "sector", "宾馆饭店"), seen("e2", "colour", "red"), key_unit="yes", sprinkler="unknown", nonsense="yes") == []


def test_a_proposal_is_decided_once(ctx: Flask) -> None:
    (unit,) = desk.units_of(desk.line(1))
    (one,) = of_visit(unit, seen("e1", "floor_area", "88"))
    proposals.decide(clerk(), AGENCY, one.row.id, False, "测量有误", {})
    with pytest.raises(domain.ProposalUnknown):
        proposals.decide(clerk(), AGENCY, one.row.id, True, "再想想", {})


def test_ys_3_2a_a_unit_that_is_not_in_the_registry_is_told_from_the_field_and_entered_by_the_clerk(planner: Client) -> None:
    """YS-3.2a: "名录库要涵盖本地全部被监管对象"."""
    told = builders.client_as("inspector").post(f"{API}/reported-units", json={"name": "漏登小店", "address": "示例路77号", "note": "检查途中发现"})
    assert told.status_code == 201
    (one,) = planner.get(f"{API}/proposals").json["proposals"]
    assert (one["kind"], one["unit_name"], one["source"]) == ("unit", "漏登小店", "检查途中发现")
    body = {"accept": True, "reason": "已核对执照", "values": {"no_code_reason": "未办理登记", "responsible_name": "甄店主", "unit_type": "个体工商户"}}
    path = f"{API}/proposals/{one['id']}/decide"
    assert planner.post(path, json=body | {"values": {}}).status_code == 422, "the mandatory fields are mandatory here too"
    assert planner.post(path, json=body).status_code == 204
    assert [unit["name"] for unit in planner.get(f"{API}/units").json["units"]] == ["漏登小店"]
    assert planner.get(f"{API}/proposals").json["open"] == 0


def test_a_report_from_the_way_that_a_phone_sends_twice_is_told_once(planner: Client) -> None:
    phone = builders.client_as("inspector")
    body = {"id": "0195f0a0-0000-4000-8000-000000000001", "name": "漏登小店", "address": "示例路77号", "note": "正在营业"}
    assert [phone.post(f"{API}/reported-units", json=body).json["id"] for _ in range(2)] == [body["id"]] * 2
    assert planner.get(f"{API}/proposals").json["open"] == 1
    for other in (builders.client_as("inspector"), builders.client_as("inspector", agency="fire-jindong")):
        assert other.post(f"{API}/reported-units", json=body).status_code == 404, "an id is its maker's"
    assert phone.post(f"{API}/reported-units", json=body | {"lat": 1}).status_code == 422, "no place is taken in"


def test_another_agencys_people_entries_and_proposals_do_not_exist(planner: Client) -> None:
    with builders.at_work():
        person = desk.an_inspector(1, agency="fire-jindong")
    theirs = builders.client_as("plan_officer", agency="fire-jindong")
    leave = theirs.post(f"{API}/leaves", json={"user_id": person.id, "kind": "leave", "from_day": "2026-11-26", "to_day": "2026-11-28"}).json["id"]
    member = theirs.post(f"{API}/leading-group", json={"place": "head", "name": "甄组长", "from_day": "2026-01-01"}).json["id"]
    told = theirs.post(f"{API}/reported-units", json={"name": "店", "address": "路"}).json["id"]
    tries = [
        planner.post(f"{API}/leaves/{leave}/cancel"), planner.post(f"{API}/leading-group/{member}/end", json={"to_day": "2026-12-01"}), planner.get(f"{API}/inspectors/{person.id}/history"),
        planner.post(f"{API}/proposals/{told}/decide", json={"accept": False, "reason": "x"}), planner.post(f"{API}/leaves", json={"user_id": person.id, "kind": "leave", "from_day": "2026-11-26", "to_day": "2026-11-28"}),
        planner.post(f"{API}/trainings", json={"user_ids": [person.id], "held_on": "2026-06-01", "subject": "x", "half_hours": 2}),
    ]
    assert [one.status_code for one in tries] == [404] * 6
    assert planner.get(f"{API}/leading-group").json == {"members": []} and planner.get(f"{API}/proposals").json["open"] == 0


def test_an_inspector_reports_a_unit_and_declares_their_own_interest_and_nothing_else(app: Flask) -> None:
    """Abuse test 23: nobody in the field writes into the registries."""
    field = builders.client_as("inspector")
    some = "00000000-0000-7000-8000-000000000000"
    for method, path, body in (
        ("POST", "units", {"values": {"name": "x"}, "reason": "y"}), ("PUT", f"units/{some}/fields", {"values": {"name": "x"}, "reason": "y"}), ("POST", "sub-pools", {"name": "x", "filter": {}}),
        ("POST", f"proposals/{some}/decide", {"accept": True, "reason": "x"}), ("POST", "leaves", {}), ("POST", "trainings", {}), ("POST", f"conflicts/{some}/withdraw", {"reason": "x"}), ("GET", "units.xlsx", None),
    ):
        assert field.open(f"{API}/{path}", method=method, json=body).status_code == 403, path
