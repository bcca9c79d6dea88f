"""The checker speaks to the clerk who made the mistake: file, line, item, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.rules import cli
from server.rules.domain import RulesFaulty
from server.rules.library import examine, load_library
from tests.rules.folders import CHECKLISTS, GENERAL, WUGANG, WUSHEN, copied, edit, sentences


def test_what_is_committed_has_no_fault() -> None:
    assert sentences(CHECKLISTS) == []


def test_an_item_without_a_legal_basis_is_named_with_file_and_line(tmp_path: Path) -> None:
    root = copied(tmp_path)
    edit(root, GENERAL, "  basis: [{law: work_safety_law, text: 安全生产法36(2), status: L}]\n", "")
    text = (root / GENERAL).read_text(encoding="utf-8")
    line = text[: text.index("- id: GE-12")].count("\n") + 1
    assert sentences(root) == [
        f"checklists/{GENERAL} 第{line}行：第12项“安全设备维护、保养、定期检测有记录并签字”缺少法律依据"
    ]


def test_an_empty_list_of_bases_is_no_basis_either(tmp_path: Path) -> None:
    root = copied(tmp_path)
    line = edit(root, GENERAL, "basis: [{law: work_safety_law, text: 安全生产法36(2), status: L}]", "basis: []")
    [sentence] = sentences(root)
    assert f"第{line}行：第12项" in sentence and "缺少法律依据" in sentence


MISTAKES = [
    (
        GENERAL,
        "law: work_safety_law, text: 安全生产法22",
        "law: work_safty_law, text: 安全生产法22",
        "不在 bases/laws.yaml 里",
    ),
    (GENERAL, "photo: on_fail", "photo: maybe", "只能写：never、on_fail、always"),
    (GENERAL, "id: GE-03", "id: GE-02", "检查项编号 GE-02 已经用过"),
    (GENERAL, "  evidence: ", "  evidense: ", "有不认识的栏目“evidense”"),
    (GENERAL, "answer: {type: c3}", "answer: {type: choice}", "单选、多选要列出选项"),
    (GENERAL, "text: 有未报告, verdict: fail", "text: 有未报告, verdict: neutral", "没有一个选项算不符合"),
    (GENERAL, "  star: true", "  star: 是", "应当是true 或 false"),
    (
        "layers/em/bank/mines.yaml",
        "applies_when: [underground]",
        "applies_when: [under_ground]",
        "不在 schema/facts.yaml 里",
    ),
    ("layers/em/bank/mines.yaml", "status: M}", "status: L}", "核对状态不能写 L"),
    ("layers/em/texts.yaml", "依法对{unit}进行", "依法对{unt}进行", "占位符“{unt}”不认识"),
    (f"{WUSHEN}/checklists/cl-ws-gen.yaml", "GE-24", "GE-99", "检查项 GE-99 不存在"),
    (f"{WUSHEN}/checklists/cl-ws-gen.yaml", "GE-24", "GE-23", "检查项 GE-23 在这张表里出现了两次"),
    (f"{WUSHEN}/checklists/cl-ws-gen.yaml", "item_code: WS-GEN", "item_code: WS-XXX", "没有事项不得检查"),
    (f"{WUSHEN}/items-2026.yaml", "checklists: [CL-WS-GEN]", "checklists: [CL-WS-NO]", "引用的检查表 CL-WS-NO 不存在"),
    (f"{WUSHEN}/items-2026.yaml", "year: 2026", "year: 2025", "文件名是2026年，里面写的是2025年"),
    (f"{WUSHEN}/profile.yaml", "inherits: [base_cn, em", "inherits: [em", "inherits 的第一个必须是 base_cn"),
    (f"{WUSHEN}/profile.yaml", "province_15]", "province_99]", "没有名为“province_99”的层"),
    (f"{WUSHEN}/profile.yaml", "  id: emergency-wushen", "  id: emergency-other", "应当与文件夹同名"),
    (f"{WUSHEN}/profile.yaml", "value: 183", "value: 0.5", "不能写小数“0.5”"),
    (f"{WUSHEN}/profile.yaml", "  team.lead:", "  team.leed:", "是不是“team.lead”"),
    (f"{WUSHEN}/profile.yaml", "  team.lead:", "  team.min:", "“team.min”写了两遍"),
    (f"{WUSHEN}/demo/units.csv", "911506260000WU0150", "911506260000WU0151", "统一社会信用代码不对"),
    (f"{WUSHEN}/demo/assignments.csv", "WS-示例-0001", "WS-示例-0999", "WS-示例-0999 不在 people.yaml 里"),
    (f"{WUSHEN}/demo/assignments.csv", "安全生产综合监管检查", "随便看看", "抽查事项“随便看看”不在事项清单里"),
]


@pytest.mark.parametrize(("file", "old", "new", "words"), MISTAKES, ids=[words for *_, words in MISTAKES])
def test_a_mistake_is_told_on_the_line_where_it_stands(
    tmp_path: Path, file: str, old: str, new: str, words: str
) -> None:
    root = copied(tmp_path)
    line = edit(root, file, old, new)
    found = sentences(root)
    told = [sentence for sentence in found if words in sentence]
    assert told, found
    near = [s for s in told if s.startswith(f"checklists/{file} 第")]
    lines = [int(s.split(" 第")[1].split("行")[0]) for s in near]
    # An entry and its key may begin one or two lines above what is wrong inside it.
    assert any(line - 2 <= told_line <= line + 1 for told_line in lines), told


def test_broken_yaml_gives_the_line_and_does_not_hide_other_agencies(tmp_path: Path) -> None:
    root = copied(tmp_path)
    line = edit(root, f"{WUSHEN}/items-2026.yaml", "bases:\n", "bases: [\n")
    found = examine(root)
    assert WUSHEN in found.unusable and WUGANG in found.library.agencies
    fault = next(fault for fault in found.faults if fault.file == f"{WUSHEN}/items-2026.yaml")
    assert "格式不对" in fault.sentence and fault.line >= line


def test_an_item_of_the_list_needs_a_basis_of_a_kind_the_agency_allows(tmp_path: Path) -> None:
    """凡法律法规规章没有规定的，一律不得擅自开展检查: a reference to a foreign city's plan is none."""
    root = copied(tmp_path)
    edit(root, f"{WUGANG}/items-2026.yaml", "  - {law: cad_law, text: 人防法17, status: L}\n", "")
    edit(
        root,
        f"{WUGANG}/items-2026.yaml",
        "{law: cad_law, text: 人防法23, status: L}",
        "{law: lvliang_2025_plan, text: 吕梁2025计划, status: W}",
    )
    [sentence] = sentences(root)
    assert "没有本机关允许的依据（法律、行政法规、部门规章、地方性法规、地方政府规章）" in sentence


def test_a_superseded_law_must_be_replaced(tmp_path: Path) -> None:
    root = copied(tmp_path)
    edit(
        root,
        "bases/laws.yaml",
        'in_force: "2011-12-01", status: to_verify',
        'in_force: "2011-12-01", status: superseded',
    )
    told = sentences(root)
    assert told and all("危化条例已被替代，请改用hazchem_law" in sentence for sentence in told)


def test_words_of_yaml_1_1_stay_words(tmp_path: Path) -> None:
    """``no`` and ``off`` written without quotes are not turned into false."""
    root = copied(tmp_path)
    edit(root, f"{WUGANG}/profile.yaml", 'value: "off"', "value: off")
    assert load_library(root).agency(WUGANG).value("secrecy.geotag") == "off"


def test_loading_a_faulty_folder_says_how_many_faults_and_the_first(tmp_path: Path) -> None:
    root = copied(tmp_path)
    edit(root, GENERAL, "photo: on_fail", "photo: maybe")
    with pytest.raises(RulesFaulty, match="有1处错误") as refused:
        load_library(root)
    assert refused.value.facts["faults"] == sentences(root)


def test_the_command_needs_no_database_and_answers_with_its_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = copied(tmp_path)
    assert cli.main(["check", str(root)]) == 0
    assert "检查通过：机关5个" in capsys.readouterr().out
    edit(root, GENERAL, "photo: on_fail", "photo: maybe")
    assert cli.main(["check", str(root)]) == 1
    assert "发现1处问题" in capsys.readouterr().out
