"""The printed record says what was signed, word for word, and shows who stands behind it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from server.documents import record
from server.documents.domain import DocumentNotReady
from server.documents.pictures import Find
from server.documents.render import to_pdf
from server.inspections.record_text import record_text
from server.kernel import b64url, chain
from tests.documents.reading import assert_says, fonts, outermost, pages, picture_count, tight, words
from tests.documents.visits import AGENCIES, ROOT, agency_pack, pictures, walk
from tests.inspections.phones import Scene, sha
from tests.inspections.stories import STORIES

SEALED = sorted(name for name in STORIES if any(seal["linked"] for seal in STORIES[name]().visit()["seals"]) and not name.startswith("heap"))
A4_WIDTH = 595.0


@pytest.fixture
def find(tmp_path: Path) -> Find:
    return pictures(tmp_path)


def printed(scene: Scene, find: Find) -> bytes:
    return to_pdf(record.sheet(scene.visit(), scene.pack, find))


def assert_sets_the_text(scene: Scene, made: bytes) -> None:
    """Every line of the record text, in its order, with nothing in between up to the signatures (D-7)."""
    text = record_text(scene.visit(), scene.pack, with_annex=False)
    sheet = record.sheet(scene.visit(), scene.pack, lambda _sha, _which: "无")
    whole = words(made, sheet.data["foot"], *([sheet.data["mark"]] if sheet.data["mark"] else []))
    assert whole.startswith(tight(text)), f"{whole}\n\nis not\n\n{tight(text)}"
    annex = record_text(scene.visit(), scene.pack).removeprefix(text)
    assert tight(annex) in whole


@pytest.mark.parametrize("name", SEALED)
def test_the_form_sets_exactly_the_text_that_was_signed(name: str, find: Find) -> None:
    scene = STORIES[name]()
    assert_sets_the_text(scene, printed(scene, find))


@pytest.mark.parametrize("agency", AGENCIES)
def test_each_agencys_record_names_agency_unit_people_times_items_and_findings(agency: str, find: Find) -> None:
    scene = walk(agency_pack(agency))
    made = printed(scene, find)
    assert_sets_the_text(scene, made)
    title = "消防监督检查记录" if agency.startswith("fire") else "现场检查笔录"
    item = scene.pack["checklists"][-1]["sections"][-1]["items"][-1]["text"]
    assert_says(
        made, scene.pack["agency"]["name"], title, "编号：2026-11-0042", "青榆示范商场", "林示范（执法证号 ZF-0001，组长）、何样例（执法证号 ZF-0002）",
        "2026年11月3日09时01分", "具体问题：防火门用木楔顶住，不能自行关闭", item, "记录中断：09:03至09:04，电量不足", "采集站 2 号",
    )  # fmt: skip


def test_signatures_levels_code_and_digest_follow_the_text(find: Find) -> None:
    scene = walk(agency_pack("fire-yanshi"))
    visit, made = scene.visit(), printed(scene, find)
    digest = visit["seals"][0]["d"]
    code = chain.record_code(b64url.decode(digest, 32))
    assert_says(made, "签名姓名：钱某某职务：安全管理人", "双机分别上传（本人手机、本人密钥）", f"记录码：{code}", f"核验摘要：{digest}")
    assert all(f"记录码{code}" in page for page in pages(made))
    assert pages(made)[0].count(f"第1页共{len(pages(made))}页") == 1


def test_only_our_font_and_all_of_it_embedded(find: Find) -> None:
    found = fonts(printed(walk(agency_pack("civil-air-defence-wugang")), find))
    assert found and all(found.values())
    assert {name.split("+")[-1] for name in found} == {"NotoSerifSC-Regular", "NotoSerifSC-Bold"}


def test_the_same_visit_gives_the_same_bytes_here_and_in_another_process(find: Find, tmp_path: Path) -> None:
    scene = walk(agency_pack("emergency-wushen"))
    mine = printed(scene, find)
    assert printed(scene, find) == mine
    program = (
        "import hashlib, sys; from pathlib import Path; from server.documents import record; from server.documents.render import to_pdf\n"
        "from tests.documents.visits import agency_pack, pictures, walk\n"
        "scene = walk(agency_pack('emergency-wushen')); sheet = record.sheet(scene.visit(), scene.pack, pictures(Path(sys.argv[1])))\n"
        "print(sheet.digest(), hashlib.sha256(to_pdf(sheet)).hexdigest())"
    )
    other = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "America/New_York", "LC_ALL": "C", "PYTHONPATH": str(ROOT)}
    out = subprocess.run([sys.executable, "-c", program, str(tmp_path)], env=other, cwd="/", capture_output=True, text=True, check=True).stdout.split()
    assert out == [record.sheet(scene.visit(), scene.pack, find).digest(), hashlib.sha256(mine).hexdigest()]


HOSTILE = '#read("/etc/passwd") *bold* _x_ $x$ `raw` <label> @ref = 标题 \\ [x] {x} // /* -- ~ \'q\' "q" http://x.invalid'


def test_markup_in_names_and_answers_is_text(find: Find) -> None:
    pack = agency_pack("fire-yanshi", unit={"name": HOSTILE, "address": "喆堃䶮㛃𬭚𫍽路1号"})
    scene = walk(pack, fails=1)
    made = printed(scene, find)
    assert_sets_the_text(scene, made)
    assert_says(made, f"单位（场所）名称：{HOSTILE}", "喆堃䶮㛃𬭚𫍽路1号")
    assert "root:" not in words(made)


@pytest.mark.parametrize("name", ["W" * 400, "青" * 500, "）" * 300, "a" * 30 + "青榆" * 30 + "1" * 60])
def test_a_very_long_name_stays_on_the_page(name: str, find: Find) -> None:
    scene = walk(agency_pack("fire-jindong", unit={"name": name}), photos=1)
    made = printed(scene, find)
    assert_sets_the_text(scene, made)
    assert outermost(made) < A4_WIDTH - 60


def test_an_answer_longer_than_a_page_runs_over_pages(find: Find) -> None:
    long = "防火门用木楔顶住，" * 400
    scene = Scene(agency_pack("fire-jindong"))
    lin, he = scene.phone(0), scene.phone(1)
    scene.arrives(lin)
    item = scene.pack["checklists"][0]["sections"][0]["items"][0]["id"]
    scene.answers(lin, 10, f"{scene.pack['checklists'][0]['id']}/0/{item}", "fail", part="一层", note=long)
    scene.closes(lin, he, 20)
    made = printed(scene, find)
    assert words(made, record.sheet(scene.visit(), scene.pack, find).data["foot"], "部分检查依据待核").count("防火门用木楔顶住，") == 400


REFUSALS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "refused": (
        {"mode": "refused", "reason": "不认可检查结果", "name": "钱某某", "witness": {"name": "孙见证", "role": "社区工作人员", "ink": sha("witness-ink")}},
        ["拒绝签名，原因：不认可检查结果", "见证人：孙见证（社区工作人员）", "被检查单位现场负责人拒绝签名"],
    ),
    "unable": ({"mode": "unable", "reason": "右手受伤", "name": "钱某某"}, ["不能签名，原因：右手受伤"]),
    "absent": ({"mode": "absent", "reason": "负责人外出"}, ["不在场，原因：负责人外出"]),
}


@pytest.mark.parametrize("mode", REFUSALS)
def test_a_missing_signature_is_explained(mode: str, find: Find) -> None:
    sign, expected = REFUSALS[mode]
    made = printed(walk(agency_pack("fire-yanshi"), sign=sign, photos=0), find)
    assert_says(made, *expected)
    assert picture_count(made) == (1 if "witness" in sign else 0)


def test_forty_photos_each_with_number_time_hash_and_taker(find: Find) -> None:
    scene = walk(agency_pack("fire-yanshi"), photos=40)
    made = printed(scene, find)
    assert_says(made, *(f"照片{number}" for number in range(1, 41)), *(f"摘要{sha(f'photo-{number}')[:12]}" for number in range(40)))
    assert picture_count(made) == 41  # and the party's ink
    assert_says(made, "照片3　检查项；第3处", "2026年11月3日 09:", "何样例；应用内拍摄")


def test_what_cannot_be_shown_is_said(find: Find) -> None:
    scene = STORIES["fire-visit"]()
    waiting = {sha("corridor"): "照片处理中", sha("control-room"): "照片无法解码，原件已保留"}
    made = printed(scene, lambda sha256, which: waiting.get(sha256) or find(sha256, which))
    assert_says(made, "照片处理中", "照片无法解码，原件已保留", "已作废：拍摄模糊", "照片1（标注副本）")
    assert picture_count(made) == 3  # the door, its marked copy, the ink


def test_a_secrecy_visit_has_no_position_anywhere(find: Find) -> None:
    scene = STORIES["cad-visit"]()
    assert any(event["header"]["t"] == "gps.fix" for event in scene.events)
    made = printed(scene, find)
    assert_says(made, "系统相机", "已去除位置信息")
    assert not [trace for trace in ("330000000", "1130000000", "33.0", "113.0", "北纬", "东经", "12500") if trace in words(made)]
    assert b"GPS" not in made and b"Exif" not in made


def test_an_answered_return_stands_after_what_the_party_signed(find: Find) -> None:
    scene = STORIES["returned-report"]()
    made = printed(scene, find)
    text = words(made)
    assert text.index("签名姓名：钱某某") < text.index("附：更正说明") < text.index("第1次补充后的核验") < text.index("附：补充照片")
    assert_says(made, "补充通道全景照片", "补充照片1")


def test_a_sealed_record_that_lacks_the_second_inspector_says_so(find: Find) -> None:
    made = printed(STORIES["closed-unit"](), find)
    assert_says(made, "现场检查记录（未能实施检查）", "情形：停业、关门", "尚未核验", "未达到两人以上检查的要求", "未能实施检查，无被检查单位签名。")


def test_drafts_are_marked_on_every_page(find: Find) -> None:
    cad = printed(walk(agency_pack("civil-air-defence-wugang")), find)
    assert all("草案，检查表待本机关确认，不作为执法文书使用" in page for page in pages(cad))
    fire = printed(walk(agency_pack("fire-yanshi")), find)
    assert all("部分检查依据待核" in page and "草案" not in page for page in pages(fire))


def test_samples_have_their_own_sheet(find: Find) -> None:
    scene = walk(agency_pack("fire-yanshi", codes=["YS-A2"]))
    made = printed(scene, find)
    assert_says(made, "消防产品监督检查记录", "附：抽样单", "手提式干粉灭火器", "FY-001", "抽样人员（签名）：")


def test_what_is_not_sealed_cannot_be_printed(find: Find) -> None:
    scene = STORIES["refused-entry"]()
    with pytest.raises(DocumentNotReady, match="尚未封存"):
        record.sheet(scene.visit(), scene.pack, find)
    scene.seals(scene.phones[0], 8)
    assert_says(printed(scene, find), "现场检查记录（拒绝检查）", "情形：拒绝、阻碍检查")


def test_an_absurd_clock_does_not_stop_the_printer(find: Find) -> None:
    scene = STORIES["closed-unit"]()
    visit = scene.visit() | {"ended_at": 10**15}
    assert to_pdf(record.sheet(visit, scene.pack, find)).startswith(b"%PDF")
