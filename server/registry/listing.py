"""The unit list of the desk with its filters, the coverage report, and likely duplicates."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from server.audit import operations as audit
from server.platform.db import db, unit_of_work
from server.platform.sheets import Sheet
from server.registry import domain, drawing, fields, pools
from server.registry.settings import keep_setting, setting
from server.registry.tables import MarketEntityRow, SubPoolRow, UnitMarkRow, UnitRow
from server.rules import operations as rules
from server.rules.domain import ProfileNotInForce, UnknownAgency

STALE = "stale_days"
STALE_DAYS = 365


@dataclass(frozen=True)
class UnitQuery:
    """Empty means "not asked for"."""

    text: str = ""
    sector: str = ""
    district: str = ""
    grade: str = ""
    state: str = "active"
    mark: str = ""
    only: str = ""
    """incomplete | stale | duplicate."""
    sub_pool: str = ""


def required_of(agency_id: str) -> tuple[str, ...]:
    """The profile's ``unit.required`` in our field names (C15); WC-9b's five where the agency has no rules."""
    try:
        return fields.required_fields(rules.rules_for(agency_id).values.get("unit.required") or ())
    except (UnknownAgency, ProfileNotInForce):
        return fields.required_fields(())


@unit_of_work
def set_stale_days(actor: audit.Who, agency_id: str, days: int) -> None:
    """After how many days without somebody's looking a unit is stale (WC-11)."""
    keep_setting(actor, agency_id, STALE, {"days": days})


def stale_before(agency_id: str, today: date) -> date:
    """A unit not verified since that day is stale (WC-11: 动态管理，及时更新)."""
    return today - timedelta(days=int(setting(agency_id, STALE).get("days", STALE_DAYS)))


def _detail(name: str) -> Any:
    return UnitRow.details[name].as_string()


def _empty(column: Any) -> Any:
    return or_(column.is_(None), column == "")


def _is_empty(name: str) -> Any:
    if name == "uscc":
        return and_(_empty(MarketEntityRow.uscc), _empty(MarketEntityRow.registration_no), _empty(MarketEntityRow.no_code_reason))
    column = {"name": UnitRow.name, "address": UnitRow.address, "entity_name": MarketEntityRow.name}.get(name)
    return _empty(_detail(name) if column is None else column)


def _narrowed(query: Select[Any], agency_id: str, asked: UnitQuery, today: date) -> Select[Any]:
    query = query.join(MarketEntityRow, UnitRow.entity_id == MarketEntityRow.id).where(UnitRow.agency_id == agency_id)
    if asked.state:
        query = query.where(UnitRow.state == asked.state)
    if asked.text:
        like = f"%{asked.text}%"
        query = query.where(UnitRow.name.like(like) | UnitRow.address.like(like) | MarketEntityRow.uscc.like(like) | MarketEntityRow.name.like(like))
    for name, value in (("sector", asked.sector), ("district", asked.district)):
        if value:
            query = query.where(_detail(name) == value)
    if asked.grade:
        query = query.where(_detail("risk_grade").like(f"{asked.grade}%"))
    if asked.mark == pools.BLACKLIST:
        query = query.where(UnitRow.blacklisted.is_(True))
    elif asked.mark:
        standing = and_(UnitMarkRow.kind == asked.mark, UnitMarkRow.since <= today, or_(UnitMarkRow.until.is_(None), UnitMarkRow.until >= today))
        query = query.where(UnitRow.id.in_(select(UnitMarkRow.unit_id).where(UnitMarkRow.agency_id == agency_id, standing)))
    if asked.only == "incomplete":
        query = query.where(or_(*(_is_empty(name) for name in required_of(agency_id))))
    elif asked.only == "stale":
        query = query.where(or_(UnitRow.verified_on.is_(None), UnitRow.verified_on < stale_before(agency_id, today)))
    elif asked.only == "duplicate":
        query = query.where(UnitRow.id.in_([unit_id for group in duplicates(agency_id) for unit_id in group.unit_ids]))
    if asked.sub_pool:
        query = query.where(UnitRow.id.in_([unit.unit_id for unit in drawing.pool(agency_id, sub_pool_filter(agency_id, asked.sub_pool), today)]))
    return query


def listed(agency_id: str, asked: UnitQuery, today: date, limit: int, offset: int) -> tuple[list[tuple[UnitRow, MarketEntityRow]], int]:
    """(one page by name, how many there are)."""
    total = db.session.scalar(_narrowed(select(func.count(UnitRow.id)), agency_id, asked, today)) or 0
    query = _narrowed(select(UnitRow, MarketEntityRow), agency_id, asked, today).order_by(UnitRow.name, UnitRow.id).limit(limit).offset(offset)
    return [(unit, entity) for unit, entity in db.session.execute(query)], total


def sub_pool_filter(agency_id: str, pool_id: str) -> pools.PoolFilter:
    """Raises ``SubPoolUnknown`` for one that is not this agency's."""
    row = db.session.get(SubPoolRow, pool_id)
    if row is None or row.agency_id != agency_id:
        raise domain.SubPoolUnknown("没有这个子库")
    return pools.filter_from(row.filter)


@dataclass(frozen=True)
class Duplicate:
    """Units that may be one and the same, and why it looks so."""

    reason: str
    unit_ids: tuple[str, ...]
    names: tuple[str, ...]


def duplicates(agency_id: str, most: int = 200) -> list[Duplicate]:
    """Premises of one enterprise (one credit code) with the same name or address, and units without a code with the same name."""
    query = select(UnitRow.id, UnitRow.entity_id, UnitRow.name, UnitRow.address, MarketEntityRow.uscc).join(MarketEntityRow, UnitRow.entity_id == MarketEntityRow.id)
    groups: defaultdict[tuple[str, ...], list[Any]] = defaultdict(list)
    for row in db.session.execute(query.where(UnitRow.agency_id == agency_id, UnitRow.state != "merged").order_by(UnitRow.id)):
        if row.uscc:
            groups[("信用代码和名称相同", row.entity_id, plain(row.name))].append(row)
            groups[("信用代码和地址相同", row.entity_id, plain(row.address))].append(row)
        else:
            groups[("名称相同、没有信用代码", plain(row.name))].append(row)
    found: dict[tuple[str, ...], Duplicate] = {}
    for key, rows in groups.items():
        if len(rows) > 1:
            ids = tuple(row.id for row in rows)
            found.setdefault(ids, Duplicate(key[0], ids, tuple(row.name for row in rows)))
    return list(found.values())[:most]


def plain(text: str) -> str:
    """A name or address without what is written now so, now so."""
    return "".join(letter for letter in text.translate(str.maketrans("（）０１２３４５６７８９", "()0123456789")) if letter.isalnum())


@dataclass
class Coverage:
    """YS-3.2a: "名录库要涵盖本地全部被监管对象", by sector and area."""

    total: int = 0
    by_sector: Counter[str] = field(default_factory=Counter)
    by_district: Counter[str] = field(default_factory=Counter)
    cells: Counter[tuple[str, str]] = field(default_factory=Counter)
    by_grade: Counter[str] = field(default_factory=Counter)
    incomplete: int = 0
    stale: int = 0
    blacklisted: int = 0
    without_item: int = 0


def coverage(agency_id: str, today: date) -> Coverage:
    found = Coverage()
    before, by_item = stale_before(agency_id, today), drawing.item_pools(agency_id)
    for unit in drawing.pool_units(agency_id, today):
        found.total += 1
        found.by_sector[unit.sector] += 1
        found.by_district[unit.district] += 1
        found.cells[unit.sector, unit.district] += 1
        found.by_grade[unit.grade] += 1
        found.stale += unit.verified_on is None or unit.verified_on < before
        found.blacklisted += unit.blacklisted
        found.without_item += by_item and not unit.items
    incomplete = _narrowed(select(func.count(UnitRow.id)), agency_id, UnitQuery(only="incomplete"), today)
    found.incomplete = db.session.scalar(incomplete) or 0
    return found


@dataclass(frozen=True)
class Compared:
    """A list from elsewhere (tax, registration) against the registry."""

    listed: int
    found: int
    missing: tuple[Mapping[str, str], ...]
    only_here: tuple[str, ...]
    only_here_count: int


MISSING_SHOWN = 2000


def compare(agency_id: str, sheet: Sheet) -> Compared:
    """Which lines of a foreign list are not in the registry, by credit code or by name. Raises ``ImportHeadersWrong``."""
    columns = {name: header for header, name in fields.guess_mapping(sheet.headers, {}, {}).items() if name in ("name", "entity_name", "uscc", "address")}
    if not columns.keys() & {"name", "entity_name", "uscc"}:
        raise domain.ImportHeadersWrong("对照清单至少要有“单位名称”或“统一社会信用代码”一列", lacking=["单位名称", "统一社会信用代码"])
    query = select(UnitRow.id, UnitRow.name, MarketEntityRow.name, MarketEntityRow.uscc).join(MarketEntityRow, UnitRow.entity_id == MarketEntityRow.id)
    mine = list(db.session.execute(query.where(UnitRow.agency_id == agency_id, UnitRow.state != "merged").order_by(UnitRow.name)))
    codes = {row[3] for row in mine if row[3]}
    names = {plain(name) for row in mine for name in (row[1], row[2])}
    missing, said_codes, said_names = [], set(), set()
    for line in sheet.rows:
        text = {name: line.text(header).strip() for name, header in columns.items()}
        code, said = text.get("uscc", "").upper(), [plain(text[name]) for name in ("name", "entity_name") if text.get(name)]
        said_codes.add(code)
        said_names.update(said)
        if code not in codes and not names.intersection(said):
            missing.append({"row": str(line.number), **text})
    only = [row[1] for row in mine if (row[3] or "") not in said_codes and not said_names.intersection((plain(row[1]), plain(row[2])))]
    return Compared(len(sheet.rows), len(sheet.rows) - len(missing), tuple(missing[:MISSING_SHOWN]), tuple(only[:MISSING_SHOWN]), len(only))


def facets(agency_id: str) -> dict[str, Sequence[str]]:
    """What occurs, for the choices of the filter."""
    def values(name: str) -> list[str]:
        query = select(_detail(name)).where(UnitRow.agency_id == agency_id, UnitRow.state == "active").distinct()
        return sorted({text for text in db.session.scalars(query) if text})

    return {"sectors": values("sector") or values("business_types"), "districts": values("district")}

