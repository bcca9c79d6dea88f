"""Everything we store by ourselves can be printed, and what cannot be printed is said (D-30)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from server.documents import fonts, notice
from server.documents.domain import FontLacksCharacter
from server.documents.render import Sheet, to_pdf
from tests.documents.reading import assert_says, words
from tests.documents.visits import ROOT, TEAM, agency_pack

RARE = "喆堃䶮㛃𬭚𫍽昇玥翀赟祎"


def stored_texts() -> list[Path]:
    """All data that can end in a document: profiles, items, banks, texts, laws, demo people, units, assignments."""
    return sorted(path for kind in ("yaml", "csv", "json") for path in (ROOT / "checklists").rglob(f"*.{kind}"))


def test_every_character_of_checklists_texts_and_demo_names_is_covered() -> None:
    assert len(stored_texts()) > 40
    uncovered = {str(path.relative_to(ROOT)): missing for path in stored_texts() if (missing := fonts.lacking(path.read_text("utf-8-sig")))}
    assert uncovered == {}


def test_every_sentence_of_our_own_code_and_templates_is_covered() -> None:
    own = [*(ROOT / "server" / "documents").rglob("*.typ"), *(ROOT / "server" / "inspections").glob("*.py"), *(ROOT / "server" / "documents").glob("*.py")]
    assert {path.name: missing for path in own if (missing := fonts.lacking(path.read_text("utf-8")))} == {}


def test_our_reading_of_the_font_file_agrees_with_fonttools() -> None:
    with TTFont(fonts.REGULAR) as font:
        assert fonts.covered() == frozenset(font.getBestCmap())
    assert not fonts.lacking(RARE)


@pytest.mark.parametrize("character", ["😀", "\u202e", "\u200d", "\ue000", "\x07"])
def test_a_name_that_cannot_be_printed_is_refused_before_anything_is_made(character: str) -> None:
    pack = agency_pack("fire-yanshi", unit={"name": f"示范{character}商场"})
    with pytest.raises(FontLacksCharacter) as refused:
        notice.render(pack, "（示消）检通字〔2026〕第1号")
    assert refused.value.facts == {"what": "单位名称", "characters": [character]}
    assert f"U+{ord(character):04X}" in refused.value.detail


def test_an_inspectors_name_is_checked_as_well() -> None:
    pack = agency_pack("fire-yanshi", team=(replace(TEAM[0], name="林\U000e0001"), TEAM[1]))
    with pytest.raises(FontLacksCharacter, match="检查人员1姓名"):
        notice.render(pack, "（示消）检通字〔2026〕第1号")


def test_in_other_texts_the_gap_is_marked_and_listed() -> None:
    pack = agency_pack("fire-yanshi")
    sheet = notice.sheet(pack, "（示消）检通字〔2026〕第1号")
    made = to_pdf(Sheet(sheet.template, {**sheet.data, "body": "现场😀有\u202e反字"}))
    assert_says(made, "现场〓有〓反字", "本文书有 2 种字符字库中没有或不能显示，以“〓”代替：U+1F600、U+202E")


def test_a_document_without_gaps_says_nothing_about_them() -> None:
    assert "〓" not in words(notice.render(agency_pack("fire-yanshi"), "（示消）检通字〔2026〕第1号"))
