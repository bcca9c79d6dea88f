"""What a visit says about the registry's own data, handed down to the registry's clerk."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from server.inspections.operations import inspection
from server.inspections.tables import InspectionRow
from server.platform.db import session
from server.registry import operations as registry

SAYS = frozenset({"unit.propose", "unit.fact"})


def folded(insp: str, visit: dict[str, Any], types: frozenset[str]) -> None:
    """In the unit of work that brings the events: proposals (WC-9b: 其他信息可……逐步完善) wait for a person's decision."""
    if not types & SAYS:
        return
    view = inspection(insp)
    seen = [registry.Seen(one["h"], one["field"], one["old"], one["new"], one.get("source", ""), one["by"]) for one in visit["proposals"]]
    registry.from_visit(view.agency_id, view.unit_id, insp, seen, visit["facts"] if "unit.fact" in types else {})


def units_in_use(agency_id: str, unit_ids: list[str]) -> set[str]:
    """Those of the units at which an inspection was or will be."""
    return set(session().scalars(select(InspectionRow.unit_id).where(InspectionRow.agency_id == agency_id, InspectionRow.unit_id.in_(unit_ids))))
