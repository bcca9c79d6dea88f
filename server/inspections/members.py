"""Who is in a team, and what follows when an inspector is lent by another agency (WG-5b).

A visit belongs to one agency. A lent member has the account, the phone and the feed of the own agency; being in the team
opens this one visit to them and nothing else of the agency that has drawn them (D-4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from server.inspections.tables import InspectionMember, InspectionRow
from server.platform import feed
from server.platform.db import session


def is_member(insp_id: str, user_id: str) -> bool:
    """Whether the person is in the team of the inspection."""
    return session().get(InspectionMember, (insp_id, user_id)) is not None


def lent_to(user_id: str) -> list[str]:
    """Other agencies that have drawn this inspector from the own agency's register (WG-5b). Their visits with this person
    in the team exist for the person; nothing else of them does."""
    query = select(InspectionRow.agency_id).join(InspectionMember, InspectionMember.insp == InspectionRow.id)
    return list(session().scalars(query.where(InspectionMember.user_id == user_id, InspectionMember.home != "").distinct().order_by(InspectionRow.agency_id)))


def agency_of_visit(insp_id: str, user_id: str, home: str) -> str:
    """Whose visit a file of this person belongs to: the agency that has drawn them, else the own one."""
    row = session().get(InspectionRow, insp_id) if insp_id else None
    return row.agency_id if row is not None and row.agency_id != home and is_member(insp_id, user_id) else home


def tell_member(row: InspectionRow, member: Mapping[str, Any], kind: str, object_id: str, op: str = "put") -> None:
    """A line of the feed that this member's phone reads: the one of the own agency, also for who is lent."""
    feed.stamp(str(member.get("home") or row.agency_id), kind, object_id, op, scope_user=str(member["user"]))


def tell_team(insp_id: str, kind: str, object_id: str) -> None:
    """Tell every member's phone of something that belongs to the visit (a return)."""
    row = session().get_one(InspectionRow, insp_id)
    for member in row.team:
        tell_member(row, member, kind, object_id)


def of_agency(agency_id: str) -> ColumnElement[bool]:
    """The agency's visits, and those that its lent inspectors are drawn for: what phones of the agency may speak of."""
    lent = select(InspectionMember.insp).where(InspectionMember.home == agency_id)
    return or_(InspectionRow.agency_id == agency_id, InspectionRow.id.in_(lent))


def homes_of(agency_id: str, insps: Iterable[str], rows: Mapping[str, InspectionRow]) -> Callable[[str], str]:
    """inspection → the agency that keeps its files: the visit's, else the sender's. A visit that is not among ``rows`` (its
    event was known already) is looked up: its files may still be lacking."""
    found = {insp: row.agency_id for insp, row in rows.items()}
    unseen = set(insps) - found.keys() - {""}
    if unseen:
        query = select(InspectionRow.id, InspectionRow.agency_id).where(InspectionRow.id.in_(unseen), of_agency(agency_id))
        found |= {row.id: row.agency_id for row in session().execute(query)}
    return lambda insp: found.get(insp, agency_id)
