"""Typst sets the page: a template of ours, data as JSON, pictures as files, fonts of ours and no others.

The same input gives the same bytes: the document date comes from the data, nothing reads a clock. Data can
never be read as markup, and the compiler may read nothing outside its own temporary folder."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst

HERE = Path(__file__).parent
FONTS = HERE / "fonts"
TEMPLATES = HERE / "templates"


def to_pdf(template: str, data: Mapping[str, Any], pictures: Mapping[str, bytes] | None = None) -> bytes:
    """``templates/<template>.typ`` set with ``data``; ``pictures`` = {file name: bytes} lie beside it.

    ``data["created_ms"]`` is the date of the document. Answers PDF/A-2b bytes."""
    with tempfile.TemporaryDirectory(prefix="suijian-pdf-") as folder:
        root = Path(folder)
        for source in TEMPLATES.glob("*.typ"):
            shutil.copy(source, root / source.name)
        (root / "data.json").write_text(json.dumps(data, ensure_ascii=False, sort_keys=True), "utf-8")
        for name, content in (pictures or {}).items():
            (root / name).write_bytes(content)
        made = typst.compile(
            root / f"{template}.typ", root=root, font_paths=[FONTS], ignore_system_fonts=True, format="pdf", pdf_standards=["a-2b"],
            timestamp=int(data["created_ms"]) // 1000,
        )
    assert isinstance(made, bytes), "one document gives one file"
    return made
