"""The draw is fair, and the tests would notice if it were not: fixed seeds, p > 1e-4, and four mutants that must fail.

The vectors and the statistics are both needed: tickets of eight bits with ties by id draw fairly enough for chi-square,
and only the vectors see them (draw.md 3.7)."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from server.draw import rulebook, steps, tickets
from server.draw.domain import Person, Rule, Unit
from server.draw.odds import approximate_odds, exact_odds, inclusion_odds
from server.draw.replay import replay
from server.draw.teams import Roster
from server.rules import library
from tests.draw.chi_square import p_value, statistic

ROOT = Path(__file__).parents[2]
Best = Callable[[bytes, bytes, int], bytes]
LEAST = 1e-4
WEIGHTS = (1, 1, 2, 3, 4, 5, 8, 10)


def seed(number: int) -> bytes:
    return hashlib.sha256(b"statistics" + number.to_bytes(4, "big")).digest()


def some_units(weights: tuple[int, ...]) -> list[Unit]:
    return [Unit(f"u{at:03d}", hashlib.sha256(b"u%d" % at).digest()[:16], "gen", w, 0, "any") for at, w in enumerate(weights)]


def uniform_p(seeds: int) -> float:
    """50 units alike, 10 drawn: every unit equally often."""
    pool, counts = some_units((1,) * 50), Counter[str]()
    for number in range(seeds):
        counts.update(unit.uid for unit in steps.first(seed(number), "gen", pool, 10))
    share = 10 / 50
    q = 49 / 50 * sum((counts[unit.uid] - seeds * share) ** 2 / (seeds * share * (1 - share)) for unit in pool)
    return p_value(q, 49)


def joint_law() -> dict[frozenset[int], Fraction]:
    """The exact chance of each of the 56 sets of three, summed over the orders in which it may come."""
    law: dict[frozenset[int], Fraction] = {}
    for order in itertools.permutations(range(8), 3):
        chance, left = Fraction(1), sum(WEIGHTS)
        for at in order:
            chance, left = chance * WEIGHTS[at] / left, left - WEIGHTS[at]
        law[frozenset(order)] = law.get(frozenset(order), Fraction(0)) + chance
    return law


def weighted_p(seeds: int) -> float:
    """Eight units of different weight, three drawn: every set as often as it should be."""
    pool, law = some_units(WEIGHTS), joint_law()
    place = {unit.uid: at for at, unit in enumerate(pool)}
    seen = Counter(frozenset(place[unit.uid] for unit in steps.first(seed(number), "gen", pool, 3)) for number in range(seeds))
    return p_value(statistic([seen[some] for some in law], [float(chance) * seeds for chance in law.values()]), 55)


def test_equal_units_are_drawn_equally_often() -> None:
    assert uniform_p(10_000) > LEAST


def test_every_set_of_units_comes_as_often_as_its_weights_say() -> None:
    law = joint_law()
    assert len(law) == 56 and sum(law.values()) == 1
    assert weighted_p(30_000) > LEAST


@pytest.mark.parametrize("unit", range(4))
def test_every_pair_of_inspectors_is_equally_likely(unit: int) -> None:
    people = [Person(f"p{at}", hashlib.sha256(b"p%d" % at).digest()[:16], frozenset({"any"}), 5, 77) for at in range(6)]
    visited, draws = some_units((1,) * 4)[unit], 6_000
    pairs = Counter(
        frozenset(Roster(people).pick(tickets.stream(seed(number), "teams"), visited, 2, 8).team) for number in range(draws)
    )  # fmt: skip
    expected = [frozenset(pair) for pair in itertools.combinations([person.pid for person in people], 2)]
    assert len(expected) == 15 and set(pairs) <= set(expected)
    assert p_value(statistic([pairs[pair] for pair in expected], [draws / 15] * 15), 14) > LEAST


def weights_ignored(key: bytes, ident: bytes, count: int) -> bytes:
    return tickets.ticket(key, ident, 0)


def divided(key: bytes, ident: bytes, count: int) -> bytes:
    """u / w where u ** (1 / w) is right."""
    return (int.from_bytes(tickets.ticket(key, ident, 0), "big") // count).to_bytes(32, "big")


def one_too_many(key: bytes, ident: bytes, count: int) -> bytes:
    return min(tickets.ticket(key, ident, number) for number in range(count + 1))


def eight_bits(key: bytes, ident: bytes, count: int) -> bytes:
    return min(tickets.ticket(key, ident, number) for number in range(count))[:1]


@pytest.mark.parametrize("mutant", [weights_ignored, divided, one_too_many])
def test_a_wrong_use_of_weights_is_seen_by_the_statistics(mutant: Best, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "best", mutant)
    assert weighted_p(20_000) < 1e-12


def test_short_tickets_are_seen_by_the_vectors_and_not_by_the_statistics(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = json.loads((ROOT / "tests" / "vectors" / "draw-2.json").read_text("utf-8"))
    assert replay(draw) == draw["want"]
    monkeypatch.setattr(tickets, "best", eight_bits)
    assert replay(draw) != draw["want"]
    assert weighted_p(4_000) > LEAST, "which is why both kinds of test are needed"


def test_the_measure_itself_is_right() -> None:
    """Values of printed tables: 5 % of chi-square lie above 3.841 (1), 66.339 (49), 73.311 (55)."""
    assert [round(p_value(q, df), 4) for q, df in ((3.841459, 1), (66.338649, 49), (73.311493, 55), (23.684791, 14))] == [0.05] * 4
    assert p_value(10_000, 55) == 0 and p_value(0, 5) == 1


def test_published_odds_of_a_small_pool_are_exact() -> None:
    odds = inclusion_odds(WEIGHTS, 3)
    assert [round(odds[w], 4) for w in WEIGHTS] == [0.1108, 0.1108, 0.2144, 0.3101, 0.3973, 0.4753, 0.6513, 0.73]
    law = joint_law()
    exact = exact_odds(Counter(WEIGHTS), 3)
    for at, weight in enumerate(WEIGHTS):
        assert exact[weight] == sum(chance for some, chance in law.items() if at in some)
    assert sum(exact[weight] for weight in WEIGHTS) == 3


def test_published_odds_of_a_large_pool_add_up_to_the_places() -> None:
    """3,000 units of a county, 150 places: 2.9 / 5.6 / 11.0 / 20.7 % for weights 1, 2, 4, 8."""
    counts = {1: 1500, 2: 900, 4: 450, 8: 150}
    odds = approximate_odds(counts, 150)
    assert abs(sum(counts[weight] * chance for weight, chance in odds.items()) - 150) < 1e-6
    assert odds[8] / odds[1] < 8, "weight is not odds"
    small = {1: 30, 4: 10}
    exact = exact_odds(small, 8)
    assert all(abs(float(exact[weight]) - chance) < 0.006 for weight, chance in approximate_odds(small, 8).items())


@pytest.mark.parametrize(("places", "odds"), [(0, {1: 0.0, 8: 0.0}), (3, {1: 1.0, 8: 1.0}), (9, {1: 1.0, 8: 1.0})])
def test_odds_of_no_place_and_of_a_place_for_everybody(places: int, odds: dict[int, float]) -> None:
    assert inclusion_odds([1, 1, 8], places) == odds


def wenchanghu() -> dict[str, Any]:
    rules = library.load_library(ROOT / "checklists").agencies["fire-wenchanghu"]
    return next(iter(rules.values())).values


def test_in_two_hundred_years_no_mandatory_unit_is_missed() -> None:
    """文昌湖 第十四条: 对属于人员密集场所的消防安全重点单位每年至少监督检查一次. 137 units, monthly batches, the agency's own profile (D-24)."""
    profile = wenchanghu()
    grades, missed, batches, shares = "ABCD", 0, 0, []
    for year in range(200):
        register = [(at < 41, at < 57, grades[(at * 7 + year) % 4], hashlib.sha256(b"%d/%d" % (year, at)).digest()[:16]) for at in range(137)]
        visits = [0] * 137
        for month in range(1, 13):
            units = [
                Unit(str(at), raw, rulebook.stratum(profile, key_unit=key, crowded=crowded, visits=visits[at]),
                     rulebook.weight(profile, grade=grade, credit="", key_unit=key, marks=()).w, visits[at], "any")
                for at, (crowded, key, grade, raw) in enumerate(register)
            ]  # fmt: skip
            rule = Rule(
                12, frozenset({rulebook.KEY_CROWDED}), rulebook.months_left(f"2026-{month:02d}"), profile["quota.general_min_permille"],
                rulebook.max_visits(profile), rulebook.skip_visited(profile, wanted=False), 100, 2, 8,
            )  # fmt: skip
            drawn = steps.select(rule, units, [], seed(year * 12 + month)).chosen
            shares.append(sum(choice.unit.st == rulebook.GENERAL for choice in drawn) * 1000 // len(drawn))
            batches += 1
            for choice in drawn:
                visits[int(choice.unit.uid)] += 1
        missed += sum(1 for at in range(41) if visits[at] < profile["quota.key_crowded_min_per_year"])
    assert (batches, missed) == (2_400, 0)
    assert min(shares) > 0, "general units are part of every batch"
