"""Reading a PDF back: its text without what stands on every page, its fonts, its pictures."""

from __future__ import annotations

import io
import re
from functools import cache
from typing import Any

from pypdf import PdfReader

PAGE = re.compile(r"第\d+页共\d+页")


def tight(text: str) -> str:
    """``text`` without any white space: where lines break is the form's business."""
    return re.sub(r"\s+", "", text)


@cache
def pages(pdf: bytes) -> tuple[str, ...]:
    """The tight text of every page as it stands there, page numbers included."""
    return tuple(tight(page.extract_text()) for page in PdfReader(io.BytesIO(pdf)).pages)


def words(pdf: bytes, *running: str) -> str:
    """The tight text of the document; page numbers and ``running`` (heads and feet of every page) are left out."""
    found = []
    for page in pages(pdf):
        text = PAGE.sub("", page)
        for each in running:
            text = text.replace(tight(each), "", 1)
        found.append(text)
    return "".join(found)


def assert_says(pdf: bytes, *expected: str) -> None:
    """Every one of these sentences stands in the document."""
    text = words(pdf)
    lacking = [sentence for sentence in expected if tight(sentence) not in text]
    assert not lacking, f"{lacking} not in {text}"


def fonts(pdf: bytes) -> dict[str, bool]:
    """Base names of all fonts: whether the font program lies in the file."""
    found: dict[str, bool] = {}
    for page in PdfReader(io.BytesIO(pdf)).pages:
        for font in (page["/Resources"].get("/Font") or {}).values():
            for inner in font.get_object().get("/DescendantFonts", [font]):
                descriptor: Any = inner.get_object().get("/FontDescriptor")
                program = descriptor is not None and any(name in descriptor.get_object() for name in ("/FontFile2", "/FontFile3"))
                found[str(inner.get_object()["/BaseFont"])] = program
    return found


def picture_count(pdf: bytes) -> int:
    """How many different raster pictures the document holds."""
    names = set()
    for page in PdfReader(io.BytesIO(pdf)).pages:
        for name, thing in (page["/Resources"].get("/XObject") or {}).items():
            if thing.get_object()["/Subtype"] == "/Image":
                names.add((name, thing.indirect_reference.idnum if thing.indirect_reference else 0))
    return len({number for _name, number in names})


def outermost(pdf: bytes) -> float:
    """The largest x at which a piece of text begins, in points; an A4 page is 595 wide."""
    farthest = 0.0

    def note(text: str, _cm: Any, tm: Any, _font: Any, _size: Any) -> None:
        nonlocal farthest
        if text.strip():
            farthest = max(farthest, float(tm[4]))

    for page in PdfReader(io.BytesIO(pdf)).pages:
        page.extract_text(visitor_text=note)
    return farthest
