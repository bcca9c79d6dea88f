"""One unit at the desk: its card with history, and every act on it. Each act is one unit of work with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select, update

from server.accounts import operations as accounts
from server.audit import operations as audit
from server.kernel.moments import local_date
from server.platform import clock
from server.platform.db import db, unit_of_work
from server.platform.ids import new_id
from server.registry import domain, fields, listing, planning, pools, reading, storing
from server.registry.adopting import BELOW
from server.registry.holding import Cause, Held, Writer, hold_ids
from server.registry.import_kinds import items_of
from server.registry.tables import ConflictRow, MarketEntityRow, ProposalRow, RegistryChangeRow, UnitMarkRow, UnitRow
from server.rules import operations as rules

HISTORY = 200
Shown = Mapping[str, Any]


def held_unit(agency_id: str, unit_id: str) -> Held:
    """Raises ``UnitUnknown``, also for a unit of another agency."""
    found = hold_ids(agency_id, [unit_id])
    if not found:
        raise domain.UnitUnknown("没有这个检查对象")
    return found[0]


@dataclass(frozen=True)
class Card:
    """Everything that the desk shows of one unit."""

    unit: UnitRow
    entity: MarketEntityRow
    fields: tuple[Shown, ...]
    percent: int
    lacking: tuple[str, ...]
    stale: bool
    marks: tuple[UnitMarkRow, ...]
    history: tuple[Shown, ...]
    premises: tuple[Shown, ...]
    duplicates: tuple[Shown, ...]


def card(agency_id: str, unit_id: str, today: date) -> Card:
    held = held_unit(agency_id, unit_id)
    kind, facts = accounts.agency(agency_id).kind, rules.facts()
    values = held.values()
    wanted = fields.wanted_fields(kind, required := listing.required_of(agency_id))
    percent, empty = fields.completeness(values, wanted)
    names = dict.fromkeys((*fields.COLUMN_FIELDS, *fields.ENTITY_FIELDS, *wanted, *fields.DETAIL_FIELDS, fields.ITEMS, *values))
    shown = tuple(_field(held, name, values.get(name, ""), fields.label(name, kind, facts), name in required) for name in names if name != "blacklisted" and (values.get(name) or name in wanted))
    marks = tuple(db.session.scalars(select(UnitMarkRow).where(UnitMarkRow.unit_id == unit_id).order_by(UnitMarkRow.since.desc())))
    before = listing.stale_before(agency_id, today)
    stale = held.unit.verified_on is None or held.unit.verified_on < before
    siblings = db.session.execute(select(UnitRow.id, UnitRow.name, UnitRow.address, UnitRow.state).where(UnitRow.entity_id == held.entity.id, UnitRow.id != unit_id).order_by(UnitRow.name))
    others = tuple({"id": row.id, "name": row.name, "address": row.address, "state": row.state} for row in siblings)
    same = {listing.plain(held.unit.name), listing.plain(held.unit.address)}
    doubles = tuple(one for one in others if one["state"] != "merged" and same & {listing.plain(one["name"]), listing.plain(one["address"])})
    lacking = tuple(fields.label(name, kind, facts) for name in empty)
    return Card(held.unit, held.entity, shown, percent, lacking, stale, marks, _history(unit_id, kind, facts), others, doubles)


def _field(held: Held, name: str, value: str, label: str, required: bool) -> Shown:
    how, day, source = (held.unit.origins.get(name) or ["import", local_date(clock.to_ms(held.unit.created_at)).isoformat(), held.unit.source])[:3]
    fact = held.facts.get(name.removeprefix(fields.FACT)) if name.startswith(fields.FACT) else None
    if fact is not None:
        day, source = fact.known_on.isoformat(), fact.source
    return {"key": name, "label": label, "value": value, "required": required, "how": how if value else "", "day": day if value else "", "source": source if value else ""}


def _history(object_id: str, kind: str, facts: Mapping[str, str]) -> tuple[Shown, ...]:
    rows = list(db.session.scalars(select(RegistryChangeRow).where(RegistryChangeRow.object_id == object_id).order_by(RegistryChangeRow.at.desc(), RegistryChangeRow.id.desc()).limit(HISTORY)))
    people = accounts.people_by_id(sorted({row.by_user for row in rows if row.by_user}))
    return tuple(
        {"at": row.at, "field": row.field, "label": WORDS.get(row.field) or fields.label(row.field, kind, facts), "old": row.old, "new": row.new, "how": row.how, "source": row.source,
         "reason": row.reason, "by": people[row.by_user].name if row.by_user in people else ""}
        for row in rows
    )


WORDS = {"blacklisted": "黑名单", "state": "状态", "verified": "核对"}


def _cause(actor: audit.Who, reason: str, how: str = "desk", source: str = "") -> Cause:
    now = clock.now()
    return Cause(how, source or reason, now, local_date(clock.to_ms(now)), actor.user_id, reason)


@unit_of_work
def edit(actor: audit.Who, agency_id: str, unit_id: str, values: Mapping[str, str], reason: str) -> None:
    """Change fields of a unit by hand. The blacklist has its own acts. Raises ``FieldsWrong``, ``UnitTaken``."""
    held = held_unit(agency_id, unit_id)
    write(actor, held, checked(agency_id, held, values), _cause(actor, reason))


def write(actor: audit.Who, held: Held, values: Mapping[str, str], cause: Cause) -> None:
    """Part of the caller's unit of work: fields, history of every premises concerned, audit fact."""
    agency_id, unit = held.unit.agency_id, held.unit
    _free(held, values)
    writer = Writer(agency_id, cause)
    before = held.values()
    for name, value in values.items():
        writer.put(held, name, value)
    changed = {name: value for name, value in values.items() if before.get(name, "") != value}
    shared = [name for name in changed if name in fields.ENTITY_FIELDS]
    if shared:
        for sibling in db.session.scalars(select(UnitRow.id).where(UnitRow.entity_id == unit.entity_id, UnitRow.id != unit.id)):
            for name in shared:
                writer.line(sibling, name, before.get(name, ""), changed[name])
    if writer.flush():
        audit.record(actor, "registry.unit_changed", "unit", unit.id, agency_id, {"fields": sorted(changed), "how": cause.how})


def checked(agency_id: str, held: Held, values: Mapping[str, str]) -> dict[str, str]:
    """The values as they may be stored, against the same rules as a line of a table."""
    known = rules.facts()
    wrong = [name for name in values if not fields.known_field(name, known) or name == "blacklisted"]
    if wrong:
        raise domain.FieldsWrong(f"不能在这里修改：{'、'.join(wrong)}")
    now = held.values() | {name: text.strip() for name, text in values.items()}
    texts = {name: now.get(name, "") for name in domain.UNIT_HEADERS if name != "blacklisted"}
    draft, errors = domain.read_unit(0, texts, frozenset(), {})
    if draft is not None:
        errors = reading.unprintable_names(draft)
    facts = [name for name, text in values.items() if name.startswith(fields.FACT) and text not in ("yes", "no", "unknown")]
    codes, items = items_of(agency_id), planning.split_items(values.get(fields.ITEMS, ""))
    said = [error.text for error in errors] + [f"{fields.label(name, '', known)}只能是 是、否 或 未知" for name in facts] + [f"抽查事项“{one}”不在清单内" for one in items if one not in codes]
    if said:
        raise domain.FieldsWrong("；".join(said), faults=said)
    found = {name: (draft.values.get(name, "") if draft and name in texts else text.strip()) for name, text in values.items()}
    return found | ({fields.ITEMS: planning.join_items(items)} if fields.ITEMS in values else {})


def _free(held: Held, values: Mapping[str, str]) -> None:
    """Nobody else is what this unit would become."""
    unit, entity = held.unit, held.entity
    name, address, code = (values.get(one, now) for one, now in (("name", unit.name), ("address", unit.address), ("uscc", entity.uscc or "")))
    twin = db.session.scalar(select(UnitRow.id).where(UnitRow.agency_id == unit.agency_id, UnitRow.entity_id == entity.id, UnitRow.name == name, UnitRow.address == address, UnitRow.id != unit.id))
    if twin:
        raise domain.UnitTaken("同一市场主体下已有名称和地址都相同的单位，请合并两条记录", unit_id=twin)
    if code and code != entity.uscc:
        owner = db.session.scalar(select(MarketEntityRow.name).where(MarketEntityRow.agency_id == unit.agency_id, MarketEntityRow.uscc == code))
        if owner:
            raise domain.UnitTaken(f"统一社会信用代码 {code} 已属于“{owner}”")


@unit_of_work
def verify(actor: audit.Who, agency_id: str, unit_id: str) -> None:
    """Somebody has checked the whole card today (WC-11)."""
    held = held_unit(agency_id, unit_id)
    cause = _cause(actor, "")
    writer = Writer(agency_id, cause)
    old = held.unit.verified_on
    if old == cause.day:
        return
    held.unit.verified_on, held.unit.verified_by = cause.day, actor.user_id
    writer.line(unit_id, "verified", old.isoformat() if old else "", cause.day.isoformat())
    writer.flush()
    audit.record(actor, "registry.unit_verified", "unit", unit_id, agency_id)


@unit_of_work
def set_state(actor: audit.Who, agency_id: str, unit_id: str, state: str, reason: str) -> None:
    """Closed units stay in the registry and leave the pool; they can be opened again."""
    held = held_unit(agency_id, unit_id)
    if held.unit.state == "merged":
        raise domain.UnitTaken("这条记录已并入另一条，不能再修改")
    if held.unit.state == BELOW:
        raise domain.UnitTaken("这是跨区域抽查抽中的下级辖区单位，不能列入本机关名录库")
    if held.unit.state == state:
        return
    writer = Writer(agency_id, _cause(actor, reason))
    writer.line(unit_id, "state", held.unit.state, state)
    held.unit.state, held.unit.updated_at = state, clock.now()
    writer.flush()
    audit.record(actor, "registry.unit_state", "unit", unit_id, agency_id, {"state": state})


@unit_of_work
def add_mark(actor: audit.Who, agency_id: str, unit_id: str, kind: str, since: date, until: date | None, reason: str, source: str) -> str:
    """Enter the blacklist (YS-3.2d) or one of the four exceptions (C4), from when, until when, why, and who says so."""
    held = held_unit(agency_id, unit_id)
    if until is not None and until < since:
        raise domain.FieldsWrong("截止日期早于起始日期")
    cause = _cause(actor, reason, source=source)
    if kind == pools.BLACKLIST and held.blacklist is not None:
        raise domain.UnitTaken("该单位已列入黑名单；要改日期或原因，请先移出再重新列入")
    row = UnitMarkRow(id=new_id(), agency_id=agency_id, unit_id=unit_id, kind=kind, since=since, until=until, reason=reason, source=source, recorded_by=actor.user_id, recorded_at=cause.at)
    db.session.add(row)
    writer = Writer(agency_id, cause)
    if kind == pools.BLACKLIST:
        held.blacklist = row
        writer.put(held, "blacklisted", "yes")
    else:
        writer.line(unit_id, f"mark.{kind}", "", since.isoformat())
    writer.flush()
    audit.record(actor, "registry.mark_added", "unit", unit_id, agency_id, {"kind": kind, "mark": row.id})
    return row.id


@unit_of_work
def end_mark(actor: audit.Who, agency_id: str, unit_id: str, mark_id: str, reason: str) -> None:
    """It stands no longer, from today, with the reason; what it was stays in the history."""
    held = held_unit(agency_id, unit_id)
    row = db.session.get(UnitMarkRow, mark_id)
    if row is None or row.unit_id != unit_id or row.ended_reason:
        raise domain.MarkUnknown("没有这条情形，或已经结束")
    cause = _cause(actor, reason)
    writer = Writer(agency_id, cause)
    if row.kind == pools.BLACKLIST:
        held.blacklist = row
        writer.put(held, "blacklisted", "")
    else:
        writer.line(unit_id, f"mark.{row.kind}", row.since.isoformat(), "")
    row.until, row.ended_by, row.ended_reason = min(cause.day, row.until or cause.day), actor.user_id, reason
    writer.flush()
    audit.record(actor, "registry.mark_ended", "unit", unit_id, agency_id, {"kind": row.kind, "mark": mark_id})


@unit_of_work
def merge(actor: audit.Who, agency_id: str, keep_id: str, drop_id: str, reason: str) -> None:
    """Two records of one premises become one: what ``keep`` lacks comes from ``drop``, which stays in the history and
    leaves the pool. A blacklisted record stays blacklisted under the one that is kept."""
    keep = held_unit(agency_id, keep_id)
    found = hold_ids(agency_id, [drop_id])
    if not found:
        raise domain.FieldsWrong("没有要并入的那条记录")
    drop = found[0]
    if keep_id == drop_id or "merged" in (keep.unit.state, drop.unit.state):
        raise domain.UnitTaken("不能与自己合并，也不能与已并入别处的记录合并")
    cause = _cause(actor, reason, "merge", f"合并：{drop.unit.name}")
    writer = Writer(agency_id, cause)
    mine = keep.values()
    for name, value in drop.values().items():
        shared = name in fields.ENTITY_FIELDS and keep.entity.id == drop.entity.id
        if not mine.get(name) and not shared and name not in ("uscc", "entity_name"):
            writer.put(keep, name, value)
    writer.line(drop_id, "state", drop.unit.state, "merged")
    drop.unit.state, drop.unit.merged_into, drop.unit.updated_at = "merged", keep_id, cause.at
    known = set(db.session.scalars(select(ConflictRow.user_id).where(ConflictRow.unit_id == keep_id)))
    for conflict in list(db.session.scalars(select(ConflictRow).where(ConflictRow.unit_id == drop_id))):
        if conflict.user_id not in known:
            conflict.unit_id = keep_id
    db.session.execute(update(ProposalRow).where(ProposalRow.unit_id == drop_id, ProposalRow.state == "open").values(unit_id=keep_id))
    writer.flush()
    audit.record(actor, "registry.units_merged", "unit", keep_id, agency_id, {"merged": drop_id})


@unit_of_work
def add_unit(actor: audit.Who, agency_id: str, values: Mapping[str, str], reason: str, how: str = "desk") -> str:
    """Enter one unit by hand, under the rules of a table's line; answers its id. Raises ``FieldsWrong``, ``UnitTaken``."""
    texts = {name: values.get(name, "") for name in domain.UNIT_HEADERS if name != "blacklisted"}
    draft, errors = domain.read_unit(0, texts, frozenset(), {})
    if draft is not None:
        errors = reading.unprintable_names(draft)
    if draft is None or errors:
        said = [error.text for error in errors]
        raise domain.FieldsWrong("；".join(said), faults=said)
    made = storing.store_one(agency_id, draft, _cause(actor, reason, how, f"人工登记：{reason}"))
    if made is None:
        raise domain.UnitTaken("名录库里已有这个单位（信用代码、名称和地址相同）")
    audit.record(actor, "registry.unit_added", "unit", made, agency_id)
    return made
