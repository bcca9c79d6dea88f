"""Bodies, good and bad, and what the checker says of each: ``tests/vectors/event-bodies.json``.

``python -m tests.inspections.write_bodies`` also writes ``event-types.json``, the table itself.
"""

from __future__ import annotations

from typing import Any

from server.inspections.event_types import AFTER_SEAL, CONTENT, PROCEDURE, SHAPES
from server.inspections.events import check_body
from tests.inspections.phones import SALT, digest, sha
from tests.inspections.write_vectors import VECTORS, as_file

ANSWER = {"checklist": "CL-DEMO-1", "item": "FB-D04", "sheet": 0, "val": "pass", "salt": SALT}
CASES: list[tuple[str, Any]] = [
    ("check.answer", ANSWER),
    ("check.answer", {**ANSWER, "nums": {"area": "12500.5", "n1": "-3"}, "dates": {"on": "2026-02-29"}}),
    ("check.answer", {**ANSWER, "nums": {"Area": "1"}, "dates": {"on": "2026-13-01"}, "sheet": -1}),
    ("check.answer", {**ANSWER, "nums": {"a": "1e5", "b": "1.", "c": 1}, "choice": ["ok", "", 3], "fixed": 1}),
    ("check.answer", {**ANSWER, "val": "maybe", "mood": "calm", "salt": "short"}),
    ("check.answer", {"salt": SALT}),
    ("check.answer", []),
    ("check.answer", None),
    ("check.answer", {**ANSWER, "item": "FB-D04\n"}),
    ("check.answer", {**ANSWER, "text": "字" * 4001}),
    ("check.answer", {**ANSWER, "text": "😀" * 4000}),
    ("check.change", {**ANSWER, "over": []}),
    ("check.change", {**ANSWER, "over": [digest("a"), digest("a")[:-1], sha("a")]}),
    ("outcome", {"kind": "not_possible", "reason": "closed", "salt": SALT}),
    ("outcome", {"kind": "closed", "salt": SALT}),
    ("id.show", {"inspectors": [], "salt": SALT}),
    ("id.show", {"inspectors": [{"user": "u-lin", "name": ""}, "u-he"], "salt": SALT}),
    ("photo.add", {"sha256": sha("a").upper(), "size": 0, "mime": "x", "width": 1, "height": True, "src": "camera",
                   "purpose": "item", "salt": SALT}),
    ("attest", {"d": digest("d"), "text": digest("t"), "pin": digest("p"), "level": "A1", "salt": SALT,
                "chains": [{"dev": "A" * 22, "n": 1, "root": digest("r")}, {"dev": "A" * 21 + "B", "n": 1}]}),
    ("sign.party", {"mode": "refused", "text": digest("t"), "witness": "物业李某", "salt": SALT}),
    ("sign.party", {"mode": "signed", "text": digest("t"), "witness": {"name": "李某", "ink": "x"}, "salt": SALT}),
    ("sign.party", {"mode": "signed", "text": digest("t"), "witness": 7, "salt": SALT}),
    ("sample.add", {"checklist": "C", "sheet": 0, "product": "灭火器", "quantity": "2 具", "seal_no": "1",
                    "party_name": "", "salt": SALT}),
    ("sample.add", {"checklist": "C", "sheet": 0, "product": "灭火器", "quantity": -1, "seal_no": "",
                    "party_name": "", "salt": SALT}),
    ("gps.fix", {"lat": 900_000_001, "lon": -1_800_000_000, "acc": 0, "at": 2**53 - 1, "salt": SALT}),
    ("dev.health", {"self_test": {"disk": {"free": [1, "a"]}}, "salt": SALT}),
    ("app.resume", {"salt": SALT}),
    ("app.resume", {}),
    ("photo.hologram", {"depth": 3}),
    ("constructor", {}),
]  # fmt: skip


def main() -> None:
    cases = [
        {
            "t": t,
            "body": body,
            "want": check_body(t, body),
            "want_lenient": check_body(t, body, strict=False),
        }
        for t, body in CASES
    ]
    (VECTORS / "event-bodies.json").write_text(as_file(cases), encoding="utf-8")
    (VECTORS / "event-types.json").write_text(as_file(table()), encoding="utf-8")


def table() -> dict[str, Any]:
    """The whole table of types as data."""
    return {"shapes": SHAPES, "content": CONTENT, "procedure": PROCEDURE, "after_seal": sorted(AFTER_SEAL)}


if __name__ == "__main__":
    main()
