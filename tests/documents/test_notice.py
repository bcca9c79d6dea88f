"""行政检查通知书 and its receipt (documents.md 3.2)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from server.documents import notice, receipt
from server.documents.domain import DocumentNotReady
from server.documents.pictures import Find
from server.documents.render import to_pdf
from tests.documents.reading import assert_says, fonts, pages, picture_count, tight, words
from tests.documents.visits import AGENCIES, agency_pack, pictures, walk
from tests.inspections.phones import Scene, sha

NUMBER = "（示消）检通字〔2026〕第42号"
IN_ORDER = (
    "行政检查通知书", NUMBER, "青榆示范商场：", "检查依据", "检查事项", "检查内容", "检查方式", "检查时间", "检查地点", "检查人员", "协助检查人员", "本年度频次",
    "检查要求", "权利告知", "义务告知", "廉洁纪律告知", "回避申请记录", "（印章）", "送达回执", "签收人（签名）", "职务", "电话", "签收日期", "拒收情形和原因",
)  # fmt: skip


@pytest.fixture
def find(tmp_path: Path) -> Find:
    return pictures(tmp_path)


@pytest.mark.parametrize("agency", AGENCIES)
def test_the_fields_come_in_the_order_of_the_form(agency: str) -> None:
    pack = agency_pack(agency)
    made = notice.render(pack, NUMBER)
    text, at = words(made), 0
    for field in IN_ORDER:
        found = text.find(tight(field), at)
        assert found >= 0, f"{field} after {text[max(0, at - 30) : at]}"
        at = found
    assert_says(
        made, pack["agency"]["name"], *(one["item_name"] for one in pack["assignments"]), "林示范（执法证号 ZF-0001，组长）、何样例（执法证号 ZF-0002）",
        "2026年11月1日至2026年11月30日", "青榆市示范区演练路1号", f"联系、监督电话：{pack['agency']['phone']}",
    )  # fmt: skip
    assert len(pages(made)) == 2, "the notice on one sheet, its receipt on the next"
    assert all(fonts(made).values())


def test_frequency_and_batch_are_printed() -> None:
    cad = notice.render(agency_pack("civil-air-defence-wugang", visits_this_year=1), NUMBER)
    assert_says(cad, "本年度第 2 次，年度上限 2 次")
    assert_says(notice.render(agency_pack("fire-jindong"), NUMBER), "清单编号 JD-DUTY，抽查批次 外抽-2026-77")


def test_the_record_code_is_never_on_the_notice() -> None:
    assert "记录码" not in words(notice.render(agency_pack("fire-yanshi"), NUMBER))


def test_a_notice_of_draft_checklists_is_marked_and_of_approved_ones_is_not() -> None:
    assert "草案" in words(notice.render(agency_pack("civil-air-defence-wugang"), NUMBER))
    assert "草案" not in words(notice.render(agency_pack("fire-yanshi"), NUMBER))


def test_the_same_pack_gives_the_same_notice() -> None:
    pack = agency_pack("fire-wenchanghu")
    assert notice.render(pack, NUMBER) == notice.render(pack, NUMBER) != notice.render({**pack, "created_ms": pack["created_ms"] + 86_400_000}, NUMBER)


SERVED: dict[str, tuple[dict[str, Any], list[str], int]] = {
    "received": ({}, ["直接送达，当场签收", "签收人：钱某某", "职务：安全管理人", "电话：000-0000-0002", "2026年11月3日"], 1),
    "refused": (
        {"mode": "refused", "reason": "称负责人不在，不愿签收", "witness": {"name": "孙见证", "role": "社区工作人员", "ink": sha("witness-ink")}},
        ["当事人拒绝签收", "称负责人不在，不愿签收", "见证人：孙见证（社区工作人员）"], 2,
    ),
    "left": ({"mode": "left", "reason": "放在收发室"}, ["留置送达", "放在收发室"], 1),
}  # fmt: skip


@pytest.mark.parametrize("mode", SERVED)
def test_the_receipt_is_completed_from_what_was_done(mode: str, find: Find) -> None:
    given, expected, pictures_expected = SERVED[mode]
    scene = walk(agency_pack("fire-yanshi"), notice=given)
    made = to_pdf(receipt.sheet(scene.visit(), scene.pack, find))
    assert_says(made, "送达回执", "送达文书行政检查通知书", sha("notice"), "受送达人青榆示范商场", "送达地点青榆市示范区演练路1号", "送达人林示范", *expected)
    assert picture_count(made) == pictures_expected
    assert to_pdf(receipt.sheet(scene.visit(), scene.pack, find)) == made


def test_without_service_there_is_no_receipt(find: Find) -> None:
    scene = Scene(agency_pack("fire-yanshi"))
    scene.opens(scene.phone(0))
    with pytest.raises(DocumentNotReady, match="尚未送达"):
        receipt.sheet(scene.visit(), scene.pack, find)
