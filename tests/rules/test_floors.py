"""A floor of national law cannot be weakened by a sector, a province or an agency; it may be made stricter."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.rules.domain import KeyRule
from server.rules.library import examine, load_library
from server.rules.resolve import weaker
from server.rules.source import Folder
from tests.rules.folders import CHECKLISTS, WUGANG, WUSHEN, copied, edit, sentences

FLOORS = {
    "team.min", "team.certificate", "team.recusal", "inspector.required", "onsite.credentials", "onsite.notice",
    "onsite.record", "publish.kinds", "publish.result_deadline_wd", "secrecy.fields_masked",
    "secrecy.redact_before_publish",
}  # fmt: skip


def test_one_inspector_instead_of_two_is_refused_with_the_article(tmp_path: Path) -> None:
    root = copied(tmp_path)
    line = edit(root, f"{WUGANG}/profile.yaml", "team.min:\n    value: 2", "team.min:\n    value: 1")
    assert sentences(root) == [
        f"checklists/{WUGANG}/profile.yaml 第{line}行：“检查人员最少人数”不能由“2”放宽为“1”："
        "这是base_cn层的底线（行政处罚法 第四十二条：“执法人员不得少于两人，法律另有规定的除外。”）"
    ]
    assert WUGANG in examine(root).unusable


@pytest.mark.parametrize(
    ("agency", "old", "new", "label"),
    [
        (WUGANG, 'secrecy.geotag:\n    value: "off"', 'secrecy.geotag:\n    value: "on"', "记录定位"),
        (
            WUGANG,
            "secrecy.strip_exif:\n    value: true",
            "secrecy.strip_exif:\n    value: false",
            "照片去除位置等元数据",
        ),
        (WUGANG, "onsite.notice:\n    value: true", "onsite.notice:\n    value: false", "送达《行政检查通知书》"),
        (WUGANG, ", coordinates, ", ", ", "不得采集或公开的内容"),
        (WUSHEN, "team.recusal:\n    value: true", "team.recusal:\n    value: false", "有利害关系须回避"),
        (WUSHEN, "onsite.record:\n    value: true", "onsite.record:\n    value: false", "制作现场检查记录（笔录）"),
        (
            WUSHEN,
            "publish.penalty_deadline_wd:\n    value: 7",
            "publish.penalty_deadline_wd:\n    value: 8",
            "行政处罚信息公开期限",
        ),
        (
            WUSHEN,
            "publish.result_deadline_wd:\n    value: 20",
            "publish.result_deadline_wd:\n    value: null",
            "抽查结果公开期限",
        ),
        (WUSHEN, "[name, certificate_no, valid_to]", "[name, certificate_no]", "检查人员名录库必填栏目"),
    ],
)
def test_every_way_of_weakening_is_refused(tmp_path: Path, agency: str, old: str, new: str, label: str) -> None:
    root = copied(tmp_path)
    edit(root, f"{agency}/profile.yaml", old, new)
    [sentence] = sentences(root)
    assert label in sentence and "放宽" in sentence and "底线" in sentence


def test_stricter_than_the_floor_is_welcome_and_stays_a_floor(tmp_path: Path) -> None:
    root = copied(tmp_path)
    edit(root, f"{WUGANG}/profile.yaml", "team.min:\n    value: 2", "team.min:\n    value: 3")
    entry = load_library(root).agency(WUGANG).profile["team.min"]
    assert (entry["value"], entry["floor"], entry["layer"]) == (3, True, WUGANG)


def test_a_sector_may_not_weaken_the_nation_for_its_agencies(tmp_path: Path) -> None:
    root = copied(tmp_path)
    edit(
        root,
        "layers/em/profile.yaml",
        "values:\n",
        'values:\n  team.min: {value: 1, article: 试, quote: "", note: 试}\n',
    )
    told = sentences(root)
    assert told and all("layers/em/profile.yaml" in s and "检查人员最少人数" in s for s in told)


def test_a_key_without_a_direction_cannot_be_a_floor(tmp_path: Path) -> None:
    root = copied(tmp_path)
    edit(
        root,
        f"{WUSHEN}/profile.yaml",
        "calendar.base:\n    value: cn",
        "calendar.base:\n    value: cn\n    floor: true",
    )
    [sentence] = sentences(root)
    assert "分不出宽严，不能设为底线" in sentence


def test_the_national_layer_holds_the_floors_of_the_law_and_every_key() -> None:
    folder = Folder(CHECKLISTS)
    base = folder.layers["base_cn"].profile
    assert base is not None
    values = base.data["values"]
    assert {key for key, entry in values.items() if entry.get("floor")} == FLOORS
    assert set(values) == set(folder.profile_keys())
    assert all(values[key]["quote"] for key in FLOORS), "a floor quotes the law that makes it one"


def test_null_demands_nothing_and_is_weaker_than_any_floor() -> None:
    assert weaker(KeyRule("k", "k", "fewer"), 20, None)
    assert not weaker(KeyRule("k", "k", "fewer"), None, 20)


@given(st.integers(0, 99), st.integers(0, 99))
def test_more_and_fewer_are_opposite_directions(floor: int, value: int) -> None:
    more, fewer = KeyRule("k", "k", "more"), KeyRule("k", "k", "fewer")
    assert weaker(more, floor, value) == (value < floor)
    assert weaker(fewer, floor, value) == (value > floor)


@given(st.sets(st.sampled_from("abcdef")), st.sets(st.sampled_from("abcdef")))
def test_a_list_may_grow_but_not_lose_a_member(floor: set[str], value: set[str]) -> None:
    rule = KeyRule("k", "k", "superset")
    assert weaker(rule, sorted(floor), sorted(value)) == bool(floor - value)


@given(st.permutations(["none", "recommended", "required"]))
def test_ranked_words_count_from_weakest_to_strongest(order: list[str]) -> None:
    rule = KeyRule("k", "k", tuple(order))
    assert not weaker(rule, order[0], order[2]) and weaker(rule, order[2], order[0])
