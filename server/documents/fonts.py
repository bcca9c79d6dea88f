"""What the embedded font can print (D-30).

PDF/A forbids a glyph that is not there, and a record that cannot be printed is worse than one with a marked gap:
names are checked before anything is made, every other character the font lacks is set as 〓 and listed at the end.
Invisible characters that change the direction or the look of their neighbours are treated as lacking."""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from server.documents.domain import FontLacksCharacter

FOLDER = Path(__file__).with_name("fonts")
REGULAR = FOLDER / "NotoSerifSC-Regular.ttf"
GAP = "〓"
SPACES = frozenset(" \n\u3000\u00a0")


@cache
def covered() -> frozenset[int]:
    """Code points of the regular font: its cmap of format 12 (OpenType 1.9, "cmap")."""
    with REGULAR.open("rb") as file:
        count = struct.unpack(">4xH6x", file.read(12))[0]
        tables = {tag: (at, size) for tag, at, size in struct.iter_unpack(">4s4xII", file.read(16 * count))}
        at, size = tables[b"cmap"]
        file.seek(at)
        cmap = file.read(size)
    offsets = [offset for _platform, _encoding, offset in struct.iter_unpack(">HHI", cmap[4 : 4 + 8 * struct.unpack(">H", cmap[2:4])[0]])]
    found: set[int] = set()
    for offset in offsets:
        if struct.unpack(">H", cmap[offset : offset + 2])[0] == 12:
            groups = struct.unpack(">I", cmap[offset + 12 : offset + 16])[0]
            for first, last, _glyph in struct.iter_unpack(">III", cmap[offset + 16 : offset + 16 + 12 * groups]):
                found.update(range(first, last + 1))
    return frozenset(found)


def can_print(character: str) -> bool:
    """Whether the character has a glyph and leaves the characters around it alone."""
    return character in SPACES or (ord(character) in covered() and unicodedata.category(character) not in ("Cc", "Cf", "Co", "Cs", "Cn"))


def lacking(text: str) -> list[str]:
    """The characters of ``text`` that cannot be printed, each once, in their order."""
    return [character for character in dict.fromkeys(text) if not can_print(character)]


def check_names(names: Mapping[str, str]) -> None:
    """Raises FontLacksCharacter for the first of these names (what it is: the name) that cannot be printed."""
    for what, name in names.items():
        missing = lacking(name)
        if missing:
            raise FontLacksCharacter(
                f"{what}“{name}”中的“{'、'.join(missing)}”（{points(missing)}）字库中没有，请核对或改用规范字后再制作文书",
                what=what, characters=missing,
            )


def points(characters: Iterable[str]) -> str:
    """``U+1F600、U+202E``."""
    return "、".join(f"U+{ord(character):04X}" for character in characters)


def printable(value: Any, gaps: dict[str, None]) -> Any:
    """``value`` (a JSON tree) with 〓 for what cannot be printed; the characters are added to ``gaps`` in order."""
    if isinstance(value, str):
        text = value.replace("\t", " ")
        missing = lacking(text)
        gaps.update(dict.fromkeys(missing))
        return text.translate({ord(character): GAP for character in missing}) if missing else text
    if isinstance(value, dict):
        return {key: printable(one, gaps) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [printable(one, gaps) for one in value]
    return value
