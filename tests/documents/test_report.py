"""检查报告: every part that WG-10.4g and WS-4.3e ask for (documents.md 3.9)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from server.documents import report
from server.documents.domain import DocumentNotReady
from server.documents.pictures import Find
from server.documents.render import to_pdf
from server.documents.report import Draw, Opinion, ReportFacts
from tests.documents.reading import assert_says, fonts, pages, picture_count, words
from tests.documents.visits import AGENCIES, agency_pack, pictures, walk
from tests.inspections.phones import Scene
from tests.inspections.stories import STORIES

DECIDED = 1_793_800_000_000  # 2026-11-04 in China
OPINION = Opinion(2, "林示范", "该单位基本履行了消防安全职责。", "责令限期改正，期满复查。", "建议按期复查。", DECIDED - 3_600_000)
FACTS = ReportFacts("i", "approved", DECIDED - 86_400_000, "2026-11-10", OPINION, "吴负责", "同意，按期复查。", "", DECIDED, 0)
NUMBER = "（示消）检报字〔2026〕第7号"
PARTS = ("基本情况", "抽查任务", "方法步骤", "检查情况", "现场检查记录（附件）", "照片和证据目录（附件）", "执法记录仪编号和音像索引", "评价、处理意见和建议", "检查人员", "审核")


@pytest.fixture
def find(tmp_path: Path) -> Find:
    return pictures(tmp_path)


def printed(scene: Scene, find: Find, facts: ReportFacts = FACTS) -> bytes:
    draws = [Draw(one["item_name"], one["item_code"], one.get("batch_no", ""), one.get("foreign_batch_no", ""), "外部系统随机抽取，导入名单", "2026年11月1日导入") for one in scene.pack["assignments"]]
    return to_pdf(report.sheet(scene.visit(), scene.pack, facts, NUMBER, draws, find))


@pytest.mark.parametrize("agency", AGENCIES)
def test_the_report_has_all_its_parts(agency: str, find: Find) -> None:
    scene = walk(agency_pack(agency))
    made = printed(scene, find)
    text = words(made)
    for number, part in zip("一二三四五六七八九十", PARTS, strict=True):
        assert f"{number}、{part}" in text, part
    assert_says(
        made, scene.pack["agency"]["name"], NUMBER, "青榆示范商场", "林示范（执法证号 ZF-0001，组长）", "2026年11月3日09时01分至", *(one["item_code"] for one in scene.pack["assignments"]),
        "出示执法证件", "送达行政检查通知书", "按检查表逐项检查", "具体问题：防火门用木楔顶住", "记录码", "照片1：", "ZF-07", OPINION.evaluation, OPINION.handling, OPINION.advice,
        "第 2 稿，林示范", "同意，按期复查。", "吴负责", "2026年11月4日",
    )  # fmt: skip
    assert all(fonts(made).values())
    assert printed(scene, find) == made


def test_the_counts_add_up(find: Find) -> None:
    scene = walk(agency_pack("fire-jindong"), fails=3)
    visit = scene.visit()
    counts = report._counts(visit, scene.pack)
    total = counts[-1]
    assert total[0] == "合计" and int(total[1]) == sum(int(row[1]) for row in counts[:-1]) == sum(map(int, total[2:]))
    assert int(total[3]) == visit["counts"]["fails"] > 0


def test_the_foreign_batch_is_named(find: Find) -> None:
    assert_says(printed(walk(agency_pack("fire-jindong")), find), "来源系统批次 外抽-2026-77")


def test_until_it_is_approved_every_page_says_draft(find: Find) -> None:
    scene = walk(agency_pack("fire-yanshi"))
    made = printed(scene, find, replace(FACTS, state="submitted", opinion=None, reviewer="", decided_ms=None, decision_note=""))
    assert all("报告草稿，未经审核" in page for page in pages(made))
    assert_says(made, "检查人员尚未填写。", "已提交，尚未审核")
    assert "草稿" not in words(printed(scene, find))


def test_a_doubted_clock_and_returns_are_told(find: Find) -> None:
    made = printed(walk(agency_pack("fire-yanshi")), find, replace(FACTS, clock_reason="与执法记录仪时间核对一致", returns=2))
    assert_says(made, "检查结束时间的确认依据：与执法记录仪时间核对一致", "曾退回 2 次")


def test_photos_stand_in_it_as_small_pictures(find: Find) -> None:
    made = printed(walk(agency_pack("fire-yanshi"), photos=12), find)
    assert picture_count(made) == 12


def test_a_visit_that_did_not_take_place_has_its_reason_instead_of_results(find: Find) -> None:
    made = printed(STORIES["closed-unit"](), find)
    assert_says(made, "现场检查记录（未能实施检查）：卷帘门上锁，门口张贴停业通知", "尚未核验")
    assert "发现的问题" not in words(made)


def test_an_unsealed_visit_has_no_report(find: Find) -> None:
    with pytest.raises(DocumentNotReady):
        printed(STORIES["refused-entry"](), find)
