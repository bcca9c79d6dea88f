"""What a draw takes from the registries: the pool under a filter, the inspectors of a day, who stands aside."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask

from server.platform.db import session, transaction
from server.registry import domain, operations, pools
from server.registry.operations import PoolFilter
from server.registry.tables import UnitItemRow
from tests import builders
from tests.registry import desk

DAY = date(2026, 11, 27)


def names(chosen: PoolFilter, agency: str = builders.AGENCY) -> list[str]:
    return sorted(unit.name for unit in operations.pool(agency, chosen, DAY))


def test_ys_3_2b_a_pool_is_formed_by_sector_category_and_grade(ctx: Flask) -> None:
    """YS-3.2b: "不同行业领域、不同类别和等级、满足不同执法需求的随机抽查名录库"."""
    desk.units_of(desk.line(1), desk.line(2, 行业="工业仓储", 风险等级="C级", 场所类别="工业"), desk.line(3, 风险等级="重大风险"), desk.line(4, 所属区域="示例街道"))
    assert names(PoolFilter()) == ["示例单位1", "示例单位2", "示例单位3", "示例单位4"]
    assert names(PoolFilter(sectors=frozenset({"工业仓储"}))) == ["示例单位2"]
    assert names(PoolFilter(categories=frozenset({"工业"}))) == ["示例单位2"]
    assert names(PoolFilter(grades=frozenset({"C", "D"}))) == ["示例单位2", "示例单位3"]
    assert names(PoolFilter(districts=frozenset({"示例街道"}))) == ["示例单位4"]


def test_ys_3_2d_a_blacklisted_unit_is_never_dropped_by_what_is_left_out(ctx: Flask) -> None:
    """YS-3.2d: "已经被列入消防安全“黑名单”的检查对象，应当纳入随机抽查名录库"."""
    first, second = desk.units_of(desk.line(1, 黑名单="是"), desk.line(2, 黑名单="否"))
    out = PoolFilter(leave_out=frozenset({first.id, second.id}), leave_out_grades=frozenset({"B"}), leave_out_unverified_before=DAY)
    assert names(out) == ["示例单位1"]
    assert names(PoolFilter(blacklisted_only=True)) == ["示例单位1"]
    assert names(PoolFilter(sectors=frozenset({"工业仓储"}))) == [], "a condition of a directed draw is not an exclusion"


def test_wg_4b_each_item_has_a_pool_of_its_own(ctx: Flask) -> None:
    """WG-4b: "逐项建立涵盖全市范围的随机抽查对象名录库"."""
    agency = "civil-air-defence-wugang"
    builders.an_agency(agency, "舞钢试验人防办", kind="cad")
    first, second = desk.units_of(desk.line(1), desk.line(2), agency=agency)
    with transaction() as current:
        current.add(UnitItemRow(unit_id=first.id, item_code="WG-EQ", agency_id=agency))
    assert names(PoolFilter(item_code="WG-EQ"), agency) == ["示例单位1"]
    reasons = {unit.unit_id: why for unit, why in operations.pool_explained(agency, PoolFilter(item_code="WG-EQ"), DAY)}
    assert reasons == {first.id: None, second.id: ("item", "不在该抽查事项的对象名录库内")}


def test_without_pools_per_item_every_unit_may_be_drawn_for_every_item(ctx: Flask) -> None:
    desk.units_of(desk.line(1))
    assert names(PoolFilter(item_code="anything")) == ["示例单位1"]


def test_wc_10a_without_a_valid_certificate_nobody_is_drawn(ctx: Flask) -> None:
    """WC-10a: "未取得执法资格的人员不得列入"."""
    kept, ended = desk.an_inspector(1, DAY), desk.an_inspector(2, date(2026, 11, 26))
    assert [one.user_id for one in operations.available_inspectors(builders.AGENCY, DAY)] == [kept.id]
    (expired,) = (one for one in operations.inspectors_on(builders.AGENCY, DAY) if not one.available)
    assert (expired.user_id, expired.hindrances) == (ended.id, (("certificate_expired", "执法证于 2026-11-26 到期"),))


def test_ys_3_4c_inspectors_come_with_their_sector_groups_and_qualifications(ctx: Flask) -> None:
    """YS-3.4c: "按照负责监管的行业领域分组并及时调整完善"."""
    desk.an_inspector(1, sector_groups=["宾馆饭店"], qualifications=["消防监督"], section="综合股")
    (one,) = operations.available_inspectors(builders.AGENCY, DAY)
    assert (one.sector_groups, one.qualifications, one.section) == (frozenset({"宾馆饭店"}), frozenset({"消防监督"}), "综合股")


def test_ws_4_2c_an_interest_in_one_premises_is_one_in_the_whole_enterprise(ctx: Flask) -> None:
    """WS-4.2c: "检查人员与被检查企业有利害关系的，应依法回避"."""
    shared = {"统一社会信用代码": desk.code(9), "市场主体名称": "示例连锁公司"}
    first, second, third = desk.units_of(desk.line(1, **shared), desk.line(2, **shared), desk.line(3))
    person = desk.an_inspector(1)
    operations.declare_conflict(builders.an_actor("plan_officer"), builders.AGENCY, person.id, first.id, "配偶任职")
    everyone = frozenset({person.id})
    assert operations.conflicts_of([first.id, second.id, third.id]) == {first.id: everyone, second.id: everyone}
    assert operations.conflict_between(person.id, second.id) == "配偶任职"
    assert operations.conflict_between(person.id, third.id) is None


def test_the_pool_costs_the_same_few_statements_however_many_units_there_are(ctx: Flask, assert_query_count) -> None:
    desk.units_of(*(desk.line(n) for n in range(1, 41)))
    session().commit()
    with assert_query_count(6):
        assert len(operations.pool(builders.AGENCY, PoolFilter(), DAY)) == 40


def test_another_agencys_units_and_people_are_in_no_pool(ctx: Flask) -> None:
    desk.units_of(desk.line(1), agency="fire-jindong")
    desk.an_inspector(1, agency="fire-jindong")
    assert names(PoolFilter()) == [] and operations.inspectors_on(builders.AGENCY, DAY) == []


def test_ys_3_4a_the_conditions_of_a_directed_draw_are_kept_and_said_in_words() -> None:
    """YS-3.4a: "定向抽查…按照被检查对象的行业领域、风险等级等特定条件；不定向抽查…不设定条件"."""
    chosen = PoolFilter(sectors=frozenset({"宾馆饭店"}), grades=frozenset({"C", "D"}), facts=(("key_unit", "yes"),), item_code="X1", leave_out_unverified_before=DAY)
    assert operations.filter_from(operations.filter_data(chosen)) == chosen
    words = operations.filter_words(chosen, {"key_unit": "消防安全重点单位"}, {"X1": "日常检查"})
    assert words == "行业领域：宾馆饭店；风险等级：C、D；消防安全重点单位：是；抽查事项：日常检查；剔除 2026-11-27 之后未核对的单位"
    assert operations.filter_words(PoolFilter(), {}, {}) == "不设定条件"


@pytest.mark.parametrize("wrong", [{"colour": "red"}, {"sectors": "宾馆"}, {"facts": {"key_unit": "maybe"}}, {"exceptions": ["friend"]}, {"sectors": [1]}])
def test_a_filter_that_says_something_unknown_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(domain.FilterWrong):
        pools.filter_from(wrong)


@pytest.mark.parametrize("text, grade", [("A", "A"), ("b级", "B"), ("Ｃ", "C"), ("重大风险", "D"), ("较大", "C"), ("一般风险", "B"), ("低风险", "A"), ("", ""), ("未评定", "")])
def test_a_risk_grade_is_read_from_what_clerks_write(text: str, grade: str) -> None:
    assert pools.grade_of(text) == grade
