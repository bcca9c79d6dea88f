"""The kinds of draw that D-28 adds: joint, fixed objects, replacement of people and of units; one corner a test."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from server.draw import domain, joint, tickets
from server.draw.replay import replay
from tests.draw import kinds
from tests.draw.making import ident, person, sealed, unit

VECTORS = Path(__file__).parents[1] / "vectors"
PEOPLE = [person(at) for at in range(4)]
BOTH = {"emergency": ([unit(at) for at in range(4)], PEOPLE), "fire": ([unit(at) for at in range(1, 5)], [person(at + 10) for at in range(3)])}


@pytest.mark.parametrize("name", ["objects", "joint", "people", "unit", "section", "opened"])
def test_the_worked_draws_of_the_other_kinds_come_out_equal(name: str) -> None:
    draw = json.loads((VECTORS / f"draw-{name}.json").read_text("utf-8"))
    assert replay(draw) == draw["want"]


def code_of(draw: dict[str, Any]) -> str:
    with pytest.raises(domain.DrawFault) as caught:
        replay(draw)
    return caught.value.code


def test_of_fixed_objects_every_one_is_visited_whatever_it_saw_this_year() -> None:
    rows = [unit(0, visits=9), unit(1, st="shop", out="withdrawn"), unit(2, force="complaint")]
    want = replay(kinds.objects(rows, PEOPLE))
    assert {row[1] for row in want["selected"]} == {ident(0), ident(2)}
    assert (want["quotas"], want["excluded"]) == ({"gen": 2}, {"withdrawn": 1})
    assert code_of(kinds.objects([unit(0, w=11)], PEOPLE)) == "E_WEIGHT"


def test_a_joint_draw_takes_only_what_every_agency_lists_and_gives_each_its_own_team() -> None:
    want = replay(kinds.joint(BOTH, {"n": 9}))
    assert {row[1] for row in want["selected"]} == {ident(1), ident(2), ident(3)}
    assert want["excluded"] == {"not_shared": 1}
    for _, _, teams in want["selected"]:
        assert [agency for agency, _, _ in teams] == ["emergency", "fire"]
        assert not set(teams[0][1]) & set(teams[1][1])


def test_each_agency_may_keep_a_unit_out_of_a_joint_draw_by_its_own_rule() -> None:
    tables = copy.deepcopy(BOTH)
    tables["fire"][0][0].update(visits=1)
    tables["fire"][0][1].update(visits=2)
    want = replay(kinds.joint(tables, {"n": 9}, rules={"fire": {"skip_visited": True}}))
    assert want["excluded"] == {"not_shared": 1, "visited_this_year": 1, "max_visits": 1}
    assert [row[1] for row in want["selected"]] == [ident(3)]


Spoil = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(
    ("code", "spoil"),
    [
        ("E_ROOT", lambda d: d["units"]["fire"].pop()),
        ("E_PEOPLE", lambda d: d["people"]["emergency"].pop()),
        ("E_PARTIES", lambda d: d["intent"]["commits"].pop("fire")),
        ("E_PARTIES", lambda d: d["reveals"].pop(0)),
        ("E_DICE", lambda d: d["reveals"][-1].__setitem__(1, "MTIz")),
        ("E_COMMIT", lambda d: d["reveals"][1].__setitem__(1, "MTIz")),
        ("E_FORM", lambda d: d["intent"].update(lead="housing")),
        ("E_FORM", lambda d: d["intent"]["agencies"].reverse()),
        ("E_FORM", lambda d: d["units"].pop("fire")),
        ("E_FORM", lambda d: d["intent"]["agencies"].pop()),
    ],
)
def test_a_joint_draw_that_one_agency_changed_is_refused(code: str, spoil: Spoil) -> None:
    draw = kinds.joint(copy.deepcopy(BOTH))
    spoil(draw)
    assert code_of(draw) == code


def test_one_agencys_wrong_weight_refuses_the_joint_draw() -> None:
    assert code_of(kinds.joint({**BOTH, "fire": ([unit(1, w=99)], PEOPLE)})) == "E_WEIGHT"


def test_a_joint_salt_makes_one_unit_the_same_everywhere_and_opens_no_other() -> None:
    salts = {code: joint.joint_salt(b"\1" * 32, code) for code in ("91350100M000100Y43", "91350100M000100Y44")}
    assert len({tickets.uid(salt, code) for code, salt in salts.items()}) == 2
    assert all(len(salt) == 16 and salt != (b"\1" * 32)[:16] for salt in salts.values())
    with pytest.raises(ValueError, match="32 bytes"):
        joint.joint_salt(b"short", "x")


def test_who_is_gone_and_who_stays_is_no_candidate_for_a_replacement() -> None:
    want = replay(kinds.new_people([kinds.concerned(1, gone=[0], keep=[1])], PEOPLE))
    assert want["selected"][0][3] == 2 and set(want["selected"][0][2]) < {ident(2, "person"), ident(3, "person")}


def test_replacements_take_fresh_dice_and_as_many_as_are_gone_or_nobody() -> None:
    rows = [kinds.concerned(1, gone=[0, 1], keep=[2])]
    assert replay(kinds.new_people(rows, PEOPLE))["selected"][0][2:] == [[], 1]
    seeds = {replay(kinds.new_people(rows, PEOPLE, dice=str(at) * 20))["seed"] for at in range(3)}
    assert len(seeds) == 3
    assert code_of(kinds.new_people(rows, PEOPLE, dice="1" * 19)) == "E_DICE"
    assert code_of(kinds.new_people([kinds.concerned(1, gone=[])], PEOPLE)) == "E_FORM"
    assert code_of(kinds.new_people([kinds.concerned(1, gone=[0, 0])], PEOPLE)) == "E_FORM"


def first_draw(**rule: Any) -> dict[str, Any]:
    return sealed([unit(at, w=1 + at) for at in range(8)], PEOPLE, {"n": 3, **rule})


def test_a_unit_that_is_gone_gives_way_to_the_next_ticket_of_its_stratum() -> None:
    first = first_draw()
    drawn = [row[1] for row in replay(first)["selected"]]
    order = [row[1] for row in replay(first_draw(n=8))["selected"]]
    follower = replay(kinds.next_units(first, drawn[:1]))["selected"][0]
    assert follower[1] not in drawn and follower[1] in order
    again = replay(kinds.next_units(first, [drawn[0], follower[1]]))["selected"]
    assert again[0] == follower and again[1][1] not in {*drawn, follower[1]}


def test_the_team_goes_along_unless_somebody_may_not_visit_the_new_unit() -> None:
    seen = set()
    rows = [unit(at, recuse=[ident(at % 4, "person")]) for at in range(8)]
    for number in range(20):
        first = sealed(rows, PEOPLE, {"n": 3}, draw=f"D{number}")
        gone = replay(first)["selected"][0]
        _, uid, team, candidates = replay(kinds.next_units(first, [gone[1]]))["selected"][0]
        recused = next(row["recuse"] for row in rows if row["uid"] == uid)
        assert (team, candidates) == ([] if set(recused) & set(gone[2]) else gone[2], 3)
        seen.add(bool(team))
    assert seen == {True, False}, "both cases were drawn"


def test_an_exhausted_stratum_answers_nobody() -> None:
    first = sealed([unit(1), unit(2)], PEOPLE, {"n": 2})
    assert replay(kinds.next_units(first, [ident(1)]))["selected"] == [["gen", "", [], 0]]


def test_only_drawn_units_of_the_very_draw_are_replaced() -> None:
    first = first_draw()
    drawn = {row[1] for row in replay(first)["selected"]}
    undrawn = next(row["uid"] for row in first["units"] if row["uid"] not in drawn)
    assert code_of(kinds.next_units(first, [undrawn])) == "E_GONE"
    one = next(iter(drawn))
    assert code_of(kinds.next_units(first, [one, one])) == "E_GONE"
    assert code_of(kinds.next_units(first, [one], draw="another")) == "E_OF"
    assert code_of(kinds.next_units(first, [one], hash="A" * 43)) == "E_OF"
    spoiled = kinds.next_units(first, [one])
    spoiled["units"] = spoiled["units"][1:]
    assert code_of(spoiled) == "E_ROOT"
