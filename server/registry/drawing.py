"""What a draw reads of the registries: a handful of statements for a whole agency, never one per unit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased

from server.accounts import operations as accounts
from server.platform.db import db
from server.registry import pools
from server.registry.pools import PoolFilter, PoolInspector, PoolUnit
from server.registry.settings import setting
from server.registry.tables import (
    ConflictRow,
    ExternalIdRow,
    InspectorLeaveRow,
    InspectorRow,
    MarketEntityRow,
    TrainingRow,
    UnitFactRow,
    UnitItemRow,
    UnitMarkRow,
    UnitRow,
)
from server.rules import operations as rules
from server.rules.domain import ProfileNotInForce, UnknownAgency

TRAINING_GATE = "training_gate"


def pool_units(agency_id: str, on: date, named: Collection[str] = ()) -> list[PoolUnit]:
    """Every active unit of the agency as a draw on that day sees it, by id. Five statements, however many units.

    ``named``: units that are meant by name, those of a district below among them (WC-13c): their people are drawn again."""
    marks: defaultdict[str, list[pools.Mark]] = defaultdict(list)
    standing = select(UnitMarkRow).where(UnitMarkRow.agency_id == agency_id, UnitMarkRow.since <= on, or_(UnitMarkRow.until.is_(None), UnitMarkRow.until >= on))
    for mark in db.session.scalars(standing.order_by(UnitMarkRow.since, UnitMarkRow.id)):
        marks[mark.unit_id].append(pools.Mark(mark.kind, mark.since, mark.until, mark.reason, mark.source))
    facts: defaultdict[str, dict[str, str]] = defaultdict(dict)
    known = select(UnitFactRow.unit_id, UnitFactRow.fact, UnitFactRow.value).join(UnitRow, UnitRow.id == UnitFactRow.unit_id).where(UnitRow.agency_id == agency_id)
    for unit_id, fact, value in db.session.execute(known):
        facts[unit_id][fact] = value
    items: defaultdict[str, set[str]] = defaultdict(set)
    for unit_id, code in db.session.execute(select(UnitItemRow.unit_id, UnitItemRow.item_code).where(UnitItemRow.agency_id == agency_id)):
        items[unit_id].add(code)
    external: defaultdict[str, dict[str, str]] = defaultdict(dict)
    foreign = select(ExternalIdRow.object_id, ExternalIdRow.system, ExternalIdRow.value).where(ExternalIdRow.agency_id == agency_id, ExternalIdRow.kind == "unit")
    for unit_id, system, value in db.session.execute(foreign):
        external[unit_id][system] = value
    wanted = UnitRow.state == "active"
    if named:
        wanted = or_(wanted, and_(UnitRow.state == "below", UnitRow.id.in_(named)))
    columns = (UnitRow.id, UnitRow.entity_id, UnitRow.name, UnitRow.address, MarketEntityRow.uscc, UnitRow.details, UnitRow.blacklisted, UnitRow.verified_on)
    rows = db.session.execute(select(*columns).join(MarketEntityRow, UnitRow.entity_id == MarketEntityRow.id).where(UnitRow.agency_id == agency_id, wanted).order_by(UnitRow.id))
    return [_pool_unit(row, marks.get(row.id, []), facts.get(row.id, {}), frozenset(items.get(row.id, ())), external.get(row.id, {})) for row in rows]


def _pool_unit(row: Any, marks: list[pools.Mark], facts: dict[str, str], items: frozenset[str], external: dict[str, str]) -> PoolUnit:
    details = row.details
    kinds = frozenset(mark.kind for mark in marks)
    business = details.get("business_types", "")
    return PoolUnit(
        row.id, row.entity_id, row.name, row.address, row.uscc or "",
        details.get("sector") or business, details.get("category") or details.get("venue_class") or business or details.get("unit_type", ""), details.get("district", ""),
        pools.grade_of(details.get("risk_grade", "")), pools.grade_of(details.get("credit_grade", "")) or details.get("credit_grade", ""),
        facts.get("key_unit") == "yes", facts.get("crowded_venue") == "yes", row.blacklisted or pools.BLACKLIST in kinds,
        kinds & frozenset(pools.EXCEPTIONS), facts, items, tuple(marks), external, row.verified_on,
    )


def pool(agency_id: str, chosen: PoolFilter, on: date) -> list[PoolUnit]:
    """The active units that meet the filter on that day, by id. A blacklisted one is never left out (YS-3.2d)."""
    by_item = item_pools(agency_id)
    return [unit for unit in pool_units(agency_id, on) if pools.why_not(unit, chosen, by_item) is None]


def pool_explained(agency_id: str, chosen: PoolFilter, on: date, named: Collection[str] = ()) -> list[tuple[PoolUnit, tuple[str, str] | None]]:
    """Every active unit with (code, sentence) why it is not in the pool, or None when it is (为什么在/不在池中)."""
    by_item = item_pools(agency_id)
    return [(unit, pools.why_not(unit, chosen, by_item)) for unit in pool_units(agency_id, on, named)]


def item_pools(agency_id: str) -> bool:
    """Whether each item has a pool of its own here (C15, WG-4b): then a unit outside every pool is drawn for nothing."""
    try:
        return bool(rules.rules_for(agency_id).values.get("unit.pool_by_item"))
    except (UnknownAgency, ProfileNotInForce):
        return False


def inspectors_on(agency_id: str, on: date) -> list[PoolInspector]:
    """Everybody in the inspector registry with what hinders them on that day, by name. Four statements."""
    leaves: dict[str, tuple[str, date]] = {}
    away = select(InspectorLeaveRow).where(InspectorLeaveRow.agency_id == agency_id, InspectorLeaveRow.cancelled_at.is_(None), InspectorLeaveRow.from_day <= on, InspectorLeaveRow.to_day >= on)
    for row in db.session.scalars(away.order_by(InspectorLeaveRow.to_day)):
        leaves[row.user_id] = (row.kind, row.to_day)
    trained = select(TrainingRow.user_id, func.sum(TrainingRow.half_hours)).where(TrainingRow.agency_id == agency_id, TrainingRow.held_on > on - timedelta(days=365), TrainingRow.held_on <= on)
    half_hours = {user_id: int(total) for user_id, total in db.session.execute(trained.group_by(TrainingRow.user_id))}
    people = {one.id for one in accounts.people(agency_id) if one.active and "inspector" in one.roles}
    least = float(setting(agency_id, TRAINING_GATE).get("hours", 0))
    found = []
    for one in db.session.scalars(select(InspectorRow).where(InspectorRow.agency_id == agency_id).order_by(InspectorRow.name, InspectorRow.user_id)):
        details = one.details
        hours = half_hours.get(one.user_id, 0) / 2
        hindered = pools.hindrances(one.valid_to, one.certificate_no, on, leaves.get(one.user_id), one.user_id in people, hours, least)
        groups, held = (frozenset(map(str, _listed(details.get(key)))) for key in ("sector_groups", "qualifications"))
        found.append(PoolInspector(one.user_id, one.name, one.certificate_no, one.valid_to, str(details.get("section", "")), groups, held, hours, hindered))
    return found


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def interests_by_enterprise(agency_ids: Iterable[str]) -> dict[str, frozenset[str]]:
    """Credit code, name of the enterprise, name of the premises → inspectors of these agencies with an interest there.

    Registers of two agencies have no ids in common. Who might mean the same enterprise stands aside (WS-4.2c)."""
    query = (
        select(MarketEntityRow.uscc, MarketEntityRow.name, UnitRow.name, ConflictRow.user_id)
        .join(UnitRow, UnitRow.entity_id == MarketEntityRow.id)
        .join(ConflictRow, ConflictRow.unit_id == UnitRow.id)
        .where(ConflictRow.withdrawn_at.is_(None), ConflictRow.agency_id.in_(set(agency_ids)))
    )
    found: defaultdict[str, set[str]] = defaultdict(set)
    for *known_as, user_id in db.session.execute(query):
        for word in known_as:
            if word:
                found[word].add(user_id)
    return {word: frozenset(users) for word, users in found.items()}


def conflicts_of(unit_ids: Iterable[str]) -> dict[str, frozenset[str]]:
    """Unit → the inspectors who must stand aside. An interest in one premises of an enterprise is one in all of them
    (WS-4.2c: "检查人员与被检查企业有利害关系的，应依法回避")."""
    wanted = set(unit_ids)
    declared = aliased(UnitRow)
    query = (
        select(UnitRow.id, ConflictRow.user_id)
        .join(declared, declared.entity_id == UnitRow.entity_id)
        .join(ConflictRow, ConflictRow.unit_id == declared.id)
        .where(ConflictRow.withdrawn_at.is_(None))
    )
    if len(wanted) <= 500:
        query = query.where(UnitRow.id.in_(wanted))
    found: defaultdict[str, set[str]] = defaultdict(set)
    for unit_id, user_id in db.session.execute(query):
        if unit_id in wanted:
            found[unit_id].add(user_id)
    return {unit_id: frozenset(users) for unit_id, users in found.items()}
