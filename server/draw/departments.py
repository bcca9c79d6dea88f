"""The tables of a joint draw: one per agency, under one joint salt, so that the same unit carries the same id everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from server.draw import tickets
from server.draw.tables import DrawDepartmentRow, DrawRow
from server.kernel import b64url
from server.platform.db import session


def code_of(agency_id: str) -> str:
    """The agency's name as a party: a key of SJ-JSON."""
    return agency_id.replace("-", "_")[:32]


def rows_of(draw_id: str) -> list[DrawDepartmentRow]:
    """The departments, in the order of their codes."""
    return list(session().scalars(select(DrawDepartmentRow).where(DrawDepartmentRow.draw_id == draw_id).order_by(DrawDepartmentRow.code)))


def tables(draw_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """(units, people) of every department, as the transcript holds them."""
    found = rows_of(draw_id)
    return {one.code: [unit["leaf"] for unit in one.units] for one in found}, {one.code: [person["leaf"] for person in one.people] for one in found}


def roots(one: DrawDepartmentRow) -> tuple[str, str]:
    units = b64url.encode(tickets.table_root([unit["leaf"] for unit in one.units], "uid"))
    return units, b64url.encode(tickets.table_root([person["leaf"] for person in one.people], "pid"))


def intact(row: DrawRow) -> bool:
    """Whether every department's frozen tables still have the roots of the intent."""
    assert row.intent is not None
    said = {one["agency"]: (one["root"], one["people_root"]) for one in row.intent["agencies"]}
    return all(said.get(one.code) == roots(one) for one in rows_of(row.id))


def teams_for(selected: list[Any], code: str) -> dict[str, tuple[list[str], int]]:
    """uid → (team, candidates) of one department."""
    return {uid: (team, number) for _st, uid, crews in selected for agency, team, number in crews if agency == code}


def openings(row: DrawRow) -> list[list[str]]:
    """The openings of the drawn units, from the lead's table."""
    assert row.want is not None
    lead = next(one for one in rows_of(row.id) if one.agency_id == row.agency_id)
    known: Mapping[str, Any] = {unit["leaf"]["uid"]: unit for unit in lead.units}
    return [[uid, known[uid]["salt"], known[uid]["uscc"], known[uid]["name"]] for _st, uid, _crews in row.want["selected"]]


def opening(draw_id: str, agency_id: str, unit_id: str) -> dict[str, Any] | None:
    """The opening of a unit in this agency's own table; its id in a joint draw is the credit code."""
    for one in rows_of(draw_id):
        for unit in one.units if one.agency_id == agency_id else ():
            if unit_id in (unit["unit"], unit["uscc"], *unit["premises"]):
                return {"uid": unit["leaf"]["uid"], "salt": unit["salt"], "id": unit["uscc"], "name": unit["name"], "leaf": unit["leaf"]}
    return None
