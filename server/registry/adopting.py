"""Units that a draw across districts has drawn from an agency below are taken into the drawing agency's register (WC-13c).

Only what was drawn comes over, in the state ``below``: it can be visited, and no draw of the own register meets it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from server.audit import operations as audit
from server.kernel.moments import local_date
from server.platform import clock
from server.platform.db import db, unit_of_work
from server.registry import storing
from server.registry.domain import Draft
from server.registry.fields import EXTERNAL, FACT, ITEMS
from server.registry.holding import Cause, Held, hold_ids
from server.registry.tables import UnitRow

BELOW = "below"


def twins(agency_id: str, home: str, unit_ids: Iterable[str]) -> dict[str, str]:
    """Unit of ``home`` → the same premises in the own register (by code or enterprise, name and address), where it is there."""
    return _twins(agency_id, _drafts(home, unit_ids))


@unit_of_work
def adopt(actor: audit.Who | None, agency_id: str, home: str, unit_ids: Iterable[str], source: str) -> dict[str, str]:
    """Unit of ``home`` → the own unit, made where it was not there yet. Doing it again makes nothing."""
    drafts = _drafts(home, unit_ids)
    storing.hold_lock(agency_id)
    found = _twins(agency_id, drafts)
    now = clock.now()
    fresh = storing.Fresh(agency_id, Cause("import", source, now, local_date(clock.to_ms(now)), actor.user_id if actor else ""), BELOW)
    premises = storing.premises_for(agency_id, list(drafts.values()))
    for unit_id, draft in drafts.items():
        if unit_id not in found:
            found[unit_id] = fresh.add(draft, premises.entities)
    made = len(fresh.rows[UnitRow])
    fresh.flush()
    db.session.flush()
    if made:
        audit.record(actor, "registry.units_adopted", "agency", home, agency_id, {"from": home, "units": made})
    return found


def _drafts(home: str, unit_ids: Iterable[str]) -> dict[str, Draft]:
    return {one.unit.id: _draft(one) for one in hold_ids(home, unit_ids)}


def _draft(held: Held) -> Draft:
    """What a visit needs of the unit; neither pools nor numbers that mean something in the other agency's register alone."""
    values = {name: text for name, text in held.values().items() if name != ITEMS and not name.startswith((FACT, EXTERNAL))}
    return Draft(0, values, {fact: row.value for fact, row in held.facts.items()})


def _twins(agency_id: str, drafts: Mapping[str, Draft]) -> dict[str, str]:
    premises = storing.premises_for(agency_id, list(drafts.values()))
    found = {}
    for unit_id, draft in drafts.items():
        known = storing.known_as(draft, premises, {storing.entity_key(draft): 2})
        if known is not None:
            found[unit_id] = known.unit_id
    return found
