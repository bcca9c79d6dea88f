"""Inspections without a draw of units: type, source document, item and reason, counted apart (WC-4b, YS-2.1, YS-3.4e, D-27)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask

from server.inspections import operations as inspections
from server.plans import figures, operations, undrawn
from server.plans.domain import NoBasis, PlanRefused, TypeIsDrawn
from server.platform import clock, jobs
from server.platform.ids import new_id
from server.registry import operations as registry
from tests import builders
from tests.draw.office import a_ceremony
from tests.plans.office import CHECKLISTS, WC, WS, YS, Office, an_office, on


@pytest.fixture
def office(ctx: Flask) -> Office:
    return an_office(WC)


def data(office: Office, **changes: Any) -> dict[str, Any]:
    return {
        "type": "complaint_check", "unit_ids": [office.units[0].id], "item_codes": [office.item], "source_name": "群众举报登记表", "source_no": "举2026-31", "source_date": date(2026, 11, 18),
        "reason": "反映安全出口锁闭", "mode": "on_site", "inspect_by": date(2026, 11, 30), "inspectors": office.people[:2], "official_a": "", "official_b": "", "witness_name": "",
    } | changes


@pytest.fixture(autouse=True)
def today() -> Any:
    with clock.freeze(on("2026-11-20")):
        yield


@pytest.mark.parametrize("kind", ["complaint_check", "pre_opening_check", "superior_supervised", "other"])
def test_wc_4b_types_that_are_not_drawn_are_recorded_with_their_source_document(office: Office, kind: str) -> None:
    """不适用于…举报投诉的核查、公众聚集场所投入使用、营业前的消防安全检查以及上级督办核查等其他消防监督检查"""
    made = undrawn.create(office.officer, new_id(), data(office, type=kind))
    jobs.drain()
    (visit,) = inspections.inspections(WC)
    assert (made.state, made.drawn, made.number) == ("assigned", "none", "FSJ-2026-0001") and visit.state == "prepared"
    assert operations.assignments_of(visit.id)[0].source == "undrawn"
    assert made.source_no == "举2026-31"


@pytest.mark.parametrize("kind", ["duty_spot_check", "special_campaign", "joint_inspection"])
def test_wc_4a_types_that_are_drawn_cannot_be_made_by_hand(office: Office, kind: str) -> None:
    """适用于…监督抽查、消防安全专项检查"""
    with pytest.raises(TypeIsDrawn):
        undrawn.create(office.officer, new_id(), data(office, type=kind))


def test_ys_2_1a_no_item_no_basis_no_inspection(office: Office) -> None:
    """凡法律法规规章没有规定的，一律不得擅自开展检查"""
    with pytest.raises(NoBasis):
        undrawn.create(office.officer, new_id(), data(office, item_codes=["凭空"]))
    assert office.client(office.officer).post("/api/v1/plans/undrawn", json={}).status_code == 422
    assert inspections.inspections(WC) == []


def test_the_team_of_an_undrawn_inspection_obeys_the_floor_of_every_visit(office: Office) -> None:
    """检查人员不得少于两人 (WC-18a); 未进入名录库的…不得参与 (WS-3.3c); 有利害关系的，应依法回避 (WS-4.2c)"""
    for people in ([office.people[0]], [office.people[0], new_id()], []):
        with pytest.raises(PlanRefused):
            undrawn.create(office.officer, new_id(), data(office, inspectors=people))
    registry.declare_conflict(office.officer, WC, office.people[0], office.units[0].id, "配偶任职")
    with pytest.raises(PlanRefused) as refused:
        undrawn.create(office.officer, new_id(), data(office))
    assert "配偶任职" in refused.value.detail
    expired = next(one.user_id for one in registry.inspectors(WC) if one.certificate.valid_to.year == 2026)
    with pytest.raises(PlanRefused):
        undrawn.create(office.officer, new_id(), data(office, inspectors=[office.people[1], expired]))


def test_the_same_request_twice_is_one_inspection(office: Office) -> None:
    key = new_id()
    for _ in range(3):
        undrawn.create(office.officer, key, data(office))
    assert len(inspections.inspections(WC)) == 1 and len(undrawn.listing(WC)) == 1
    assert undrawn.create(office.officer, new_id(), data(office)).number == "FSJ-2026-0002"


def test_ys_2_1b_the_share_of_inspections_that_came_from_a_draw_and_the_others_by_type(office: Office) -> None:
    """对法律法规规章规定的检查事项，要大力推广随机抽查"""
    office.released(1, 2, 3, period="2026-12")
    undrawn.create(office.officer, new_id(), data(office))
    undrawn.create(office.officer, new_id(), data(office, type="superior_supervised"))
    assert figures.share(WC, 2026) == figures.Share(2026, 3, 2, 600, {"complaint_check": 1, "superior_supervised": 1})
    assert figures.visits_of_units(WC, [office.units[0].id], 2026) == {}, "counted apart: a complaint uses up nobody's spot check"


def test_the_mode_chooses_how_it_is_done(office: Office) -> None:
    """WS-4.3c 综合运用书面检查、现场和网络监测等监管手段"""
    undrawn.create(office.officer, new_id(), data(office, mode="document_review"))
    assert inspections.inspections(WC)[0].mode == "document_review"


@pytest.mark.parametrize("kind", ["key_supervision", "credit_triggered"])
def test_key_and_credit_supervision_put_a_draw_of_people_on_paper_where_large_events_are_not_drawn(app: Flask, kind: str) -> None:
    """C21: types with ``drawn: inspectors_only``; 乌审旗 draws nobody for large events."""
    stage = a_ceremony(WS, CHECKLISTS)
    with app.app_context():
        office = Office(WS, builders.actor_of(stage.a.person), builders.actor_of(stage.b.person), builders.actor_of(stage.superior.person))
        body = data(office, type=kind, source_name="重点监管名单", source_no="乌应急〔2026〕9号", inspect_by=date(2026, 12, 20), inspectors=[])
        made = undrawn.create(office.officer, new_id(), body | {"official_a": stage.a.person.id, "official_b": stage.b.person.id, "witness_name": "甄见证"})
        assert made.state == "awaiting_draw"
    assert stage.a.get(f"/api/v1/draws/{made.draw_id}").get_json()["purpose"] == kind


def test_ys_3_4e_for_a_large_event_the_objects_are_fixed_and_the_inspectors_are_drawn_in_a_ceremony(app: Flask) -> None:
    """需要对举办大型活动场所进行全面检查的，要视情况随机确定相关执法人员"""
    stage = a_ceremony(YS, CHECKLISTS)
    with app.app_context():
        office = Office(YS, builders.actor_of(stage.a.person), builders.actor_of(stage.b.person), builders.actor_of(stage.superior.person))
        body = data(office, type="large_event", unit_ids=[office.units[0].id, office.units[1].id], source_name="活动方案", source_no="偃文〔2026〕9号", reason="牡丹灯会主会场", inspect_by=date(2026, 12, 20), inspectors=[])
        people = office.people[:2]
        with pytest.raises(TypeIsDrawn):
            undrawn.create(office.officer, new_id(), body | {"inspectors": people})
        made = undrawn.create(office.officer, new_id(), body | {"official_a": stage.a.person.id, "official_b": stage.b.person.id, "witness_name": "甄见证"})
        assert made.state == "awaiting_draw" and inspections.inspections(YS) == []
    stage.draw = {"id": made.draw_id}
    for step, sent in (("freeze", None), ("commit", {"commitment": stage.commitment()}), ("intent", None)):
        answer = stage.post(stage.a, step, sent)
        assert answer.status_code == 200, (step, answer.get_json())
    assert stage.roll().status_code == 200 and stage.reveal().status_code == 200
    with app.app_context():
        jobs.drain()
        found = inspections.inspections(YS)
        assert {one.unit_id for one in found} == set(made.unit_ids) and all(len(one.team) == 2 for one in found)
        assert undrawn.one(YS, made.id).state == "assigned"
        assert figures.share(YS, 2026).by_type == {"large_event": 2}
