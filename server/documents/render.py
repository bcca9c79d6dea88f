"""Typst sets the page: a template of ours, data as JSON, pictures as files, fonts of ours and no others.

The same input gives the same bytes: the document date comes from the data, nothing reads a clock. Data can
never be read as markup, and the compiler may read nothing outside its own temporary folder."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import typst

from server.documents import fonts
from server.kernel.moments import local_date

HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"
EARLIEST_MS, LATEST_MS = 946_656_000_000, 4_102_416_000_000  # 2000 to 2100: a phone's clock can claim anything


@dataclass(frozen=True)
class Sheet:
    """Everything a document is made from: the same sheet is the same PDF, byte for byte.

    ``data`` is a JSON tree with ``created_ms``; ``pictures`` = {file name: path of a derivative or small bytes}."""

    template: str
    data: Mapping[str, Any]
    pictures: Mapping[str, Path | bytes] = field(default_factory=dict)

    def digest(self) -> str:
        """SHA-256 (hex) over the data, the names of the pictures' blobs, the templates and the compiler."""
        pictures = {name: one.name if isinstance(one, Path) else hashlib.sha256(one).hexdigest() for name, one in self.pictures.items()}
        whole = json.dumps([self.template, self.data, pictures, _tools()], ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


@cache
def _tools() -> str:
    """What else decides about the bytes: templates, compiler, fonts."""
    seen = hashlib.sha256(typst.__version__.encode())
    for path in sorted(TEMPLATES.glob("*.typ")):
        seen.update(path.read_bytes())
    for path in sorted(fonts.FOLDER.glob("*.ttf")):
        seen.update(f"{path.name} {path.stat().st_size}".encode())
    return seen.hexdigest()


@cache
def _fonts() -> typst.Fonts:
    """Ours, read once in a process: reading 17 MB anew took longer than setting most sheets."""
    return typst.Fonts(include_system_fonts=False, font_paths=[fonts.FOLDER])


def to_pdf(sheet: Sheet) -> bytes:
    """Set the sheet; answers PDF/A-2b bytes. Characters the font lacks become 〓 and are listed at the end."""
    moment = min(max(int(sheet.data["created_ms"]), EARLIEST_MS), LATEST_MS)
    day = local_date(moment)
    gaps: dict[str, None] = {}
    data = fonts.printable(dict(sheet.data), gaps)
    data |= {"created_day": [day.year, day.month, day.day], "gaps": fonts.points(gaps), "gap_count": len(gaps)}
    with tempfile.TemporaryDirectory(prefix="suijian-pdf-") as folder:
        root = Path(folder)
        for source in TEMPLATES.glob("*.typ"):
            shutil.copy(source, root / source.name)
        (root / "data.json").write_text(json.dumps(data, ensure_ascii=False, sort_keys=True), "utf-8")
        for name, picture in sheet.pictures.items():
            (root / name).write_bytes(picture.read_bytes() if isinstance(picture, Path) else picture)
        made = typst.compile(
            root / f"{sheet.template}.typ", root=root, font_paths=_fonts(), format="pdf",
            pdf_standards=["a-2b"], timestamp=moment // 1000,
        )
    assert isinstance(made, bytes), "one document gives one file"
    return made
