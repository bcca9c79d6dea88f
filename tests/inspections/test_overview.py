"""The desk's list of inspections, and giving one up before anybody has begun."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from server.audit.tables import AuditFact
from server.documents import numbers
from server.documents.tables import DocumentNumberRow
from server.evidence.tables import EvidenceRef
from server.inspections import operations as inspections
from server.inspections.tables import InspectionRow
from server.kernel.moments import SHANGHAI
from server.platform import clock
from server.platform.db import session, transaction
from tests.builders import a_person, client_as

FRIDAY = datetime(2026, 11, 20, 9, 0, tzinfo=SHANGHAI)
URL = "/api/v1/inspections"


@pytest.fixture(autouse=True)
def on_a_friday():
    with clock.freeze(FRIDAY):
        yield


def an_inspection(number: str, until: date | None = None, agency: str = "fire-yanshi", unit: str = "试验宾馆"):
    lead, mate = a_person(agency=agency, name="甄组长"), a_person(agency=agency, name="贾组员")
    team = [{"user": one.id, "name": one.name, "certificate_no": "试-1", "lead": one is lead} for one in (lead, mate)]
    return inspections.create_inspection(
        None, agency_id=agency, unit_id="unit-1", unit_name=unit, number=number, mode="on_site", team=team,
        address="样本镇示例路7号", inspect_by=until,
    )


def test_the_most_urgent_comes_first_with_its_working_days(ctx):
    an_inspection("2", date(2026, 11, 27))
    an_inspection("1", date(2026, 11, 19))
    an_inspection("0", date(2026, 11, 20))
    found = client_as("plan_officer").get(URL).json["inspections"]
    # Saturday and Sunday lie between: five working days to the next Friday.
    assert [(line["number"], line["days_left"]) for line in found] == [("1", -1), ("0", 0), ("2", 5)]
    assert (found[0]["team"], found[0]["lead"], found[0]["may_cancel"]) == (["甄组长", "贾组员"], "甄组长", True)


def test_the_search_and_the_ids_narrow_the_list(ctx):
    one, two = an_inspection("1", unit="试验宾馆"), an_inspection("2", unit="试验饭馆")
    client = client_as("reviewer")
    assert [line["id"] for line in client.get(f"{URL}?text=饭馆").json["inspections"]] == [two.id]
    assert [line["id"] for line in client.get(f"{URL}?ids={one.id}").json["inspections"]] == [one.id]
    assert client.get(f"{URL}?limit=1&offset=2").json["inspections"] == []


def test_files_that_are_named_and_not_here_are_counted(ctx):
    view = an_inspection("1")
    with transaction() as current:
        for sha256 in ("a" * 64, "b" * 64):
            current.add(EvidenceRef(agency_id=view.agency_id, sha256=sha256, insp=view.id, kind="photo", size=9, mime="image/jpeg"))
    assert client_as("reviewer").get(URL).json["inspections"][0]["files_lacking"] == 2


def test_cancelling_tells_the_team_and_voids_the_reserved_number(ctx):
    view = an_inspection("1")
    with transaction():
        numbers.reserve(view.agency_id, "试消", "notice", view.id)
    answer = client_as("plan_officer").post(f"{URL}/{view.id}/cancel", json={"reason": "单位已注销"})
    assert answer.status_code == 204
    assert inspections.inspection(view.id).state == "cancelled"
    row = session().scalars(select(DocumentNumberRow).where(DocumentNumberRow.insp == view.id)).one()
    assert (row.state, row.void_reason) == ("void", "单位已注销")
    verbs = set(session().scalars(select(AuditFact.verb).where(AuditFact.object_id == view.id)))
    assert {"inspections.cancelled", "documents.number_voided"} <= verbs
    assert client_as("plan_officer").get(URL).json["inspections"] == []


def test_what_has_begun_is_not_cancelled(ctx):
    view = an_inspection("1")
    with transaction() as current:
        current.get_one(InspectionRow, view.id).events = 1
    answer = client_as("plan_officer").post(f"{URL}/{view.id}/cancel", json={"reason": "算了"})
    assert (answer.status_code, answer.json["code"]) == (409, "E_STARTED")
    assert inspections.inspection(view.id).state == "assigned"


def test_a_reason_is_demanded_and_another_agency_sees_nothing(ctx):
    view = an_inspection("1", FRIDAY.date() + timedelta(days=1))
    assert client_as("plan_officer").post(f"{URL}/{view.id}/cancel", json={"reason": ""}).status_code == 422
    foreign = client_as("plan_officer", agency="fire-jindong")
    assert foreign.post(f"{URL}/{view.id}/cancel", json={"reason": "x"}).status_code == 404
    assert foreign.get(URL).json["inspections"] == []
