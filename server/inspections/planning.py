"""What planning changes on an inspection nobody has begun: its time limit. Teams and cancelling stand in operations."""

from __future__ import annotations

from datetime import date

from server.audit import operations as audit
from server.inspections.domain import InspectionStarted, InspectionUnknown
from server.inspections.members import tell_member
from server.inspections.tables import InspectionRow
from server.platform.db import session, unit_of_work


@unit_of_work
def change_limit(actor: audit.Who | None, insp_id: str, inspect_by: date) -> None:
    """A new time limit from an amended plan. Raises InspectionUnknown, InspectionStarted."""
    row = session().get(InspectionRow, insp_id, with_for_update=True)
    if row is None:
        raise InspectionUnknown()
    if row.events or row.state == "cancelled":
        raise InspectionStarted("检查已经开始或者取消，不能再改检查时限")
    row.inspect_by = inspect_by
    audit.record(actor, "inspections.limit_changed", "inspection", insp_id, row.agency_id, {"inspect_by": inspect_by.isoformat()})
    for member in row.team:
        tell_member(row, member, "visit", insp_id)
