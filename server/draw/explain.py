"""Before the draw: is it feasible, and with which odds. After it: why each unit was drawn, was not, or could not be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from server.accounts.domain import Actor
from server.draw import departments, districts, overview, pooling, quotas, reading, rulebook, snapshot, tickets, wish
from server.draw.domain import Rule, Unit
from server.draw.odds import inclusion_odds
from server.draw.pooling import Hand, Subject, Table
from server.draw.tables import DrawDepartmentRow, DrawPersonRow, DrawRow, DrawUnitRow
from server.kernel import b64url
from server.platform.db import session
from server.rules import operations as rules

FEW = 4
"""Below this many candidates a team is hardly drawn any more (3.4)."""


@dataclass(frozen=True)
class Warning:
    code: str
    text: str


@dataclass(frozen=True)
class Stratum:
    st: str
    words: str
    units: int
    eligible: int
    quota: int


@dataclass(frozen=True)
class Odds:
    """What one unit of this weight may expect, in per cent of per cent (integers: 290 = 2.90 %)."""

    st: str
    w: int
    units: int
    chance: int


@dataclass(frozen=True)
class Line:
    """为什么在/不在池中: one unit with everything that decides."""

    id: str
    name: str
    st: str
    w: int
    parts: tuple[tuple[str, str, int], ...]
    visits: int
    candidates: int
    out: str
    force: str
    note: str


@dataclass(frozen=True)
class Feasibility:
    strata: tuple[Stratum, ...]
    excluded: Mapping[str, int]
    warnings: tuple[Warning, ...]
    odds: tuple[Odds, ...]
    lines: tuple[Line, ...]
    hands: tuple[Hand, ...]
    hindered: tuple[tuple[str, str, str], ...] = ()
    absent: tuple[tuple[str, str, str, str], ...] = ()
    formula: str = ""


def feasibility(actor: Actor, draw_id: str) -> Feasibility:
    """What the draw would meet: as the registries stand while it is on paper, else as they were frozen."""
    row = overview.row_for(actor, draw_id)
    asked, own = wish.wish_from(row.proposal), rules.rules_for(row.agency_id)
    table = pooling.assemble(row.agency_id, own, asked, districts.submitted(row) if asked.districts else None) if row.state == "draft" else frozen(row)
    rule = reading.rule(snapshot.rule_of(own, asked) | (row.intent or {}).get("rule", {}))
    pool: dict[str, list[Subject]] = {}
    excluded: Counter[str] = Counter()
    for one in table.subjects:
        why = unit_of(one).excluded(rule) if row.kind == "draw" else one.out or None
        if why is None:
            pool.setdefault(one.st, []).append(one)
        else:
            excluded[why] += 1
    counts = {st: len(found) for st, found in pool.items()}
    places = quotas.quotas(rule, counts) if row.kind == "draw" else dict(counts)
    whole = Counter(one.st for one in table.subjects)
    strata = tuple(Stratum(st, rulebook.STRATUM_WORDS.get(st, st), whole[st], counts.get(st, 0), places.get(st, 0)) for st in sorted({*whole, *places}))
    lines = tuple(_line(one, rule, table.hands) for one in table.subjects)
    warnings = tuple(_warnings(row, own.values, rule, strata, [line for line in lines if not line.out], table))
    return Feasibility(strata, dict(excluded), warnings, tuple(_odds(pool, places)), lines, table.hands, table.hindered, table.absent, rulebook.formula(own.values))


def unit_of(one: Subject) -> Unit:
    return Unit("", b"", one.st, one.weight.w, one.visits, one.need, frozenset(), one.force or None, one.out or None)


def _line(one: Subject, rule: Rule, hands: Iterable[Hand]) -> Line:
    out = unit_of(one).excluded(rule) or ""
    return Line(one.id, one.name, one.st, one.weight.w, one.weight.parts, one.visits, candidates(one, hands), out, one.force, one.note)


def candidates(one: Subject, hands: Iterable[Hand]) -> int:
    """People who may visit this unit: qualified, not recused, below their cap."""
    return sum(1 for hand in hands if one.need in hand.q and hand.user_id not in one.recuse and hand.load < hand.cap)


def _odds(pool: Mapping[str, list[Subject]], places: Mapping[str, int]) -> Iterable[Odds]:
    for st, members in sorted(pool.items()):
        classes = Counter(one.weight.w for one in members)
        chances = inclusion_odds([one.weight.w for one in members], places.get(st, 0))
        for w, count in sorted(classes.items()):
            yield Odds(st, w, count, round(chances[w] * 10_000))


def _warnings(row: DrawRow, profile: Mapping[str, Any], rule: Rule, strata: Iterable[Stratum], lines: list[Line], table: Table) -> Iterable[Warning]:
    places = {one.st: one.quota for one in strata}
    eligible = sum(one.eligible for one in strata)
    must = sum(places.get(st, 0) for st in rule.must)
    if row.kind == "draw" and must > rule.n:
        yield Warning("must_beyond_n", f"本年度必查的 {must} 家超过计划数 {rule.n} 家，抽取数量将随之增加")
    if row.kind == "draw" and rule.n > eligible:
        yield Warning("n_beyond_pool", f"计划抽取 {rule.n} 家，可抽的只有 {eligible} 家")
    short = [line for line in lines if line.candidates < rule.team]
    few = [line for line in lines if rule.team <= line.candidates < FEW]
    if short:
        yield Warning("no_team", f"{len(short)} 家的候选人员不足 {rule.team} 人，抽中后检查组为空：" + _some(short))
    if few:
        yield Warning("few_candidates", f"{len(few)} 家的候选人员不足 {FEW} 人，选派几乎没有随机性：" + _some(few))
    free = sum(max(0, hand.cap - hand.load) for hand in table.hands)
    drawn = sum(places.values())
    if drawn * rule.team > free:
        yield Warning("people_used_up", f"{drawn} 家需要 {drawn * rule.team} 人次，检查人员本年度只余 {free} 人次")
    yield from _load(profile, rule, row.period, drawn, len(table.hands), len(table.subjects))
    both = {one.user_id for one in overview.party_rows(row.id)} & {hand.user_id for hand in table.hands}
    if both:
        yield Warning("official_in_pool", "抽取人员本人也在检查人员名录中：种子由双方共同决定，任何一方都不能左右结果；此事随抽取记录公布")
    if row.late:
        yield Warning("late", f"已过截止日（{row.deadline}），本次抽取将标注为逾期")
    general = places.get(rulebook.GENERAL, 0)
    if row.kind == "draw" and rule.general_min_permille and general * 1000 < rule.general_min_permille * drawn:
        yield Warning("general_share", f"一般单位抽 {general} 家，不足总数 {drawn} 家的千分之 {rule.general_min_permille}")


def _load(profile: Mapping[str, Any], rule: Rule, period: str, drawn: int, heads: int, units: int) -> Iterable[Warning]:
    """JD-6b against WG-6b: the floor of work per inspector may ask for more visits than the cap per unit allows."""
    floor = rulebook.floor_per_inspector(profile)
    if floor is None:
        return
    if rule.max_visits < rulebook.NO_CAP and floor * heads > rule.max_visits * units:
        yield Warning("floor_above_cap", f"人均不少于 {floor} 家、共 {heads} 人，需要 {floor * heads} 家次；每家每年不超过 {rule.max_visits} 次、共 {units} 家，只允许 {rule.max_visits * units} 家次")
    share = 1 if len(period) == 4 else 12
    if drawn * share < floor * heads:
        yield Warning("below_floor", f"抽取 {drawn} 家，低于 {heads} 名执法人员{'每年' if share == 1 else '每月'}应完成的 {-(-floor * heads // share)} 家（人均每年不少于 {floor} 家）")


def _some(lines: list[Line]) -> str:
    return "、".join(line.name for line in lines[:5]) + ("等" if len(lines) > 5 else "")


def frozen(row: DrawRow) -> Table:
    """The table as it was frozen, with real names."""
    users: dict[str, str] = {}
    hands = []
    for one in session().scalars(select(DrawPersonRow).where(DrawPersonRow.draw_id == row.id).order_by(DrawPersonRow.pid)):
        users[one.pid] = one.user_id
        hands.append(Hand(one.user_id, one.name, tuple(one.leaf["q"]), one.leaf["load"], one.leaf["cap"], one.agency_id))
    subjects = []
    for unit in session().scalars(select(DrawUnitRow).where(DrawUnitRow.draw_id == row.id).order_by(DrawUnitRow.subject_id)):
        leaf = unit.leaf
        parts = tuple((str(name), str(grade), int(factor)) for name, grade, factor in unit.why.get("parts", ()))
        subjects.append(
            Subject(
                unit.subject_id, unit.name, "", tuple(unit.premises), tuple(unit.items), leaf["st"], rulebook.Weight(leaf.get("w", 1), parts), leaf.get("visits", 0), leaf["need"],
                frozenset(users[pid] for pid in leaf["recuse"]), leaf.get("force", ""), leaf.get("out", ""), unit.why.get("note", ""),
            )
        )
    return Table(tuple(subjects), tuple(hands), (), (), ())


@dataclass(frozen=True)
class Fate:
    """What became of one unit. ``ticket`` is its best ticket, ``cut`` the last one that was drawn in its stratum (hex)."""

    uid: str
    subject_id: str
    name: str
    st: str
    w: int
    fate: str
    reason: str
    place: int
    ticket: str
    cut: str
    team: tuple[str, ...] = field(default_factory=tuple)
    candidates: int = 0


def fates(row: DrawRow, agency_id: str = "") -> list[Fate]:
    """The fate of every unit of a made draw: the drawn ones first, in the order of the draw, then by name."""
    assert row.want is not None and row.intent is not None
    if row.kind == "joint":
        return _joint_fates(row, agency_id or row.agency_id)
    rule = reading.rule(row.intent["rule"]) if row.kind == "draw" else None
    names = dict(session().execute(select(DrawPersonRow.pid, DrawPersonRow.name).where(DrawPersonRow.draw_id == row.id)).all())
    drawn = {uid: (at, team, number) for at, (_st, uid, team, number) in enumerate(row.want["selected"], 1)}
    best = _best(row)
    cuts: dict[str, str] = {}
    for st, uid, _team, _number in row.want["selected"]:
        cuts[st] = max(cuts.get(st, ""), best.get(uid, ""))
    found = []
    for unit in session().scalars(select(DrawUnitRow).where(DrawUnitRow.draw_id == row.id)):
        leaf = unit.leaf
        out = leaf.get("out") or (reading.unit(leaf, rule.w_max).excluded(rule) if rule else None)
        at, team, number = drawn.get(unit.uid, (0, [], 0))
        fate = "drawn" if at else "excluded" if out else "not_drawn"
        found.append(
            Fate(
                unit.uid, unit.subject_id, unit.name, leaf["st"], leaf.get("w", 1), fate, rulebook.EXCLUDED_WORDS.get(out or "", out or ""), at,
                "" if out else best.get(unit.uid, ""), "" if out else cuts.get(leaf["st"], ""), tuple(names[pid] for pid in team), number,
            )
        )
    return sorted(found, key=lambda one: (one.place == 0, one.place, one.name, one.uid))


def _joint_fates(row: DrawRow, agency_id: str) -> list[Fate]:
    """The drawn units of a joint draw with the own department's people, and the others of the own table."""
    assert row.want is not None
    one = session().get_one(DrawDepartmentRow, (row.id, agency_id))
    names = {person["leaf"]["pid"]: str(person["name"]) for person in one.people}
    crews = departments.teams_for(row.want["selected"], one.code)
    place = {uid: at for at, uid in enumerate(crews, 1)}
    found = []
    for unit in one.units:
        leaf = unit["leaf"]
        team, number = crews.get(leaf["uid"], ([], 0))
        fate = "drawn" if leaf["uid"] in crews else "not_drawn"
        found.append(Fate(leaf["uid"], unit["unit"], unit["name"], leaf["st"], leaf["w"], fate, "", place.get(leaf["uid"], 0), "", "", tuple(names[pid] for pid in team), number))
    return sorted(found, key=lambda fate: (fate.place == 0, fate.place, fate.name))


def _best(row: DrawRow) -> dict[str, str]:
    """The best ticket of every unit, in hex, as step 6 orders them."""
    assert row.want is not None
    seed = b64url.decode(row.want["seed"])
    keys: dict[str, bytes] = {}
    found = {}
    for leaf in snapshot.unit_leaves(row.id):
        key = keys.setdefault(leaf["st"], tickets.stream(seed, f"units/{leaf['st']}"))
        found[leaf["uid"]] = tickets.best(key, b64url.decode(leaf["uid"]), leaf.get("w", 1)).hex()
    return found


