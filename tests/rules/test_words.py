"""The difference of two versions, in sentences for the people who must approve it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from server.rules import cli
from server.rules.library import load_library
from server.rules.source import Folder
from server.rules.words import library_diff
from tests.rules.folders import GENERAL, WUGANG, WUSHEN, copied, edit


def difference(tmp_path: Path, *edits: tuple[str, str, str]) -> list[str]:
    old, new = copied(tmp_path / "old"), copied(tmp_path / "new")
    for change in edits:
        edit(new, *change)
    labels = {key: rule.label for key, rule in Folder(new).profile_keys().items()}
    return library_diff(load_library(old), load_library(new), labels)


def test_nothing_changed_is_nothing_said(tmp_path: Path) -> None:
    assert difference(tmp_path) == []


def test_a_changed_deadline_is_one_sentence_with_its_source(tmp_path: Path) -> None:
    old = "report.inspection_deadline_wd:\n    value: 5"
    assert difference(tmp_path, (f"{WUSHEN}/profile.yaml", old, old.replace("5", "3"))) == [
        "乌审旗应急管理局：“检查报告期限（工作日）”由“5”改为“3”（乌审旗方案 四（三）（WS-4.3d））"
    ]


def test_an_item_taken_out_and_the_changed_basis_of_another(tmp_path: Path) -> None:
    assert difference(
        tmp_path,
        (f"{WUSHEN}/checklists/cl-ws-gen.yaml", "GE-23, GE-24", "GE-23"),
        (GENERAL, "安全生产法22, status", "安全生产法22(2), status"),
        (GENERAL, "photo: on_fail", "photo: always"),
    ) == [
        "乌审旗应急管理局：检查表“安全生产综合监管检查表”第3项 GE-03“全员安全生产责任制明确人员、范围、考核并考核”"
        "的法律依据由“安全生产法22”改为“安全生产法22(2)”",
        "乌审旗应急管理局：检查表“安全生产综合监管检查表”第11项 GE-11“较大危险因素场所、设备设置安全警示标志”"
        "的证据要求由“不符合时拍照”改为“每次拍照”",
        "乌审旗应急管理局：检查表“安全生产综合监管检查表”删去 GE-24“高危行业投保安全生产责任保险”",
    ]


def test_choices_are_told_with_what_they_mean(tmp_path: Path) -> None:
    [sentence] = difference(tmp_path, (GENERAL, "text: 有已报告, verdict: neutral", "text: 有已报告, verdict: fail"))
    assert "由“单选（无＝符合、有已报告＝不评判、有未报告＝不符合）”改为“单选（无＝符合、有已报告＝不符合、" in sentence


def test_moved_items_new_texts_and_the_item_list(tmp_path: Path) -> None:
    told = difference(
        tmp_path,
        (f"{WUSHEN}/checklists/cl-ws-gen.yaml", "[GE-01, GE-02]", "[GE-02, GE-01]"),
        (f"{WUSHEN}/texts.yaml", "一次进门", "只进一次门"),
        (f"{WUSHEN}/items-2026.yaml", "target: 旗应急管理局监管的", "target: 全旗"),
    )
    assert told == [
        "乌审旗应急管理局：事项清单 WS-GEN“安全生产综合监管检查”的检查对象由“旗应急管理局监管的生产经营单位”改为“全旗生产经营单位”",
        "乌审旗应急管理局：检查表“安全生产综合监管检查表”检查项的顺序有改动",
        "乌审旗应急管理局：文字模板“told”有改动",
    ]


def test_an_agency_that_came_or_went(tmp_path: Path) -> None:
    old, new = copied(tmp_path / "old"), copied(tmp_path / "new")
    (old / WUSHEN).rename(tmp_path / "gone")
    (new / WUGANG).rename(tmp_path / "gone too")
    assert library_diff(load_library(old), load_library(new), {}) == [
        f"机关 {WUGANG} 被删去",
        "新增机关 乌审旗应急管理局",
    ]


def test_the_command_compares_folders_and_git_revisions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = copied(tmp_path)
    assert cli.main(["diff", str(root), str(root)]) == 0
    assert capsys.readouterr().out == "没有改动\n"
    for command in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "one"],
    ):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    monkeypatch.setattr(cli, "HERE", root)
    edit(root, f"{WUGANG}/profile.yaml", "onsite.min_photos:\n    value: 1", "onsite.min_photos:\n    value: 2")
    assert cli.main(["diff", "HEAD", str(root)]) == 0
    assert "“每次检查最少照片数”由“1”改为“2”" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="既不是文件夹，也不是 Git 里的版本"):
        cli.main(["diff", "no-such-revision", str(root)])
