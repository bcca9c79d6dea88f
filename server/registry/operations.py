"""Use cases of the registries. Every write is one unit of work: rows and audit fact together, or neither."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import func, select

from server.accounts import operations as accounts
from server.audit import operations as audit
from server.kernel.moments import local_date
from server.platform import clock
from server.platform.db import db, unit_of_work
from server.platform.ids import new_id
from server.registry import domain, drawing, fields, import_kinds, people, reading, storing
from server.registry.adopting import adopt, twins
from server.registry.drawing import conflicts_of, interests_by_enterprise
from server.registry.holding import Cause
from server.registry.pools import PoolFilter, PoolInspector, PoolUnit, filter_data, filter_from, filter_words
from server.registry.proposals import Seen, from_visit
from server.registry.snapshots import Since, Snapshot, snapshot
from server.registry.snapshots import since as changes_since
from server.registry.snapshots import take as take_snapshot
from server.registry.tables import ConflictRow, InspectorRow, MarketEntityRow, UnitFactRow, UnitRow, units_of
from server.registry.undo import units_are_used_by
from server.registry.undo_people import inspectors_are_used_by
from server.rules import operations as rules
from server.rules.domain import ProfileNotInForce, UnknownAgency

__all__ = [
    "Conflict", "ImportOutcome", "Inspector", "PoolFilter", "PoolInspector", "PoolUnit", "Seen", "Unit", "adopt", "available_inspectors",
    "certificate_days_left", "conflict_between", "conflicts", "conflicts_of", "declare_conflict", "describe", "facts_in_use", "filter_data", "filter_from",
    "filter_words", "find_unit", "from_visit", "import_units", "inspector", "inspectors_are_used_by", "inspector_by_certificate", "inspector_names",
    "inspectors", "inspectors_on", "interests_by_enterprise", "load_demo", "member_of_team", "names_are_printed_by", "pool", "pool_explained",
    "register_inspector", "twins", "unit", "unit_names", "units", "units_are_used_by", "units_of_entity", "unit_places", "Since", "Snapshot", "changes_since",
    "snapshot", "take_snapshot",
]


@dataclass(frozen=True)
class Unit:
    """A premises as other capabilities see it."""

    id: str
    agency_id: str
    entity_id: str
    name: str
    entity_name: str
    address: str
    uscc: str
    registration_no: str
    details: Mapping[str, str]
    facts: Mapping[str, str]
    blacklisted: bool


@dataclass(frozen=True)
class Inspector:
    """An inspector as other capabilities see them."""

    user_id: str
    agency_id: str
    name: str
    certificate: domain.Certificate
    details: Mapping[str, object]


@dataclass(frozen=True)
class ImportOutcome:
    """What an import did, or would do: every line is in exactly one of the lists, errors name their lines."""

    total: int
    added: int
    updated: int
    unchanged: int
    errors: tuple[domain.RowError, ...]


def names_are_printed_by(unprintable: reading.Unprintable) -> None:
    """Let ``unprintable(text)`` name the characters that documents cannot print, so that a clerk hears of them at the
    import and not an inspector at the door."""
    reading.unprintable[:] = [unprintable]


def import_units(actor: audit.Who | None, agency_id: str, data: bytes, filename: str, dry_run: bool = False) -> ImportOutcome:
    """Read a unit registry in one go. Lines with errors are left out and named; the others are stored unless ``dry_run``.

    What a person has entered otherwise is left and named; the desk's import (``imports``) lets somebody decide."""
    # Read before any unit of work begins: a large table must not hold the write lock while it is parsed.
    sheet = import_kinds.sheet_of(import_kinds.UNITS, agency_id, data, filename)
    mapping = import_kinds.UNITS.guess(agency_id, sheet.headers)
    if lacking := reading.lacking(mapping):
        raise domain.ImportHeadersWrong(f"表头缺少：{'、'.join(lacking)}。现有表头：{'、'.join(h for h in sheet.headers if h) or '（空）'}", lacking=lacking)
    drafts, errors = reading.read(sheet, mapping, import_kinds.items_of(agency_id))
    if dry_run:
        tally = storing.look(agency_id, drafts, {}, lambda done: None)
    else:
        now = clock.now()
        cause = Cause("import", f"导入：{filename}", now, local_date(clock.to_ms(now)), actor.user_id if actor else "")
        tally = storing.store(actor, agency_id, drafts, {}, cause, lambda done: None)
    kinds, labels = rules.facts(), domain.unit_labels("fire")
    left = [domain.RowError(one.row, labels.get(one.field, fields.label(one.field, "", kinds)), f"名录库中的“{one.old}”由人工填写，没有改成“{one.new}”", "W_KEPT") for one in tally.conflicts]
    found = sorted([*errors, *tally.notes, *left], key=lambda error: error.row)
    return ImportOutcome(len(drafts) + len({error.row for error in errors}), tally.added, tally.updated, tally.unchanged, tuple(found))


def facts_in_use(agency_id: str) -> set[str]:
    """The facts that an item of the agency's checklists asks for, and those recorded of one of its units."""
    recorded = select(UnitFactRow.fact).distinct().join(UnitRow, UnitRow.id == UnitFactRow.unit_id).where(UnitRow.agency_id == agency_id)
    found = set(db.session.scalars(recorded))
    try:
        own = rules.rules_for(agency_id)
    except (UnknownAgency, ProfileNotInForce):
        return found
    items = (item for checklist in own.checklists.values() for section in checklist["sections"] for item in section["items"])
    return found.union(fact for item in items for fact in item.get("applies_when", []))


def units_from(pairs: Sequence[tuple[UnitRow, MarketEntityRow]]) -> list[Unit]:
    facts: dict[str, dict[str, str]] = {row.id: {} for row, _ in pairs}
    # Columns, not rows as objects: a registry has some hundred thousand of them.
    columns = (UnitFactRow.unit_id, UnitFactRow.fact, UnitFactRow.value)
    for unit_id, fact, value in db.session.execute(select(*columns).where(UnitFactRow.unit_id.in_(facts))):
        facts[unit_id][fact] = value
    return [
        Unit(row.id, row.agency_id, entity.id, row.name, entity.name, row.address, entity.uscc or "", entity.registration_no or "", dict(row.details), facts[row.id], row.blacklisted)
        for row, entity in pairs
    ]


def units(agency_id: str, text: str = "", limit: int = 50, offset: int = 0) -> list[Unit]:
    """Units by name, ``limit`` at a time, without merged ones; ``text`` searches name, address and code."""
    return units_from(units_of(agency_id, text.strip(), limit, offset))


def count_units(agency_id: str) -> int:
    return int(db.session.scalar(select(func.count()).select_from(UnitRow).where(UnitRow.agency_id == agency_id)) or 0)


def unit(agency_id: str, unit_id: str) -> Unit:
    """One unit of this agency. Raises ``UnitUnknown``, also for a unit of another agency."""
    row = db.session.get(UnitRow, unit_id)
    if row is None or row.agency_id != agency_id:
        raise domain.UnitUnknown("没有这个检查对象")
    entity = db.session.get(MarketEntityRow, row.entity_id)
    assert entity is not None, "foreign key"
    return units_from([(row, entity)])[0]


def units_of_entity(agency_id: str, entity_id: str) -> list[str]:
    """Ids of all premises of one market entity."""
    return list(db.session.scalars(select(UnitRow.id).where(UnitRow.agency_id == agency_id, UnitRow.entity_id == entity_id).order_by(UnitRow.id)))


def unit_names(agency_id: str, unit_ids: Iterable[str]) -> dict[str, str]:
    """Names of those of the units that are this agency's; one statement."""
    rows = db.session.execute(select(UnitRow.id, UnitRow.name).where(UnitRow.agency_id == agency_id, UnitRow.id.in_(set(unit_ids))))
    return {row.id: row.name for row in rows}


def unit_places(agency_id: str, unit_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """(name, address) of those of the units that are this agency's; one statement."""
    rows = db.session.execute(select(UnitRow.id, UnitRow.name, UnitRow.address).where(UnitRow.agency_id == agency_id, UnitRow.id.in_(set(unit_ids))))
    return {row.id: (row.name, row.address) for row in rows}


def find_unit(agency_id: str, uscc: str, name: str) -> Unit | None:
    """The unit that a foreign list means: by code and name, by code alone when it is the only premises, or by name alone."""
    query = select(UnitRow, MarketEntityRow).join(MarketEntityRow, UnitRow.entity_id == MarketEntityRow.id).where(UnitRow.agency_id == agency_id, UnitRow.state != "merged")
    query = query.where(MarketEntityRow.uscc == uscc) if uscc else query.where(UnitRow.name == name)
    found = [(row, entity) for row, entity in db.session.execute(query.limit(50))]
    named = [pair for pair in found if not name or pair[0].name == name]
    if len(named) == 1:
        return units_from(named)[0]
    return units_from(found)[0] if uscc and not name and len(found) == 1 else None


def _inspector(row: InspectorRow) -> Inspector:
    return Inspector(row.user_id, row.agency_id, row.name, domain.Certificate(row.certificate_no, row.valid_to), dict(row.details))


def inspectors(agency_id: str) -> list[Inspector]:
    """Everybody in the agency's inspector registry, expired certificates included (they are shown as such)."""
    return [_inspector(row) for row in db.session.scalars(select(InspectorRow).where(InspectorRow.agency_id == agency_id).order_by(InspectorRow.name))]


def inspector(agency_id: str, user_id: str) -> Inspector:
    row = db.session.get(InspectorRow, user_id)
    if row is None or row.agency_id != agency_id:
        raise domain.InspectorUnknown("此人未进入执法检查人员名录库，不得参与检查")
    return _inspector(row)


def member_of_team(agency_id: str, user_id: str) -> Inspector:
    """An inspector who may stand in a team of this agency: its own, or one of an agency under it whose register was drawn
    from (WG-5b). Raises ``InspectorUnknown`` for everybody else."""
    row = db.session.get(InspectorRow, user_id)
    if row is None or (row.agency_id != agency_id and agency_id not in accounts.above(row.agency_id)):
        raise domain.InspectorUnknown("此人未进入执法检查人员名录库，不得参与检查")
    return _inspector(row)


def inspector_names(agency_id: str) -> dict[str, str]:
    """Names of everybody who may stand in a team of this agency, to print teams with; nothing else of another register."""
    homes = [agency_id, *(one.id for one in accounts.below(agency_id))]
    return {row.user_id: row.name for row in db.session.execute(select(InspectorRow.user_id, InspectorRow.name).where(InspectorRow.agency_id.in_(homes)))}


def inspector_by_certificate(agency_id: str, certificate_no: str) -> Inspector | None:
    row = db.session.scalars(select(InspectorRow).where(InspectorRow.agency_id == agency_id, InspectorRow.certificate_no == certificate_no)).first()
    return _inspector(row) if row else None


@unit_of_work
def register_inspector(actor: audit.Who | None, agency_id: str, user_id: str, name: str, certificate_no: str, valid_to: date, details: Mapping[str, object]) -> Inspector:
    """Enter or renew an inspector (WC-10, WS-3.3). Raises CertificateTaken, InspectorUnknown."""
    holder = inspector_by_certificate(agency_id, certificate_no)
    if holder is not None and holder.user_id != user_id:
        raise domain.CertificateTaken(f"执法证号 {certificate_no} 已登记给“{holder.name}”，请核对证号")
    row = db.session.get(InspectorRow, user_id)
    if row is None:
        row = InspectorRow(user_id=user_id, agency_id=agency_id, origins={})
        db.session.add(row)
    elif row.agency_id != agency_id:
        raise domain.InspectorUnknown("没有这名执法检查人员")
    else:
        before = {"name": row.name, "certificate_no": row.certificate_no, "valid_to": row.valid_to, **row.details}
        changed = people.note_changes(actor, agency_id, user_id, before, {"name": name, "certificate_no": certificate_no, "valid_to": valid_to, **details})
        row.origins = row.origins | {name: ["desk", today().isoformat(), ""] for name in changed}
    row.name, row.certificate_no, row.valid_to, row.details = name, certificate_no, valid_to, dict(details)
    audit.record(actor, "registry.inspector_registered", "inspector", user_id, agency_id, {"valid_to": valid_to.isoformat()})
    return _inspector(row)


@unit_of_work
def declare_conflict(actor: audit.Who | None, agency_id: str, user_id: str, unit_id: str, reason: str) -> None:
    """Record that an inspector has an interest in a unit; a second time changes the reason."""
    inspector(agency_id, user_id)
    unit(agency_id, unit_id)
    row = db.session.scalars(select(ConflictRow).where(ConflictRow.user_id == user_id, ConflictRow.unit_id == unit_id)).first()
    if row is None:
        row = ConflictRow(id=new_id(), agency_id=agency_id, user_id=user_id, unit_id=unit_id, recorded_at=clock.now())
        db.session.add(row)
    row.reason, row.withdrawn_at, row.withdrawn_by, row.withdrawn_reason = reason, None, "", ""
    audit.record(actor, "registry.conflict_declared", "unit", unit_id, agency_id, {"inspector": user_id})


@dataclass(frozen=True)
class Conflict:
    id: str
    user_id: str
    unit_id: str
    unit_name: str
    reason: str
    recorded_at: datetime


def conflicts(agency_id: str) -> list[Conflict]:
    """Every recorded interest of the agency's inspectors, newest first."""
    query = select(ConflictRow, UnitRow.name).join(UnitRow, UnitRow.id == ConflictRow.unit_id).where(ConflictRow.agency_id == agency_id, ConflictRow.withdrawn_at.is_(None))
    return [Conflict(row.id, row.user_id, row.unit_id, name, row.reason, row.recorded_at) for row, name in db.session.execute(query.order_by(ConflictRow.recorded_at.desc()))]


def conflict_between(user_id: str, unit_id: str) -> str | None:
    """The recorded reason why this inspector must stand aside from this unit or another premises of its enterprise, or None."""
    same = select(UnitRow.entity_id).where(UnitRow.id == unit_id).scalar_subquery()
    query = select(ConflictRow.reason).join(UnitRow, UnitRow.id == ConflictRow.unit_id).where(UnitRow.entity_id == same, ConflictRow.user_id == user_id, ConflictRow.withdrawn_at.is_(None))
    return db.session.scalar(query.order_by(ConflictRow.recorded_at).limit(1))


def today() -> date:
    """Today in Shanghai."""
    return local_date(clock.now_ms())


def pool(agency_id: str, chosen: PoolFilter, on: date | None = None) -> list[PoolUnit]:
    """The active units that meet the filter, by id; a blacklisted one that meets the conditions is never left out."""
    return drawing.pool(agency_id, chosen, on or today())


def pool_explained(agency_id: str, chosen: PoolFilter, on: date | None = None, named: Collection[str] = ()) -> list[tuple[PoolUnit, tuple[str, str] | None]]:
    """Every active unit with (code, sentence) why it is not in the pool, None when it is."""
    return drawing.pool_explained(agency_id, chosen, on or today(), named)


def inspectors_on(agency_id: str, on: date) -> list[PoolInspector]:
    """Everybody in the inspector registry with what hinders their being drawn on that day."""
    return drawing.inspectors_on(agency_id, on)


def available_inspectors(agency_id: str, on: date) -> list[PoolInspector]:
    """Those who may be drawn on that day (WC-10a, WG-5a, WS-3.3c)."""
    return [one for one in drawing.inspectors_on(agency_id, on) if one.available]


def describe(user_id: str) -> Mapping[str, object]:
    """What the registry adds to what a person is told about themselves: their certificate, if they have one."""
    row = db.session.get(InspectorRow, user_id)
    return {} if row is None else {"certificate_no": row.certificate_no, "certificate_valid_to": row.valid_to.isoformat()}


def certificate_days_left(certificate: domain.Certificate) -> int:
    """Calendar days until the certificate ends, counted in Shanghai; negative when it has expired."""
    return (certificate.valid_to - local_date(clock.now_ms())).days


def load_demo(agency_id: str, folder: Path) -> None:
    """The invented units of ``checklists/<agency>/demo``; running it again changes nothing."""
    path = folder / "units.csv"
    outcome = import_units(None, agency_id, path.read_bytes(), path.name)
    if outcome.errors:
        raise domain.ImportHeadersWrong("；".join(f"{path.name} 第{e.row}行：{e.text}" for e in outcome.errors[:5]))
