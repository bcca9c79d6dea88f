"""Undo of a table of people: fields go back, entries and accounts that the table made are taken away; whole, or refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import delete, select

from server.accounts import operations as accounts
from server.audit import operations as audit
from server.platform.db import db
from server.registry import domain, planning, rosters
from server.registry.holding import Cause, Writer
from server.registry.tables import ConflictRow, InspectorLeaveRow, InspectorRow, RegistryChangeRow, TrainingRow

UsesOf = Callable[[str, list[str]], Iterable[str]]
_users: list[UsesOf] = []
NAMED = 20


def inspectors_are_used_by(uses: UsesOf) -> None:
    """Let ``uses(agency_id, user_ids)`` name those people that something of its own speaks of (teams, visits)."""
    if uses not in _users:
        _users.append(uses)


def refuse(faults: list[str]) -> None:
    """Raises ``UndoRefused`` when anything stands in the way."""
    if faults:
        more = f"……共 {len(faults)} 处" if len(faults) > NAMED else ""
        raise domain.UndoRefused(f"不能撤销：{'；'.join(faults[:NAMED])}{more}", faults=faults[:NAMED])


def undo(actor: audit.Who, agency_id: str, roster: rosters.Roster, cause: Cause) -> tuple[int, int]:
    """(entries taken away, fields put back). Part of the caller's unit of work. Raises ``UndoRefused``."""
    rows = {roster.id_of(row): row for row in roster.rows(agency_id)}
    made = [object_id for object_id, row in rows.items() if row.import_id == cause.import_id]
    history = list(db.session.scalars(select(RegistryChangeRow).where(RegistryChangeRow.import_id == cause.import_id, RegistryChangeRow.how == "import").order_by(RegistryChangeRow.id)))
    lines, opened = [line for line in history if line.field != rosters.ACCOUNT], [line.object_id for line in history if line.field == rosters.ACCOUNT]
    last = {(line.object_id, line.field): line.new for line in lines}
    now = {(object_id, name): text for object_id, row in rows.items() for name, text in roster.values(row).items()}
    changed = [f"“{rows[object_id].name}”的一项（{name}）之后又被修改" for object_id, name in planning.undo_faults(last, now) if object_id in rows]
    refuse(_used(agency_id, made, rows) + changed)
    refuse([why for person in opened if (why := accounts.close_unused(actor, person))])
    writer = Writer(agency_id, cause)
    for line in reversed(lines):
        rosters.put(roster, writer, rows[line.object_id], line.field, line.old, list(line.before))
    writer.flush()
    key = InspectorRow.user_id if roster.table is InspectorRow else roster.table.id
    db.session.execute(delete(roster.table).where(key.in_(made)))
    return len(made), len(lines)


def _used(agency_id: str, made: list[str], rows: dict[str, rosters.Entry]) -> list[str]:
    """Why entries that the table made cannot be taken away again, one sentence per entry."""
    found: dict[str, str] = {}
    for uses in _users:
        found |= dict.fromkeys(uses(agency_id, made), "已经抽取或参加检查")
    for column, words in ((ConflictRow.user_id, "已登记利害关系"), (InspectorLeaveRow.user_id, "已登记请假或值班"), (TrainingRow.user_id, "已有培训记录")):
        found |= dict.fromkeys(db.session.scalars(select(column).where(column.in_(made))), words)
    since = select(RegistryChangeRow.object_id).where(RegistryChangeRow.object_id.in_(made), RegistryChangeRow.field != rosters.ACCOUNT)
    found |= dict.fromkeys(db.session.scalars(since), "之后又被修改")
    # A member of the leading group leaves by a field of its own, which has no line of history.
    found |= {object_id: "之后又被修改" for object_id in made if any(origin[0] == "desk" for origin in rows[object_id].origins.values())}
    return [f"“{rows[object_id].name}”{why}" for object_id, why in found.items()]
