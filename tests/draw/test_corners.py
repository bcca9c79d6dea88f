"""Every corner of steps 4 to 8 of the replay, each in the smallest draw that shows it."""

from __future__ import annotations

from typing import Any

import pytest

from server.draw import reading, steps
from server.draw.quotas import largest_remainder
from server.draw.replay import replay
from tests.draw.making import ident, person, sealed, unit

PEOPLE = [person(number) for number in range(4)]


def units(count: int, start: int = 0, **fields: Any) -> list[dict[str, Any]]:
    return [unit(start + number, **fields) for number in range(count)]


def drawn(*args: Any, **more: Any) -> list[str]:
    return [row[1] for row in replay(sealed(*args, **more))["selected"]]


def test_empty_tables_draw_nothing() -> None:
    want = replay(sealed([], []))
    assert {key: want[key] for key in ("quotas", "excluded", "selected")} == {"quotas": {"key_crowded": 0}, "excluded": {}, "selected": []}


def test_units_without_people_are_drawn_and_have_no_team() -> None:
    want = replay(sealed(units(3), []))
    assert [row[2:] for row in want["selected"]] == [[[], 0]] * 3


def test_a_pool_smaller_than_n_is_drawn_whole() -> None:
    assert len(drawn(units(5), PEOPLE, {"n": 40})) == 5


def test_in_the_last_month_every_mandatory_unit_still_owed_is_drawn() -> None:
    want = replay(sealed([*units(9, st="key_crowded"), *units(5, 20)], PEOPLE, {"months_left": 1, "n": 3, "general_min_permille": 0}))
    assert want["quotas"] == {"key_crowded": 9, "gen": 0}, "mandatory visits may exceed n"


def test_the_general_share_is_kept_when_mandatory_units_alone_fill_the_month() -> None:
    """001 art. 14: general units must have a share."""
    want = replay(sealed([*units(9, st="key_crowded"), *units(9, 20)], PEOPLE, {"months_left": 1, "n": 3, "general_min_permille": 200}))
    assert want["quotas"] == {"key_crowded": 9, "gen": 1}, "ceil(200 permille of 3)"


@pytest.mark.parametrize(("n", "permille", "least"), [(5, 200, 1), (6, 200, 2), (10, 333, 4), (10, 300, 3), (1, 1, 1), (10, 1000, 10)])
def test_a_share_in_permille_is_rounded_up(n: int, permille: int, least: int) -> None:
    rule = {"n": n, "general_min_permille": permille, "months_left": 1}
    assert replay(sealed([*units(12, st="key_crowded"), *units(12, 20)], PEOPLE, rule))["quotas"]["gen"] == least


def test_a_mandatory_stratum_without_units_is_listed_with_no_place() -> None:
    assert replay(sealed(units(4), PEOPLE, {"must": ["absent", "key_crowded"]}))["quotas"] == {"absent": 0, "key_crowded": 0, "gen": 3}


def test_a_general_stratum_without_eligible_units_is_not_listed() -> None:
    want = replay(sealed([*units(4), *units(2, 20, st="gen_small", out="closed")], PEOPLE))
    assert "gen_small" not in want["quotas"]
    assert want["excluded"] == {"closed": 2}


def test_equal_remainders_go_to_the_lower_name() -> None:
    assert largest_remainder(1, {"b": 2, "a": 2, "c": 2}) == {"b": 0, "a": 1, "c": 0}
    assert largest_remainder(5, {"a": 2, "b": 2, "c": 2}) == {"a": 2, "b": 2, "c": 1}
    assert largest_remainder(3, {"a": 5, "b": 1}) == {"a": 3, "b": 0}
    assert largest_remainder(3, {"a": 9, "b": 3}) == {"a": 2, "b": 1}, "9/4 and 3/4: the larger remainder wins"
    assert largest_remainder(0, {}) == {}


def test_a_unit_is_out_for_the_first_reason_that_applies() -> None:
    rows = [
        unit(1, out="closed", force="complaint", visits=5), unit(2, force="complaint", visits=5), unit(3, visits=2), unit(4, visits=1), unit(5),
    ]  # fmt: skip
    want = replay(sealed(rows, PEOPLE, {"n": 9}))
    assert want["excluded"] == {"closed": 1, "max_visits": 1, "visited_this_year": 1}
    assert {row[1] for row in want["selected"]} == {ident(2), ident(5)}


def test_a_visit_excludes_nobody_where_the_rule_does_not_skip_visited_units() -> None:
    want = replay(sealed([unit(1, visits=1), unit(2, visits=2)], PEOPLE, {"skip_visited": False}))
    assert want["excluded"] == {"max_visits": 1}


def test_a_forced_unit_is_eligible_and_not_guaranteed() -> None:
    """000, 003, 004: the exceptions let a unit into the pool; the dice still decide."""
    rows = [unit(0, visits=9, force="penalised"), *units(30, 1, w=10)]
    outcomes = {ident(0) in drawn(rows, PEOPLE, {"n": 1}, draw=f"D{number}") for number in range(40)}
    assert outcomes == {False}, "weight 1 of 301"
    assert ident(0) in drawn(rows[:1], PEOPLE, {"n": 1})


def test_an_out_unit_changes_the_order_of_nobody_else() -> None:
    """A ticket does not depend on the other units: striking one never moves the rest."""
    rows = units(12)
    read = reading.units(rows, 10)
    whole = [found.uid for found in steps.first(bytes(32), "gen", read, 12)]
    for gone in whole:
        rest = [found.uid for found in steps.first(bytes(32), "gen", [u for u in read if u.uid != gone], 12)]
        assert rest == [uid for uid in whole if uid != gone]


def test_recusing_everybody_leaves_an_empty_team_with_its_count() -> None:
    want = replay(sealed([unit(1, recuse=[row["pid"] for row in PEOPLE])], PEOPLE))
    assert want["selected"] == [["gen", ident(1), [], 0]]


def test_one_candidate_is_not_a_team_of_two() -> None:
    want = replay(sealed([unit(1, recuse=[row["pid"] for row in PEOPLE[1:]])], PEOPLE))
    assert want["selected"] == [["gen", ident(1), [], 1]]


def test_nobody_beyond_the_cap_is_a_candidate_and_the_cap_is_reached_within_a_draw() -> None:
    people = [person(0, load=76), person(1, load=76), person(2, load=77)]
    want = replay(sealed(units(2), people, {"n": 2}))
    assert [row[3] for row in want["selected"]] == [2, 0]
    assert set(want["selected"][0][2]) == {ident(0, "person"), ident(1, "person")}


def test_a_team_of_three_and_a_team_of_nobody() -> None:
    assert len(replay(sealed([unit(1)], PEOPLE, {"team": 3}))["selected"][0][2]) == 3
    assert replay(sealed([unit(1)], PEOPLE, {"team": 0}))["selected"][0][2:] == [[], 4]


def test_fewer_visits_this_year_bring_more_tickets_up_to_the_bound() -> None:
    people = [person(0, load=70), person(1, load=70), person(2, load=0)]
    times = 300
    light = [sum(ident(2, "person") in replay(sealed([unit(1)], people, {"team": 1, "bal_max": bound}, draw=f"D{at}"))["selected"][0][2]
                 for at in range(times)) for bound in (1, 8)]  # fmt: skip
    assert 70 < light[0] < 130, "one ticket each: a third"
    assert 210 < light[1] < 270, "eight tickets against one and one: four fifths"


def test_needs_choose_who_may_go() -> None:
    people = [person(0, q=["chem"]), person(1, q=["chem", "fire"]), person(2, q=["fire"])]
    want = replay(sealed([unit(1, need="chem")], people))
    assert set(want["selected"][0][2]) == {ident(0, "person"), ident(1, "person")}


def test_two_committed_parties_both_move_the_seed() -> None:
    values = {"official_a": b"\1" * 32, "superior": b"\2" * 32}
    seeds = {
        replay(sealed(units(3), PEOPLE, values=changed))["seed"]
        for changed in (values, {**values, "superior": b"\3" * 32}, {**values, "official_a": b"\3" * 32})
    }
    assert len(seeds) == 3


def test_the_dice_and_every_word_of_the_intent_move_the_seed() -> None:
    seeds = {
        replay(sealed(units(3), PEOPLE))["seed"], replay(sealed(units(3), PEOPLE, dice="2" * 20))["seed"],
        replay(sealed(units(3), PEOPLE, prev_void="V1"))["seed"], replay(sealed(units(3), PEOPLE, {"note_for_readers": 1}))["seed"],
    }  # fmt: skip
    assert len(seeds) == 4


def test_the_order_of_output_is_by_stratum_name_and_then_by_ticket() -> None:
    rows = [*units(3, 0, st="z9"), *units(3, 10, st="a"), *units(3, 20, st="gen")]
    assert [row[0] for row in replay(sealed(rows, PEOPLE, {"n": 9, "must": ["gen"], "months_left": 1}))["selected"]] == ["a"] * 3 + ["gen"] * 3 + ["z9"] * 3
