"""What a weight is worth: the chance of every unit to be drawn, shown before a draw and published after it. Pure.

Weight is not odds: of 1, 1, 2, 3, 4, 5, 8, 10 with three places the heaviest is drawn 6.6 times as often as the
lightest, not ten times. These are floats for people to read; nothing of a draw is decided here."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from server.draw.domain import Rule, Unit
from server.draw.quotas import quotas
from server.draw.steps import eligible

EXACT_STATES = 2_000
"""How many ways of taking some of each weight are still counted one by one; beyond, pi = 1 - exp(-w t) is good to a permille."""


def inclusion_odds(weights: Sequence[int], places: int) -> dict[int, float]:
    """{weight: chance of one unit of that weight} when `places` of these units are drawn together."""
    counts = Counter(weights)
    if places <= 0 or places >= len(weights):
        return {weight: float(places > 0) for weight in sorted(counts)}
    if math.prod(min(count, places) + 1 for count in counts.values()) <= EXACT_STATES:
        return {weight: float(odds) for weight, odds in exact_odds(counts, places).items()}
    return approximate_odds(counts, places)


def exact_odds(counts: Mapping[int, int], places: int) -> dict[int, Fraction]:
    """The same as fractions: each place goes to a unit with chance weight / weights still there.

    Units of one weight are alike, so a state is how many of each weight have been taken.
    """
    kinds = sorted(counts)
    states: dict[tuple[int, ...], Fraction] = {(0,) * len(kinds): Fraction(1)}
    for _ in range(places):
        following: dict[tuple[int, ...], Fraction] = {}
        for taken, chance in states.items():
            heaps = [weight * (counts[weight] - took) for weight, took in zip(kinds, taken, strict=True)]
            for at, heap in enumerate(heaps):
                if heap:
                    state = (*taken[:at], taken[at] + 1, *taken[at + 1 :])
                    following[state] = following.get(state, Fraction(0)) + chance * heap / sum(heaps)
        states = following
    return {
        weight: sum((chance * taken[at] for taken, chance in states.items()), Fraction(0)) / counts[weight]
        for at, weight in enumerate(kinds)
    }


def approximate_odds(counts: Mapping[int, int], places: int) -> dict[int, float]:
    """pi = 1 - exp(-w t), with t such that the chances add up to the places."""
    low, high = 0.0, 1.0
    while _filled(counts, high) < places:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _filled(counts, middle) < places else (low, middle)
    return {weight: -math.expm1(-weight * high) for weight in sorted(counts)}


def expected_odds(rule: Rule, units: Iterable[Unit]) -> dict[str, dict[int, float]]:
    """{stratum: {weight: chance}} of a draw, from its rule and pool; the seed plays no part."""
    pool, _ = eligible(rule, units)
    places = quotas(rule, {name: len(found) for name, found in pool.items()})
    return {name: inclusion_odds([unit.w for unit in found], places.get(name, 0)) for name, found in sorted(pool.items())}


def _filled(counts: Mapping[int, int], t: float) -> float:
    return sum(count * -math.expm1(-weight * t) for weight, count in counts.items())
