"""A scheme's objects, ratio and content become the proposal of a draw (WC-13b)."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from server.platform import clock
from server.platform.ids import new_id
from server.registry import operations as registry
from tests import builders
from tests.draw.office import API, Ceremony, a_ceremony
from tests.plans.office import CHECKLISTS, WC, Office, content, on

PLANS = "/api/v1/plans"


@pytest.fixture(autouse=True)
def today() -> Any:
    with clock.freeze(on("2026-11-20")):
        yield


def scheme_of(stage: Ceremony, **changes: Any) -> tuple[str, Any]:
    """A scheme drafted over HTTP by A; answers its id and the response."""
    office = Office(stage.agency, builders.actor_of(stage.a.person), builders.actor_of(stage.b.person), builders.actor_of(stage.superior.person))
    key = new_id()
    body = content(office, title="示例专项检查方案", ratio_permille=300, check_content="疏散通道、安全出口", target_key=0, target_general=0, **changes)
    return key, stage.a.put(f"{PLANS}/documents/{key}", json={"kind": "scheme", "year": 2026, "base": 0, "content": body})


def offered(stage: Ceremony) -> list[dict[str, Any]]:
    answer = stage.a.get(f"{PLANS}/campaigns")
    assert answer.status_code == 200
    return list(answer.get_json()["campaigns"])


def test_wc_13b_objects_ratio_and_content_of_a_draw_come_from_the_signed_scheme(app: Flask) -> None:
    """检查对象、抽查比例、检查内容根据…方案设定"""
    stage = a_ceremony(WC, CHECKLISTS)
    with app.app_context():
        sectors = {unit.sector for unit in registry.pool(WC, registry.filter_from({}))}
        sector = sorted(sectors)[0]
    key, made = scheme_of(stage, object_filter="", pool_filter={"sectors": [sector]})
    assert made.status_code == 200 and made.get_json()["content"]["pool_words"] == f"行业领域：{sector}"
    assert offered(stage) == [], "a draft is no ground for a draw"
    assert stage.b.post(f"{PLANS}/documents/{key}/approve").status_code == 200
    (one,) = offered(stage)
    with app.app_context():
        inside = {unit.unit_id for unit in registry.pool(WC, registry.filter_from({"sectors": [sector], "item_code": one["items"][0]}))}
        everything = {unit.unit_id for unit in registry.pool(WC, registry.filter_from({"item_code": one["items"][0]}))}
    assert 0 < len(inside) < len(everything)
    assert (one["units"], one["n"], one["check_content"], one["filter"]) == (len(inside), -(-len(inside) * 3 // 10), "疏散通道、安全出口", {"sectors": [sector]})
    asked = {"purpose": "campaign", "period": "2026-12", "items": one["items"], "source_doc": one["number"], "mode": "directed", "filter": one["filter"], "n": one["n"]}
    assert stage.propose(**asked).status_code == 201
    lines = stage.a.get(f"{API}/{stage.id}/feasibility?limit=500").get_json()
    assert len(lines["lines"]) + len(lines["absent"]) >= len(everything) and len(lines["lines"]) == len(inside)


def test_a_scheme_that_is_over_is_offered_no_more(app: Flask) -> None:
    stage = a_ceremony(WC, CHECKLISTS)
    key, made = scheme_of(stage, object_filter="人员密集场所", period_from="2026-10-01", period_to="2026-11-30")
    assert made.status_code == 200 and stage.b.post(f"{PLANS}/documents/{key}/approve").status_code == 200
    assert [one["objects"] for one in offered(stage)] == ["人员密集场所"]
    with clock.freeze(on("2026-12-01")):
        assert builders.a_client(stage.a.person).get(f"{PLANS}/campaigns").get_json()["campaigns"] == []


@pytest.mark.parametrize("wrong", [{"no_such_condition": ["x"]}, {"sectors": "人员密集"}, {"leave_out": ["00000000-0000-7000-8000-000000000000"]}])
def test_a_filter_that_no_draw_would_take_is_refused_with_the_scheme(app: Flask, wrong: dict[str, Any]) -> None:
    stage = a_ceremony(WC, CHECKLISTS)
    assert scheme_of(stage, object_filter="试验", pool_filter=wrong)[1].status_code == 422
