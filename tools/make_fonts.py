"""Make the two fonts of the PDFs out of a full Noto Serif SC (regular and bold TTF).

    python tools/make_fonts.py REGULAR.ttf BOLD.ttf

Regular keeps every character (any Chinese name can be set); bold keeps ASCII, punctuation and the
GB 2312 set, enough for headings. Hints and OpenType features the PDFs never use are dropped.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

TARGET = Path(__file__).resolve().parent.parent / "server" / "documents" / "fonts"
ALWAYS = [*range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x2000, 0x206F), *range(0x2460, 0x2474),
          *range(0x2190, 0x219A), *range(0x25A0, 0x2613), *range(0x3000, 0x3100), *range(0xFF00, 0xFFF0)]


def gb2312() -> set[int]:
    """Every code point GB 2312 can write."""
    found = set()
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            text = bytes((high, low)).decode("gb2312", errors="ignore")
            found.update(ord(character) for character in text)
    return found


def make(source: str, name: str, wanted: set[int] | None) -> None:
    font = TTFont(source, recalcTimestamp=False)
    options = subset.Options(
        hinting=False, layout_features=["kern", "locl", "ccmp"], name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14],
        name_languages=[0x409], notdef_outline=True, glyph_names=False, drop_tables=["DSIG", "vhea", "vmtx"],
    )
    maker = subset.Subsetter(options)
    maker.populate(unicodes=set(font.getBestCmap()) if wanted is None else wanted)
    maker.subset(font)
    path = TARGET / name
    font.save(path)
    print(f"{name}: {len(font.getBestCmap())} characters, {path.stat().st_size} bytes")


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    make(sys.argv[1], "NotoSerifSC-Regular.ttf", None)
    make(sys.argv[2], "NotoSerifSC-Bold.ttf", gb2312() | set(ALWAYS))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
