"""What the proposal form offers: the agency's own items, people, reasons and limits."""

from __future__ import annotations

from typing import Any

from server.accounts import operations as accounts
from server.draw import rulebook, voiding
from server.draw.wish import OFFICIALS
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
        "source": str(profile["draw.source"]),
        "formula": rulebook.formula(profile),
        "publish_with_plan": bool(profile["publish.plan_before_visit"]),
    }
