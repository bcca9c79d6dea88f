"""Every rule of 舞钢 and 乌审旗 that a draw must keep, and what a draw owes to every reader; the docstrings quote the articles."""

from __future__ import annotations

from typing import Any

import pytest

from server.draw import operations, pooling, reading, steps
from server.kernel import b64url
from server.platform.db import session, transaction
from server.registry import operations as registry
from server.registry.tables import InspectorRow, UnitItemRow, UnitRow
from server.rules.domain import AgencyRules
from tests.draw.agencies import Opened, available, line, look, mark, units
from tests.draw.office import API, Ceremony

# --- 舞钢 -------------------------------------------------------------------------------------------------------


def test_wg_4b_every_item_has_a_pool_of_its_own(open_office: Opened) -> None:
    """舞钢细则四："逐项建立涵盖全市范围的随机抽查对象名录库"."""
    office = open_office("civil-air-defence-wugang")
    out = units("civil-air-defence-wugang")[0]
    with transaction():
        row = session().get(UnitItemRow, (out.id, "WG-EQ"))
        session().delete(row)
    found = look(office, items=["WG-EQ"])
    assert out.id in {one["unit_id"] for one in found["absent"]} and out.entity_id not in {one["id"] for one in found["lines"]}


def test_wg_6a_two_a_year_are_counted_per_market_entity_over_all_its_premises(open_office: Opened, visited: dict[str, int]) -> None:
    """舞钢细则六："在同一年度内对同一市场主体的抽查原则上不超过2次"; D-2."""
    agency = "civil-air-defence-wugang"
    office = open_office(agency)
    first, second = units(agency)[:2]
    with transaction():
        session().get_one(UnitRow, second.id).entity_id = first.entity_id
    visited.update({first.id: 1, second.id: 1})
    found = look(office, n=30)
    assert line(found, first.entity_id)["out"] == "max_visits" and line(found, first.entity_id)["visits"] == 2
    office.to_drawn(n=30, period="2026-11")
    fates = {one["subject_id"]: one for one in office.result()["fates"]}
    assert fates[first.entity_id]["reason"] == "已达到本年度抽查次数上限"
    rows = operations.drawn_of(operations.row_for(_actor(office), office.id)).rows
    assert all(one.entity_id and one.unit_id in one.premises for one in rows)


def _actor(office: Ceremony) -> Any:
    from tests.builders import actor_of

    return actor_of(office.a.person)


def test_wg_6a_more_than_two_needs_a_reason_that_is_published(open_office: Opened, visited: dict[str, int]) -> None:
    """舞钢细则六："对投诉举报多、有较多不良记录、有严重违法违规记录等情况的，应增加抽查频次"."""
    agency = "civil-air-defence-wugang"
    office = open_office(agency)
    unit = units(agency)[0]
    visited[unit.id] = 2
    assert office.a.post(API, json=office.wish(forces=[{"unit_id": unit.id, "reason": "bad_record", "note": " "}])).status_code == 422
    assert office.a.post(API, json=office.wish(forces=[{"unit_id": unit.id, "reason": "whim", "note": "想查"}])).status_code == 422
    found = look(office, n=30, forces=[{"unit_id": unit.id, "reason": "bad_record", "note": "三次责令改正"}])
    assert line(found, unit.entity_id)["out"] == "" and line(found, unit.entity_id)["force"] == "bad_record"
    office.post(office.a, "freeze")
    assert office.a.get(f"{API}/{office.id}").get_json()["intent"]["about"]["exceptions"] == {"bad_record": 1}


def test_wg_6b_the_floor_and_the_cap_are_both_shown_and_a_clash_is_said_before_the_draw(open_office: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """舞钢细则六："既要保证必要的抽查覆盖面和工作力度，又要防止检查过多和执法扰民"; this agency's own numbers are not set yet."""
    office = open_office("civil-air-defence-wugang")
    setup = office.a.get(f"{API}/setup").get_json()
    assert (setup["workload"], setup["max_visits"]) == (None, 2)
    numbers = {"workload.team_size": 2, "workload.units_per_day": 1, "workload.workdays": 220, "workload.field_share_permille": 700}
    monkeypatch.setattr(AgencyRules, "values", property(lambda own: {key: entry["value"] for key, entry in own.profile.items()} | numbers))
    setup = office.a.get(f"{API}/setup").get_json()
    assert (setup["workload"]["floor"], setup["max_visits"]) == (77, 2)
    said = {one["code"]: one["text"] for one in look(office)["warnings"]}
    assert "人均不少于 77 家" in said["floor_above_cap"] and "每家每年不超过 2 次" in said["floor_above_cap"]


def test_wg_6c_complaints_and_penalties_raise_the_weight(open_office: Opened) -> None:
    """舞钢细则六："应增加抽查频次"."""
    agency = "civil-air-defence-wugang"
    office = open_office(agency)
    unit = units(agency)[0]
    before = line(look(office), unit.entity_id)["w"]
    mark(agency, unit.id, "complaint")
    mark(agency, unit.id, "penalised")
    assert line(dict(office.a.get(f"{API}/{office.id}/feasibility").get_json()), unit.entity_id)["w"] == before * 4


# --- 乌审旗 ------------------------------------------------------------------------------------------------------


def test_ws_41a_a_section_draws_its_own_items_only(open_office: Opened) -> None:
    """乌审旗方案四（一）："各股室在监管对象名录库中随机抽取检查对象"."""
    office = open_office("emergency-wushen")
    assert office.a.post(API, json=office.wish(section="非煤矿山股")).status_code == 422
    assert office.propose().status_code == 201
    assert office.propose(items=["WS-MN"], section="非煤矿山股").status_code == 201, "another section's draw of the same month"


def test_ws_41c_units_already_inspected_this_year_may_be_left_out(open_office: Opened, visited: dict[str, int]) -> None:
    """乌审旗方案四（一）："在同一年度内已抽查的企业，在抽查时可以予以排除"."""
    office = open_office("emergency-wushen")
    unit = units("emergency-wushen")[0]
    visited[unit.id] = 1
    assert line(look(office), unit.id)["out"] == ""
    assert line(look(office, skip_visited=True, period="2026-11"), unit.id)["out"] == "visited_this_year"


@pytest.mark.parametrize("ground", ["complaint", "abnormal_operation", "penalised", "superior_rule"])
def test_ws_41d_the_four_exceptions_stay_in_and_say_why(open_office: Opened, visited: dict[str, int], ground: str) -> None:
    """乌审旗方案四（一）："对于因投诉举报、处于经营异常状态、受到行政处罚或上级部门有具体规定的企业，不受此限制"."""
    office = open_office("emergency-wushen")
    unit = units("emergency-wushen")[0]
    visited[unit.id] = 1
    mark("emergency-wushen", unit.id, ground)
    seen = line(look(office, skip_visited=True), unit.id)
    assert (seen["out"], seen["force"]) == ("", ground)


def test_ws_34b_the_blacklist_beats_the_exclusion(open_office: Opened, visited: dict[str, int]) -> None:
    """乌审旗方案三（四）: "列入安全生产“黑名单”的单位"; C4 against C5: blacklist beats exclusion."""
    office = open_office("emergency-wushen")
    unit = units("emergency-wushen")[0]
    visited[unit.id] = 1
    mark("emergency-wushen", unit.id, "blacklist")
    assert line(look(office, skip_visited=True), unit.id)["force"] == "blacklist"


@pytest.mark.parametrize("kind", ["key_supervision", "credit_triggered"])
def test_wg_1a_key_and_credit_supervision_fix_the_objects_and_draw_the_people(open_office: Opened, kind: str) -> None:
    """舞钢细则一："以“双随机、一公开”监管为基本手段、以重点监管为补充、以信用监管为基础"; C21: the profile says which types draw."""
    agency = "emergency-wushen"
    office = open_office(agency)
    fixed = [one.id for one in units(agency)[:2]]
    asked = {"purpose": kind, "source_doc": "乌应急〔2026〕9号", "period": "2026-12", "n": 0, "objects": [{"unit_id": one, "note": "信用等级为C"} for one in fixed]}
    offered = office.a.get(f"{API}/setup").get_json()
    assert kind in offered["purposes"] and set(offered["fixed"]) == {"key_supervision", "credit_triggered"}
    assert office.a.post(API, json=office.wish(**asked | {"source_doc": ""})).status_code == 422
    for refused in ("large_event", "complaint_check"):
        assert office.a.post(API, json=office.wish(**asked | {"purpose": refused})).status_code == 422, "drawn by no rule of this agency"
    office.to_drawn(**asked)
    drawn = [one for one in office.result()["fates"] if one["fate"] == "drawn"]
    assert {one["subject_id"] for one in drawn} == set(fixed) and all(len(one["team"]) == 2 for one in drawn)


def test_ws_42a_the_objects_are_drawn_first_and_the_sections_people_for_them(open_office: Opened) -> None:
    """乌审旗方案四（二）："检查对象确定后，各股室在…名录库中随机抽取行政检查人员"."""
    office = open_office("emergency-wushen").to_drawn(items=["WS-HC"], section="危险化学品股", n=3)
    fates = office.result()["fates"]
    assert all(bool(one["team"]) == (one["fate"] == "drawn") for one in fates) and {one["fate"] for one in fates} == {"drawn", "not_drawn"}
    operations.publish_transcript(office.id)
    file = office.a.get(f"{API}/{office.id}/transcript").get_json()
    rule = reading.rule(file["intent"]["rule"])
    pool, people, seed = reading.units(file["units"], rule.w_max), reading.people(file["people"]), b64url.decode(file["want"]["seed"])
    drawn = [uid for _st, uid, _team, _candidates in file["want"]["selected"]]
    for staff in (people, people[:2], []):
        assert [one.unit.uid for one in steps.select(rule, pool, staff, seed).chosen] == drawn, "who is on duty decides nothing about the objects"
    other = steps.select(rule, [one for one in pool if one.uid != drawn[0]], people, seed).chosen
    assert other[0].unit.uid == drawn[1], "the people follow the objects, not the other way round"
    assert all(len(one.team) == 2 for one in other)


def test_ws_42b_only_people_with_the_items_qualification_are_candidates(open_office: Opened) -> None:
    """乌审旗方案四（二）："随机抽取的检查人员应与承担的检查任务所需的资质能力相一致"."""
    office = open_office("emergency-wushen").to_drawn(items=["WS-HC"], section="危险化学品股", n=20)
    able = {one.name for one in available("emergency-wushen") if "危险化学品" in one.qualifications}
    drawn = [one for one in office.result()["fates"] if one["fate"] == "drawn"]
    assert drawn and {one["candidates"] for one in drawn} == {len(able)}
    assert {name for one in drawn for name in one["team"]} <= able


def test_ws_42c_a_conflict_of_interest_keeps_an_inspector_away_and_stands_in_the_snapshot(open_office: Opened) -> None:
    """乌审旗方案四（二）："检查人员与被检查企业有利害关系的，应依法回避"."""
    agency = "fire-wenchanghu"
    office = open_office(agency)
    hands = available(agency)
    unit = next(one for one in registry.pool(agency, registry.filter_from({})) if one.key_unit and one.crowded)
    for one in hands[2:]:
        registry.declare_conflict(None, agency, one.user_id, unit.unit_id, "亲属在该单位任职")
    office.to_drawn(n=20)
    fate = next(one for one in office.result()["fates"] if one["subject_id"] == unit.unit_id)
    assert (fate["candidates"], sorted(fate["team"])) == (2, sorted(one.name for one in hands[:2]))


def test_an_empty_team_is_said_and_never_filled_in_silence(open_office: Opened) -> None:
    """draw.md 3.4: "no candidate | empty team with reason, never a silent pick"."""
    agency = "fire-wenchanghu"
    office = open_office(agency)
    hands = available(agency)
    unit = next(one for one in registry.pool(agency, registry.filter_from({})) if one.key_unit and one.crowded)
    for one in hands[1:]:
        registry.declare_conflict(None, agency, one.user_id, unit.unit_id, "亲属在该单位任职")
    assert "no_team" in {one["code"] for one in look(office, period="2026-11")["warnings"]}
    office.to_drawn(n=20)
    fate = next(one for one in office.result()["fates"] if one["subject_id"] == unit.unit_id)
    assert (fate["fate"], fate["candidates"], fate["team"]) == ("drawn", 1, [])


def test_people_who_attended_less_are_drawn_more_and_never_beyond_their_year(open_office: Opened) -> None:
    """金东方案六 (77 each): loads balance the tickets; whoever has reached the year's cap is no candidate."""
    agency = "fire-wenchanghu"
    office = open_office(agency)
    hands = [one.user_id for one in available(agency)]
    before = list(pooling._loads)
    pooling.loads_from(lambda _agency, _users, _year: {hands[0]: 154})
    try:
        office.to_drawn(n=10)
    finally:
        pooling._loads[:] = before
    name = session().get_one(InspectorRow, hands[0]).name
    drawn = [one for one in office.result()["fates"] if one["fate"] == "drawn"]
    assert drawn and all(name not in one["team"] for one in drawn)


def test_the_excluded_keep_their_row_with_the_reason(open_office: Opened) -> None:
    """draw.md 3.4: "`out` with a reason code, row stays in the snapshot with its weight"."""
    agency = "fire-wenchanghu"
    office = open_office(agency)
    unit = next(one for one in registry.pool(agency, registry.filter_from({})) if not one.key_unit and not one.blacklisted)
    office.to_drawn(exclusions=[{"unit_id": unit.unit_id, "reason": "closed", "note": "2026年10月停业，有照片"}])
    told = office.result()
    fate = next(one for one in told["fates"] if one["subject_id"] == unit.unit_id)
    assert (fate["fate"], fate["reason"]) == ("excluded", "已停业或注销") and told["excluded"]["closed"] == 1


def test_every_fate_is_explained_by_its_ticket(open_office: Opened) -> None:
    """"每家单位的结果都有解释": drawn at most at its stratum's cut, not drawn beyond it."""
    office = open_office("fire-wenchanghu").to_drawn(n=4)
    fates = office.result()["fates"]
    assert {one["fate"] for one in fates} == {"drawn", "not_drawn"}
    for one in fates:
        if one["fate"] == "drawn":
            assert one["ticket"] <= one["cut"]
        elif one["cut"]:
            assert one["ticket"] > one["cut"]


def test_the_odds_are_shown_per_weight_before_the_draw(open_office: Opened) -> None:
    """draw.md 3.4: "Odds must be published, because weight is not odds"."""
    found = look(open_office("fire-wenchanghu"), n=6)
    for stratum in found["strata"]:
        odds = [one for one in found["odds"] if one["st"] == stratum["st"]]
        expected = sum(one["chance"] * one["units"] for one in odds) / 10_000
        assert abs(expected - min(stratum["quota"], stratum["eligible"])) < 0.05
        assert [one["chance"] for one in odds] == sorted(one["chance"] for one in odds)
