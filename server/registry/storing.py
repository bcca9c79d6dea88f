"""Writes the lines of a table a thousand at a time: each chunk is one unit of work with a handful of statements, so that
the write lock is never held for a whole table. Doing it again writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, select

from server.audit import operations as audit
from server.platform.db import db, transaction
from server.platform.ids import new_id
from server.registry import domain, planning, pools
from server.registry.fields import COLUMN_FIELDS, ENTITY_FIELDS, EXTERNAL, ITEMS
from server.registry.holding import Cause, Premises, Writer, hold_ids, premises_of
from server.registry.tables import (
    ExternalIdRow,
    MarketEntityRow,
    RegistrySettingRow,
    UnitFactRow,
    UnitItemRow,
    UnitMarkRow,
    UnitRow,
)

CHUNK = 1000
LOCK = "import_lock"


@dataclass
class Tally:
    """What a table did or would do; every accepted line is counted once."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    left: int = 0
    conflicts: list[planning.Conflict] = field(default_factory=list)
    notes: list[domain.RowError] = field(default_factory=list)

    def take(self, plan: planning.RowPlan) -> None:
        if plan.known is None:
            self.added += 1
        elif plan.changes:
            self.updated += 1
        else:
            self.unchanged += 1
        self.left += len(plan.conflicts)
        self.conflicts += plan.conflicts
        if plan.blacklist_kept:
            self.notes.append(domain.RowError(plan.draft.row, domain.UNIT_HEADERS["blacklisted"][0], "名录库中为黑名单单位，导入不能移出；确需移出的，请在单位卡上写明原因办理", "W_BLACKLIST"))
        if plan.known is not None and plan.known.merged:
            self.notes.append(domain.RowError(plan.draft.row, "", "这个单位已并入另一条记录，本行没有改动", "W_MERGED"))


def entity_key(draft: domain.Draft) -> tuple[str, str]:
    values = draft.values
    return (values["uscc"], "") if values.get("uscc") else ("", values.get("entity_name") or values["name"])


def chunks(drafts: Sequence[domain.Draft]) -> Iterator[Sequence[domain.Draft]]:
    for start in range(0, len(drafts), CHUNK):
        yield drafts[start : start + CHUNK]


def look(agency_id: str, drafts: Sequence[domain.Draft], decisions: Mapping[str, str], progress: Callable[[int], None]) -> Tally:
    """What storing would do now. Writes nothing."""
    counted = Counter(entity_key(draft) for draft in drafts)
    tally, done = Tally(), 0
    for part in chunks(drafts):
        premises = premises_for(agency_id, part)
        for draft in part:
            tally.take(planning.plan_row(draft, known_as(draft, premises, counted), decisions))
        done += len(part)
        db.session.rollback()
        db.session.expunge_all()
        progress(done)
    return tally


def store(actor: audit.Who | None, agency_id: str, drafts: Sequence[domain.Draft], decisions: Mapping[str, str], cause: Cause, progress: Callable[[int], None]) -> Tally:
    """Write what is new or changed; conflicts that nobody decided are left as they are."""
    counted = Counter(entity_key(draft) for draft in drafts)
    tally, done = Tally(), 0
    for part in chunks(drafts):
        with transaction():
            before = (tally.added, tally.updated)
            _store_part(agency_id, part, decisions, cause, counted, tally)
            done += len(part)
            progress(done)
            if (tally.added, tally.updated) != before:
                facts = {"import": cause.import_id or "", "added": tally.added - before[0], "updated": tally.updated - before[1]}
                audit.record(actor, "registry.units_imported", "agency", agency_id, agency_id, facts)
        db.session.expunge_all()
    return tally


def hold_lock(agency_id: str) -> None:
    """Two imports of one agency at once: the second waits here until the unit of work of the first is durable."""
    db.session.execute(select(RegistrySettingRow.key).where(RegistrySettingRow.agency_id == agency_id, RegistrySettingRow.key == LOCK).with_for_update())


def premises_for(agency_id: str, part: Sequence[domain.Draft]) -> Premises:
    keys = [entity_key(draft) for draft in part]
    return premises_of(agency_id, [code for code, _ in keys if code], [name for code, name in keys if not code])


def known_as(draft: domain.Draft, premises: Premises, counted: Mapping[tuple[str, str], int]) -> planning.Known | None:
    key = entity_key(draft)
    return planning.match(draft, premises.units.get(premises.entities.get(key, ""), []), counted[key])


def _store_part(agency_id: str, part: Sequence[domain.Draft], decisions: Mapping[str, str], cause: Cause, counted: Mapping[tuple[str, str], int], tally: Tally) -> None:
    hold_lock(agency_id)
    premises = premises_for(agency_id, part)
    plans = [planning.plan_row(draft, known_as(draft, premises, counted), decisions) for draft in part]
    fresh = Fresh(agency_id, cause)
    writer = Writer(agency_id, cause)
    held = {one.unit.id: one for one in hold_ids(agency_id, [plan.known.unit_id for plan in plans if plan.known and (plan.changes or plan.kept)])}
    for plan in plans:
        tally.take(plan)
        if plan.known is None:
            fresh.add(plan.draft, premises.entities)
            continue
        for change in plan.changes:
            writer.put(held[plan.known.unit_id], change.field, change.new)
        for kept in plan.kept:
            writer.turn_down(held[plan.known.unit_id], kept.field, kept.new)
    fresh.flush()
    writer.flush()


def store_one(agency_id: str, draft: domain.Draft, cause: Cause) -> str | None:
    """Write one new unit in the caller's unit of work; None when it is already there."""
    premises = premises_for(agency_id, [draft])
    if known_as(draft, premises, {entity_key(draft): 2}) is not None:
        return None
    fresh = Fresh(agency_id, cause)
    fresh.add(draft, premises.entities)
    fresh.flush()
    return str(fresh.rows[UnitRow][0]["id"])


class Fresh:
    """Rows of new units, written in bulk."""

    def __init__(self, agency_id: str, cause: Cause, state: str = "active") -> None:
        self.agency_id = agency_id
        self.cause = cause
        self.state = state
        self.entities: dict[tuple[str, str], str] = {}
        self.rows: dict[Any, list[dict[str, Any]]] = {table: [] for table in (MarketEntityRow, UnitRow, UnitFactRow, UnitItemRow, ExternalIdRow, UnitMarkRow)}

    def add(self, draft: domain.Draft, entities: Mapping[tuple[str, str], str]) -> str:
        """Note a new unit; answers its id."""
        values, cause, unit_id = draft.values, self.cause, new_id()
        listed = values.get("blacklisted", "") != "" and domain.truth(values["blacklisted"]) == "yes"
        plain = {name: text for name, text in values.items() if text and name not in (*COLUMN_FIELDS, *ENTITY_FIELDS, ITEMS, "blacklisted") and not name.startswith(EXTERNAL)}
        self.rows[UnitRow].append({
            "id": unit_id, "agency_id": self.agency_id, "entity_id": self._entity(draft, entities), "name": values["name"], "address": values["address"], "details": plain, "blacklisted": listed,
            "state": self.state, "origins": {}, "verified_by": "", "source": cause.source, "import_id": cause.import_id, "created_at": cause.at, "updated_at": cause.at,
        })
        source = cause.source[:200]
        self.rows[UnitFactRow] += [{"unit_id": unit_id, "fact": fact, "value": value, "source": source, "known_on": cause.day} for fact, value in draft.facts.items()]
        self.rows[UnitItemRow] += [{"unit_id": unit_id, "item_code": code, "agency_id": self.agency_id} for code in planning.split_items(values.get(ITEMS, ""))]
        for system, number in planning.external(values).items():
            self.rows[ExternalIdRow].append({"id": new_id(), "agency_id": self.agency_id, "kind": "unit", "object_id": unit_id, "system": system, "value": number[:120]})
        if listed:
            self.rows[UnitMarkRow].append({
                "id": new_id(), "agency_id": self.agency_id, "unit_id": unit_id, "kind": pools.BLACKLIST, "since": cause.day, "until": None, "reason": cause.source[:300], "source": source,
                "recorded_by": cause.by, "recorded_at": cause.at, "ended_by": "", "ended_reason": "", "import_id": cause.import_id,
            })
        return unit_id

    def _entity(self, draft: domain.Draft, entities: Mapping[tuple[str, str], str]) -> str:
        key, values = entity_key(draft), draft.values
        if key in entities:
            return entities[key]
        if key not in self.entities:
            self.entities[key] = new_id()
            self.rows[MarketEntityRow].append({
                "id": self.entities[key], "agency_id": self.agency_id, "name": values.get("entity_name") or values["name"], "uscc": values.get("uscc") or None,
                "registration_no": values.get("registration_no") or None, "no_code_reason": values.get("no_code_reason") or None,
            })
        return self.entities[key]

    def flush(self) -> None:
        for table, rows in self.rows.items():
            if rows:
                db.session.execute(insert(table.__table__), rows)


