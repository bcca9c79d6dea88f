"""The desk's types are made from the server's own document and are up to date.

After a change of a schema or a route write them anew: ``python -m tests.architecture.test_api_types``."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

from flask import Flask

from server.app.blueprints import document
from tests.architecture.sources import ROOT
from tests.world import make_app

FILE = ROOT / "pwa/src/desk/api.gen.ts"
MAKER = ROOT / "pwa/node_modules/.bin/openapi-typescript"


def types_of(app: Flask, folder: Path) -> str:
    """TypeScript of the app's OpenAPI document, the same text for the same document."""
    source, made = folder / "openapi.json", folder / "api.gen.ts"
    source.write_text(json.dumps(document(app), sort_keys=True), "utf-8")
    subprocess.run([str(MAKER), str(source), "-o", str(made), "--alphabetize"], check=True, capture_output=True)
    return made.read_text("utf-8")


def test_the_types_of_the_desk_are_those_of_the_api(one_app: Flask, tmp_path: Path) -> None:
    assert types_of(one_app, tmp_path) == FILE.read_text("utf-8"), "python -m tests.architecture.test_api_types"


def write() -> None:
    with tempfile.TemporaryDirectory() as folder:
        app = make_app(Path(folder), f"sqlite:///{folder}/x.sqlite3")
        FILE.write_text(types_of(app, Path(folder)), "utf-8")


if __name__ == "__main__":
    write()
