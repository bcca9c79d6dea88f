"""Sub-pools 子库: filters with a name (YS-3.2b: 满足不同执法需求的随机抽查名录库)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select

from server.audit import operations as audit
from server.platform import clock
from server.platform.db import db, unit_of_work
from server.platform.ids import new_id
from server.registry import drawing, pools
from server.registry.domain import SubPoolUnknown
from server.registry.import_kinds import items_of
from server.registry.tables import SubPoolRow
from server.rules import operations as rules


def sub_pools(agency_id: str, today: date) -> list[dict[str, Any]]:
    """By name, each with its conditions in words and how many units are in it today."""
    units, by_item, facts, items = drawing.pool_units(agency_id, today), drawing.item_pools(agency_id), rules.facts(), items_of(agency_id)
    found = []
    for row in db.session.scalars(select(SubPoolRow).where(SubPoolRow.agency_id == agency_id).order_by(SubPoolRow.name)):
        chosen = pools.filter_from(row.filter)
        count = sum(pools.why_not(unit, chosen, by_item) is None for unit in units)
        found.append({"id": row.id, "name": row.name, "filter": row.filter, "words": pools.filter_words(chosen, facts, items), "count": count})
    return found


@unit_of_work
def keep(actor: audit.Who, agency_id: str, name: str, data: Mapping[str, Any]) -> str:
    """A new sub-pool, or another filter for the one of that name."""
    chosen = pools.filter_data(pools.filter_from(data))
    row = db.session.scalar(select(SubPoolRow).where(SubPoolRow.agency_id == agency_id, SubPoolRow.name == name))
    if row is None:
        row = SubPoolRow(id=new_id(), agency_id=agency_id, name=name)
        db.session.add(row)
    row.filter, row.by_user, row.at = chosen, actor.user_id, clock.now()
    audit.record(actor, "registry.sub_pool_kept", "sub_pool", row.id, agency_id, {"filter": chosen})
    return row.id


@unit_of_work
def forget(actor: audit.Who, agency_id: str, pool_id: str) -> None:
    row = db.session.get(SubPoolRow, pool_id)
    if row is None or row.agency_id != agency_id:
        raise SubPoolUnknown("没有这个子库")
    db.session.delete(row)
    audit.record(actor, "registry.sub_pool_forgotten", "sub_pool", pool_id, agency_id)
