"""The fire checklists hold exactly the items that the domain study lists, and a small unit never sees more than 40.

Every expectation quotes the study (sections 2.1 and 2.2 of the checklists paper): "CL-YS-1 lists 41 items
(32 unconditional), WC duty 52 (37), JD 57 (38): never more than 40 on a small general unit",
"CL-YS-2 … one sheet per product line, 20 items"."""

from __future__ import annotations

import csv
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from server.rules.domain import AgencyRules
from server.rules.library import Examined, examine

CHECKLISTS = Path(__file__).parents[2] / "checklists"
YEAR = 2026
# "key_unit A03 C04 C12 C13; public_venue B02; crowded D06 D07; shared_building A06; property_company C16;
#  previous_order C14; control_room F02-F06; sprinkler F07; pumps F08 F09; smoke F12; gas_foam F13; power_lift F14;
#  high_rise D10 E05"
CONDITIONS = {
    "key_unit": "A03 C04 C12 C13",
    "public_venue": "B02",
    "crowded_venue": "D06 D07",
    "shared_building": "A06",
    "property_company": "C16",
    "previous_order": "C14",
    "control_room": "F02 F03 F04 F05 F06",
    "sprinkler": "F07",
    "pumps": "F08 F09",
    "smoke": "F12",
    "gas_foam": "F13",
    "power_lift": "F14",
    "high_rise": "D10 E05",
}
PAPERS = {
    "fire-yanshi": "yanshi_2023_16",
    "fire-wenchanghu": "wenchanghu_guide",
    "fire-jindong": "jindong_2022_plan",
}
PRESETS = {
    # "人员密集场所 B02 C05 C06 C07 D06 D07 E01-E04 E06 G01 Z03"
    "CL-WC-SPEC-CROWDED": "B02 C05 C06 C07 D06 D07 E01 E02 E03 E04 E06 G01 Z03",
    # "高层建筑 A06 C08 C09 D01 D03 D04 D10 D11 E05 E06 F02 F05 F08 F12"
    "CL-WC-SPEC-HIGHRISE": "A06 C08 C09 D01 D03 D04 D10 D11 E05 E06 F02 F05 F08 F12",
    # "多业态混合/“三合一” D08 D09 D07 E01 E02 C10 G01 H02"
    "CL-WC-SPEC-MIXED": "D08 D09 D07 E01 E02 C10 G01 H02",
    # "消防设施(控制室) F01-F09 F12-F14 C08 C09"
    "CL-WC-SPEC-FACILITY": "F01 F02 F03 F04 F05 F06 F07 F08 F09 F12 F13 F14 C08 C09",
    # "易燃易爆 B03 C11 D02 D08 H01-H03 G01"
    "CL-WC-SPEC-HAZMAT": "B03 C11 D02 D08 H01 H02 H03 G01",
}


@cache
def examined() -> Examined:
    return examine(CHECKLISTS)


def rules(agency: str) -> AgencyRules:
    found = examined()
    assert agency not in found.unusable, [str(fault) for fault in found.unusable[agency]]
    return found.library.agencies[agency][date(YEAR, 1, 1)]


def items_of(agency: str, checklist: str) -> list[dict[str, Any]]:
    return [item for section in rules(agency).checklists[checklist]["sections"] for item in section["items"]]


def visible(items: list[dict[str, Any]], facts: dict[str, str]) -> list[str]:
    """D-25: an item is hidden only when one of its conditions is known not to hold."""
    return [item["id"] for item in items if all(facts.get(fact, "unknown") != "no" for fact in item["applies_when"])]


@pytest.mark.parametrize(
    ("agency", "checklist", "total", "unconditional"),
    [
        ("fire-yanshi", "CL-YS-1", 41, 32),
        ("fire-yanshi", "CL-YS-2", 20, 20),
        ("fire-wenchanghu", "CL-WC-DUTY", 52, 37),
        ("fire-jindong", "CL-JD-DUTY", 57, 38),
    ],
)
def test_a_checklist_has_the_number_of_items_of_the_study_with_and_without_facts(
    agency: str, checklist: str, total: int, unconditional: int
) -> None:
    items = items_of(agency, checklist)
    assert len(items) == total
    assert len(visible(items, dict.fromkeys(CONDITIONS, "yes"))) == total
    assert len(visible(items, {})) == total, "an unknown fact shows the item"
    assert len(visible(items, dict.fromkeys(CONDITIONS, "no"))) == unconditional <= 40
    assert sum(not item["applies_when"] for item in items) == unconditional


def test_each_condition_hides_exactly_the_items_of_the_study() -> None:
    found: dict[str, set[str]] = {}
    for agency in PAPERS:
        for checklist in rules(agency).checklists:
            for item in items_of(agency, checklist):
                assert len(item["applies_when"]) <= 1
                for fact in item["applies_when"]:
                    found.setdefault(fact, set()).add(item["id"])
    assert found == {fact: {f"FB-{code}" for code in codes.split()} for fact, codes in CONDITIONS.items()}


def test_the_jindong_list_has_its_seven_areas_and_a_closing() -> None:
    sections = rules("fire-jindong").checklists["CL-JD-DUTY"]["sections"]
    assert len(sections) == 8
    assert [section["title"][:2] for section in sections[:7]] == [f"{number}、" for number in "一二三四五六七"]
    assert [item["id"] for item in sections[7]["items"]] == ["FB-Z01", "FB-Z02", "FB-Z03", "FB-Z04"]


@pytest.mark.parametrize("checklist", sorted(PRESETS))
def test_a_campaign_preset_is_the_bank_items_of_the_study_and_three_of_its_own(checklist: str) -> None:
    ids = {item["id"] for item in items_of("fire-wenchanghu", checklist)}
    assert ids == {"SP-01", "SP-02", "SP-03"} | {f"FB-{code}" for code in PRESETS[checklist].split()}
    found = rules("fire-wenchanghu").checklists[checklist]
    assert found["preset"] is True
    # "header fields 专项名称, 方案文号, 对象条件, 抽查比例, 起止时间, 是否与监督抽查一并实施"
    labels = "专项名称 方案文号 对象条件 抽查比例 开始日期 截止日期 是否与监督抽查一并实施"
    assert [field["label"] for field in found["header"]] == labels.split()


def test_the_sampling_sheet_is_filled_once_per_product() -> None:
    sheet = rules("fire-yanshi").checklists["CL-YS-2"]
    assert (sheet["repeatable"], sheet["record_kind"]) == (True, "sampling_sheet")
    ids = [item["id"] for item in items_of("fire-yanshi", "CL-YS-2")]
    assert ids == [f"FP-{number:02d}" for number in range(1, 21)]


def test_shandong_asks_for_other_frequencies_than_the_ministry_rule() -> None:
    # "山东条例27: 重点月度、其他季度 [L] (regional override)"
    def basis(agency: str, checklist: str) -> set[str]:
        items = [item for item in items_of(agency, checklist) if item["id"] == "FB-C03"]
        return {entry["law"] for item in items for entry in item["basis"]}

    assert basis("fire-wenchanghu", "CL-WC-DUTY") == {"fire_law", "shandong_fire_reg"}
    assert basis("fire-jindong", "CL-JD-DUTY") == basis("fire-yanshi", "CL-YS-1") == {"fire_law", "order_61"}


def test_no_brigade_prints_the_paper_of_another_as_its_basis() -> None:
    for agency, own in PAPERS.items():
        others = set(PAPERS.values()) - {own}
        for checklist in rules(agency).checklists:
            for item in items_of(agency, checklist):
                cited = {entry["law"] for entry in item["basis"]}
                assert not others & cited, f"{checklist} {item['id']}"


def test_every_item_a_fire_inspector_meets_has_guidance_and_a_way_to_be_clean() -> None:
    for agency in PAPERS:
        for checklist in rules(agency).checklists:
            for item in items_of(agency, checklist):
                assert item["guidance"], item["id"]
                verdicts = {choice["verdict"] for choice in item["answer"].get("choices", [])}
                assert not verdicts or verdicts & {"pass", "neutral"}, f"{item['id']} could only be failed"


@pytest.mark.parametrize(
    ("agency", "key", "value"),
    [
        # 文昌湖第十八条 recorder, 第十五条 the 26th; 金东六: the province draws, the 25th sets the number
        ("fire-yanshi", "secrecy.geotag", "on"),
        ("fire-wenchanghu", "onsite.recorder", "required"),
        ("fire-wenchanghu", "plan.monthly_cutoff", {"day": 26, "what": "plan_generated", "inclusive": False}),
        ("fire-wenchanghu", "plan.amend_after_publish", "superior_approval"),
        ("fire-jindong", "draw.source", "external_import"),
        ("fire-jindong", "plan.monthly_cutoff", {"day": 25, "what": "quota_set", "inclusive": False}),
        ("fire-jindong", "workload.field_share_permille", 700),
    ],
)
def test_a_rule_value_comes_from_the_brigades_own_paper(agency: str, key: str, value: object) -> None:
    assert rules(agency).profile[key]["value"] == value


@pytest.mark.parametrize("agency", sorted(PAPERS))
def test_the_demo_batch_sends_only_people_whose_certificate_is_still_valid(agency: str) -> None:
    """WC-10a: 未取得执法资格的人员不得列入; the fifth demo inspector is there to be refused."""
    demo = CHECKLISTS / agency / "demo"
    people = yaml.safe_load((demo / "people.yaml").read_text(encoding="utf-8"))["people"]
    valid_to = {p["inspector"]["certificate_no"]: p["inspector"]["valid_to"] for p in people if "inspector" in p}
    with (demo / "assignments.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert 4 <= len(rows) <= 6
    for row in rows:
        assert "2026-11-21" < row["检查时限"] <= "2026-12-31"
        for column in ("检查人员1证号", "检查人员2证号", "检查组长证号"):
            assert valid_to[row[column]] >= row["检查时限"]
        assert bool(row["来源系统批次号"]) == (rules(agency).profile["draw.source"]["value"] == "external_import")
    assert any(day < "2026-11-21" for day in valid_to.values())
