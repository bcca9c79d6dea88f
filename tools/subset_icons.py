"""Make pwa/assets/vant-icon.woff2: the glyphs named in pwa/assets/icons.txt, out of Vant's own font.

Run by hand after the list changes (needs fonttools and brotli of requirements-dev); the result is
committed, so a build needs neither.
"""

import base64
import io
import re
import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

PWA = Path(__file__).resolve().parent.parent / "pwa"
SHEET = PWA / "node_modules" / "vant" / "es" / "icon" / "index.css"


def icon_names() -> list[str]:
    lines = (PWA / "assets" / "icons.txt").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def main() -> int:
    css = SHEET.read_text(encoding="utf-8")
    codes = {
        name: int(code, 16)
        for name, code in re.findall(r'\.van-icon-([a-z0-9-]+):before\{content:"\\([0-9a-f]+)"\}', css)
    }
    unknown = [name for name in icon_names() if name not in codes]
    if unknown:
        print(f"Vant has no icon called: {', '.join(unknown)}", file=sys.stderr)
        return 1
    embedded = re.search(r"base64,([A-Za-z0-9+/=]+)\)", css)
    if embedded is None:
        print("no embedded font in Vant's icon sheet", file=sys.stderr)
        return 1
    font = TTFont(io.BytesIO(base64.b64decode(embedded.group(1))), recalcTimestamp=False)
    options = subset.Options(flavor="woff2", hinting=False, desubroutinize=True, name_IDs=[1, 2])
    maker = subset.Subsetter(options)
    maker.populate(unicodes=[codes[name] for name in icon_names()])
    maker.subset(font)
    font.flavor = "woff2"
    target = PWA / "assets" / "vant-icon.woff2"
    font.save(target)
    print(f"{target.name}: {len(icon_names())} icons, {target.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
