"""What the tests of the agencies' rules share: their offices, visits of the year, marks, and the look before the ceremony."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from server.platform import clock
from server.platform.db import session, transaction
from server.registry import operations as registry
from server.registry.tables import UnitMarkRow
from tests.draw.office import API, Ceremony

Opened = Callable[[str], Ceremony]


def look(office: Ceremony, **more: Any) -> dict[str, Any]:
    """Propose a draw and look whether it is feasible."""
    made = office.propose(**more)
    assert made.status_code == 201, made.get_json()
    answer = office.a.get(f"{API}/{office.id}/feasibility")
    assert answer.status_code == 200, answer.get_json()
    return dict(answer.get_json())


def units(agency: str) -> list[registry.Unit]:
    return registry.units(agency, limit=500)


def line(found: dict[str, Any], unit: str) -> dict[str, Any]:
    return next(one for one in found["lines"] if one["id"] == unit)


def mark(agency: str, unit: str, kind: str) -> None:
    with transaction():
        session().add(UnitMarkRow(id=f"mark-{kind}-{unit[-12:]}", agency_id=agency, unit_id=unit, kind=kind, since=date(2026, 1, 1), reason="试验", source="试验", recorded_by="", recorded_at=clock.now()))


def available(agency: str) -> list[registry.PoolInspector]:
    return [one for one in registry.inspectors_on(agency, date(2026, 12, 1)) if one.available]
