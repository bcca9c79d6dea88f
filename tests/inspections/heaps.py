"""Heaps of random events: syntactically valid, mostly sound bodies, no story behind them.

Used to show that the fold never fails and that both languages read nonsense the same way.
"""

from __future__ import annotations

import random
from typing import Any

from server.inspections.event_types import BODIES, SHAPES, Fields
from tests.inspections.packs import DUTY, SAMPLING, SPECIAL, TEAM, pack
from tests.inspections.phones import START, Phone, Scene, as_inner, digest, sha

JUNK: list[Any] = ["", 0, -1, True, [], {}, "一\n二\u2028三", "constructor", [{}], {"a": 1}, 2**53 - 1, "😀"]
TEXTS = ["", "正常", "换\n行\t制表", " 空格 ", "a\u0085b\u2029c", "/", "原因"]
ITEMS = [item["id"] for listing in (DUTY, SPECIAL, SAMPLING) for s in listing["sections"] for item in s["items"]]
NAMED: dict[str, list[Any]] = {
    "checklist": [DUTY["id"], SPECIAL["id"], SAMPLING["id"], "CL-X"],
    "item": [*ITEMS, "X-1"],
    "sheet": [0, 0, 1, 2],
    "session": ["s1", "s2", "constructor"],
    "key": ["basis", "content", "integrity", "toString"],
    "fact": ["key_unit", "control_room"],
    "mark": ["arrival", "scan_in", "x"],
    "inspector": ["u-lin", "u-he", "u-stranger"],
    "choice": [["ok"], ["open"], ["none", "zzz"], ["lab"], []],
    "sha256": [sha(str(n)) for n in range(4)],
    "return_id": ["r-1", "r-2"],
}


def value(rng: random.Random, name: str, kind: str, heads: list[str]) -> Any:
    """A value that passes ``kind``; hashes prefer known events."""
    if name in NAMED and rng.random() < 0.95:
        return rng.choice(NAMED[name])
    head, _, rest = kind.partition(":")
    if head in ("over",) or head == "hash":
        return rng.choice([*heads, digest(name)]) if heads else digest(name)
    if head == "text":
        low = int(rest.split(":")[0])
        return rng.choice([text for text in TEXTS if len(text) >= low])
    if head == "int":
        low_text, high = rest.split(":")
        low = int(low_text)
        if int(high) > 2**50:
            return START + rng.randrange(10_000_000)
        return rng.choice([low, int(high), max(low, 0) + 1, max(low, 0) + 3])
    if head == "list":
        low_text, high, inner = rest.split(":", 2)
        return [value(rng, "", inner, heads) for _ in range(max(int(low_text), rng.randrange(3)))]
    if head == "map":
        inner = rest.split(":", 1)[1]
        return {key: value(rng, "", inner, heads) for key in rng.sample(["floors", "area", "report_no"], 2)}
    if head == "obj":
        return body(rng, SHAPES[rest], heads)
    plain: dict[str, Any] = {
        "bool": rng.random() < 0.5, "enum": rng.choice(rest.split("|")), "sha": sha(name), "id": "x-1",
        "dev": "A" * 22, "salt": "A" * 16, "decimal": rng.choice(["0", "-1.5", "12"]), "date": "2026-02-30",
        "amount": rng.choice([2, "两具"]), "witness": rng.choice(["李某", {"name": "李某"}]), "json": {},
    }  # fmt: skip
    return plain[head]


def body(rng: random.Random, fields: Fields, heads: list[str]) -> dict[str, Any]:
    """A body of these fields; now and then a field is missing, foreign or junk."""
    made: dict[str, Any] = {}
    for spec, kind in fields.items():
        name = spec.removesuffix("?")
        if spec.endswith("?") and rng.random() < 0.5:
            continue
        made[name] = value(rng, name, kind, heads)
        if rng.random() < 0.01:
            made[name] = rng.choice(JUNK)
        if rng.random() < 0.005:
            del made[name]
    if rng.random() < 0.02:
        made["extra_field"] = rng.choice(JUNK)
    return made


def heap(seed: int, count: int = 70) -> Scene:
    """``count`` events of four enrolments, one of them a stranger's, in chains but without sense."""
    rng = random.Random(seed)
    made = pack(f"2026-11-9{seed % 1000:03d}", [DUTY, SPECIAL, SAMPLING], team=[*TEAM, {**TEAM[1], "user": "u-three"}])
    scene = Scene(made)
    for index in range(3):
        scene.phone(index, off=rng.choice([0, -5000, 7_200_000]))
    scene.phones.append(Phone("u-stranger", made["insp"]))
    types = sorted(BODIES)
    heads: list[str] = []
    busy = ["check.answer", "check.change", "item.na", "photo.add", "rec.start", "rec.stop", "rec.gap", "told.tick"]
    for _ in range(count):
        phone = rng.choice(scene.phones)
        dice = rng.random()
        t = rng.choice(busy) if dice < 0.4 else rng.choice(types)
        minute = rng.uniform(0, 200)
        if dice > 0.99:
            heads.append(phone.write("from.the.future", minute, anything=1))
        elif dice > 0.95:
            heads.append(scene.attests(phone, minute, rng.choice(["A1", "A3"])))
        elif dice > 0.94 and heads:
            other = rng.choice([e for e in scene.events if e["body"] is not None])
            heads.append(phone.write("attest.in", minute, **as_inner(scene.events, other["h"])))
        elif dice > 0.93:
            follows = {"prev_seal": rng.choice(heads)} if heads and rng.random() < 0.7 else {}
            heads.append(scene.seals(phone, minute, **follows))
        else:
            wanted = body(rng, BODIES[t], heads)
            heads.append(phone.write(t, minute, **wanted) if t != "seal" else phone.write("app.resume", minute))
        if rng.random() < 0.01:
            phone.events[-1]["body"] = None
    return scene
