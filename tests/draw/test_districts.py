"""WC-13c 文昌湖指引 第十三条："跨行政区域检查的，由上一级…开展".

The agency above draws units of several districts' registers in one draw of its own; each district has submitted its register."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from server.accounts import operations as accounts
from server.audit import operations as audit
from server.draw import operations, replay
from server.draw.tables import DrawRow, DrawUnitRow
from server.inspections import operations as inspections
from server.plans import monthly
from server.platform import jobs
from server.platform.db import session
from server.registry import operations as registry
from server.registry.tables import UnitRow
from tests import builders
from tests.builders import an_actor
from tests.draw.lending import ABOVE, LENDER, SILENT, Lending, a_lending
from tests.draw.office import API
from tests.world import Client

DISTRICTS = [LENDER, SILENT]


@pytest.fixture
def world(ctx: Flask, repository: Path) -> Lending:
    return a_lending(repository / "checklists")


def desk(agency: str) -> Client:
    return builders.a_client(next(one for one in accounts.people(agency) if one.roles == ("plan_officer",)))


def submitted(world: Lending, **more: Any) -> None:
    """Proposed by the agency above, and every district's register submitted."""
    made = world.office.propose(**{"districts": DISTRICTS, "n": 6, **more})
    assert made.status_code == 201, made.get_json()
    for agency in world.office.draw["departments"]:
        answer = world.office.post(desk(agency["agency_id"]), "submit")
        assert answer.status_code == 200, answer.get_json()


def drawn(world: Lending, **more: Any) -> list[monthly.PlanLine]:
    submitted(world, **more)
    for step, body in (("freeze", None), ("commit", {"commitment": world.office.commitment()}), ("intent", None)):
        answer = world.office.post(world.office.a, step, body)
        assert answer.status_code == 200, (step, answer.get_json())
    assert world.office.roll().status_code == 200
    answer = world.office.reveal()
    assert answer.status_code == 200, answer.get_json()
    session().rollback()
    return [line for line in monthly.lines(ABOVE, monthly.plans(ABOVE)[-1].id) if line.draw_id == world.office.id]


def homes(world: Lending) -> dict[str, str]:
    """name → district of every drawn unit."""
    session().rollback()
    row = session().get_one(DrawRow, world.office.id)
    chosen = {uid for _st, uid, *_rest in (row.want or {})["selected"]}
    return {one.name: one.agency_id for one in session().query(DrawUnitRow).filter_by(draw_id=row.id) if one.uid in chosen}


def test_wc_13c_the_agency_above_draws_across_the_districts_and_the_rows_stand_in_its_own_plan(world: Lending) -> None:
    """文昌湖指引第十三条："跨行政区域检查的，由上一级…开展"."""
    # One more than the larger register has: no draw can leave a district out.
    lines = drawn(world, n=max(len(registry.pool(agency, registry.filter_from({}))) for agency in DISTRICTS) + 1)
    assert {line.unit_name for line in lines} == set(homes(world)) and set(homes(world).values()) == set(DISTRICTS)
    own = {one.user_id for one in registry.inspectors(ABOVE)}
    for line in lines:
        assert registry.unit(ABOVE, line.unit_id).name == line.unit_name and set(line.team) <= own
    operations.publish_transcript(world.office.id)
    file = builders.a_client().get(f"/open/draws/{world.office.id}/transcript.json").get_json()
    assert replay.replay(file) == file["want"] and file["intent"]["kind"] == "draw"
    page = builders.a_client().get(f"/open/draws/{world.office.id}").get_data(as_text=True)
    assert "检查对象名录来自" in page and all(accounts.agency(one).name in page for one in DISTRICTS)


def test_only_what_was_drawn_is_taken_into_the_register_and_no_draw_of_its_own_meets_it(world: Lending) -> None:
    before = {one.id for one in registry.units(ABOVE, limit=500)}
    pool = {one.unit_id for one in registry.pool(ABOVE, registry.filter_from({}))}
    lines = drawn(world)
    taken = {one.id for one in registry.units(ABOVE, limit=500)} - before
    assert taken == {line.unit_id for line in lines}
    assert {session().get_one(UnitRow, unit).state for unit in taken} == {"below"}
    assert {one.unit_id for one in registry.pool(ABOVE, registry.filter_from({}))} == pool


def test_nothing_is_drawn_before_every_district_has_submitted_and_the_missing_are_named(world: Lending) -> None:
    world.office.propose(districts=DISTRICTS, n=6)
    listed = {one["agency_id"]: one["joined_at"] for one in world.office.draw["departments"]}
    assert listed == dict.fromkeys(DISTRICTS)
    assert world.office.a.get(f"{API}/{world.office.id}/feasibility").get_json()["total"] == 0, "nobody's units without consent"
    assert world.office.post(desk(LENDER), "submit").status_code == 200
    refused = world.office.post(world.office.a, "freeze")
    assert refused.status_code == 409 and accounts.agency(SILENT).name in refused.get_json()["detail"] and accounts.agency(LENDER).name not in refused.get_json()["detail"]
    (told,) = [one for one in world.office.a.get(f"{API}/{world.office.id}").get_json()["departments"] if one["joined_at"]]
    assert (told["agency_id"], told["official"]) == (LENDER, world.desk.person.name)
    assert world.office.a.get(f"{API}/{world.office.id}/feasibility").get_json()["total"] == len(registry.pool(LENDER, registry.filter_from({})))


def test_a_register_is_submitted_by_its_own_agency_once_and_only_while_the_draw_is_on_paper(world: Lending) -> None:
    world.office.propose(districts=DISTRICTS, n=6)
    assert [one["id"] for one in world.desk.get(API).get_json()["draws"]] == [world.office.id]
    for stranger in ("fire-yanshi", "some-agency"):
        assert world.office.post(builders.client_as("plan_officer", agency=stranger), "submit").status_code == 404
    assert world.office.post(builders.client_as("inspector", agency=LENDER), "submit").status_code == 403
    assert world.office.post(world.office.a, "submit").status_code == 409, "the agency above submits for nobody"
    first = world.office.post(world.desk, "submit").get_json()
    assert world.office.post(world.desk, "submit").get_json()["departments"] == first["departments"]
    session().rollback()
    for agency in (LENDER, ABOVE):
        (fact,) = [one for one in audit.listing(agency, object_kind="draw", object_id=world.office.id) if one.verb == "draw.register_submitted"]
        assert fact.facts == {"units": registry.count_units(LENDER), "for": ABOVE}
    assert world.office.post(desk(SILENT), "submit").status_code == 200
    assert world.office.post(world.office.a, "freeze").status_code == 200
    assert world.office.post(world.desk, "submit").status_code == 200, "it stands"


def test_another_wish_asks_the_districts_again(world: Lending) -> None:
    submitted(world)
    changed = world.office.a.put(f"{API}/{world.office.id}", json=world.office.wish(districts=DISTRICTS, n=3))
    assert changed.status_code == 200 and all(one["joined_at"] is None for one in changed.get_json()["departments"])


def test_only_agencies_below_are_districts_each_once_and_never_of_fixed_objects(world: Lending) -> None:
    offered = {one["id"] for one in world.office.a.get(f"{API}/setup").get_json()["districts"]}
    assert offered == set(DISTRICTS)
    for wrong in (["fire-yanshi"], [LENDER, LENDER], [ABOVE], [LENDER, "nobody"]):
        refused = world.office.propose(districts=wrong)
        assert refused.status_code == 422 and refused.get_json()["article"] == "文昌湖指引 第十三条", wrong
    assert world.desk.get(f"{API}/setup").get_json()["districts"] == []


def test_the_district_is_told_of_its_drawn_units_when_the_list_is_public_and_of_nobody_elses(world: Lending) -> None:
    drawn(world)

    def told(agency: str) -> dict[str, Any]:
        return dict(desk(agency).get(f"{API}/lent").get_json()["draws"][0])

    assert told(LENDER)["units"] == [] and told(LENDER)["register"] == len(registry.pool(LENDER, registry.filter_from({})))
    for path in ("result", "feasibility", "wish", "transcript"):
        assert world.desk.get(f"{API}/{world.office.id}/{path}").status_code == 404, path
    operations.publish_transcript(world.office.id)
    for agency in DISTRICTS:
        assert set(told(agency)["units"]) == {name for name, home in homes(world).items() if home == agency}
    assert world.desk.get(f"{API}/{world.office.id}/result").status_code == 404, "the other district's units are not this one's to read"


def test_the_visits_of_a_draw_across_districts_reach_the_phones_of_lent_inspectors(world: Lending) -> None:
    lines = drawn(world, registers=[LENDER])
    plan = monthly.plans(ABOVE)[-1]
    monthly.approve(an_actor("reviewer", agency=ABOVE), plan.id, "补充安排")
    monthly.release(an_actor("plan_officer", agency=ABOVE), plan.id)
    jobs.drain()
    made = {one.unit_id: one for one in inspections.inspections(ABOVE)}
    assert set(made) == {line.unit_id for line in lines if line.team} and all(one.pack_sha for one in made.values())
    assert {str(member["home"]) for one in made.values() for member in one.team} == {LENDER}


def test_a_unit_visited_for_the_agency_above_counts_in_its_next_draw_across_the_districts(world: Lending) -> None:
    first = {line.unit_name for line in drawn(world)}
    submitted(world, title="第二次", mode="directed", filter={"grades": ["A", "B", "C", "D", ""]})
    found = world.office.a.get(f"{API}/{world.office.id}/feasibility?limit=500").get_json()["lines"]
    assert {one["name"] for one in found if one["visits"]} <= first and any(one["visits"] for one in found)


def test_an_interest_of_the_own_inspectors_in_the_same_enterprise_keeps_them_away(world: Lending) -> None:
    """WS-4.2c: declared at the own register's premises, met in the district's."""
    from server.platform.db import transaction
    from server.registry.tables import MarketEntityRow

    theirs = next(one for one in registry.units(LENDER, limit=500) if one.uscc)
    own = next(one for one in registry.units(ABOVE, limit=500) if one.uscc)
    with transaction():
        session().get_one(MarketEntityRow, own.entity_id).uscc = theirs.uscc
    registry.declare_conflict(None, ABOVE, next(one.user_id for one in registry.inspectors(ABOVE) if one.certificate.valid_to.year > 2026), own.id, "配偶在该单位任职")
    submitted(world)
    found = {one["id"]: one["candidates"] for one in world.office.a.get(f"{API}/{world.office.id}/feasibility?limit=500").get_json()["lines"]}
    assert found[theirs.id] == max(found.values()) - 1


def test_after_the_draw_units_and_people_are_exchanged_as_in_any_other(world: Lending) -> None:
    lines = drawn(world, n=3)
    officer = builders.actor_of(world.office.a.person)
    line = lines[0]
    made = operations.propose_replacement(officer, ABOVE, operations.Leaving(
        "visit-1", line.unit_id, tuple(line.item_codes), tuple(line.team[:1]), tuple(line.team[1:]), "leave", world.office.a.person.id, world.office.b.person.id, "甄见证", approval_ref="批〔2026〕7号", of_draw=world.office.id,
    ))
    assert made.state == "frozen"
    follower = operations.next_unit(officer, ABOVE, world.office.id, line.unit_id, "closed", "已关门停业", "照片一张")
    assert follower.unit_id not in {one.unit_id for one in lines} and registry.unit(ABOVE, follower.unit_id).agency_id == ABOVE
    again = operations.next_unit(officer, ABOVE, world.office.id, line.unit_id, "closed", "已关门停业", "照片一张")
    assert again.unit_id == follower.unit_id
