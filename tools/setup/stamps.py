"""Content-hash stamps: a step is done again only when what it depends on has changed."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable
from pathlib import Path

from tools.setup import places

FILE = places.STATE / "stamps.json"
_one_writer = threading.Lock()


def fingerprint(paths: Iterable[Path], *facts: str) -> str:
    """SHA-256 over names and bytes of all files under ``paths`` and over ``facts``."""
    total = hashlib.sha256("\0".join(facts).encode())
    for path in sorted(files(paths)):
        total.update(path.relative_to(places.ROOT).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def files(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        if path.is_file():
            yield path
        elif path.is_dir():
            yield from (each for each in path.rglob("*") if each.is_file())


def _read() -> dict[str, str]:
    if not FILE.is_file():
        return {}
    try:
        stored = json.loads(FILE.read_text(encoding="utf-8"))
    except ValueError:
        # A stamp file cut short by a power loss only costs one repeated step.
        return {}
    return {str(name): str(value) for name, value in stored.items()}


def fresh(name: str, value: str) -> bool:
    return _read().get(name) == value


def write(**changes: str | None) -> None:
    """Set stamps; ``None`` removes one."""
    with _one_writer:
        stored = _read()
        for name, value in changes.items():
            if value is None:
                stored.pop(name, None)
            else:
                stored[name] = value
        FILE.parent.mkdir(parents=True, exist_ok=True)
        draft = FILE.with_suffix(".new")
        draft.write_text(json.dumps(stored, indent=1, sort_keys=True), encoding="utf-8")
        draft.replace(FILE)
