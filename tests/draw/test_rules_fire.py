"""Every rule of the fire brigades' documents (偃师、文昌湖、金东) that a draw must keep; the docstrings quote the articles."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from server.draw.tables import DrawUnitRow
from server.platform import clock
from server.platform.db import session
from server.platform.ids import new_id
from server.registry import operations as registry
from server.registry import people
from tests.builders import actor_of
from tests.draw.agencies import Opened, available, line, look, mark, units
from tests.draw.office import API
from tests.registry.desk import code

# --- 偃师 -------------------------------------------------------------------------------------------------------


def test_ys_32d_a_blacklisted_unit_is_never_struck_from_the_pool(open_office: Opened) -> None:
    """偃师方案三（二）："已经被列入消防安全“黑名单”的检查对象，应当纳入随机抽查名录库"."""
    office = open_office("fire-yanshi")
    black = units("fire-yanshi")[0]
    mark("fire-yanshi", black.id, "blacklist")
    office.propose(exclusions=[{"unit_id": black.id, "reason": "closed", "note": "试验"}])
    answer = office.post(office.a, "freeze")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "E_DRAW_BLACKLIST")


def test_ys_32c_objects_come_from_the_registry_alone_as_it_stood_when_it_was_frozen(open_office: Opened) -> None:
    """偃师方案三（二）："从随机抽查对象名录库中随机选取抽查对象"."""
    office = open_office("fire-yanshi")
    known = {one.id for one in units("fire-yanshi")}
    office.propose(purpose="large_event", source_doc="偃文旅〔2026〕9号", n=0, objects=[{"unit_id": new_id(), "note": "名录库以外"}])
    typed_in = office.post(office.a, "freeze")
    assert typed_in.status_code == 422 and "不在检查对象名录库中" in typed_in.get_json()["detail"]
    office.to_open(n=len(known) + 9)
    late = {"name": "冻结后新开的店", "address": "示例路9号", "uscc": code(9), "responsible_name": "甄新", "unit_type": "企业"}
    made = office.a.post("/api/v1/registry/units", json={"values": late, "reason": "新开业"})
    assert made.status_code == 201 and made.get_json()["id"] in {one.id for one in units("fire-yanshi")}
    assert office.roll().status_code == 200 and office.reveal().status_code == 200
    assert {one["subject_id"] for one in office.result()["fates"]} == known


def test_ys_34a_a_directed_draw_keeps_its_conditions_verbatim_and_prints_them(open_office: Opened) -> None:
    """偃师方案三（四）："定向抽查…按照被检查对象的行业领域、风险等级等特定条件；不定向抽查…不设定条件"."""
    office = open_office("fire-yanshi")
    sector = registry.pool("fire-yanshi", registry.filter_from({}))[0].sector
    office.to_open(mode="directed", filter={"sectors": [sector]}, n=1)
    assert office.a.get(f"{API}/{office.id}").get_json()["intent"]["about"]["conditions"] == f"行业领域：{sector}"
    kept = office.a.get(f"{API}/{office.id}/wish").get_json()
    assert kept["filter"] == {"sectors": [sector]}
    frozen = {one.name for one in session().query(DrawUnitRow).filter_by(draw_id=office.id)}
    assert frozen == {one.name for one in registry.pool("fire-yanshi", registry.filter_from({"sectors": [sector]}))}


def test_ys_34a_an_undirected_draw_has_no_conditions_and_a_directed_one_has(open_office: Opened) -> None:
    """偃师方案三（四）："不定向抽查…不设定条件"."""
    office = open_office("fire-yanshi")
    assert office.a.post(API, json=office.wish(filter={"grades": ["D"]})).status_code == 422
    assert office.a.post(API, json=office.wish(mode="directed")).status_code == 422


def test_ys_34d_units_and_people_are_both_drawn_in_one_draw(open_office: Opened) -> None:
    """偃师方案三（四）："要随机确定待查对象和执法人员，实行“双随机”抽查"."""
    office = open_office("fire-yanshi").to_drawn()
    drawn = [one for one in office.result()["fates"] if one["fate"] == "drawn"]
    assert len(drawn) >= 3 and all(len(set(one["team"])) == 2 and one["candidates"] >= 2 for one in drawn)


def test_ys_34e_at_a_large_event_the_objects_are_fixed_with_reasons_and_the_people_drawn(open_office: Opened) -> None:
    """偃师方案三（四）："需要对举办大型活动场所进行全面检查的，要视情况随机确定相关执法人员"."""
    office = open_office("fire-yanshi")
    fixed = [one.id for one in units("fire-yanshi")[:3]]
    objects = [{"unit_id": unit, "note": "第十届示例文化节主会场"} for unit in fixed]
    event = {"purpose": "large_event", "source_doc": "偃文旅〔2026〕9号", "period": "2026-12", "n": 0}
    assert office.a.post(API, json=office.wish(**event)).status_code == 422
    assert office.a.post(API, json=office.wish(**event, objects=[{"unit_id": fixed[0], "note": " "}])).status_code == 422
    office.to_drawn(**event, objects=objects)
    drawn = [one for one in office.result()["fates"] if one["fate"] == "drawn"]
    assert {one["subject_id"] for one in drawn} == set(fixed) and all(len(one["team"]) == 2 for one in drawn)


def test_ys_1a_objects_cannot_be_typed_into_a_double_random_draw(open_office: Opened) -> None:
    """偃师方案一："随机抽取检查对象、随机选派执法检查人员"."""
    office = open_office("fire-yanshi")
    assert office.a.post(API, json=office.wish(objects=[{"unit_id": units("fire-yanshi")[0].id, "note": "指定"}])).status_code == 422


def test_ys_21a_an_item_that_is_not_on_the_list_is_not_drawn_for(open_office: Opened) -> None:
    """偃师方案二（一）："凡法律法规规章没有规定的，一律不得擅自开展检查"."""
    office = open_office("fire-yanshi")
    assert office.a.post(API, json=office.wish(items=["没有的事项"])).status_code == 422


# --- 文昌湖 ------------------------------------------------------------------------------------------------------


def test_wc_10a_nobody_without_a_valid_certificate_is_in_the_table_of_people(open_office: Opened) -> None:
    """文昌湖指引第十条："未取得执法资格的人员不得列入"."""
    office = open_office("fire-wenchanghu")
    found = look(office)
    expired = [one for one in registry.inspectors("fire-wenchanghu") if not one.certificate.valid_on(date(2026, 12, 1))]
    assert expired and {one.name for one in expired} <= {one["name"] for one in found["hindered"]}
    assert not {one.user_id for one in expired} & {one["user_id"] for one in found["hands"]}


def test_wc_13b_a_campaign_stands_on_its_scheme(open_office: Opened) -> None:
    """文昌湖指引第十三条："专项检查，应当制定专项检查方案"."""
    office = open_office("fire-wenchanghu")
    campaign = {"purpose": "campaign", "period": "2026-12", "items": ["WC-SPEC-CROWDED"]}
    assert office.a.post(API, json=office.wish(**campaign)).status_code == 422
    assert office.propose(**campaign, source_doc="文昌湖消〔2026〕12号").status_code == 201
    assert office.propose(title="月度", period="2026-12").status_code == 201, "a campaign may ride beside the month's batch"


def test_wc_14a_key_and_crowded_units_still_owed_this_year_are_all_drawn_in_the_last_month(open_office: Opened, visited: dict[str, int]) -> None:
    """文昌湖指引第十四条："对属于人员密集场所的消防安全重点单位每年至少监督检查一次"; D-24."""
    office = open_office("fire-wenchanghu")
    owed = [one for one in registry.pool("fire-wenchanghu", registry.filter_from({})) if one.key_unit and one.crowded]
    visited[owed[0].unit_id] = 1
    office.to_drawn(period="2026-12", n=5)
    fates = {one["subject_id"]: one for one in office.result()["fates"]}
    assert len(owed) > 1 and all(fates[one.unit_id]["fate"] == "drawn" for one in owed[1:])
    assert fates[owed[0].unit_id]["st"] == "key_crowded_done"


def test_wc_14a_the_screen_warns_when_the_mandatory_units_exceed_the_number(open_office: Opened) -> None:
    """文昌湖指引第十四条; draw.md 3.3a step 5: "Mandatory visits may thus exceed n; the screen warns before the ceremony"."""
    found = look(open_office("fire-wenchanghu"), n=1)
    must = next(one["quota"] for one in found["strata"] if one["st"] == "key_crowded")
    assert must > 1 and "must_beyond_n" in {one["code"] for one in found["warnings"]}


def test_wc_14b_key_units_weigh_more(open_office: Opened) -> None:
    """文昌湖指引第十四条："消防安全重点单位应当作为监督抽查的重点"."""
    found = look(open_office("fire-wenchanghu"))
    key = next(one for one in registry.pool("fire-wenchanghu", registry.filter_from({})) if one.key_unit)
    assert ["key_factor", "", 2] in line(found, key.unit_id)["parts"]


def test_wc_14c_the_share_of_general_units_is_no_smaller_than_the_profile_says(open_office: Opened) -> None:
    """文昌湖指引第十四条："非消防安全重点单位（一般单位）必须在监督抽查的单位数量中占有一定比例"."""
    office = open_office("fire-wenchanghu")
    assert office.a.post(API, json=office.wish(general_min_permille=100)).status_code == 422
    found = look(office, n=1)
    assert sum(one["quota"] for one in found["strata"] if one["st"] != "key_crowded") >= 1
    assert office.a.get(f"{API}/setup").get_json()["general_min_permille"] == 300


@pytest.mark.parametrize(("today", "late"), [((2026, 11, 25), False), ((2026, 11, 26), True)])
def test_wc_15a_a_draw_after_the_cutoff_is_labelled_late_the_26th_itself_is_late(open_office: Opened, today: tuple[int, int, int], late: bool) -> None:
    """文昌湖指引第十五条："于每月26日前…生成下月抽查计划"; C1: "前" does not include the day."""
    with clock.freeze(datetime(*today, 4, tzinfo=UTC)):
        office = open_office("fire-wenchanghu")
        office.to_open()
        seen = office.a.get(f"{API}/{office.id}").get_json()
    assert (seen["deadline"], seen["late"], seen["intent"]["about"]["late"]) == ("2026-11-25", late, late)


def test_wc_15b_number_and_ratio_are_proposed_from_the_workload_of_those_who_are_fit(open_office: Opened) -> None:
    """文昌湖指引第十五条："根据…抽查工作量", "合理设定抽查比例和频次"."""
    from server.draw import rulebook
    from server.rules import operations as rules

    with clock.freeze(datetime(2026, 12, 1, 4, tzinfo=UTC)):
        office = open_office("fire-wenchanghu")
        few = available("fire-wenchanghu")
        for one in few[1:]:
            people.add_leave(actor_of(office.a.person), "fire-wenchanghu", one.user_id, "leave", date(2026, 11, 30), date(2026, 12, 20), "休假")
        seen = office.a.get(f"{API}/setup").get_json()["workload"]
    whole = len(units("fire-wenchanghu"))
    assert len(few) > 1 and seen == {"heads": 1, "floor": 77, "number": 7, "permille": 7000 // whole}
    profile = rules.rules_for("fire-wenchanghu").values
    assert [rulebook.proposed_number(profile, heads, 400) for heads in (0, 4, 12)] == [0, 26, 77]
    assert rulebook.proposed_number(profile, 12, 40) == 40, "never more than there are"


def test_wc_17_the_weight_follows_risk_and_credit_and_its_formula_is_published(open_office: Opened) -> None:
    """文昌湖指引第十七条："对…抽查频次或抽查概率实行浮动管理"."""
    office = open_office("fire-wenchanghu")
    found = look(office)
    for one in registry.pool("fire-wenchanghu", registry.filter_from({})):
        scale = {"A": 1, "B": 2, "C": 4, "D": 8}
        assert line(found, one.unit_id)["w"] == min(100, scale.get(one.grade, 1) * scale.get(one.credit, 1) * (2 if one.key_unit else 1))
    office.post(office.a, "freeze")
    about = office.a.get(f"{API}/{office.id}").get_json()["intent"]["about"]
    assert "风险A=1/B=2/C=4/D=8" in about["formula"] and len(about["profile"]) == 64


# --- 金东 -------------------------------------------------------------------------------------------------------


def test_jd_6a_the_year_of_an_inspector_is_154_attendances_and_the_floor_77(open_office: Opened) -> None:
    """金东方案六："每日每2名执法人员检查1家单位、每年220个工作日、检查日按工作日的70%计算，…最低抽查单位数不应低于77家"."""
    from server.draw import rulebook
    from server.rules import operations as rules

    office = open_office("fire-jindong")
    profile = rules.rules_for("fire-jindong").values
    assert (rulebook.year_cap(profile), rulebook.floor_per_inspector(profile)) == (154, 77)
    found = look(office)
    assert {one["cap"] for one in found["hands"]} == {154}
    assert "below_floor" in {one["code"] for one in found["warnings"]}, "14 demo units never keep five people busy"


def test_jd_6b_floor_against_cap_is_said_before_the_ceremony() -> None:
    """金东方案六 against 舞钢细则六 (C6): "warn when floor × headcount > cap × units"."""
    from server.draw import explain
    from server.draw.domain import Rule

    profile = {"workload.workdays": 220, "workload.field_share_permille": 700, "workload.units_per_day": 1, "workload.team_size": 2}
    rule = Rule(5, frozenset(), 1, 0, 2, False, 100, 2, 8)
    codes = [one.code for one in explain._load(profile, rule, "2026", 900, 10, 300)]
    assert codes == ["floor_above_cap"]
    assert [one.code for one in explain._load(profile, rule, "2026", 900, 10, 400)] == []


def test_jd_6c_the_cutoff_of_the_number_is_the_25th(open_office: Opened) -> None:
    """金东方案六："每月25日前设置下一个月的检查单位抽查数"."""
    office = open_office("fire-jindong")
    assert office.propose().get_json()["deadline"] == "2026-11-24"


def test_jd_6c_an_agency_that_imports_may_also_draw_itself(open_office: Opened) -> None:
    """C2: draw.source external_import agencies may import or draw."""
    office = open_office("fire-jindong").to_drawn()
    assert office.draw["state"] == "drawn"
    assert office.a.get(f"{API}/setup").get_json()["source"] == "external_import"
