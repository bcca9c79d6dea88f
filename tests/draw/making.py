"""Transcripts made to order: pools of any shape, with honest roots, commitments and dice."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from server.draw import tickets
from server.kernel import b64url

RULE: dict[str, Any] = {
    "n": 3, "must": ["key_crowded"], "months_left": 6, "general_min_permille": 200, "max_visits": 2,
    "skip_visited": True, "w_max": 10, "team": 2, "bal_max": 8,
}  # fmt: skip
DICE = "31415926535897932384"
Row = dict[str, Any]


def ident(number: int, kind: str = "unit") -> str:
    """The id of unit or person `number` in these tests."""
    return b64url.encode(tickets.tagged("test", kind.encode(), number.to_bytes(4, "big"))[:16])


def unit(number: int, **fields: Any) -> Row:
    return {"uid": ident(number), "st": "gen", "w": 1, "visits": 0, "need": "fire", "recuse": [], **fields}


def person(number: int, **fields: Any) -> Row:
    return {"pid": ident(number, "person"), "q": ["fire"], "load": 0, "cap": 77, **fields}


def root(rows: Sequence[Mapping[str, Any]], key: str) -> str:
    return b64url.encode(tickets.table_root(rows, key))


def sealed(
    units: Sequence[Row], people: Sequence[Row], rule: Mapping[str, Any] | None = None, *,
    values: Mapping[str, bytes] | None = None, dice: str = DICE, **intent: Any,
) -> dict[str, Any]:
    """A transcript whose intent was honestly published for these tables."""
    values = {"official_a": b"\x07" * 32} if values is None else values
    draw = intent.get("draw", "2026-11")
    published = {
        "v": 1, "draw": draw, "root": root(units, "uid"), "people_root": root(people, "pid"), "rule": {**RULE, **(rule or {})},
        "commits": promises(draw, values), "open": ["dice"], **intent,
    }  # fmt: skip
    return {"intent": published, "units": list(units), "people": list(people), "reveals": shown(values, dice)}


def promises(draw: str, values: Mapping[str, bytes]) -> dict[str, str]:
    return {party: b64url.encode(tickets.commitment(draw, party, value)) for party, value in values.items()}


def shown(values: Mapping[str, bytes], dice: str = DICE) -> list[list[str]]:
    return [*([party, b64url.encode(value)] for party, value in values.items()), ["dice", b64url.encode(dice.encode())]]


def random_units(rng: random.Random, count: int, people: int) -> list[Row]:
    strata = rng.sample(["key_crowded", "key_other", "gen", "gen_small", "a", "z9"], rng.randint(1, 6))
    rows = []
    for number in range(count):
        row = unit(
            number, st=rng.choice(strata), w=rng.randint(1, 10), visits=rng.choice([0, 0, 0, 1, 2, 3]), need=rng.choice(["fire", "chem", "civ"]),
            recuse=[ident(p, "person") for p in rng.sample(range(people), rng.randint(0, min(3, people)))] if rng.random() < 0.2 else [],
        )  # fmt: skip
        if rng.random() < 0.08:
            row["out"] = rng.choice(["closed", "moved", "suspended"])
        if rng.random() < 0.08:
            row["force"] = rng.choice(["complaint", "penalised"])
        rows.append(row)
    return rows


def random_people(rng: random.Random, count: int) -> list[Row]:
    return [
        person(number, q=sorted(rng.sample(["fire", "chem", "civ"], rng.randint(1, 3))), load=rng.randint(0, 80), cap=rng.choice([77, 77, 40]))
        for number in range(count)
    ]


def random_rule(rng: random.Random) -> dict[str, Any]:
    return {
        "n": rng.choice([0, 1, 3, 10, 40, 400]), "must": rng.sample(["key_crowded", "key_other", "absent"], rng.randint(0, 3)),
        "months_left": rng.randint(1, 12), "general_min_permille": rng.choice([0, 200, 333, 1000]), "max_visits": rng.randint(1, 3),
        "skip_visited": rng.random() < 0.5, "w_max": 10, "team": rng.choice([2, 2, 3, 1, 0]), "bal_max": rng.choice([1, 8]),
    }  # fmt: skip


def random_draw(rng: random.Random) -> dict[str, Any]:
    """An ordinary draw: 0 to 300 units, 0 to 40 people, one or two committed parties."""
    people = rng.randint(0, 40)
    values = {party: rng.randbytes(32) for party in rng.choice([["official_a"], ["superior", "official_a"]])}
    dice = "".join(rng.choices("0123456789", k=rng.choice([20, 26, 40])))
    return sealed(
        random_units(rng, rng.choice([0, 1, 2, 8, 30, 60, 120, 300]), people), random_people(rng, people), random_rule(rng),
        values=values, dice=dice, draw=f"D{rng.randint(1, 999999)}",
    )  # fmt: skip
