"""What an exported record holds: ``python tests/browser/record_facts.py FILE.zip`` prints one JSON object.

types: event types in the order of the file. sheets: checklist/sheet that carry an answer. answers: checklist/sheet/item
→ verdict of the last answer. files: SHA-256 named by a photo → whether the bytes in the file have that hash. words:
every header and body as one text."""

from __future__ import annotations

import hashlib
import json
import sys
from zipfile import ZipFile

ANSWERS = ("check.answer", "check.change", "item.na")


def main(path: str) -> None:
    with ZipFile(path) as archive:
        wires = [json.loads(line) for line in archive.read("events.jsonl").splitlines() if line]
        held = {name.removeprefix("blobs/"): archive.read(name) for name in archive.namelist() if name.startswith("blobs/")}
    events = [(json.loads(wire["h"]), json.loads(wire["b"])) for wire in wires if "b" in wire]
    answers = {
        f"{body['checklist']}/{body['sheet']}/{body['item']}": body.get("val", "na")
        for header, body in sorted(events, key=lambda event: (event[0]["dev"], event[0]["n"]))
        if header["t"] in ANSWERS
    }
    photos = [body["sha256"] for header, body in events if header["t"] in ("photo.add", "supplement.photo")]
    print(json.dumps({
        "types": [header["t"] for header, _ in events],
        "sheets": sorted({key.rsplit("/", 1)[0] for key in answers}),
        "answers": answers,
        "files": {sha: sha in held and hashlib.sha256(held[sha]).hexdigest() == sha for sha in photos},
        "words": "\n".join(wire["h"] + wire.get("b", "") for wire in wires),
    }, ensure_ascii=False))


if __name__ == "__main__":
    main(sys.argv[1])
