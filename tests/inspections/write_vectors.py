"""From the stories to the files both languages read: ``python -m tests.inspections.write_vectors``.

A test says when the files no longer match. A changed vector is a changed meaning of records already
signed: review it by eye before writing it anew.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from server.inspections import attest
from server.inspections.gist import gist
from server.inspections.needs import STAGES, missing
from server.inspections.record_text import record_text
from server.inspections.steps import steps
from tests.inspections.phones import Scene
from tests.inspections.stories import STORIES

VECTORS = Path(__file__).parents[1] / "vectors"


def vector(scene: Scene) -> dict[str, Any]:
    """What both languages must make of a story."""
    visit = scene.visit()
    text = record_text(visit, scene.pack)
    outcome = visit["outcome"]["kind"] if visit["outcome"] else "completed"
    return {
        "pack": scene.pack,
        "events": scene.events,
        "want_visit": visit,
        "want_missing": {stage: missing(visit, scene.pack, stage) for stage in STAGES},
        "want_steps": steps(scene.pack["profile"], scene.pack, outcome),
        "want_text": text.splitlines(),
        "want_chains": visit["chains"],
        "want_pin": attest.pin_of(scene.pack),
        "want_d": attest.digest(visit, text),
        "want_gist": gist(visit, scene.pack),
    }


def as_file(value: Any) -> str:
    """The bytes of a vector file: readable, one field per line, stable."""
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main() -> None:
    for name, story in STORIES.items():
        path = VECTORS / f"fold-{name}.json"
        path.write_text(as_file(vector(story())), encoding="utf-8")
        sys.stdout.write(f"{path.name}\n")


if __name__ == "__main__":
    main()
