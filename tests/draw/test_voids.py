"""The lever that is left is to abort: it is public, approved, chained, and never quiet (draw.md 3.2, 3.9)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from server.audit import operations as audit
from server.audit import public_log
from server.draw import operations
from server.kernel import canonical
from server.platform.db import session
from tests import builders
from tests.draw.office import API, Ceremony, a_ceremony

AGENCY = "fire-wenchanghu"
LOST = {"cause": "browser_lost", "reason": "甲的电脑无法开机"}


@pytest.fixture
def office(ctx: Flask, repository: Path) -> Ceremony:
    return a_ceremony(AGENCY, repository / "checklists")


def leaves(kind: str) -> list[dict[str, Any]]:
    session().rollback()
    found = [public_log.stored(index) for index in range(public_log.tail().size)]
    return [dict(canonical.decode(one.entry)) for one in found if one is not None and one.kind == kind]


def decide(office: Ceremony, who: Any, granted: bool = True) -> Any:
    return who.post(f"{API}/voids/{office.id}/decision", json={"granted": granted, "note": "试验"})


def test_an_abort_waits_for_the_superior_and_is_public_once_granted(office: Ceremony) -> None:
    office.to_open()
    asked = office.post(office.a, "void", LOST)
    assert asked.get_json()["void"]["state"] == "asked" and asked.get_json()["state"] == "open"
    assert leaves("draw.void") == []
    assert [one["id"] for one in office.superior.get(API).get_json()["voids"]] == [office.id]
    done = decide(office, office.superior)
    assert done.status_code == 200 and done.get_json()["state"] == "void"
    assert leaves("draw.void") == [{"v": 1, "k": "draw.void", "draw": office.id, "cause": "browser_lost", "stage": "open", "approved": True}]
    assert office.roll().status_code == 409
    decide(office, office.superior)
    assert len(leaves("draw.void")) == 1


def test_a_refused_abort_leaves_the_draw_as_it_was(office: Ceremony) -> None:
    office.to_open()
    office.post(office.a, "void", LOST)
    assert decide(office, office.superior, granted=False).get_json()["state"] == "open"
    office.roll()
    assert office.reveal().get_json()["state"] == "drawn"
    assert leaves("draw.void") == []


def test_nobody_of_the_own_office_grants_the_abort(office: Ceremony) -> None:
    office.to_open()
    office.post(office.a, "void", LOST)
    other = builders.client_as("reviewer", agency=AGENCY)
    for who in (office.b, other, builders.client_as("superior", agency="fire-jindong-superior")):
        assert decide(office, who).status_code == 404
    assert office.a.get(f"{API}/{office.id}").get_json()["state"] == "open"


def test_a_redraw_names_the_void_draw_and_takes_its_place(office: Ceremony) -> None:
    """draw.md 3.2: "the next intent must name the void one (`prev_void`)"."""
    office.to_open()
    first = office.id
    office.post(office.a, "void", LOST)
    decide(office, office.superior)
    silent = office.a.post(API, json=office.wish())
    assert (silent.status_code, silent.get_json()["code"]) == (409, "E_DRAW_SECOND")
    office.to_drawn(prev_void=first)
    assert leaves("draw.intent")[1]["intent"]["prev_void"] == first
    assert office.a.post(API, json=office.wish(prev_void=first)).status_code == 409, "a void draw is replaced once"


def test_a_result_that_somebody_dislikes_does_not_vanish(office: Ceremony) -> None:
    """Attack "abort until it fits": the result's hash stays in the log, and the void stands beside it."""
    office.to_drawn()
    office.post(office.a, "void", {"cause": "other", "reason": "名单不合适"})
    decide(office, office.superior)
    assert leaves("draw.result")[0]["transcript"] == office.draw["transcript_hash"]
    assert leaves("draw.void")[0]["stage"] == "drawn"
    public = operations.public_draws(AGENCY)
    assert [(one.state, one.void_cause, one.void_approved) for one in public] == [("void", "other", True)]


def test_what_is_published_cannot_be_void(office: Ceremony) -> None:
    office.to_drawn()
    operations.publish_transcript(office.id)
    assert office.post(office.a, "void", LOST).status_code == 409


def test_where_the_profile_asks_nobody_the_abort_is_public_all_the_same(office: Ceremony, monkeypatch: pytest.MonkeyPatch) -> None:
    from server.rules.domain import AgencyRules

    monkeypatch.setattr(AgencyRules, "values", property(lambda rules: {key: entry["value"] for key, entry in rules.profile.items()} | {"draw.void_approval": "none"}))
    office.to_open()
    assert office.post(office.a, "void", LOST).get_json()["state"] == "void"
    assert leaves("draw.void")[0]["approved"] is False


def test_every_step_of_an_abort_is_a_fact(office: Ceremony) -> None:
    office.to_open()
    office.post(office.a, "void", LOST)
    decide(office, office.superior)
    session().rollback()
    verbs = [fact.verb for fact in audit.listing(AGENCY, object_kind="draw", object_id=office.id)]
    assert {"draw.void_asked", "draw.void_granted"} <= set(verbs)
    assert audit.verify(AGENCY).fault is None
