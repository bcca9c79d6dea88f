"""A new item, a new agency, a new year: data only. Nobody writes Python for it."""

from __future__ import annotations

import shutil
import textwrap
from datetime import date
from pathlib import Path

import pytest

from server.rules.domain import ProfileNotInForce, UnknownAgency
from server.rules.library import load_library
from tests.rules.folders import CHECKLISTS, GENERAL, WUSHEN, copied, edit


def readme_item() -> str:
    """The worked example of the clerk's README, so that what it shows is what works."""
    text = (CHECKLISTS / "README.md").read_text(encoding="utf-8")
    return textwrap.dedent("   - id: GE-25" + text.split("   - id: GE-25", 1)[1].split("```", 1)[0]).rstrip() + "\n"


def test_the_item_of_the_readme_appears_in_the_checklist(tmp_path: Path) -> None:
    root = copied(tmp_path)
    before = load_library(root).agency(WUSHEN)
    with (root / GENERAL).open("a", encoding="utf-8") as bank:
        bank.write(readme_item())
    edit(root, f"{WUSHEN}/checklists/cl-ws-gen.yaml", "GE-24", "GE-24, GE-25")
    after = load_library(root).agency(WUSHEN)
    added = after.checklists["CL-WS-GEN"]["sections"][-1]["items"][-1]
    assert added["text"] == "安全出口上锁的，现场有人能够立即打开"
    assert (added["extra"], added["applies_when"], added["star"]) == ([], [], False)
    assert after.checklist_hashes["CL-WS-GEN"] != before.checklist_hashes["CL-WS-GEN"]
    assert after.checklist_hashes["CL-WS-HC"] == before.checklist_hashes["CL-WS-HC"], "other lists keep their version"


def test_an_agency_copied_from_another_works_after_the_edits_of_the_readme(tmp_path: Path) -> None:
    root = copied(tmp_path)
    new = root / "emergency-newplace"
    shutil.copytree(root / WUSHEN, new)
    shutil.rmtree(new / "demo")
    edit(root, "emergency-newplace/profile.yaml", "id: emergency-wushen", "id: emergency-newplace")
    edit(root, "emergency-newplace/profile.yaml", "name: 乌审旗应急管理局", "name: 新地方应急管理局")
    edit(
        root,
        "emergency-newplace/profile.yaml",
        "report.inspection_deadline_wd:\n    value: 5",
        "report.inspection_deadline_wd:\n    value: 3",
    )
    library = load_library(root)
    rules = library.agency("emergency-newplace")
    assert rules.agency["name"] == "新地方应急管理局"
    assert (
        rules.value("report.inspection_deadline_wd"),
        library.agency(WUSHEN).value("report.inspection_deadline_wd"),
    ) == (3, 5)
    assert rules.profile["report.inspection_deadline_wd"]["layer"] == "emergency-newplace"


def test_last_years_list_holds_until_this_years_is_published(tmp_path: Path) -> None:
    root = copied(tmp_path)
    text = (root / WUSHEN / "items-2026.yaml").read_text(encoding="utf-8")
    (root / WUSHEN / "items-2027.yaml").write_text(text.replace("year: 2026", "year: 2027\nreason: 换年度"), encoding="utf-8")
    library = load_library(root)
    assert library.agency(WUSHEN, date(2026, 12, 31)).item_list["year"] == 2026
    assert library.agency(WUSHEN, date(2027, 1, 1)).item_list["year"] == 2027
    assert library.agency(WUSHEN, date(2028, 5, 1)).item_list["year"] == 2027


def test_rules_bind_only_between_their_dates(tmp_path: Path) -> None:
    root = copied(tmp_path)
    edit(root, f"{WUSHEN}/profile.yaml", 'valid_from: "2024-01-01"', 'valid_from: "2024-01-01"\nvalid_to: "2026-12-31"')
    library = load_library(root)
    assert library.agency(WUSHEN, date(2026, 12, 31)).value("team.min") == 2
    with pytest.raises(ProfileNotInForce, match="乌审旗应急管理局的规则在2027-01-01没有生效"):
        library.agency(WUSHEN, date(2027, 1, 1))
    with pytest.raises(UnknownAgency):
        library.agency("nobody")


def test_a_province_changes_an_item_only_for_its_own_agencies(tmp_path: Path) -> None:
    root = copied(tmp_path)
    (root / "layers" / "province_15" / "overrides.yaml").write_text(
        "overrides:\n- item: GE-11\n  guidance: 自治区另有要求。\n"
        "  add_basis: [{law: to_be_confirmed, text: 自治区规定待核, status: M}]\n",
        encoding="utf-8",
    )
    before = {item["id"]: item for item in items(load_library(copied(tmp_path / "old")).agency(WUSHEN).checklists)}
    after = {item["id"]: item for item in items(load_library(root).agency(WUSHEN).checklists)}
    assert after["GE-11"]["guidance"] == "自治区另有要求。"
    assert [b["text"] for b in after["GE-11"]["basis"]] == ["安全生产法35", "自治区规定待核"]
    assert {name for name in after if after[name] != before[name]} == {"GE-11"}


def items(checklists: dict[str, dict[str, list[dict[str, list[dict[str, object]]]]]]) -> list[dict[str, object]]:
    return [item for checklist in checklists.values() for section in checklist["sections"] for item in section["items"]]
