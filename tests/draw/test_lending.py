"""WG-5b 舞钢细则 五："上级人防部门开展随机抽查时，可以根据工作需要从执法检查人员名录库中随机抽调执法检查人员".

Only from agencies under it that agree by their own profile; in the urn they are people like all others."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from server.accounts import operations as accounts
from server.audit import operations as audit
from server.draw import operations, replay
from server.draw.tables import DrawRow
from server.plans import figures
from server.platform.db import session, transaction
from server.registry import operations as registry
from server.registry import people
from server.registry.tables import InspectorRow, MarketEntityRow
from tests import builders
from tests.builders import actor_of
from tests.draw.lending import ABOVE, BETWEEN, LENDER, SILENT, Lending, a_lending
from tests.draw.office import API

NAME = "舞钢市人民防空办公室"


@pytest.fixture
def world(ctx: Flask, repository: Path) -> Lending:
    return a_lending(repository / "checklists")


def look(world: Lending) -> dict[str, Any]:
    return dict(world.office.a.get(f"{API}/{world.office.id}/feasibility").get_json())


def teams(world: Lending) -> set[str]:
    session().rollback()
    drawn = operations.drawn_of(session().get_one(DrawRow, world.office.id))
    return {user for row in drawn.rows for user in row.team}


def test_wg_5b_the_superior_draws_its_inspectors_from_a_subordinates_register(world: Lending) -> None:
    world.office.to_drawn(registers=[LENDER])
    assert teams(world) and teams(world) <= set(world.inspectors)
    assert set(world.urn().values()) == {LENDER}
    operations.publish_transcript(world.office.id)
    file = builders.a_client().get(f"/open/draws/{world.office.id}/transcript.json").get_json()
    assert replay.replay(file) == file["want"]
    assert set(file["people"][0]) == {"pid", "q", "load", "cap"}, "in the table they are people like all others"
    page = builders.a_client().get(f"/open/draws/{world.office.id}").get_data(as_text=True)
    assert "人员名录来自" in page and f"{accounts.agency(LENDER).name}：{len(world.urn())}人" in page


def test_several_registers_and_the_own_one_make_one_urn(world: Lending) -> None:
    world.office.to_open(registers=[ABOVE, LENDER])
    assert set(world.urn().values()) == {ABOVE, LENDER}


def test_without_registers_the_own_one_alone_is_the_urn_as_before(world: Lending) -> None:
    world.office.to_open()
    assert set(world.urn().values()) == {ABOVE}
    assert "registers" not in world.office.a.get(f"{API}/{world.office.id}").get_json()["intent"]["about"]


def test_only_agencies_below_that_agree_are_offered_and_naming_another_is_refused_with_the_reason(world: Lending) -> None:
    offered = world.office.a.get(f"{API}/setup").get_json()["registers"]
    assert [one["id"] for one in offered] == [LENDER]
    silent = world.office.propose(registers=[SILENT])
    assert silent.status_code == 422 and "没有同意上级机关抽调其执法检查人员" in silent.get_json()["detail"] and accounts.agency(SILENT).name in silent.get_json()["detail"]
    for stranger in ("fire-yanshi", "nobody-at-all"):
        refused = world.office.propose(registers=[LENDER, stranger])
        assert refused.status_code == 422 and "下级机关" in refused.get_json()["detail"]
    # Downwards only: the lender does not draw from its superior, nor is it offered anybody.
    own = world.desk.get(f"{API}/setup").get_json()
    assert own["registers"] == []
    assert world.office.propose(registers=[BETWEEN]).status_code == 422, "an agency without rules of its own has agreed to nothing"


def test_consent_taken_back_before_the_freeze_counts(world: Lending, monkeypatch: pytest.MonkeyPatch) -> None:
    from server.rules.domain import AgencyRules

    world.office.propose(registers=[LENDER])
    monkeypatch.setattr(AgencyRules, "values", property(lambda rules: {key: entry["value"] for key, entry in rules.profile.items()} | {"draw.superior_may_draw_inspectors": False}))
    refused = world.office.post(world.office.a, "freeze")
    assert refused.status_code == 422 and "没有同意" in refused.get_json()["detail"]


def test_certificates_and_leave_of_the_lender_hold_and_why_somebody_is_away_stays_there(world: Lending) -> None:
    away, expired, *_rest = world.inspectors
    people.add_leave(actor_of(world.desk.person), LENDER, away, "leave", date(2026, 11, 1), date(2026, 12, 31), "手术")
    with transaction():
        session().get_one(InspectorRow, expired).valid_to = date(2026, 11, 1)
    world.office.propose(registers=[LENDER])
    found = look(world)
    hands = {one["user_id"] for one in found["hands"]}
    assert hands and not hands & {away, expired} and {one["home"] for one in found["hands"]} == {accounts.agency(LENDER).name}
    (told,) = found["hindered"]
    assert told == {"name": accounts.agency(LENDER).name, "why": f"{len(registry.inspectors(LENDER)) - len(hands)}人暂不能抽取"}
    world.office.post(world.office.a, "freeze")
    assert not set(world.urn()) & {away, expired}


def test_an_interest_declared_at_the_lender_holds_for_the_same_enterprise_in_the_superiors_register(world: Lending) -> None:
    """WS-4.2c: two registers have no ids in common; the credit code says that it is the same enterprise."""
    theirs = next(one for one in registry.units(LENDER, limit=500) if one.uscc)
    own = next(one for one in registry.units(ABOVE, limit=500) if one.uscc)
    with transaction():
        session().get_one(MarketEntityRow, own.entity_id).uscc = theirs.uscc
    world.office.propose(registers=[LENDER])
    before = {one["id"]: one["candidates"] for one in look(world)["lines"]}
    registry.declare_conflict(None, LENDER, world.inspectors[0], theirs.id, "曾在该单位任职")
    after = {one["id"]: one["candidates"] for one in look(world)["lines"]}
    assert {unit: before[unit] - after[unit] for unit in before if before[unit] != after[unit]} == {own.id: 1}


def test_the_load_of_a_lent_inspector_counts_in_the_draws_of_both_agencies(world: Lending) -> None:
    world.office.to_drawn(registers=[LENDER])
    session().rollback()
    for whose in (LENDER, ABOVE):
        loads = figures.loads_of(whose, world.inspectors, 2026)
        assert sum(loads.values()) == 2 * len(operations.drawn_of(session().get_one(DrawRow, world.office.id)).rows)


def test_the_lender_knows_of_the_draw_when_it_is_announced_and_of_the_people_when_it_is_published(world: Lending) -> None:
    def lent() -> list[dict[str, Any]]:
        return list(world.desk.get(f"{API}/lent").get_json()["draws"])

    world.office.propose(registers=[LENDER])
    assert lent() == []
    world.office.to_drawn(registers=[LENDER], title="第二次抽取", mode="directed", filter={"sectors": []} | {"grades": ["A", "B", "C", "D"]})
    (told,) = lent()
    assert (told["title"], told["agency_name"], told["state"], told["pool"], told["people"]) == ("第二次抽取", accounts.agency(ABOVE).name, "drawn", len(world.urn()), [])
    operations.publish_transcript(world.office.id)
    (told,) = lent()
    names = {one.user_id: one.name for one in registry.inspectors(LENDER)}
    assert {one["name"] for one in told["people"]} == {names[user] for user in teams(world)} and all(one["units"] for one in told["people"])
    assert told["published_at"]
    # The list of units is the superior's: for the lender the draw itself does not exist (D-4).
    for path in ("", "/result", "/feasibility", "/wish", "/transcript"):
        assert world.desk.get(f"{API}/{world.office.id}{path}").status_code == 404, path
    for other in ("fire-jindong", "fire-yanshi"):
        assert builders.client_as("plan_officer", agency=other).get(f"{API}/lent").get_json()["draws"] == []


def test_lending_is_a_fact_on_both_sides(world: Lending) -> None:
    world.office.to_drawn(registers=[LENDER])
    operations.publish_transcript(world.office.id)
    session().rollback()
    facts = {fact.verb: fact.facts for fact in audit.listing(LENDER, object_kind="draw", object_id=world.office.id)}
    assert facts["draw.register_lent"] == {"by": ABOVE, "people": len(world.urn())}
    assert facts["draw.inspectors_drawn"] == {"by": ABOVE, "people": len(teams(world))}
    assert facts["draw.inspectors_named"] == {"by": ABOVE, "people": sorted(teams(world))}
    own = {fact.verb for fact in audit.listing(ABOVE, object_kind="draw", object_id=world.office.id)}
    assert {"draw.frozen", "draw.made", "draw.published"} <= own
    assert audit.verify(LENDER).fault is None


def test_a_substitute_comes_from_the_registers_of_the_first_draw(world: Lending) -> None:
    world.office.to_drawn(registers=[LENDER])
    session().rollback()
    row = operations.drawn_of(session().get_one(DrawRow, world.office.id)).rows[0]
    made = operations.propose_replacement(actor_of(world.office.a.person), ABOVE, operations.Leaving(
        "visit-1", row.unit_id, row.item_codes, row.team[:1], row.team[1:], "leave", world.office.a.person.id, world.office.b.person.id, "甄见证", approval_ref="批〔2026〕7号", of_draw=world.office.id,
    ))
    world.office.draw = {"id": made.id}
    assert set(world.urn().values()) == {LENDER}
