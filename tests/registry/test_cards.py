"""One unit at the desk: card, edits with reasons, marks, merging, the list and its filters, coverage."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from server.platform import clock
from server.registry import cards, domain, fields, listing, operations, subpools
from server.registry.operations import PoolFilter
from server.registry.tables import RegistryChangeRow
from tests import builders
from tests.registry import desk
from tests.world import Client

AGENCY = builders.AGENCY
API = "/api/v1/registry"


def clerk() -> Any:
    return builders.an_actor("plan_officer")


def card(unit: operations.Unit) -> cards.Card:
    return cards.card(AGENCY, unit.id, operations.today())


def value(of: cards.Card, key: str) -> Any:
    return next(one for one in of.fields if one["key"] == key)


def listed(**asked: str) -> list[str]:
    return [unit.name for unit, _ in listing.listed(AGENCY, listing.UnitQuery(**asked), operations.today(), 50, 0)[0]]


@pytest.fixture
def planner(app: Flask) -> Client:
    return builders.client_as("plan_officer")


def test_wc_9a_the_card_shows_every_field_of_the_article(ctx: Flask) -> None:
    """WC-9a: "单位名称、地址、统一社会信用代码（注册号）、消防安全责任人……消防安全管理人的姓名及联系方式、单位类型、建筑面积、所在建筑类别、场所类别、行业主管部门、所属区域等"."""
    (unit,) = desk.units_of(desk.line(1))
    shown = {one["key"] for one in card(unit).fields}
    assert set(fields.FIRE_FIELDS) <= shown


def test_wc_9b_five_base_fields_are_mandatory_and_the_rest_counts_as_completeness(ctx: Flask) -> None:
    """WC-9b: "单位名称、地址、统一社会信用代码（注册号）、消防安全责任人、单位类型为…基础信息…其他信息可…逐步完善"."""
    assert fields.BASE_FIELDS == ("name", "address", "uscc", "responsible_name", "unit_type")
    (unit,) = desk.units_of(desk.line(1))
    before = card(unit)
    assert before.percent < 100 and "建筑面积" in before.lacking
    cards.edit(clerk(), AGENCY, unit.id, {"floor_area": "320"}, "现场测量")
    after = card(unit)
    assert after.percent > before.percent and "建筑面积" not in after.lacking
    with pytest.raises(domain.FieldsWrong):
        cards.edit(clerk(), AGENCY, unit.id, {"unit_type": ""}, "清空")


def test_wc_9b_a_registration_number_or_a_reason_stands_for_the_code() -> None:
    assert fields.completeness({"registration_no": "410307600123456"}, ["uscc"]) == (100, ())
    assert fields.completeness({}, ["uscc", "name"]) == (0, ("uscc", "name"))


def test_c15_what_must_be_there_is_the_agencys_own_rule() -> None:
    """C15: unit mandatory fields come from ``unit.required`` of the profile."""
    assert fields.required_fields(["name", "responsible_person", "sector"]) == ("name", "responsible_name", "sector")
    assert fields.required_fields([]) == fields.BASE_FIELDS


def test_wc_9c_every_field_knows_where_and_when_it_was_learnt(ctx: Flask) -> None:
    """WC-9c: "通过消防监督管理系统以及政府政务信息平台汇集，并通过相关行业主管部门收集补充"."""
    (unit,) = desk.units_of(desk.line(1, 消防安全重点单位="是"))
    cards.edit(clerk(), AGENCY, unit.id, {"sector": "工业仓储"}, "住建部门来函")
    now = card(unit)
    today = operations.today().isoformat()
    assert {key: value(now, "sector")[key] for key in ("value", "how", "day", "source")} == {"value": "工业仓储", "how": "desk", "day": today, "source": "住建部门来函"}
    assert (value(now, "name")["how"], value(now, "name")["source"]) == ("import", "导入：units.csv")
    assert value(now, "fact.key_unit")["source"] == "导入：units.csv"


def test_wc_11_every_change_stands_in_the_history_and_what_is_not_verified_is_stale(ctx: Flask) -> None:
    """WC-11: "动态管理，及时更新"."""
    (unit,) = desk.units_of(desk.line(1))
    cards.edit(clerk(), AGENCY, unit.id, {"sector": "工业仓储", "district": "示例街道"}, "核实")
    assert {(one["label"], one["old"], one["new"], one["reason"]) for one in card(unit).history} == {("所属区域", "样本镇", "示例街道", "核实"), ("行业", "宾馆饭店", "工业仓储", "核实")}
    assert listed(only="stale") == ["示例单位1"]
    cards.verify(clerk(), AGENCY, unit.id)
    assert listed(only="stale") == [] and not card(unit).stale
    with clock.freeze(clock.now() + timedelta(days=400)):
        assert listed(only="stale") == ["示例单位1"]


def test_the_period_after_which_a_unit_is_stale_is_set_at_the_desk(app: Flask) -> None:
    """WC-11: "动态管理，及时更新"."""
    with app.app_context():
        (unit,) = desk.units_of(desk.line(1))
        cards.verify(builders.an_actor("plan_officer"), AGENCY, unit.id)
    officer, path = builders.client_as("plan_officer"), "/api/v1/registry/coverage"
    assert officer.get(path).json["stale_days"] == 365
    assert officer.put(f"{path}/stale-period", json={"days": 30}).status_code == 204
    told = officer.get(path).json
    assert (told["stale_days"], told["stale"]) == (30, 0)
    with clock.freeze(clock.now() + timedelta(days=31)):
        clerk = builders.client_as("plan_officer")
        assert clerk.get(path).json["stale"] == 1
    assert [officer.put(f"{path}/stale-period", json={"days": days}).status_code for days in (29, 3651, "60")] == [422] * 3
    assert builders.client_as("reviewer").put(f"{path}/stale-period", json={"days": 60}).status_code == 403
    assert builders.client_as("plan_officer", agency="fire-jindong").get(path).json["stale_days"] == 365


def test_editing_nothing_writes_nothing(ctx: Flask) -> None:
    (unit,) = desk.units_of(desk.line(1))
    cards.edit(clerk(), AGENCY, unit.id, {"sector": "宾馆饭店"}, "没有变化")
    assert list(operations.db.session.scalars(select(RegistryChangeRow))) == []


def test_an_enterprises_name_belongs_to_all_its_premises_and_stands_in_the_history_of_each(ctx: Flask) -> None:
    shared = {"统一社会信用代码": desk.code(9), "市场主体名称": "示例连锁公司"}
    first, second = desk.units_of(desk.line(1, **shared), desk.line(2, **shared))
    cards.edit(clerk(), AGENCY, first.id, {"entity_name": "示例连锁集团"}, "更名")
    assert operations.unit(AGENCY, second.id).entity_name == "示例连锁集团"
    assert [one["new"] for one in card(second).history] == ["示例连锁集团"]


@pytest.mark.parametrize("values", [{"uscc": "91350100M000100Y4X"}, {"responsible_phone": "哈哈"}, {"fact.key_unit": "maybe"}, {"colour": "red"}, {"blacklisted": "否"}, {"items": "没有这项"}, {"name": "示例\U0001F600"}])
def test_a_hand_is_held_to_the_same_rules_as_a_table(ctx: Flask, values: dict[str, str]) -> None:
    (unit,) = desk.units_of(desk.line(1))
    with pytest.raises(domain.FieldsWrong):
        cards.edit(clerk(), AGENCY, unit.id, values, "试验")
    assert card(unit).history == ()


def test_nobody_becomes_what_another_already_is(ctx: Flask) -> None:
    first, second = desk.units_of(desk.line(1), desk.line(2))
    with pytest.raises(domain.UnitTaken):
        cards.edit(clerk(), AGENCY, first.id, {"uscc": second.uscc}, "改码")
    values = {"name": first.name, "address": first.address, "uscc": first.uscc, "responsible_name": "甄", "unit_type": "企业"}
    with pytest.raises(domain.UnitTaken):
        cards.add_unit(clerk(), AGENCY, values, "重复登记")


def test_ys_3_2d_the_blacklist_carries_dates_and_reason_and_is_left_only_with_a_reason(ctx: Flask) -> None:
    """YS-3.2d: "已经被列入消防安全“黑名单”的检查对象，应当纳入随机抽查名录库"."""
    (unit,) = desk.units_of(desk.line(1))
    mark = cards.add_mark(clerk(), AGENCY, unit.id, "blacklist", date(2026, 11, 1), None, "拒不整改", "信用平台")
    (pooled,) = operations.pool(AGENCY, PoolFilter(blacklisted_only=True))
    assert [(one.since, one.reason, one.source) for one in pooled.marks] == [(date(2026, 11, 1), "拒不整改", "信用平台")]
    with pytest.raises(domain.UnitTaken):
        cards.add_mark(clerk(), AGENCY, unit.id, "blacklist", date(2026, 11, 2), None, "又一次", "信用平台")
    cards.end_mark(clerk(), AGENCY, unit.id, mark, "信用修复")
    assert operations.pool(AGENCY, PoolFilter(blacklisted_only=True), operations.today() + timedelta(days=1)) == []
    assert {one["label"] for one in card(unit).history} == {"黑名单"}


def test_jd_1_3_ws_4_1d_the_four_exceptions_reach_the_draw_with_their_source(ctx: Flask) -> None:
    """WS-4.1d: "对于因投诉举报、处于经营异常状态、受到行政处罚或上级部门有具体规定的企业，不受此限制"."""
    (unit,) = desk.units_of(desk.line(1))
    for kind in ("complaint", "abnormal_operation", "penalised", "superior_rule"):
        cards.add_mark(clerk(), AGENCY, unit.id, kind, date(2026, 1, 1), date(2026, 12, 31), "试验", "12345热线")
    (pooled,) = operations.pool(AGENCY, PoolFilter(), date(2026, 11, 27))
    assert pooled.exceptions == {"complaint", "abnormal_operation", "penalised", "superior_rule"}
    (later,) = operations.pool(AGENCY, PoolFilter(), date(2027, 1, 1))
    assert later.exceptions == frozenset()


def test_a_closed_unit_leaves_the_pool_and_stays_in_the_registry(ctx: Flask) -> None:
    (unit,) = desk.units_of(desk.line(1))
    cards.set_state(clerk(), AGENCY, unit.id, "closed", "已注销")
    assert operations.pool(AGENCY, PoolFilter()) == [] and listed() == [] and listed(state="closed") == ["示例单位1"]


def test_two_records_of_one_premises_are_named_and_become_one(ctx: Flask) -> None:
    shared = {"统一社会信用代码": desk.code(9), "市场主体名称": "示例公司"}
    first, second = desk.units_of(desk.line(1, **shared, 地址="示例路1号", 行业=""), desk.line(2, **shared, 地址="示例路 1 号", 黑名单="是"))
    (group,) = listing.duplicates(AGENCY)
    assert set(group.unit_ids) == {first.id, second.id} and group.reason == "信用代码和地址相同"
    person = desk.an_inspector(1)
    operations.declare_conflict(clerk(), AGENCY, person.id, second.id, "亲属")
    cards.merge(clerk(), AGENCY, first.id, second.id, "同一场所")
    (pooled,) = operations.pool(AGENCY, PoolFilter())
    assert (pooled.unit_id, pooled.sector, pooled.blacklisted) == (first.id, "宾馆饭店", True)
    assert operations.conflicts_of([first.id]) == {first.id: frozenset({person.id})}
    assert listing.duplicates(AGENCY) == []
    again = operations.import_units(clerk(), AGENCY, desk.csv(desk.line(2, **shared, 地址="示例路 1 号")), "a.csv")
    assert [error.code for error in again.errors] == ["W_MERGED"], "a later table does not bring the merged record back"


def test_ys_3_2b_a_sub_pool_is_a_filter_with_a_name(ctx: Flask) -> None:
    """YS-3.2b: "满足不同执法需求的随机抽查名录库"."""
    desk.units_of(desk.line(1), desk.line(2, 行业="工业仓储"))
    made = subpools.keep(clerk(), AGENCY, "工业库", {"sectors": ["工业仓储"]})
    assert [(one["name"], one["words"], one["count"]) for one in subpools.sub_pools(AGENCY, operations.today())] == [("工业库", "行业领域：工业仓储", 1)]
    assert listed(sub_pool=made) == ["示例单位2"]
    assert subpools.keep(clerk(), AGENCY, "工业库", {"sectors": ["宾馆饭店"]}) == made
    subpools.forget(clerk(), AGENCY, made)
    assert subpools.sub_pools(AGENCY, operations.today()) == []


def test_ys_3_2a_coverage_counts_by_sector_and_area(ctx: Flask) -> None:
    """YS-3.2a: "名录库要涵盖本地全部被监管对象"."""
    desk.units_of(desk.line(1), desk.line(2, 行业="工业仓储", 所属区域="示例街道"), desk.line(3, 黑名单="是"))
    found = listing.coverage(AGENCY, operations.today())
    assert (found.total, found.by_sector["宾馆饭店"], found.cells["工业仓储", "示例街道"], found.blacklisted, found.stale) == (3, 2, 1, 1, 3)


def test_ys_3_2a_coverage_is_held_against_a_list_from_elsewhere(planner: Client) -> None:
    """YS-3.2a: the report names who stands in the registration list and not in the registry."""
    with builders.at_work():
        desk.units_of(desk.line(1), desk.line(2))
    table = f"企业登记清单\n名称,统一社会信用代码\n示例单位1,{desk.code(1)}\n示例单位2（老名）,{desk.code(2)}\n漏掉的店,{desk.code(7)}\n".encode()
    answer = planner.post(f"{API}/coverage/compare", data={"file": (io.BytesIO(table), "清单.csv")}, content_type="multipart/form-data")
    assert answer.status_code == 200 and (answer.json["listed"], answer.json["found"], answer.json["only_here_count"]) == (3, 2, 0)
    assert [one["name"] for one in answer.json["missing"]] == ["漏掉的店"]


def test_the_list_is_narrowed_by_what_the_desk_asks(ctx: Flask) -> None:
    desk.units_of(desk.line(1, 责任人电话=""), desk.line(2, 行业="工业仓储", 风险等级="D级"), desk.line(3, 所属区域="示例街道", 黑名单="是", 风险等级=""))
    assert listed(sector="工业仓储") == listed(grade="D") == ["示例单位2"]
    assert listed(district="示例街道") == listed(mark="blacklist") == ["示例单位3"]
    assert listed(text="示例路2") == ["示例单位2"]
    assert listed(only="incomplete") == ["示例单位3"], "偃师 requires the risk grade"


def test_a_unit_is_entered_read_changed_and_judged_over_http(planner: Client) -> None:
    values = {"name": "示例新店", "address": "示例路9号", "uscc": desk.code(9), "responsible_name": "甄新", "unit_type": "企业"}
    made = planner.post(f"{API}/units", json={"values": values, "reason": "新开业"})
    assert made.status_code == 201
    path = f"{API}/units/{made.json['id']}"
    assert planner.put(f"{path}/fields", json={"values": {"sector": "宾馆饭店", "fact.key_unit": "yes", "ext.监管平台": "J1"}, "reason": "补录"}).status_code == 204
    mark = planner.post(f"{path}/marks", json={"kind": "complaint", "since": "2026-11-01", "reason": "噪音", "source": "12345"}).json["id"]
    assert planner.post(f"{path}/marks/{mark}/end", json={"reason": "办结"}).status_code == 204
    assert planner.post(f"{path}/verify").status_code == planner.post(f"{path}/state", json={"state": "closed", "reason": "停业"}).status_code == 204
    seen = planner.get(f"{path}/card").json
    assert (seen["state"], seen["stale"], seen["lacking"] != []) == ("closed", False, True)
    assert {one["key"]: one["value"] for one in seen["values"]}["ext.监管平台"] == "J1"
    assert seen["marks"][0]["ended_reason"] == "办结" and "状态" in {one["label"] for one in seen["history"]}
    assert planner.put(f"{path}/fields", json={"values": {"sector": "x"}, "reason": "y", "agency_id": "other"}).status_code == 422


def test_another_agencys_unit_does_not_exist_for_any_act(planner: Client) -> None:
    with builders.at_work():
        (unit,) = desk.units_of(desk.line(1), agency="fire-jindong")
        (mine,) = desk.units_of(desk.line(2))
    path = f"{API}/units/{unit.id}"
    tries = [
        planner.get(f"{path}/card"), planner.put(f"{path}/fields", json={"values": {"sector": "x"}, "reason": "y"}), planner.post(f"{path}/verify"),
        planner.post(f"{path}/state", json={"state": "closed", "reason": "y"}), planner.post(f"{path}/marks", json={"kind": "complaint", "since": "2026-11-01", "reason": "a", "source": "b"}),
        planner.post(f"{path}/merge", json={"other": mine.id, "reason": "y"}),
    ]
    assert [one.status_code for one in tries] == [404] * 6
    assert planner.post(f"{API}/units/{mine.id}/merge", json={"other": unit.id, "reason": "y"}).status_code == 422


def test_every_act_leaves_its_fact_in_the_audit(app: Flask, planner: Client) -> None:
    with builders.at_work():
        (unit,) = desk.units_of(desk.line(1))
    planner.put(f"{API}/units/{unit.id}/fields", json={"values": {"sector": "工业仓储"}, "reason": "核实"})
    planner.post(f"{API}/units/{unit.id}/verify")
    planner.get(f"{API}/units.xlsx")
    verbs = [one["verb"] for one in builders.client_as("auditor").get("/api/v1/audit/facts").json["facts"]]
    assert {"registry.units_imported", "registry.unit_changed", "registry.unit_verified", "registry.units_exported"} <= set(verbs)


