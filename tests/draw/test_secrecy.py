"""The list is secret until the plan is public: who reads it is written down, who may not is refused and written down (WG-9)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from server.audit import operations as audit
from server.audit.tables import LogEntry
from server.draw import operations
from server.platform.db import session
from tests import builders
from tests.draw.office import API, Ceremony, a_ceremony

AGENCY = "civil-air-defence-wugang"


@pytest.fixture
def office(ctx: Flask, repository: Path) -> Ceremony:
    return a_ceremony(AGENCY, repository / "checklists")


def facts(verb: str) -> list[audit.Fact]:
    session().rollback()
    return audit.listing(AGENCY, verb=verb)


def readings() -> list[LogEntry]:
    session().rollback()
    return list(session().scalars(select(LogEntry).where(LogEntry.kind == "read").order_by(LogEntry.idx)))


def test_abuse_21_an_inspector_who_reads_the_drawn_list_is_refused_and_noted(office: Ceremony) -> None:
    """Reliability 21: "inspector not assigned reads the drawn list | 403, logged"; WG-9b: "被抽查单位名单在公开前要严格保密"."""
    office.to_drawn()
    inspector = builders.client_as("inspector", agency=AGENCY)
    answer = inspector.get(f"{API}/{office.id}/result")
    assert (answer.status_code, answer.get_json()["code"]) == (403, "E_EMBARGO")
    assert [fact.user_id for fact in facts("draw.list_refused")] == [inspector.person.id]


def test_abuse_24_the_list_is_not_exported_before_publication(office: Ceremony) -> None:
    """Reliability 24: "list export before publication | 403; read log entry"; WG-9a: "执法人员不得私自制作、传递、复制相关资料"."""
    office.to_drawn()
    answer = office.a.get(f"{API}/{office.id}/transcript")
    assert (answer.status_code, answer.get_json()["code"]) == (403, "E_EMBARGO")
    assert len(facts("draw.export_refused")) == 1
    operations.publish_transcript(office.id)
    assert office.a.get(f"{API}/{office.id}/transcript").status_code == 200


def test_every_reading_of_the_secret_list_is_a_fact_with_its_reader(office: Ceremony) -> None:
    """WG-9a: who saw the list before it was public can be asked."""
    office.to_drawn()
    drawn = [one for one in office.result()["fates"] if one["fate"] == "drawn"]
    office.b.get(f"{API}/{office.id}/result")
    read = facts("draw.list_read")
    assert [fact.user_id for fact in read] == [office.b.person.id, office.a.person.id]
    assert {(fact.facts["count"], fact.facts["why"]) for fact in read} == {(len(drawn), "work")}


def test_a_reading_before_publication_is_a_leaf_that_nobody_can_take_out_and_after_it_is_none(office: Ceremony) -> None:
    """security 4.4: "every read of a drawn list … before publication writes who/when/which/count/why; chained, leaf in the log"."""
    office.to_drawn()
    office.result()
    [leaf] = [json.loads(row.entry) for row in readings()]
    assert (leaf["by"], leaf["what"], leaf["of"]) == (office.a.person.id, "draw", office.id) and leaf["count"] > 0
    assert [row.public for row in readings()] == [False]
    operations.publish_transcript(office.id)
    office.result()
    assert len(readings()) == 1 and len(facts("draw.list_read")) == 2


def test_auditors_watch_the_readers_and_do_not_read_the_list(office: Ceremony) -> None:
    office.to_drawn()
    auditor = builders.client_as("auditor", agency=AGENCY)
    assert auditor.get(f"{API}/{office.id}").status_code == 200
    assert auditor.get(f"{API}/{office.id}/result").status_code == 403


def test_a_superior_sees_what_is_addressed_to_it_and_no_list(office: Ceremony) -> None:
    """D-4: a superior sees only objects addressed to it."""
    office.to_drawn()
    assert office.superior.get(f"{API}/{office.id}").status_code == 404
    assert office.superior.get(API).get_json() == {"draws": [], "voids": []}
    office.post(office.a, "void", {"cause": "other", "reason": "试验"})
    assert office.superior.get(f"{API}/{office.id}").status_code == 200
    assert office.superior.get(f"{API}/{office.id}/result").status_code == 403


def test_the_ceremony_page_never_carries_the_list(office: Ceremony) -> None:
    office.to_drawn()
    told = office.result()
    page = office.a.get(f"{API}/{office.id}").get_data(as_text=True)
    assert told["seed"] not in page
    assert not any(one["name"] in page or one["uid"] in page for one in told["fates"] if one["fate"] == "drawn")


def test_the_officer_publishes_when_the_visits_are_over_not_before(office: Ceremony) -> None:
    """C10: WG and WS publish after the visits ("在抽查工作未公开之前"), WC with the plan."""
    from server.draw import publishing

    office.to_drawn()
    over = {"now": False}
    before = list(publishing._finished)
    publishing.visits_over_by(lambda _agency, _draw: over["now"])
    try:
        assert office.post(office.a, "publish").status_code == 409
        over["now"] = True
        assert office.post(office.a, "publish").get_json()["state"] == "published"
    finally:
        publishing._finished[:] = before


def test_where_the_plan_publishes_the_officer_does_not(ctx: Flask, repository: Path) -> None:
    """WC-15/WC-20: the list becomes public with the plan."""
    office = a_ceremony("fire-wenchanghu", repository / "checklists").to_drawn()
    assert office.post(office.a, "publish").status_code == 409
    operations.publish_transcript(office.id)
    assert office.a.get(f"{API}/{office.id}").get_json()["state"] == "published"


def test_the_names_of_inspectors_stay_out_where_the_profile_hides_them(office: Ceremony) -> None:
    """WC-20a: "公开抽查计划时，可以不公开检查人员"."""
    office.to_drawn()
    operations.publish_transcript(office.id)
    transcript = office.a.get(f"{API}/{office.id}/transcript").get_json()
    assert "people_openings" not in transcript and len(transcript["openings"]) == len(transcript["want"]["selected"])


def test_a_unit_gets_its_own_opening(office: Ceremony) -> None:
    """draw.md 3.2 step 7: "every unit can get its own opening"."""
    from server.draw import tickets
    from server.draw.refusals import DrawUnknown
    from server.kernel import b64url
    from server.registry import operations as registry

    office.to_drawn()
    unit = registry.units(AGENCY)[0]
    path = f"{API}/{office.id}/openings/{unit.id}"
    assert office.a.get(path).status_code == 404, "secret until it is published"
    with pytest.raises(DrawUnknown):
        operations.opening(builders.actor_of(office.a.person), office.id, unit.id)
    operations.publish_transcript(office.id)
    told = office.a.get(path).get_json()
    assert (told["verifier"], told["page"], told["name"]) == ("/draw-verifier.html", f"/open/draws/{office.id}", unit.name)
    assert office.a.get(f"{API}/{office.id}/openings/{office.id}").status_code == 404
    assert office.superior.get(path).status_code == 403
    builders.an_agency("elsewhere", "别处测试机关")
    assert builders.client_as("plan_officer", agency="elsewhere").get(path).status_code == 404
    assert builders.client_as("inspector", agency=AGENCY).get(path).status_code == 403
    assert [(fact.user_id, fact.facts["unit"]) for fact in facts("draw.opening_read")] == [(office.a.person.id, unit.id)]
    assert b64url.encode(tickets.uid(b64url.decode(told["salt"]), told["id"])) == told["uid"] == told["leaf"]["uid"]
