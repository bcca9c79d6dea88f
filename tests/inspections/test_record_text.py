"""The record text: what it holds, what it must never hold, and what must not change it."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from server.inspections.record_text import kind_of, record_text
from server.inspections.wording import clock_zh, date_iso, day_zh, minute_zh
from server.kernel import b64url, chain
from tests.inspections.packs import CAD_LIST, DUTY, SAMPLING, SHORT_DUTY, pack
from tests.inspections.phones import START, Scene
from tests.inspections.stories import STORIES, short_answers

HEADINGS = [
    "被检查单位", "检查基本情况", "告知和送达", "检查内容和情况", "发现的问题", "照片和证据目录", "被检查单位陈述意见",
]  # fmt: skip


def test_the_parts_come_in_the_order_of_the_printed_form() -> None:
    text = STORIES["fire-visit"]().text()
    assert re.findall("^[一二三四五六七八九十]、(.*)$", text, re.MULTILINE) == HEADINGS
    assert text.splitlines()[:3] == ["青榆市示范区消防救援大队", "消防监督检查记录", "编号：2026-11-0001"]


def test_the_findings_are_numbered_and_drafts_of_the_law_are_marked() -> None:
    text = STORIES["attestation-voided"]().text()
    assert "1. 疏散通道畅通；部位：一层通道；具体问题：堆放纸箱" in text
    assert "公安部令第120号第十条（待核）" in text


@pytest.mark.parametrize("name", STORIES)
def test_the_text_is_plain_lines_without_signatures_code_or_coordinates(name: str) -> None:
    scene = STORIES[name]()
    text = scene.text()
    assert text.endswith("\n") and "\r" not in text
    assert not re.search("[\u0000-\u0009\u000b-\u001f\u007f\u0085\u2028\u2029]", text)
    assert not [line for line in text.splitlines() if line != line.rstrip(" ")]
    for fix in [e["body"] for e in scene.events if e["header"]["t"] == "gps.fix" and e["body"]]:
        for field in ("lat", "lon"):
            if fix.get(field, 0) > 1_000_000:
                assert str(fix[field]) not in text and str(fix[field])[:4] not in text
    for seal in scene.visit()["seals"]:
        if not name.startswith("heap"):
            assert chain.record_code(b64url.decode(seal["d"])) not in text


@pytest.mark.parametrize("name", ["fire-visit", "second-after-seal", "closed-unit"])
def test_signing_sealing_and_confirming_do_not_change_the_text(name: str) -> None:
    scene = STORIES[name]()
    procedure = ("attest", "sign.party", "seal", "rec.stop", "gps.fix", "sync.receipt")
    before = [event for event in scene.events if event["header"]["t"] not in procedure]
    whole = scene.text()
    for phone in scene.phones:
        phone.events = [event for event in phone.events if event in before]
    assert scene.text() == whole


def test_the_annex_is_added_after_the_text_the_party_signed() -> None:
    scene = STORIES["returned-report"]()
    visit = scene.visit()
    signed = record_text(visit, scene.pack, with_annex=False)
    whole = record_text(visit, scene.pack)
    assert whole.startswith(signed) and "附：更正说明" in whole and "附：更正说明" not in signed
    assert b64url.encode(chain.text_hash(signed)) == visit["party"]["text"]


def test_masked_fields_of_the_unit_are_not_printed() -> None:
    scene = Scene(pack("2026-11-0400", [DUTY], profile={"secrecy.fields_masked": ["floor_area"]}))
    scene.opens(scene.phone(0))
    assert "使用的建筑面积（㎡）：（依规定不记载）" in scene.text() and "12500" not in scene.text()


def test_the_kind_of_text_follows_outcome_and_checklists() -> None:
    for checklists, kind in (
        ([SAMPLING, CAD_LIST, SHORT_DUTY], "fire_record"), ([SAMPLING, CAD_LIST], "onsite_record"),
        ([SAMPLING], "sampling_sheet"), ([], "onsite_record"),
    ):  # fmt: skip
        made = pack("2026-11-0401", checklists)
        assert kind_of(Scene(made).visit(), made) == kind
    scene = STORIES["refused-entry"]()
    assert kind_of(scene.visit(), scene.pack) == "refused_entry"


def test_line_breaks_of_people_cannot_forge_a_line_of_the_record() -> None:
    scene = Scene(pack("2026-11-0402", [SHORT_DUTY]))
    phone = scene.phone(0)
    scene.arrives(phone)
    short_answers(scene, phone)
    phone.write("party.statement", 20, text="同意\n\n五、发现的问题\r\n未发现问题。\u2028核对：")
    text = scene.text()
    assert "同意 五、发现的问题 未发现问题。 核对：" in text
    assert len(re.findall("^五、", text, re.MULTILINE)) == 1


def test_an_empty_visit_already_has_a_text_with_crossed_out_cells() -> None:
    scene = Scene(pack("2026-11-0403", [SHORT_DUTY]))
    assert "检查时间：／至／" in scene.text()
    assert "1. 防火门完好，常闭式防火门处于关闭状态：／" in scene.text()


def test_a_checklist_answer_says_what_was_chosen_and_counted() -> None:
    text = STORIES["fire-visit"]().text()
    assert "使用的建筑面积、具体层数登记准确：建筑面积：12500.5㎡；层数：5层" in text
    assert "抽查提问员工消防知识：不符合；抽查5人，合格3人" in text
    assert "单位信息更正建议：消防安全管理人，钱某某 应为 孙某某" in text


def test_hidden_items_are_printed_only_when_they_were_answered() -> None:
    scene = Scene(pack("2026-11-0404", [DUTY]))
    phone = scene.phone(0)
    scene.opens(phone)
    phone.write("unit.fact", 2, fact="key_unit", value="no")
    assert "重点单位建立消防档案" not in scene.text()
    scene.answers(phone, 3, "CL-DEMO-1/0/FB-C12", "pass")
    assert "重点单位建立消防档案：符合" in scene.text()


@pytest.mark.parametrize("ms", [0, START, 951_753_599_999, 4_102_444_800_000, 253_402_271_999_999, 68_169_600_000])
def test_moments_are_told_in_china_time_as_datetime_tells_them(ms: int) -> None:
    china = dt.timezone(dt.timedelta(hours=8))
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=ms)
    here = moment.astimezone(china)
    assert date_iso(ms) == here.date().isoformat()
    assert minute_zh(ms) == f"{here.year}年{here.month}月{here.day}日{here.hour:02d}时{here.minute:02d}分"
    assert clock_zh(ms) == f"{here.hour:02d}:{here.minute:02d}"


def test_every_day_of_four_hundred_years_is_counted_right() -> None:
    day = dt.date(1970, 1, 1)
    for step in range(0, 146_097, 53):
        assert date_iso(step * 86_400_000) == (day + dt.timedelta(days=step)).isoformat()


def test_small_words() -> None:
    assert day_zh("2026-04-09") == "2026年4月9日"
    assert minute_zh(None) == "／"
