"""The registries as Excel tables, with the very headers that the import reads."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from server.accounts import operations as accounts
from server.audit import operations as audit
from server.platform.db import db, unit_of_work
from server.registry import domain, fields, people_fields, rosters, workbooks
from server.registry.holding import Held, hold
from server.registry.tables import ExternalIdRow, MarketEntityRow, UnitFactRow, UnitRow
from server.rules import operations as rules

PART = 2000
TRUTH = {"yes": "是", "no": "否", "unknown": ""}


@unit_of_work
def units_table(actor: audit.Who, agency_id: str) -> bytes:
    """All units that are not merged, by name. That somebody took the whole registry out is an audit fact."""
    kind, facts = accounts.agency(agency_id).kind, rules.facts()
    used = set(db.session.scalars(select(UnitFactRow.fact).distinct().join(UnitRow, UnitRow.id == UnitFactRow.unit_id).where(UnitRow.agency_id == agency_id)))
    systems = sorted(db.session.scalars(select(ExternalIdRow.system).distinct().where(ExternalIdRow.agency_id == agency_id, ExternalIdRow.kind == "unit")))
    names = [*domain.UNIT_HEADERS, *(fields.FACT + fact for fact in facts if fact in used), *(fields.EXTERNAL + system for system in systems)]
    headers = [fields.label(name, kind, facts) for name in names]
    rows = ([_cell(values, name) for name in names] for values in (held.values() for held in _all(agency_id)))
    audit.record(actor, "registry.units_exported", "agency", agency_id, agency_id)
    return workbooks.workbook("检查对象名录库", headers, rows)


@unit_of_work
def inspectors_table(actor: audit.Who, agency_id: str) -> bytes:
    """All inspectors by name, with their logins, so that the table means the same people when it comes back."""
    roster, logins = rosters.Inspectors(), {one.id: one.login for one in accounts.people(agency_id)}
    listed = sorted(((row.name, row.user_id, {**roster.values(row), people_fields.LOGIN: logins.get(row.user_id, "")}) for row in roster.rows(agency_id)), key=lambda one: one[:2])
    rows = [[values.get(name, "") for name in people_fields.INSPECTOR_HEADERS] for _, _, values in listed]
    audit.record(actor, "registry.inspectors_exported", "agency", agency_id, agency_id)
    return workbooks.workbook("执法检查人员名录库", [words[0] for words in people_fields.INSPECTOR_HEADERS.values()], rows)


def _cell(values: dict[str, str], name: str) -> str:
    text = values.get(name, "")
    if name == "blacklisted":
        return "是" if text else "否"
    if name == "entity_name":
        return "" if text == values["name"] else text
    return TRUTH.get(text, text) if name.startswith(fields.FACT) else text


def _all(agency_id: str) -> Iterator[Held]:
    ids = list(db.session.scalars(select(UnitRow.id).where(UnitRow.agency_id == agency_id, UnitRow.state != "merged").order_by(UnitRow.name, UnitRow.id)))
    for start in range(0, len(ids), PART):
        query = select(UnitRow, MarketEntityRow).join(MarketEntityRow, UnitRow.entity_id == MarketEntityRow.id).where(UnitRow.id.in_(ids[start : start + PART]))
        yield from hold([(unit, entity) for unit, entity in db.session.execute(query.order_by(UnitRow.name, UnitRow.id))])
