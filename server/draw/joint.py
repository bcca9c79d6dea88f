"""Joint draws of several agencies (draw.md 3.6, D-28): one set of units, people of every agency. Pure.

Each agency publishes its own tables and rule and is a party of the seed. One joint salt makes the same unit carry the
same uid in every table, so that the agreed set is the intersection and nobody shows its whole register."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from server.draw import reading, steps, tickets
from server.draw.domain import Choice, FormWrong, PartiesDiffer, PeopleDiffer, Person, RootDiffers, Rule, Unit
from server.draw.quotas import quotas
from server.draw.teams import Roster
from server.kernel import b64url

NOT_SHARED = "not_shared"
"""A unit of the lead's table that another agency does not list."""


def joint_salt(salt: bytes, uscc: str) -> bytes:
    """The salt of one unit of a joint draw: it opens this unit and gives away nothing of the joint salt."""
    if len(salt) != 32:
        raise ValueError("the joint salt has 32 bytes")
    return tickets.tagged("joint", salt, uscc.encode())[: tickets.ID_BYTES]


class Department:
    """What one agency brings to a joint draw."""

    def __init__(self, entry: Mapping[str, Any], units: list[dict[str, Any]], people: list[dict[str, Any]]) -> None:
        self.agency = reading.name(entry.get("agency"), "agency")
        self.rows, self.rosters, self.rule_data = units, people, entry.get("rule")
        if b64url.encode(tickets.table_root(units, "uid")) != entry.get("root"):
            raise RootDiffers(f"{self.agency} 的检查对象名录与抽取前公开的根不一致")
        if b64url.encode(tickets.table_root(people, "pid")) != entry.get("people_root"):
            raise PeopleDiffer(f"{self.agency} 的检查人员名录与抽取前公开的根不一致")

    def read(self) -> None:
        """The rows as values; a wrong weight in one table is a fault of the whole draw."""
        row = reading.mapping(self.rule_data, "rule")
        self.rule = Rule(
            0, frozenset(), 1, 0, reading.number(row, "max_visits"), reading.flag(row, "skip_visited"),
            reading.number(row, "w_max", 1), reading.number(row, "team"), reading.number(row, "bal_max", 1),
        )  # fmt: skip
        self.units: dict[str, Unit] = {unit.uid: unit for unit in reading.units(self.rows, self.rule.w_max)}
        self.people: list[Person] = reading.people(self.rosters)


def replay(transcript: Mapping[str, Any]) -> dict[str, Any]:
    """The output of a joint draw: as the ordinary one, with a team per agency in every row."""
    intent = reading.mapping(transcript.get("intent"), "intent")
    found = departments(intent, transcript)
    codes = [department.agency for department in found]
    if not isinstance(intent.get("commits"), dict) or sorted(intent["commits"]) != codes:
        raise PartiesDiffer("联合抽查的每个部门都应各出一个随机数")
    seed = steps.opened(intent, transcript.get("reveals"))
    for department in found:
        department.read()
    pool, excluded = agreed(found, reading.name(intent.get("lead"), "lead"))
    row = reading.mapping(intent.get("rule"), "rule")
    rule = Rule(
        reading.number(row, "n"), reading.names(row.get("must"), "must"), reading.number(row, "months_left", 1),
        reading.number(row, "general_min_permille"), 0, False, 1, 0, 1,
    )  # fmt: skip
    places = quotas(rule, {name: len(units) for name, units in pool.items()})
    drawn = [unit for name in sorted(places) for unit in steps.first(seed, name, pool.get(name, ()), places[name])]
    crews = {department.agency: _crew(seed, department, drawn) for department in found}
    selected = [
        [unit.st, unit.uid, [[code, list(crews[code][at].team), crews[code][at].candidates] for code in codes]]
        for at, unit in enumerate(drawn)
    ]
    return {"seed": b64url.encode(seed), "quotas": places, "excluded": excluded, "selected": selected}


def departments(intent: Mapping[str, Any], transcript: Mapping[str, Any]) -> list[Department]:
    """Step 1 for each agency, in the order of their codes, each once."""
    entries = reading.rows(intent.get("agencies"), "agencies")
    units, people = (reading.mapping(transcript.get(key), key) for key in ("units", "people"))
    codes = [reading.name(entry.get("agency"), "agency") for entry in entries]
    if len(codes) < 2 or codes != sorted(set(codes)) or sorted(units) != codes or sorted(people) != codes:
        raise FormWrong("agencies 应至少有两个部门，按代码排列，并与名录一一对应")
    return [
        Department(entry, reading.rows(units[code], code), reading.rows(people[code], code))
        for entry, code in zip(entries, codes, strict=True)
    ]


def agreed(found: list[Department], lead: str) -> tuple[dict[str, list[Unit]], dict[str, int]]:
    """Step 4: units that every agency lists and none excludes. Stratum and weight are the lead's."""
    first = next((department for department in found if department.agency == lead), None)
    if first is None:
        raise FormWrong("lead 应是其中一个部门")
    pool: dict[str, list[Unit]] = {}
    excluded: Counter[str] = Counter()
    for unit in first.units.values():
        if (reason := _reason(found, unit.uid)) is None:
            pool.setdefault(unit.st, []).append(unit)
        else:
            excluded[reason] += 1
    return pool, dict(excluded)


def _reason(found: list[Department], uid: str) -> str | None:
    """Why a unit is not in the joint pool: the first agency, in order of codes, that has a reason."""
    if any(uid not in department.units for department in found):
        return NOT_SHARED
    reasons = (department.units[uid].excluded(department.rule) for department in found)
    return next((reason for reason in reasons if reason is not None), None)


def _crew(seed: bytes, department: Department, drawn: list[Unit]) -> list[Choice]:
    """One agency's teams from its own stream, by its own needs, recusals and loads."""
    roster, key = Roster(department.people), tickets.stream(seed, f"teams/{department.agency}")
    rule = department.rule
    return [roster.pick(key, department.units[unit.uid], rule.team, rule.bal_max) for unit in drawn]
