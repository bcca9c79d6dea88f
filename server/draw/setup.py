"""What the proposal form offers: the agency's own items, people, reasons and limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.accounts import operations as accounts
from server.draw import districts, lending, rulebook, voiding
from server.draw.wish import OFFICIALS
from server.kernel.moments import local_date
from server.platform import clock
from server.registry import operations as registry
from server.rules import operations as rules


def setup(agency_id: str) -> dict[str, Any]:
    """Everything the form needs to offer only what the rules allow."""
    own = rules.rules_for(agency_id)
    profile = own.values
    parent = accounts.agency(agency_id).parent_id
    people = [(one, False) for one in accounts.people(agency_id) if one.active and set(OFFICIALS) & set(one.roles)]
    people += [(one, True) for one in (accounts.people(parent) if parent else []) if one.active and "superior" in one.roles]
    cap = rulebook.max_visits(profile)
    return {
        "items": [{"code": str(one["code"]), "item": str(one["item"]), "section": str(one.get("section", ""))} for one in own.items],
        "sections": list(own.agency.get("sections", [])) if profile["draw.scope"] == "section" else [],
        "officials": [{"id": one.id, "name": one.name, "roles": list(one.roles), "superior": superior} for one, superior in people],
        "purposes": [one for one in rulebook.PURPOSES if one not in ("replacement", "joint")] + list(rulebook.fixed_types(profile)),
        "fixed": list(rulebook.fixed_types(profile)),
        "modes": list(profile["draw.modes"]),
        "outs": [{"code": code, "words": words} for code, words in rulebook.OUT_REASONS.items()],
        "forces": [{"code": code, "words": rulebook.FORCE_REASONS.get(code, code)} for code in sorted(rulebook.force_allowed(profile))],
        "causes": [{"code": code, "words": words} for code, words in voiding.CAUSES.items() if code != "root_changed"],
        "team": max(int(profile.get("team.min", 2)), int(profile.get("workload.team_size") or 0)),
        "general_min_permille": int(profile.get("quota.general_min_permille") or 0),
        "skip": str(profile.get("draw.exclude_inspected_this_year", "none")),
        "max_visits": None if cap == rulebook.NO_CAP else cap,
        "workload": _workload(agency_id, profile),
        "source": str(profile["draw.source"]),
        "formula": rulebook.formula(profile),
        "registers": [{"id": one.id, "name": one.name} for one in lending.lenders(agency_id)],
        "districts": [{"id": one.id, "name": one.name} for one in districts.offered(agency_id)],
        "publish_with_plan": bool(profile["publish.plan_before_visit"]),
    }


def _workload(agency_id: str, profile: Mapping[str, Any]) -> dict[str, int] | None:
    """The number and ratio to begin with: what those who are fit today owe in a month (WC-15b), beside the floor each of them has (WG-6b)."""
    heads = len(registry.available_inspectors(agency_id, local_date(clock.now_ms())))
    units = registry.count_units(agency_id)
    number = rulebook.proposed_number(profile, heads, units)
    floor = rulebook.floor_per_inspector(profile)
    return None if number is None or floor is None else {"heads": heads, "floor": floor, "number": number, "permille": number * 1000 // units if units else 0}
