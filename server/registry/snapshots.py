"""The registry as it stood on a day (WS-3.4a: "结合年度执法工作计划，建立随机抽查对象名录库"): who was in it, a hash per unit, and one
root of all, so that later nobody can say that the pool was another. What has changed since is told by names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from server.audit import public_log
from server.kernel import b64url, canonical, merkle
from server.kernel.moments import local_date
from server.platform import clock
from server.platform.db import session
from server.platform.ids import new_id
from server.registry import drawing
from server.registry.pools import PoolUnit
from server.registry.tables import SnapshotRow

NAMED = 200
"""Names that are told of each kind of change; the counts are of all."""


@dataclass(frozen=True)
class Snapshot:
    on: date
    count: int
    root: str
    """RFC 6962 root (b64url) over the units by id, each as SJ-JSON {id, h}; ``h`` is the SHA-256 of its fields."""
    leaf: int
    """Where the public log has it."""


@dataclass(frozen=True)
class Changes:
    count: int
    names: list[str]


@dataclass(frozen=True)
class Since:
    snapshot: Snapshot
    now: int
    added: Changes
    removed: Changes
    changed: Changes


def take(agency_id: str, of: str, named: str) -> Snapshot:
    """The active units of today, kept under ``of`` (one snapshot for each) and said in the public log with their number and
    root. Late in the caller's unit of work; a second time answers the first."""
    known = _row(agency_id, of)
    if known is not None:
        return _view(known)
    today = local_date(clock.now_ms())
    units = [[unit.unit_id, unit.name, _hash(unit)] for unit in drawing.pool_units(agency_id, today)]
    root = root_of(units)
    leaf = public_log.append({"v": 1, "k": "registry", "agency": agency_id, "for": named, "on": today.isoformat(), "units": len(units), "root": root}, public=True).index
    row = SnapshotRow(id=new_id(), agency_id=agency_id, of=of, on=today, count=len(units), root=root, leaf=leaf, units=units)
    session().add(row)
    session().flush()
    return _view(row)


def snapshot(agency_id: str, of: str) -> Snapshot | None:
    row = _row(agency_id, of)
    return None if row is None else _view(row)


def since(agency_id: str, of: str) -> Since | None:
    """What the registry of today holds otherwise than the snapshot; None when there is none."""
    row = _row(agency_id, of)
    if row is None:
        return None
    before = {unit_id: (name, digest) for unit_id, name, digest in row.units}
    now = {unit.unit_id: (unit.name, _hash(unit)) for unit in drawing.pool_units(agency_id, local_date(clock.now_ms()))}
    changed = [now[unit_id][0] for unit_id in now.keys() & before.keys() if now[unit_id] != before[unit_id]]
    return Since(_view(row), len(now), _told(now[one][0] for one in now.keys() - before.keys()), _told(before[one][0] for one in before.keys() - now.keys()), _told(changed))


def root_of(units: Iterable[list[str]]) -> str:
    leaves = [merkle.leaf_hash(canonical.encode({"id": unit_id, "h": digest})) for unit_id, _, digest in sorted(units)]
    return b64url.encode(merkle.root(leaves))


def _told(names: Iterable[str]) -> Changes:
    found = sorted(names)
    return Changes(len(found), found[:NAMED])


def _hash(unit: PoolUnit) -> str:
    """Of everything by which a draw chooses, filters or weighs, and of what the unit is called."""
    held: dict[str, Any] = {
        "name": unit.name, "address": unit.address, "uscc": unit.uscc, "sector": unit.sector, "category": unit.category, "district": unit.district, "grade": unit.grade, "credit": unit.credit,
        "blacklisted": unit.blacklisted, "exceptions": sorted(unit.exceptions), "facts": [[fact, unit.facts[fact]] for fact in sorted(unit.facts)], "items": sorted(unit.items),
    }
    # Plain JSON: a name may hold characters that SJ-JSON refuses.
    return b64url.encode(hashlib.sha256(json.dumps(held, sort_keys=True).encode()).digest())


def _row(agency_id: str, of: str) -> SnapshotRow | None:
    return session().scalar(select(SnapshotRow).where(SnapshotRow.agency_id == agency_id, SnapshotRow.of == of))


def _view(row: SnapshotRow) -> Snapshot:
    return Snapshot(row.on, row.count, row.root, row.leaf)
