"""The record text is cut into blocks and never written anew."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.documents import layout
from server.inspections.record_text import record_text
from tests.documents.visits import AGENCIES, agency_pack, walk
from tests.inspections.packs import cad_pack
from tests.inspections.phones import Scene
from tests.inspections.stories import STORIES


def without_title(text: str) -> str:
    return "".join(text.removesuffix("\n").split("\n")[3:])


@pytest.mark.parametrize("name", STORIES)
def test_the_pieces_put_together_are_the_text(name: str) -> None:
    scene = STORIES[name]()
    text = scene.text()
    assert layout.pieces(layout.blocks(text, layout.item_texts(scene.pack))) == without_title(text)


@pytest.mark.parametrize("agency", AGENCIES)
def test_question_and_answer_of_real_checklists_are_told_apart(agency: str) -> None:
    scene = walk(agency_pack(agency))
    rows = [row for block in layout.blocks(scene.text(), layout.item_texts(scene.pack)) if block["kind"] == "results" for row in block["rows"]]
    items = [row for row in rows if row["kind"] == "item"]
    asked = set(layout.item_texts(scene.pack))
    assert len(items) > 10 and {row["kind"] for row in rows} == {"title", "section", "item"}
    assert all(row["pieces"][1].removesuffix("：") in asked and row["pieces"][2] for row in items)
    assert {row["tick"] for row in items} >= {"pass", "fail"}


LINES = st.text(alphabet="一二、：；（）【】1. 附核对符合\u3000x", min_size=1, max_size=30).filter(str.strip)


@given(st.lists(LINES, max_size=8), st.lists(LINES, max_size=4))
@settings(max_examples=200, deadline=None)
def test_whatever_people_write_no_character_is_lost_or_moved(body: list[str], more: list[str]) -> None:
    parts = [["某机关", "某记录", "编号：1"], ["一、被检查单位", *body], ["四、检查内容和情况", *body], ["五、发现的问题", *more], ["核对：无误"]]
    text = "\n\n".join("\n".join(part) for part in parts) + "\n"
    assert layout.pieces(layout.blocks(text, ["符合", "一、", "x：x"])) == without_title(text)


def test_a_statement_that_looks_like_a_heading_stays_a_statement() -> None:
    scene = Scene(cad_pack("2026-11-0002"))
    scene.arrives(scene.phone(0))
    scene.phones[0].write("party.statement", 13, text="二、检查基本情况")
    found = layout.blocks(record_text(scene.visit(), scene.pack), layout.item_texts(scene.pack))
    assert [block["text"] for block in found if block["kind"] == "heading"].count("二、检查基本情况") == 1
    assert {"kind": "text", "text": "二、检查基本情况"} in found
