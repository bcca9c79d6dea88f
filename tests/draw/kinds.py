"""Transcripts of the other kinds of draw (D-28), made to order."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from server.draw import tickets
from server.draw.replay import replay
from server.kernel import b64url
from tests.draw import making
from tests.draw.making import Row, ident, person, promises, root, sealed, shown, unit


def objects(units: Sequence[Row], people: Sequence[Row], rule: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Objects fixed beforehand, inspectors drawn."""
    draw = sealed(units, people, kind="objects", **more)
    draw["intent"]["rule"] = {"w_max": 10, "team": 2, "bal_max": 8, **(rule or {})}
    return draw


def joint(
    tables: Mapping[str, tuple[Sequence[Row], Sequence[Row]]], rule: Mapping[str, Any] | None = None, *,
    rules: Mapping[str, Mapping[str, Any]] | None = None, values: Mapping[str, bytes] | None = None, **intent: Any,
) -> dict[str, Any]:
    """{agency: (units, people)} drawn together; the lead is the first by code unless said otherwise."""
    codes = sorted(tables)
    values = {code: bytes([at + 1]) * 32 for at, code in enumerate(codes)} if values is None else values
    draw = intent.get("draw", "J2026-11")
    entries = [
        {
            "agency": code, "root": root(tables[code][0], "uid"), "people_root": root(tables[code][1], "pid"),
            "rule": {"max_visits": 2, "skip_visited": False, "w_max": 10, "team": 2, "bal_max": 8, **(rules or {}).get(code, {})},
        }
        for code in codes
    ]  # fmt: skip
    published = {
        "v": 1, "kind": "joint", "draw": draw, "lead": codes[0], "agencies": entries,
        "rule": {"n": 3, "must": [], "months_left": 6, "general_min_permille": 0, **(rule or {})},
        "commits": promises(draw, values), "open": ["dice"], **intent,
    }  # fmt: skip
    return {
        "intent": published, "units": {code: list(tables[code][0]) for code in codes},
        "people": {code: list(tables[code][1]) for code in codes}, "reveals": shown(values),
    }  # fmt: skip


def new_people(rows: Sequence[Row], people: Sequence[Row], **more: Any) -> dict[str, Any]:
    """The small ceremony after somebody of a team cannot go."""
    draw = sealed(rows, people, kind="people", of={"draw": "2026-11", "hash": b64url.encode(bytes(32))}, draw="2026-11-P1", **more)
    draw["intent"]["rule"] = {"bal_max": 8}
    return draw


def concerned(number: int, gone: Sequence[int], keep: Sequence[int] = (), **fields: Any) -> Row:
    """A unit whose team changes."""
    row = unit(number, gone=[ident(p, "person") for p in gone], keep=[ident(p, "person") for p in keep], **fields)
    return {key: value for key, value in row.items() if key not in ("w", "visits")}


def next_units(first: Mapping[str, Any], gone: Sequence[str], **of: Any) -> dict[str, Any]:
    """The units that follow those that are gone, by the tickets of the first draw."""
    want = replay(first)
    named = {"draw": first["intent"]["draw"], "hash": b64url.encode(tickets.transcript_hash(first["intent"], first["reveals"], want))}
    entries = [{"uid": uid, "reason": "closed", "evidence": b64url.encode(bytes(32))} for uid in gone]
    intent = {"v": 1, "kind": "unit", "draw": f"{first['intent']['draw']}-U{len(gone)}", "of": {**named, **of}, "gone": entries}
    return {**first, "intent": intent, "first": first["intent"]}


def random_kind(rng: random.Random) -> dict[str, Any]:
    """A draw of any kind but the ordinary."""
    kind = rng.choice(["objects", "joint", "people", "unit"])
    staff = rng.randint(0, 12)
    if kind == "objects":
        return objects(making.random_units(rng, rng.choice([0, 3, 40]), staff), making.random_people(rng, staff), {"team": rng.choice([1, 2, 3])})
    if kind == "people":
        rows = [concerned(at, rng.sample(range(12), rng.randint(1, 3)), rng.sample(range(12), rng.randint(0, 1)), need=rng.choice(["fire", "chem"])) for at in range(rng.randint(0, 6))]
        return new_people(rows, making.random_people(rng, staff))
    if kind == "unit":
        first = sealed(making.random_units(rng, rng.choice([5, 30]), staff), making.random_people(rng, staff), making.random_rule(rng))
        drawn = [row[1] for row in replay(first)["selected"]]
        return next_units(first, rng.sample(drawn, rng.randint(0, min(4, len(drawn)))))
    tables = {}
    for code in rng.sample(["emergency", "fire", "housing", "civil_defence"], rng.randint(2, 3)):
        units = [row for row in making.random_units(rng, 40, staff) if rng.random() < 0.9]
        tables[code] = (units, making.random_people(rng, staff))
    rules = {code: {"team": rng.choice([1, 2]), "skip_visited": rng.random() < 0.5} for code in tables}
    rule = {"n": rng.choice([0, 5, 60]), "must": rng.sample(["key_crowded", "a", "absent"], rng.randint(0, 3)), "general_min_permille": rng.choice([0, 300])}
    return joint(tables, rule, rules=rules, lead=rng.choice(list(tables)))


__all__ = ["concerned", "joint", "new_people", "next_units", "objects", "person", "random_kind"]
