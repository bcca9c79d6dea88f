"""A unit with everything around it, and the one way in which a field of it changes: value, origin and history together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select

from server.platform.db import db
from server.platform.ids import new_id
from server.registry import planning, pools
from server.registry.fields import COLUMN_FIELDS, ENTITY_FIELDS, EXTERNAL, FACT, ITEMS
from server.registry.tables import (
    ExternalIdRow,
    MarketEntityRow,
    RegistryChangeRow,
    UnitFactRow,
    UnitItemRow,
    UnitMarkRow,
    UnitRow,
)

ENTITY, UNIT = MarketEntityRow.__table__, UnitRow.__table__


@dataclass(frozen=True)
class Cause:
    """Why something is written: how (import | desk | visit | merge | undo), from which source, by whom."""

    how: str
    source: str
    at: datetime
    day: date
    by: str = ""
    reason: str = ""
    import_id: str | None = None


@dataclass
class Held:
    """The rows of one unit."""

    unit: UnitRow
    entity: MarketEntityRow
    facts: dict[str, UnitFactRow] = field(default_factory=dict)
    items: dict[str, UnitItemRow] = field(default_factory=dict)
    external: dict[str, ExternalIdRow] = field(default_factory=dict)
    blacklist: UnitMarkRow | None = None

    def values(self) -> dict[str, str]:
        """All fields as text, without empty ones."""
        facts = {fact: row.value for fact, row in self.facts.items()}
        return values_of(self.unit, self.entity, facts, self.items, {system: row.value for system, row in self.external.items()})


def values_of(unit: Any, entity: Any, facts: Mapping[str, str], items: Iterable[str], external: Mapping[str, str]) -> dict[str, str]:
    """All fields of a unit as text, without empty ones; ``unit`` and ``entity`` are rows with the columns of their tables."""
    found = {"name": unit.name, "address": unit.address, "entity_name": entity.name, "uscc": entity.uscc, "registration_no": entity.registration_no,
             "no_code_reason": entity.no_code_reason, "blacklisted": "yes" if unit.blacklisted else "", ITEMS: planning.join_items(list(items)), **unit.details}
    found |= {FACT + fact: value for fact, value in facts.items()}
    found |= {EXTERNAL + system: value for system, value in external.items()}
    return {name: text for name, text in found.items() if text}


def hold(rows: Sequence[tuple[UnitRow, MarketEntityRow]]) -> list[Held]:
    """The units with their facts, pools, foreign numbers and blacklist marks: four statements for all of them."""
    ids = [unit.id for unit, _ in rows]
    held = {unit.id: Held(unit, entity) for unit, entity in rows}
    for fact in db.session.scalars(select(UnitFactRow).where(UnitFactRow.unit_id.in_(ids))):
        held[fact.unit_id].facts[fact.fact] = fact
    for item in db.session.scalars(select(UnitItemRow).where(UnitItemRow.unit_id.in_(ids))):
        held[item.unit_id].items[item.item_code] = item
    for number in db.session.scalars(select(ExternalIdRow).where(ExternalIdRow.kind == "unit", ExternalIdRow.object_id.in_(ids))):
        held[number.object_id].external[number.system] = number
    for mark in db.session.scalars(select(UnitMarkRow).where(UnitMarkRow.unit_id.in_(ids), UnitMarkRow.kind == pools.BLACKLIST, UnitMarkRow.ended_reason == "").order_by(UnitMarkRow.since)):
        held[mark.unit_id].blacklist = mark
    return list(held.values())


def hold_ids(agency_id: str, unit_ids: Iterable[str]) -> list[Held]:
    """Those of the units that are this agency's."""
    query = select(UnitRow, MarketEntityRow).join(MarketEntityRow, UnitRow.entity_id == MarketEntityRow.id).where(UnitRow.agency_id == agency_id, UnitRow.id.in_(set(unit_ids)))
    return hold([(unit, entity) for unit, entity in db.session.execute(query)])


class Writer:
    """Collects the history of one unit of work; ``flush`` writes it."""

    def __init__(self, agency_id: str, cause: Cause) -> None:
        self.agency_id = agency_id
        self.cause = cause
        self.lines: list[dict[str, Any]] = []

    def put(self, held: Held, name: str, new: str, origin: list[str] | None = None) -> None:
        """Set one field; ``origin`` is given by an undo, which puts an earlier one back. Nothing happens when it is the same."""
        old = held.values().get(name, "")
        if old == new:
            return
        unit, cause = held.unit, self.cause
        self._set(held, name, new)
        before = unit.origins.get(name, [])
        origins = dict(unit.origins)
        if origin is None:
            origins[name] = [cause.how, cause.day.isoformat(), cause.source]
        elif origin:
            origins[name] = origin
        else:
            origins.pop(name, None)
        unit.origins, unit.updated_at = origins, cause.at
        self.line(unit.id, name, old, new, before)

    def turn_down(self, held: Held, name: str, value: str) -> None:
        """Remember that a table's value was looked at and not taken."""
        origins = dict(held.unit.origins)
        kept = origins.get(name) or [self.cause.how, self.cause.day.isoformat(), self.cause.source]
        origins[name] = [*kept[:3], value]
        held.unit.origins = origins

    def line(self, object_id: str, name: str, old: str, new: str, before: list[str] | None = None, kind: str = "unit") -> None:
        cause = self.cause
        self.lines.append({
            "id": new_id(), "agency_id": self.agency_id, "kind": kind, "object_id": object_id, "field": name, "old": old, "new": new, "how": cause.how, "source": cause.source[:200],
            "reason": cause.reason[:300], "by_user": cause.by, "at": cause.at, "import_id": cause.import_id, "before": before or [],
        })

    def flush(self) -> int:
        db.session.flush()
        if self.lines:
            db.session.execute(insert(RegistryChangeRow), self.lines)
        count, self.lines = len(self.lines), []
        return count

    def _set(self, held: Held, name: str, new: str) -> None:
        unit, entity = held.unit, held.entity
        if name in COLUMN_FIELDS:
            setattr(unit, name, new)
        elif name in ENTITY_FIELDS:
            setattr(entity, "name" if name == "entity_name" else name, new or None)
        elif name == "blacklisted":
            self._blacklist(held, new == "yes")
        elif name == ITEMS:
            self._items(held, set(planning.split_items(new)))
        elif name.startswith(FACT):
            self._fact(held, name.removeprefix(FACT), new)
        elif name.startswith(EXTERNAL):
            self._external(held, name.removeprefix(EXTERNAL), new)
        else:
            unit.details = {key: text for key, text in {**unit.details, name: new}.items() if text}

    def _blacklist(self, held: Held, listed: bool) -> None:
        cause = self.cause
        held.unit.blacklisted = listed
        if listed and held.blacklist is None:
            held.blacklist = UnitMarkRow(
                id=new_id(), agency_id=self.agency_id, unit_id=held.unit.id, kind=pools.BLACKLIST, since=cause.day, until=None, reason=cause.reason or cause.source,
                source=cause.source[:200], recorded_by=cause.by, recorded_at=cause.at, import_id=cause.import_id,
            )
            db.session.add(held.blacklist)
        elif not listed and held.blacklist is not None:
            held.blacklist.until, held.blacklist.ended_by, held.blacklist.ended_reason = cause.day, cause.by, cause.reason or cause.source
            held.blacklist = None

    def _items(self, held: Held, codes: set[str]) -> None:
        for code in sorted(set(held.items) - codes):
            db.session.delete(held.items.pop(code))
        for code in sorted(codes - set(held.items)):
            held.items[code] = UnitItemRow(unit_id=held.unit.id, item_code=code, agency_id=self.agency_id)
            db.session.add(held.items[code])

    def _fact(self, held: Held, fact: str, value: str) -> None:
        row = held.facts.get(fact)
        if not value:
            if row is not None:
                db.session.delete(held.facts.pop(fact))
        elif row is None:
            held.facts[fact] = UnitFactRow(unit_id=held.unit.id, fact=fact, value=value, source=self.cause.source[:200], known_on=self.cause.day)
            db.session.add(held.facts[fact])
        else:
            row.value, row.source, row.known_on = value, self.cause.source[:200], self.cause.day

    def _external(self, held: Held, system: str, value: str) -> None:
        row = held.external.get(system)
        if not value:
            if row is not None:
                db.session.delete(held.external.pop(system))
        elif row is None:
            held.external[system] = ExternalIdRow(id=new_id(), agency_id=self.agency_id, kind="unit", object_id=held.unit.id, system=system, value=value[:120])
            db.session.add(held.external[system])
        else:
            row.value = value[:120]


@dataclass(frozen=True)
class Premises:
    """What the registry holds of the enterprises that some lines name."""

    entities: dict[tuple[str, str], str]
    """(code, "") or ("", name of one without a code) → id."""
    units: dict[str, list[planning.Known]]


def premises_of(agency_id: str, codes: Iterable[str], names: Iterable[str]) -> Premises:
    """The enterprises with these codes, or without a code and with these names, and their premises. No objects are made of
    the rows: a table of fifty thousand lines is compared with as many units."""
    listed = select(ENTITY).where(ENTITY.c.agency_id == agency_id)
    by_id = {
        row.id: row for query in (listed.where(ENTITY.c.uscc.in_(set(codes))), listed.where(ENTITY.c.uscc.is_(None), ENTITY.c.name.in_(set(names)))) for row in db.session.execute(query)
    }
    entities = {((row.uscc, "") if row.uscc else ("", row.name)): row.id for row in by_id.values()}
    columns = (UNIT.c.id, UNIT.c.entity_id, UNIT.c.name, UNIT.c.address, UNIT.c.details, UNIT.c.blacklisted, UNIT.c.state, UNIT.c.origins)
    rows = db.session.execute(select(*columns).where(UNIT.c.agency_id == agency_id, UNIT.c.entity_id.in_(by_id)).order_by(UNIT.c.id)).all()
    ids = [row.id for row in rows]
    facts: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for unit_id, fact, value in db.session.execute(select(UnitFactRow.unit_id, UnitFactRow.fact, UnitFactRow.value).where(UnitFactRow.unit_id.in_(ids))):
        facts[unit_id][fact] = value
    items: defaultdict[str, list[str]] = defaultdict(list)
    for unit_id, code in db.session.execute(select(UnitItemRow.unit_id, UnitItemRow.item_code).where(UnitItemRow.unit_id.in_(ids))):
        items[unit_id].append(code)
    external: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for unit_id, system, value in db.session.execute(select(ExternalIdRow.object_id, ExternalIdRow.system, ExternalIdRow.value).where(ExternalIdRow.kind == "unit", ExternalIdRow.object_id.in_(ids))):
        external[unit_id][system] = value
    units: defaultdict[str, list[planning.Known]] = defaultdict(list)
    for row in rows:
        values = values_of(row, by_id[row.entity_id], facts.get(row.id, {}), items.get(row.id, ()), external.get(row.id, {}))
        units[row.entity_id].append(planning.Known(row.id, values, row.origins, row.state == "merged"))
    return Premises(entities, units)
