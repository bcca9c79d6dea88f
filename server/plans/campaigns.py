"""专项检查 ready to be drawn: a signed scheme's objects, ratio and content as a draw takes them (WC-13b)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.kernel.moments import local_date
from server.plans import annual
from server.plans.domain import PlanRefused
from server.platform import clock
from server.registry import operations as registry
from server.rules import operations as rules

SIGNED = ("approved", "reported")


@dataclass(frozen=True)
class Campaign:
    """``n`` is the ratio of the units that meet the conditions today, rounded up; the officer may still change it."""

    id: str
    number: str
    title: str
    period_from: str
    period_to: str
    items: list[str]
    filter: Mapping[str, Any]
    words: str
    objects: str
    ratio_permille: int
    check_content: str
    rides_along: bool
    units: int
    n: int


def with_filter(agency_id: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """The content with its object filter in order and in words. Raises ``FilterWrong``, ``PlanRefused``.

    The words are kept with the document: what was signed is what is read, whatever an item is called later."""
    chosen = registry.filter_from(content.get("pool_filter") or {})
    if chosen.leave_out:
        raise PlanRefused("剔除单位须在提出抽取时逐一写明理由，不能放在方案的条件里")
    data = registry.filter_data(chosen)
    names = {str(item["code"]): str(item["item"]) for item in rules.rules_for(agency_id).items}
    return {**content, "pool_filter": data, "pool_words": registry.filter_words(chosen, rules.facts(), names) if data else ""}


def campaigns(agency_id: str) -> list[Campaign]:
    """Signed schemes that are not over, by number."""
    today = local_date(clock.now_ms()).isoformat()
    signed = [one for one in annual.documents(agency_id) if one.kind == "scheme" and one.state in SIGNED and one.content["period_to"] >= today]
    return [_campaign(agency_id, one) for one in signed]


def _campaign(agency_id: str, scheme: annual.Document) -> Campaign:
    content = scheme.content
    data, items, ratio = content.get("pool_filter") or {}, list(content["item_codes"]), int(content["ratio_permille"])
    found = {unit.unit_id for code in items for unit in registry.pool(agency_id, registry.filter_from({**data, "item_code": code}))}
    return Campaign(
        scheme.id, scheme.number, scheme.title, content["period_from"], content["period_to"], items, data, content.get("pool_words", ""), content.get("object_filter", ""),
        ratio, content["check_content"], bool(content.get("rides_along")), len(found), -(-len(found) * ratio // 1000),
    )
