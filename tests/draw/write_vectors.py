"""``python -m tests.draw.write_vectors``: the worked draws of the kinds that D-28 adds, in the style of draw-1 to draw-3.

Run it only when a format changes on purpose: what these files say is the contract for every other implementation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from server.draw import joint, tickets
from server.draw.replay import replay
from server.kernel import b64url
from tests.draw import kinds
from tests.draw.making import ident, person, sealed, unit

VECTORS = Path(__file__).parents[1] / "vectors"


def staff(count: int) -> list[dict[str, Any]]:
    return [person(at, q=["chem", "fire"] if at % 3 else ["fire"], load=10 * at) for at in range(count)]


def fixed_objects() -> dict[str, Any]:
    """A large event: seven listed sites, one withdrawn before the draw; teams of three."""
    rows = [unit(at, st="stage" if at % 2 else "shop", need="fire" if at < 4 else "chem", visits=at) for at in range(7)]
    rows[3]["out"] = "withdrawn"
    rows[5]["recuse"] = [ident(1, "person")]
    return kinds.objects(rows, staff(6), {"team": 3}, draw="2026-E1")


def shared(salt: bytes, number: int, **fields: Any) -> dict[str, Any]:
    code = f"91350100M{number:09d}"
    return unit(number, **{**fields, "uid": b64url.encode(tickets.uid(joint.joint_salt(salt, code), code))})


def two_departments() -> dict[str, Any]:
    """Two agencies, nine shared units, one each that the other does not list; one exclusion on either side."""
    salt = b"\x05" * 32
    fire = [shared(salt, at, st="key" if at < 3 else "gen", w=1 + at % 4, recuse=[ident(0, "person")] if at == 4 else []) for at in range(10)]
    emergency = [shared(salt, at, st="other", need="chem", visits=3 if at == 6 else 0) for at in range(1, 11)]
    fire[8]["out"] = "closed"
    return kinds.joint(
        {"emergency": (emergency, [person(20 + at, q=["chem"]) for at in range(3)]), "fire": (fire, staff(5))},
        {"n": 5, "must": ["key"], "months_left": 2}, rules={"emergency": {"team": 1}}, lead="fire",
    )  # fmt: skip


def new_members() -> dict[str, Any]:
    """One member of one team, and a whole team of another; who stays is no candidate."""
    rows = [kinds.concerned(1, gone=[1], keep=[2]), kinds.concerned(2, gone=[3, 4]), kinds.concerned(3, gone=[0], keep=[5], need="civ")]
    return kinds.new_people(rows, staff(8))


def followers() -> dict[str, Any]:
    """Three units replaced in turn, the second of them a replacement itself; the last stratum runs out."""
    rows = [*(unit(at, st="gen", w=1 + at % 3) for at in range(8)), unit(20, st="key_crowded"), unit(21, st="key_crowded", out="closed")]
    first = sealed(rows, staff(5), {"n": 4, "months_left": 1, "general_min_permille": 500})
    gen = [row[1] for row in replay(first)["selected"] if row[0] == "gen"]
    following = replay(kinds.next_units(first, gen[:1]))["selected"][0][1]
    return kinds.next_units(first, [gen[0], following, ident(20)])


def section() -> dict[str, Any]:
    """A section of an agency draws for itself: an ordinary draw whose intent names the section."""
    return sealed([unit(at, st="mines" if at < 2 else "trade") for at in range(6)], staff(4), {"n": 3, "must": ["mines"]}, section="chemicals", agency="wushen")


def opened() -> dict[str, Any]:
    """A published transcript with openings and labels, which are for readers and play no part in the replay."""
    salt = bytes(16)

    def own(number: int, **fields: Any) -> dict[str, Any]:
        return unit(number, **{"uid": b64url.encode(tickets.uid(salt, f"U{number:06d}")), **fields})

    draw = sealed([own(1, st="key_crowded", w=4), own(2, st="key_crowded", visits=1), own(3)], staff(3), {"months_left": 1, "n": 1, "general_min_permille": 0})
    names = {"openings": [[draw["units"][0]["uid"], b64url.encode(salt), "U000001", "示例宾馆"]], "labels": {"key_crowded": "人员密集场所", "gen": "一般单位"}}
    return {**draw, **names}


MADE = {
    "draw-objects": fixed_objects, "draw-joint": two_departments, "draw-people": new_members, "draw-unit": followers,
    "draw-section": section, "draw-opened": opened,
}  # fmt: skip


def main() -> None:
    for name, make in MADE.items():
        draw = make()
        text = json.dumps({**draw, "want": replay(draw)}, ensure_ascii=False, indent=1)
        (VECTORS / f"{name}.json").write_text(text + "\n", "utf-8")
        print(name)


if __name__ == "__main__":
    main()
