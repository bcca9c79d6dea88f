"""A visit that is on the phones already is changed by its plan: another team by a recorded replacement, another limit, or none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from server.accounts.domain import Actor
from server.documents import preparation
from server.inspections import operations as inspections
from server.inspections.planning import change_limit
from server.platform import jobs


def changed(actor: Actor, agency_id: str, visit: str, change: Mapping[str, Any]) -> None:
    """Called by plans inside its unit of work. Raises InspectionStarted where somebody has begun."""
    # Whoever decides may sit in the superior agency; the visit is the agency's own.
    own = replace(actor, agency_id=agency_id)
    if "cancel" in change:
        inspections.cancel(own, visit, str(change["cancel"]))
        return
    if "inspect_by" in change:
        change_limit(own, visit, change["inspect_by"])
    else:
        team = [preparation.member(agency_id, user, change.get("lead")) for user in change["team"]]
        inspections.change_team(own, visit, team, str(change["reason"]))
    prepare_anew.enqueue(insp=visit)


@jobs.job("documents.prepare_anew")
def prepare_anew(insp: str) -> None:
    """A new pack with what is now true; a visit that has begun keeps the one it opened."""
    view = inspections.inspection(insp)
    if view.state in ("assigned", "prepared"):
        preparation.prepare(insp)
