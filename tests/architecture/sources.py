"""What the architecture tests read: the files of the repository, as git knows them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GENERATED = (".gen.ts",)


def tracked(*suffixes: str) -> list[Path]:
    """Files known to git or new and not ignored, with one of ``suffixes`` (all when none is given)."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=False,
    )
    if listed.returncode == 0:
        names = [name for name in listed.stdout.decode().split("\0") if name]
        found = [ROOT / name for name in names]
    else:
        # An exported tree without .git: the folders that hold sources.
        found = [path for top in ("server", "tests", "tools", "pwa/src", "pwa/build", "checklists", "docs", "bench")
                 for path in (ROOT / top).rglob("*")]
    return sorted(path for path in found if path.is_file() and (not suffixes or path.suffix in suffixes))


def under(paths: list[Path], *tops: str) -> list[Path]:
    return [path for path in paths if any(path.is_relative_to(ROOT / top) for top in tops)]


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def dotted(node: ast.expr) -> str:
    """``a.b.c`` of an attribute chain, "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


def calls(path: Path) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of every call in a Python file."""
    for node in ast.walk(ast.parse(text(path))):
        if isinstance(node, ast.Call):
            yield node.lineno, dotted(node.func)


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, module or module.name) of every import in a Python file."""
    for node in ast.walk(ast.parse(text(path))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
