"""A copy of ``checklists/`` that a test may spoil, and the sentences the checker says about it."""

from __future__ import annotations

import shutil
from pathlib import Path

from server.rules.library import examine

CHECKLISTS = Path(__file__).parents[2] / "checklists"
WUGANG, WUSHEN = "civil-air-defence-wugang", "emergency-wushen"
GENERAL = "layers/em/bank/general.yaml"


def copied(tmp_path: Path) -> Path:
    """The whole folder, in a place where it may be changed."""
    return Path(shutil.copytree(CHECKLISTS, tmp_path / "checklists"))


def edit(root: Path, file: str, old: str, new: str) -> int:
    """Replace the first ``old`` in a file; answers its line. A text that is not there is a broken test."""
    path = root / file
    text = path.read_text(encoding="utf-8")
    before, found, after = text.partition(old)
    assert found, f"{file} has no {old!r}"
    path.write_text(before + new + after, encoding="utf-8")
    return before.count("\n") + 1


def sentences(root: Path) -> list[str]:
    return [str(fault) for fault in examine(root).faults]
