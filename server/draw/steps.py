"""The steps of a replay (draw.md 3.3a), and the two kinds of draw that are nothing but these steps.

Steps 1 to 3 check what was published against what was revealed (`tables`, `opened`); steps 4 to 7 are `select`, which
the server runs for a new draw and everybody else for an old one."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from server.draw import quotas, reading, tickets
from server.draw.domain import (
    DICE,
    CommitmentBroken,
    DiceTooFew,
    DrawFault,
    FormWrong,
    PartiesDiffer,
    PeopleDiffer,
    Person,
    RootDiffers,
    Rule,
    Selection,
    Unit,
)  # fmt: skip
from server.draw.teams import Roster
from server.kernel import b64url


def ordinary(transcript: Mapping[str, Any]) -> dict[str, Any]:
    """The ordinary draw: units by quota and weight, and a team for each."""
    intent, units, people = tables(transcript)
    seed = opened(intent, transcript.get("reveals"))
    rule = reading.rule(intent.get("rule"))
    return output(seed, select(rule, reading.units(units, rule.w_max), reading.people(people), seed))


def objects(transcript: Mapping[str, Any]) -> dict[str, Any]:
    """Objects fixed, inspectors drawn (large events): every listed unit that is not `out` is visited."""
    intent, units, people = tables(transcript)
    seed = opened(intent, transcript.get("reveals"))
    row = reading.mapping(intent.get("rule"), "rule")
    rule = all_of(reading.number(row, "w_max", 1), reading.number(row, "team"), reading.number(row, "bal_max", 1))
    return output(seed, select(rule, reading.units(units, rule.w_max), reading.people(people), seed, everything=True))


def all_of(w_max: int, team: int, bal_max: int) -> Rule:
    """The rule under which visits of this year exclude nobody and every stratum is taken whole."""
    return Rule(0, frozenset(), 1, 0, 1 << 53, False, w_max, team, bal_max)


def tables(transcript: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    """Step 1: the intent and both tables, equal to the published roots."""
    intent = reading.mapping(transcript.get("intent"), "intent")
    units = reading.rows(transcript.get("units"), "units")
    people = reading.rows(transcript.get("people"), "people")
    if b64url.encode(tickets.table_root(units, "uid")) != intent.get("root"):
        raise RootDiffers()
    if b64url.encode(tickets.table_root(people, "pid")) != intent.get("people_root"):
        raise PeopleDiffer()
    return intent, units, people


def opened(intent: Mapping[str, Any], reveals: Any) -> bytes:
    """Steps 2 and 3: every party revealed what it had committed to, the dice are enough; the seed."""
    commits, free = intent.get("commits"), intent.get("open")
    if not isinstance(commits, dict) or not isinstance(free, list) or not isinstance(reveals, list | tuple):
        raise FormWrong("commits、open 或 reveals 的格式不对")
    pairs = [pair for pair in reveals if isinstance(pair, list | tuple) and len(pair) == 2 and all(isinstance(part, str) for part in pair)]
    if len(pairs) != len(reveals) or not all(isinstance(party, str) for party in free):
        raise FormWrong("reveals 或 open 的格式不对")
    if sorted([*commits, *free]) != sorted(party for party, _ in pairs) or len({*commits, *free}) != len(pairs):
        raise PartiesDiffer()
    values = {reading.name(party, "party"): text for party, text in pairs}
    if not all(DICE.fullmatch(_value(values[party], DiceTooFew)) for party in free):
        raise DiceTooFew()
    draw = reading.text(intent, "draw")
    for party, promised in commits.items():
        if b64url.encode(tickets.commitment(draw, party, _value(values[party], CommitmentBroken))) != promised:
            raise CommitmentBroken(f"{party} 揭示的随机数与抽取前的承诺不符")
    return tickets.seed_of(intent, [(party, b64url.decode(text)) for party, text in values.items()])


def select(rule: Rule, units: Sequence[Unit], people: Sequence[Person], seed: bytes, *, everything: bool = False) -> Selection:
    """Steps 4 to 7. With `everything` each stratum is taken whole (objects fixed beforehand)."""
    pool, excluded = eligible(rule, units)
    counts = {name: len(found) for name, found in pool.items()}
    places = dict(counts) if everything else quotas.quotas(rule, counts)
    roster, key = Roster(people), tickets.stream(seed, "teams")
    drawn = [unit for name in sorted(places) for unit in first(seed, name, pool.get(name, ()), places[name])]
    return Selection(places, excluded, [roster.pick(key, unit, rule.team, rule.bal_max) for unit in drawn])


def eligible(rule: Rule, units: Iterable[Unit]) -> tuple[dict[str, list[Unit]], dict[str, int]]:
    """Step 4: the pool by stratum, and how many units each reason excluded."""
    pool: dict[str, list[Unit]] = {}
    excluded: Counter[str] = Counter()
    for unit in units:
        if (reason := unit.excluded(rule)) is None:
            pool.setdefault(unit.st, []).append(unit)
        else:
            excluded[reason] += 1
    return pool, dict(excluded)


def first(seed: bytes, stratum: str, units: Iterable[Unit], places: int) -> list[Unit]:
    """Step 6: the `places` units of a stratum with the smallest best tickets, in that order."""
    key, best = tickets.stream(seed, f"units/{stratum}"), tickets.best
    known = list(units)
    found = heapq.nsmallest(places, ((best(key, unit.raw, unit.w), unit.raw, at) for at, unit in enumerate(known)))
    return [known[at] for _, _, at in found]


def output(seed: bytes, selection: Selection) -> dict[str, Any]:
    """Step 8."""
    return {
        "seed": b64url.encode(seed), "quotas": selection.quotas, "excluded": selection.excluded,
        "selected": [choice.row() for choice in selection.chosen],
    }  # fmt: skip


def _value(text: str, fault: type[DrawFault]) -> bytes:
    """The bytes of a reveal; `fault` for a spelling that stands for no bytes."""
    try:
        return b64url.decode(text)
    except ValueError as error:
        raise fault() from error
