"""The draw's tables before they are blinded: who may be drawn, with which weight, need and recusals, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from server.accounts import operations as accounts
from server.draw import lending, rulebook
from server.draw.refusals import Blacklisted, ProposalWrong
from server.draw.wish import Wish
from server.kernel.moments import local_date
from server.platform import clock
from server.registry import operations as registry
from server.registry.operations import PoolInspector, PoolUnit
from server.rules import operations as rules
from server.rules.domain import AgencyRules

Visits = Callable[[str, list[str], int], Mapping[str, int]]
Loads = Callable[[str, list[str], int], Mapping[str, int]]
_visits: list[Visits] = []
_loads: list[Loads] = []


def visits_from(source: Visits) -> None:
    """Let ``source(agency_id, unit_ids, year)`` say how often each unit was or will be visited that year."""
    _visits[:] = [source]


def loads_from(source: Loads) -> None:
    """Let ``source(agency_id, user_ids, year)`` say how many attendances each inspector has that year."""
    _loads[:] = [source]


def visits(agency_id: str, unit_ids: Iterable[str], year: int) -> Mapping[str, int]:
    wanted = list(unit_ids)
    return _visits[0](agency_id, wanted, year) if _visits and wanted else {}


def loads(agency_id: str, user_ids: Iterable[str], year: int) -> Mapping[str, int]:
    wanted = list(user_ids)
    return _loads[0](agency_id, wanted, year) if _loads and wanted else {}


@dataclass(frozen=True)
class Subject:
    """One ball of the urn: a unit, or a market entity with all its premises where the agency counts so (D-2)."""

    id: str
    name: str
    address: str
    premises: tuple[str, ...]
    items: tuple[str, ...]
    st: str
    weight: rulebook.Weight
    visits: int
    need: str
    recuse: frozenset[str]
    force: str
    out: str
    note: str
    home: str = ""
    """The agency in whose register it is; not always the one that draws (WC-13c)."""


@dataclass(frozen=True)
class Hand:
    """One inspector who may be drawn."""

    user_id: str
    name: str
    q: tuple[str, ...]
    load: int
    cap: int
    home: str = ""
    """The agency whose inspector this is."""


@dataclass(frozen=True)
class Table:
    subjects: tuple[Subject, ...]
    hands: tuple[Hand, ...]
    hindered: tuple[tuple[str, str, str], ...]
    """Inspectors who may not be drawn: (user, name, why). Of another register only how many: why somebody is away is its own (D-4)."""
    absent: tuple[tuple[str, str, str, str], ...]
    """Registry units outside the pool: (unit, name, code, why)."""
    needs: tuple[tuple[str, str, tuple[str, ...]], ...]
    """Legend of the needs: (code, sector group, qualifications)."""


def year_of(period: str) -> int:
    return int(period[:4])


def drawn_for(period: str) -> date:
    """The day people must be fit for: the first of the month planned, or today when that is past."""
    today = local_date(clock.now_ms())
    first = date(year_of(period), int(period[5:]) if len(period) == 7 else 1, 1)
    return max(first, today)


def assemble(agency_id: str, own: AgencyRules, wish: Wish, sources: tuple[str, ...] | None = None) -> Table:
    """The tables of a wish as the registries stand now; ``sources``: whose units, when not all districts have submitted yet.

    Raises ``Blacklisted``, ``ProposalWrong``."""
    sources = (wish.districts or (agency_id,)) if sources is None else sources
    found, absent, homes = _found(agency_id, wish, sources)
    ways = _requirements(own, wish, found)
    codes = rulebook.needs(ways.values())
    subjects = _subjects(agency_id, own, wish, found, {unit: codes[way] for unit, way in ways.items()}, homes)
    hands, hindered = _hands(agency_id, own, wish, codes)
    legend = tuple((code, sector, wanted) for (sector, wanted), code in codes.items() if code != rulebook.ANY)
    return Table(subjects, hands, hindered, absent, legend)


def _found(agency_id: str, wish: Wish, sources: tuple[str, ...]) -> tuple[dict[str, tuple[PoolUnit, tuple[str, ...]]], tuple[tuple[str, str, str, str], ...], dict[str, str]]:
    """Every unit of the pool with the items it is drawn for, why the others are outside, and whose register each is of."""
    homes: dict[str, str] = {}
    inside: dict[str, tuple[PoolUnit, tuple[str, ...]]] = {}
    outside: dict[str, tuple[str, str, str, str]] = {}
    named = {one.unit_id for one in wish.objects}
    for item, home in ((item, home) for item in wish.items for home in sources):
        # A pool of one item is the own list's; another agency's register knows the codes of its own list alone.
        code_known = home == agency_id or rules.rules_for(home).item(item) is not None
        chosen = registry.filter_from({**wish.filter, **({"item_code": item} if code_known else {})})
        for unit, why in registry.pool_explained(home, chosen, drawn_for(wish.period), named):
            homes[unit.unit_id] = home
            if unit.unit_id in named or (why is None and not named):
                before = inside.get(unit.unit_id, (unit, ()))
                inside[unit.unit_id] = (unit, (*before[1], item))
            elif not named:
                code, words = why or ("", "")
                outside[unit.unit_id] = (unit.unit_id, unit.name, code, words)
    if lost := named - inside.keys():
        raise ProposalWrong("有的检查对象不在检查对象名录库中", units=sorted(lost))
    return inside, tuple(line for unit, line in sorted(outside.items()) if unit not in inside), homes


def _requirements(own: AgencyRules, wish: Wish, found: Mapping[str, tuple[PoolUnit, tuple[str, ...]]]) -> dict[str, tuple[str, tuple[str, ...]]]:
    match = bool(own.values.get("team.qualification_match"))
    ways = {}
    for unit_id, (unit, items) in found.items():
        wanted = {str(one) for code in items for one in (own.item(code) or {}).get("qualifications", [])} if match else set()
        ways[unit_id] = (unit.sector if wish.by_sector_group else "", tuple(sorted(wanted)))
    return ways


def _subjects(agency_id: str, own: AgencyRules, wish: Wish, found: Mapping[str, tuple[PoolUnit, tuple[str, ...]]], need: Mapping[str, str], homes: Mapping[str, str]) -> tuple[Subject, ...]:
    profile = own.values
    per_entity = profile.get("freq.count_per") == "market_entity" and not wish.objects
    groups: dict[str, list[PoolUnit]] = {}
    for unit, _items in found.values():
        groups.setdefault(unit.entity_id if per_entity else unit.unit_id, []).append(unit)
    # Counted per entity, a visit to premises outside this pool counts as well.
    whole = {key: registry.units_of_entity(homes[members[0].unit_id], key) if per_entity else [key] for key, members in groups.items()}
    counted = _visits_by_home(agency_id, {unit: homes[groups[key][0].unit_id] for key, units in whole.items() for unit in units}, year_of(wish.period))
    interest = registry.conflicts_of(found)
    people_from = set(lending.homes(agency_id, wish.registers))
    if {*people_from, *homes.values()} != {agency_id}:
        # People and units of several registers meet in one urn: the same enterprise is known by its code or name.
        elsewhere = registry.interests_by_enterprise(people_from)
        interest = {
            unit_id: interest.get(unit_id, frozenset()).union(*(elsewhere.get(word, frozenset()) for word in (unit.uscc, unit.name)))
            for unit_id, (unit, _items) in found.items()
        }
    made = []
    for key, members in sorted(groups.items()):
        total = sum(counted.get(unit, 0) for unit in whole[key])
        made.append(_subject(profile, wish, homes[members[0].unit_id], key, sorted(members, key=lambda one: one.unit_id), total, found, need, interest))
    return tuple(made)


def _visits_by_home(agency_id: str, homes: Mapping[str, str], year: int) -> dict[str, int]:
    """How often each unit was visited that year by the agency whose it is and, where that is another, by the drawing one as well."""
    found: dict[str, int] = {}
    for home in sorted(set(homes.values())):
        theirs = [unit for unit, whose in homes.items() if whose == home]
        found |= visits(home, theirs, year)
        if home != agency_id:
            own = registry.twins(agency_id, home, theirs)
            here = visits(agency_id, own.values(), year)
            found |= {unit: found.get(unit, 0) + here[twin] for unit, twin in own.items() if twin in here}
    return found


def _subject(
    profile: Mapping[str, Any], wish: Wish, home: str, key: str, members: list[PoolUnit], total: int,
    found: Mapping[str, tuple[PoolUnit, tuple[str, ...]]], need: Mapping[str, str], interest: Mapping[str, frozenset[str]],
) -> Subject:
    ids = {one.unit_id for one in members}
    marks = {mark for one in members for mark in one.exceptions}
    blacklisted = any(one.blacklisted for one in members)
    key_unit, crowded = any(one.key_unit for one in members), any(one.crowded for one in members)
    out = next((one for one in wish.exclusions if one.unit_id in ids), None)
    if out and blacklisted and profile.get("draw.blacklist_never_excluded"):
        raise Blacklisted(f"“{members[0].name}”列入黑名单，不得从抽取范围中剔除", unit=out.unit_id)
    force = next((one for one in wish.forces if one.unit_id in ids), None)
    fixed = next((one for one in wish.objects if one.unit_id in ids), None)
    grades = [rulebook.weight(profile, grade=one.grade, credit=one.credit, key_unit=one.key_unit, marks=one.exceptions | ({"penalised"} & marks)) for one in members]
    heaviest = max(grades, key=lambda one: one.w)
    lacks = sorted({need[one.unit_id] for one in members})
    return Subject(
        key, members[0].name, members[0].address, tuple(sorted(ids)),
        tuple(item for item in wish.items if any(item in found[unit][1] for unit in ids)),
        rulebook.FIXED if fixed else rulebook.stratum(profile, key_unit=key_unit, crowded=crowded, visits=total),
        rulebook.Weight(1, ()) if fixed else heaviest, total, lacks[-1],
        frozenset(user for unit in ids for user in interest.get(unit, ())),
        "" if out else force.reason if force else rulebook.exemption(profile, marks=marks, blacklisted=blacklisted, visits=total),
        out.reason if out else "", (out or force or fixed or wish_none).note, home,
    )


@dataclass(frozen=True)
class _None:
    note: str = ""


wish_none = _None()


def _hands(agency_id: str, own: AgencyRules, wish: Wish, codes: Mapping[tuple[str, tuple[str, ...]], str]) -> tuple[tuple[Hand, ...], tuple[tuple[str, str, str], ...]]:
    hands: list[Hand] = []
    hindered: list[tuple[str, str, str]] = []
    for home in lending.homes(agency_id, wish.registers):
        cap = rulebook.year_cap((own if home == agency_id else rules.rules_for(home)).values)
        people = registry.inspectors_on(home, drawn_for(wish.period))
        fit = [one for one in people if one.available]
        worked = loads(home, (one.user_id for one in fit), year_of(wish.period))
        hands += [Hand(one.user_id, one.name, _q(one, codes), worked.get(one.user_id, 0), cap, home) for one in fit]
        away = [(one.user_id, one.name, "；".join(words for _code, words in one.hindrances)) for one in people if not one.available]
        hindered += away if home == agency_id else [("", accounts.agency(home).name, f"{len(away)}人暂不能抽取")] if away else []
    return tuple(hands), tuple(hindered)


def _q(one: PoolInspector, codes: Mapping[tuple[str, tuple[str, ...]], str]) -> tuple[str, ...]:
    return tuple(sorted(code for way, code in codes.items() if rulebook.meets(way, one.sector_groups, one.qualifications)))
