"""Joint draws (3.6, WC-5, WC-13d, JD-2.3): every department freezes its own tables and holds a part of the seed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from server.draw import ceremony, operations, replay, tickets
from server.draw.tables import DrawDepartmentRow
from server.kernel import b64url
from server.platform.db import session, transaction
from server.registry import operations as registry
from server.registry.tables import MarketEntityRow
from tests import builders, kept
from tests.draw.office import API, Ceremony, a_ceremony

LEAD, OTHER = "fire-wenchanghu", "fire-jindong"
SHARED = 6


@pytest.fixture
def offices(ctx: Flask, repository: Path) -> tuple[Ceremony, Ceremony]:
    """Two agencies whose registers share six credit codes."""
    return kept.once("joint", lambda: two_offices(repository))


def two_offices(repository: Path) -> tuple[Ceremony, Ceremony]:
    lead, other = (a_ceremony(agency, repository / "checklists") for agency in (LEAD, OTHER))
    codes = sorted(one.uscc for one in registry.units(LEAD, limit=500) if one.uscc)[:SHARED]
    theirs = sorted({one.entity_id for one in registry.units(OTHER, limit=500) if one.uscc})
    with transaction():
        for code, entity in zip(codes, theirs, strict=False):
            session().get_one(MarketEntityRow, entity).uscc = code
    return lead, other


def proposed(lead: Ceremony, other: Ceremony, **more: Any) -> Any:
    body = {
        "title": "联合抽查", "period": "2026-12", "source_doc": "联〔2026〕3号", "items": ["WC-DUTY"], "n": 3, "official_a": lead.a.person.id, "official_b": lead.b.person.id,
        "witness_name": "甄见证", "partners": [{"agency_id": OTHER, "official": other.a.person.id}], **more,
    }
    answer = lead.a.post(f"{API}/joint", json=body)
    if answer.status_code == 201:
        lead.draw = other.draw = answer.get_json()
    return answer


def joined(lead: Ceremony, other: Ceremony) -> None:
    assert proposed(lead, other).status_code == 201
    for office, item in ((other, "JD-DUTY"), (lead, "WC-DUTY")):
        answer = office.post(office.a, "join", {"items": [item], "team": 2})
        assert answer.status_code == 200, answer.get_json()


def number(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()


def to_drawn(lead: Ceremony, other: Ceremony) -> dict[str, Any]:
    joined(lead, other)
    parties = ((lead, "fire_wenchanghu"), (other, "fire_jindong"))
    for office, code in parties:
        assert office.post(office.a, "commit", {"commitment": b64url.encode(tickets.commitment(lead.id, code, number(code)))}).status_code == 200
    assert lead.post(lead.a, "intent").status_code == 200
    assert lead.roll().status_code == 200
    for office, code in parties:
        answer = office.post(office.a, "reveal", {"value": b64url.encode(number(code))})
        assert answer.status_code == 200, answer.get_json()
    return dict(answer.get_json())


def test_two_departments_draw_the_same_units_and_each_its_own_people(offices: tuple[Ceremony, Ceremony]) -> None:
    lead, other = offices
    heard: dict[str, operations.Drawn] = {}
    before = list(ceremony._listeners)
    ceremony._listeners[:] = [lambda agency, drawn: heard.__setitem__(agency, drawn)]
    try:
        assert to_drawn(lead, other)["state"] == "drawn"
    finally:
        ceremony._listeners[:] = before
    assert set(heard) == {LEAD, OTHER} and len(heard[LEAD].rows) == len(heard[OTHER].rows) >= 3
    for agency, drawn in heard.items():
        own = {one.user_id for one in registry.inspectors(agency)}
        for row in drawn.rows:
            assert set(row.team) <= own and len(row.team) == 2
            assert registry.unit(agency, row.unit_id).uscc in {registry.unit(LEAD, one.unit_id).uscc for one in heard[LEAD].rows}


def test_any_department_and_anybody_runs_the_whole_again(offices: tuple[Ceremony, Ceremony]) -> None:
    lead, other = offices
    to_drawn(lead, other)
    operations.publish_transcript(lead.id)
    file = builders.a_client().get(f"/open/draws/{lead.id}/transcript.json").get_json()
    assert replay.replay(file) == file["want"]
    for uid, salt, uscc, _name in file["openings"]:
        assert b64url.encode(tickets.uid(b64url.decode(salt), uscc)) == uid
    page = builders.a_client().get(f"/open/draws/{lead.id}")
    assert page.status_code == 200 and "参加部门" in page.get_data(as_text=True)


def test_each_department_hands_a_unit_the_same_opening_from_its_own_table(offices: tuple[Ceremony, Ceremony]) -> None:
    """draw.md 3.2 step 7: "every unit can get its own opening"; in a joint draw the id is the credit code."""
    lead, other = offices
    to_drawn(lead, other)
    unit = next(one for one in lead.a.get(f"{API}/{lead.id}/result").get_json()["fates"] if one["fate"] == "drawn")["subject_id"]
    assert lead.a.get(f"{API}/{lead.id}/openings/{unit}").status_code == 404
    operations.publish_transcript(lead.id)
    told = lead.a.get(f"{API}/{lead.id}/openings/{unit}").get_json()
    assert told["id"] == registry.unit(LEAD, unit).uscc
    assert b64url.encode(tickets.uid(b64url.decode(told["salt"]), told["id"])) == told["uid"]
    same = next(one.id for one in registry.units(OTHER, limit=500) if one.uscc == told["id"])
    theirs = other.a.get(f"{API}/{lead.id}/openings/{same}").get_json()
    assert (theirs["uid"], theirs["salt"]) == (told["uid"], told["salt"])


def test_units_that_one_department_does_not_list_are_not_in_the_pool(offices: tuple[Ceremony, Ceremony]) -> None:
    lead, other = offices
    to_drawn(lead, other)
    answer = lead.a.get(f"{API}/{lead.id}/result").get_json()
    assert answer["excluded"] == {"not_shared": len(registry.units(LEAD, limit=500)) - SHARED}
    assert sum(one["fate"] == "drawn" for one in other.a.get(f"{API}/{lead.id}/result").get_json()["fates"]) == sum(one["fate"] == "drawn" for one in answer["fates"]) >= 3


def test_a_department_sees_its_own_people_and_nobody_elses(offices: tuple[Ceremony, Ceremony]) -> None:
    lead, other = offices
    to_drawn(lead, other)
    # Some invented names occur in both demo registers.
    theirs, own = ({one.name for one in registry.inspectors(agency)} for agency in (LEAD, OTHER))
    told = {name for one in other.a.get(f"{API}/{lead.id}/result").get_json()["fates"] for name in one["team"]}
    assert told and told <= own and theirs - own
    assert builders.client_as("plan_officer", agency=OTHER).get(f"{API}/{lead.id}").status_code == 404


def test_nobody_announces_before_every_department_has_frozen_and_committed(offices: tuple[Ceremony, Ceremony]) -> None:
    lead, other = offices
    proposed(lead, other)
    lead.post(lead.a, "join", {"items": ["WC-DUTY"], "team": 2})
    assert lead.post(lead.a, "commit", {"commitment": "A" * 43}).status_code == 409
    other.post(other.a, "join", {"items": ["JD-DUTY"], "team": 2})
    lead.post(lead.a, "commit", {"commitment": b64url.encode(tickets.commitment(lead.id, "fire_wenchanghu", number("x")))})
    assert lead.post(lead.a, "intent").status_code == 409
    assert other.post(other.a, "intent").status_code in (403, 409)


def test_everybody_with_a_part_sees_which_departments_have_joined_when_and_who_is_missing(offices: tuple[Ceremony, Ceremony]) -> None:
    lead, other = offices
    proposed(lead, other)

    def listed(office: Ceremony) -> dict[str, Any]:
        return {one["agency_id"]: one for one in office.a.get(f"{API}/{lead.id}").get_json()["departments"]}

    before = listed(lead)
    assert {one: (told["official"], told["joined_at"]) for one, told in before.items()} == {LEAD: (lead.a.person.name, None), OTHER: (other.a.person.name, None)}
    assert other.post(other.a, "join", {"items": ["JD-DUTY"], "team": 2}).status_code == 200
    for office in offices:
        told = listed(office)
        assert told[OTHER]["joined_at"] and told[LEAD]["joined_at"] is None and set(told[OTHER]) == {"agency_id", "name", "official", "joined_at"}
    assert lead.a.get(API).get_json()["draws"][0]["departments"] == list(listed(lead).values())


def test_a_department_joins_with_its_own_items_and_not_too_few_people(offices: tuple[Ceremony, Ceremony]) -> None:
    lead, other = offices
    proposed(lead, other)
    assert other.post(other.a, "join", {"items": ["WC-DUTY"], "team": 2}).status_code == 422
    assert other.post(other.a, "join", {"items": ["JD-DUTY"], "team": 1}).status_code == 422
    assert other.post(other.b, "join", {"items": ["JD-DUTY"], "team": 2}).status_code in (403, 404)


def test_a_joint_draw_has_two_departments_and_real_officials(offices: tuple[Ceremony, Ceremony]) -> None:
    lead, other = offices
    assert proposed(lead, other, partners=[{"agency_id": LEAD, "official": lead.b.person.id}]).status_code == 422
    assert proposed(lead, other, partners=[{"agency_id": OTHER, "official": lead.b.person.id}]).status_code == 422
    assert proposed(lead, other, source_doc=" ").status_code == 422
    assert {one["agency_id"] for one in lead.a.get(f"{API}/partners").get_json()["partners"]} == {OTHER}


def test_wc_13d_a_joint_draw_names_the_governments_document_and_the_public_reads_it(offices: tuple[Ceremony, Ceremony]) -> None:
    """文昌湖指引第十三条："政府对部门联合…有统一要求的，按照政府规定执行"."""
    lead, other = offices
    for silent in ("", "  "):
        assert proposed(lead, other, source_doc=silent).status_code == 422
    to_drawn(lead, other)
    for office in offices:
        assert office.a.get(f"{API}/{lead.id}").get_json()["intent"]["about"]["source_doc"] == "联〔2026〕3号"
    page = builders.a_client().get(f"/open/draws/{lead.id}").get_data(as_text=True)
    assert "依据的方案" in page and "联〔2026〕3号" in page
    assert proposed(lead, other, title="再抽一次").status_code == 409, "one document, one joint draw"


def test_a_departments_table_changed_after_the_commitment_voids_the_joint_draw(offices: tuple[Ceremony, Ceremony]) -> None:
    lead, other = offices
    joined(lead, other)
    for office, code in ((lead, "fire_wenchanghu"), (other, "fire_jindong")):
        office.post(office.a, "commit", {"commitment": b64url.encode(tickets.commitment(lead.id, code, number(code)))})
    lead.post(lead.a, "intent")
    with transaction():
        row = session().get_one(DrawDepartmentRow, (lead.id, OTHER))
        row.units = [{**row.units[0], "leaf": {**row.units[0]["leaf"], "w": 99}}, *row.units[1:]]
    answer = lead.roll()
    assert (answer.status_code, answer.get_json()["code"]) == (409, "E_ROOT")


def test_the_joint_salt_never_leaves_the_server(offices: tuple[Ceremony, Ceremony]) -> None:
    lead, other = offices
    to_drawn(lead, other)
    operations.publish_transcript(lead.id)
    seen = lead.a.get(f"{API}/{lead.id}/wish").get_data(as_text=True) + builders.a_client().get(f"/open/draws/{lead.id}/transcript.json").get_data(as_text=True)
    assert "joint_salt" not in seen


def test_a_joint_draw_is_not_frozen_or_changed_like_an_ordinary_one(offices: tuple[Ceremony, Ceremony]) -> None:
    lead, other = offices
    proposed(lead, other)
    assert lead.post(lead.a, "freeze").status_code == 409
    assert lead.a.put(f"{API}/{lead.id}", json=lead.wish()).status_code == 409
