"""Undo of an import (D-34): whole, or refused with what depends on it. What was written stays in the history."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import delete, select

from server.audit import operations as audit
from server.kernel.moments import local_date
from server.platform import clock
from server.platform.db import db, unit_of_work
from server.registry import domain, planning, undo_people
from server.registry.holding import Cause, Writer, hold_ids
from server.registry.import_kinds import Roster
from server.registry.imports import one_import, own
from server.registry.tables import (
    ConflictRow,
    ExternalIdRow,
    MarketEntityRow,
    ProposalRow,
    RegistryChangeRow,
    UnitFactRow,
    UnitItemRow,
    UnitMarkRow,
    UnitRow,
)

UsesOf = Callable[[str, list[str]], Iterable[str]]
_users: list[UsesOf] = []


def units_are_used_by(uses: UsesOf) -> None:
    """Let ``uses(agency_id, unit_ids)`` name those units that something of its own speaks of (assignments, draws)."""
    if uses not in _users:
        _users.append(uses)


@unit_of_work
def undo(actor: audit.Who, agency_id: str, import_id: str, reason: str) -> None:
    """Put every field back to what it was and take away the units that the import made.

    Raises ``UndoRefused`` when a field has been changed since, or a new unit is already used."""
    row = one_import(agency_id, import_id)
    kind = own(actor, row)
    if row.state != "done":
        raise domain.ImportNotReady("只有已经写入的导入才能撤销", state=row.state)
    now = clock.now()
    cause = Cause("undo", f"撤销导入：{row.file_name}", now, local_date(clock.to_ms(now)), actor.user_id, reason, import_id)
    removed, put_back = undo_people.undo(actor, agency_id, kind.roster, cause) if isinstance(kind, Roster) else _undo_units(agency_id, cause, import_id)
    row.state, row.undone_at, row.undone_by, row.undone_reason = "undone", now, actor.user_id, reason
    audit.record(actor, "registry.import_undone", "import", import_id, agency_id, {"removed": removed, "put_back": put_back})


def _undo_units(agency_id: str, cause: Cause, import_id: str) -> tuple[int, int]:
    made = list(db.session.scalars(select(UnitRow.id).where(UnitRow.agency_id == agency_id, UnitRow.import_id == import_id)))
    lines = list(db.session.scalars(select(RegistryChangeRow).where(RegistryChangeRow.import_id == import_id, RegistryChangeRow.how == "import").order_by(RegistryChangeRow.id)))
    held = {one.unit.id: one for part in _parts(sorted({line.object_id for line in lines})) for one in hold_ids(agency_id, part)}
    undo_people.refuse(_used(agency_id, made) + _changed(lines, {unit_id: one.values() for unit_id, one in held.items()}))
    writer = Writer(agency_id, cause)
    for line in reversed(lines):
        writer.put(held[line.object_id], line.field, line.old, list(line.before))
    writer.flush()
    _take_away(agency_id, made)
    return len(made), len(lines)


def _parts(ids: list[str], size: int = 2000) -> Iterable[list[str]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def _used(agency_id: str, made: list[str]) -> list[str]:
    """Why units that the import made cannot be taken away again, one sentence per unit."""
    found: dict[str, str] = {}
    for part in _parts(made):
        for uses in _users:
            found |= dict.fromkeys(uses(agency_id, part), "已有任务或检查")
        for column, words in ((ConflictRow.unit_id, "已登记利害关系"), (ProposalRow.unit_id, "已有现场更正建议")):
            found |= dict.fromkeys(db.session.scalars(select(column).where(column.in_(part))), words)
        changed = select(RegistryChangeRow.object_id).where(RegistryChangeRow.object_id.in_(part))
        found |= dict.fromkeys(db.session.scalars(changed), "之后又被修改")
        marked = select(UnitMarkRow.unit_id).where(UnitMarkRow.unit_id.in_(part), UnitMarkRow.import_id.is_(None))
        found |= dict.fromkeys(db.session.scalars(marked), "之后登记了情形")
        checked = select(UnitRow.id).where(UnitRow.id.in_(part), UnitRow.verified_on.is_not(None))
        found |= dict.fromkeys(db.session.scalars(checked), "之后核对过")
    names = {unit_id: name for part in _parts(sorted(found)) for unit_id, name in db.session.execute(select(UnitRow.id, UnitRow.name).where(UnitRow.id.in_(part)))}
    return [f"“{names[unit_id]}”{why}" for unit_id, why in found.items() if unit_id in names]


def _changed(lines: list[RegistryChangeRow], values: dict[str, dict[str, str]]) -> list[str]:
    last = {(line.object_id, line.field): line.new for line in lines}
    now = {(unit_id, field): value for unit_id, fields in values.items() for field, value in fields.items()}
    return [f"“{values[unit_id]['name']}”的一项（{field}）之后又被修改" for unit_id, field in planning.undo_faults(last, now) if unit_id in values]


def _take_away(agency_id: str, made: list[str]) -> None:
    for part in _parts(made):
        entities = set(db.session.scalars(select(UnitRow.entity_id).where(UnitRow.id.in_(part))))
        for table in (UnitFactRow, UnitItemRow, UnitMarkRow):
            db.session.execute(delete(table).where(table.unit_id.in_(part)))
        db.session.execute(delete(ExternalIdRow).where(ExternalIdRow.kind == "unit", ExternalIdRow.object_id.in_(part)))
        db.session.execute(delete(UnitRow).where(UnitRow.id.in_(part)))
        kept = select(UnitRow.entity_id).where(UnitRow.entity_id.in_(entities))
        db.session.execute(delete(MarketEntityRow).where(MarketEntityRow.agency_id == agency_id, MarketEntityRow.id.in_(entities), MarketEntityRow.id.not_in(kept)))
