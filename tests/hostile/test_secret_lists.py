"""Lists that are secret until published: every reading is a fact, whoever need not know is refused, nothing is forgotten.

舞钢细则 九：「在抽查工作未公开之前，执法人员不得私自制作、传递、复制相关资料，不准在私人交往和通信中涉及抽查信息」
(WG-9a)；「被抽查单位名单在公开前要严格保密」(WG-9b).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from server.accounts import secrecy
from server.app import demo
from server.app.access import view_of
from server.audit import operations as audit
from server.audit.tables import AuditFact, LogEntry
from server.inspections import operations as inspections
from server.plans import operations as plans
from server.platform.db import db, session
from tests import builders
from tests.architecture import objects, test_access_matrix
from tests.world import make_app

AGENCY = "fire-jindong"
# What may name units without a fact: the registry is no drawn list, and a draw keeps its own facts.
EXEMPT = ("/api/v1/registry/", "/api/v1/audit/", "/api/v1/draws")
OWN_FACTS = ("secrecy.read",)


@pytest.fixture(scope="module")
def office(database: str, fresh_database: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    app = make_app(tmp_path_factory.mktemp("secrets"), fresh_database(database), jobs="immediate")
    with app.app_context():
        demo.load_demo()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def at_office(office: Flask) -> Iterator[Flask]:
    builders.use(office)
    objects._uploads.clear()
    with office.app_context():
        yield office
    builders.use(None)


def facts(verb: str) -> int:
    return session().scalar(select(func.count()).select_from(AuditFact).where(AuditFact.chain == AGENCY, AuditFact.verb == verb)) or 0


def names() -> set[str]:
    return {view.unit_name for view in inspections.inspections(AGENCY)}


def reading_routes() -> list[str]:
    routes = test_access_matrix.API
    return [route for route in routes if route.startswith("GET ") and not route.split(" ")[1].startswith(EXEMPT)]


def unwritten(route: str) -> list[str]:
    """Roles that were told a drawn unit's name by this route without a fact of it."""
    values = test_access_matrix.sample(route, AGENCY)
    path = test_access_matrix.ARGUMENT.sub(lambda hit: values[hit[1]], route.split(" ")[1])
    wanted = names()
    silent = []
    for client in objects.callers(AGENCY, test_access_matrix.who_comes_in(route), next(iter(values), "")):
        before = facts("secrecy.read")
        answer = client.get(path)
        told = answer.get_data(as_text=True) if answer.mimetype == "application/json" else ""
        told = json.dumps(json.loads(told), ensure_ascii=False) if told else ""
        if answer.status_code == 200 and any(name in told for name in wanted) and facts("secrecy.read") == before:
            silent.append(client.person.login)
    return silent


@pytest.mark.parametrize("route", reading_routes())
def test_no_route_tells_a_drawn_unit_without_a_fact(at_office: Flask, route: str) -> None:
    assert unwritten(route) == []


def test_the_search_finds_a_route_whose_fact_was_taken_out(at_office: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutation that the test above must notice: one reading is not written any more."""
    monkeypatch.setattr(secrecy, "note", lambda *_args: None)
    for route in ("GET /api/v1/plans/batches/<batch_id>", "GET /api/v1/sync/changes", "GET /api/v1/inspections"):
        assert unwritten(route) != [], route


def test_every_declared_list_writes_who_which_how_many_and_why_with_a_leaf_in_the_log(at_office: Flask) -> None:
    declared = {
        f"{method} {rule.rule}": view_of(at_office, rule.endpoint, method).__dict__["_secret"]
        for rule in at_office.url_map.iter_rules()
        for method in rule.methods or ()
        if "_secret" in view_of(at_office, rule.endpoint, method).__dict__ and method == "GET"
    }
    assert len(declared) >= 9
    for route, what in declared.items():
        values = test_access_matrix.sample(route, AGENCY)
        path = test_access_matrix.ARGUMENT.sub(lambda hit, values=values: values[hit[1]], route.split(" ")[1])
        callers = objects.callers(AGENCY, test_access_matrix.who_comes_in(route), next(iter(values), ""))
        leaves = len(session().scalars(select(LogEntry.idx).where(LogEntry.kind == "read")).all())
        reader = next(client for client in callers if client.get(path).status_code == 200)
        [fact, *_] = audit.listing(AGENCY, verb="secrecy.read", limit=1)
        assert (fact.user_id, fact.object_kind) == (reader.person.id, what), route
        assert fact.object_id in ("", *values.values())
        assert int(fact.facts["count"]) >= 1 and fact.facts["why"]
        assert len(session().scalars(select(LogEntry.idx).where(LogEntry.kind == "read")).all()) > leaves


def test_who_need_not_know_is_refused_before_publication_and_the_attempt_is_a_fact(at_office: Flask) -> None:
    [batch, *_] = plans.batches(AGENCY)
    auditor = builders.client_as("auditor", agency=AGENCY)
    for path in (f"/api/v1/plans/batches/{batch.id}", "/api/v1/inspections"):
        before = facts("secrecy.refused")
        answer = auditor.get(path)
        assert (answer.status_code, answer.get_json()["code"]) == (403, "E_EMBARGO")
        assert answer.get_json()["article"] == "舞钢细则 九"
        assert not any(name in answer.get_data(as_text=True) for name in names())
        assert facts("secrecy.refused") == before + 1


def test_an_inspector_who_is_not_drawn_learns_of_no_visit(at_office: Flask) -> None:
    stranger = builders.client_as("inspector", agency=AGENCY)
    told = stranger.get("/api/v1/sync/changes").get_json()
    assert [one for one in told["changes"] if one["kind"] == "visit"] == []
    before = facts("secrecy.read")
    stranger.get("/api/v1/sync/changes")
    assert facts("secrecy.read") == before, "nothing shown, nothing written"


def test_once_published_everybody_with_the_role_reads_without_a_fact(at_office: Flask) -> None:
    def told(agency: str, _what: str, _of: str) -> bool:
        return agency == AGENCY

    [batch, *_] = plans.batches(AGENCY)
    secrecy.published_when(told)
    try:
        before = facts("secrecy.read")
        answer = builders.client_as("auditor", agency=AGENCY).get(f"/api/v1/plans/batches/{batch.id}")
        assert answer.status_code == 200
        assert facts("secrecy.read") == before
    finally:
        secrecy._published.remove(told)
