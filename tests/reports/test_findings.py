"""WS-3.2d: "结合年度工作重点和监管执法发现的突出问题，编制、更新": what approved inspections found, counted without units and people."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from flask import Flask

from server.inspections import operations as inspections
from server.platform.db import session, transaction
from server.platform.ids import new_id
from server.reports import findings
from server.reports.tables import FindingRow, ReportRow
from tests import builders
from tests.diligent import a_prepared_visit, carry, opinion
from tests.reports.test_review import API, leader_of, sent

AGENCY = "emergency-wushen"
TODAY = date(2026, 11, 27)
OURS, LOOSE = {"checklist": "CL-WS-GEN", "title": "综合", "item": "a", "text": "通道堆放杂物"}, {"checklist": "CL-OTHER", "title": "附加", "item": "b", "text": "灭火器失压"}


def approved(on: date, fails: list[dict[str, str]], notes: list[str] | None = None, codes: tuple[str, ...] = ("WS-GEN",), agency: str = AGENCY) -> None:
    """An approved report and what it found."""
    at = datetime(on.year, on.month, on.day, 4, tzinfo=UTC)
    report = ReportRow(
        id=new_id(), agency_id=agency, insp=new_id(), state="approved", round=0, ended_ms=0, counted_from=on, due_on=on, provisional=False, clamped=False, lead_target=on, calendar_version="x", computed_at=at, created_at=at, decided_at=at,
    )
    with transaction():
        session().add(report)
        session().flush()
        session().add(FindingRow(report_id=report.id, agency_id=agency, approved_on=on, item_codes=list(codes), fails=fails, notes=notes or []))


def test_an_approved_report_is_counted_under_its_item_and_only_in_its_agency(app: Flask, repository: Path) -> None:
    with app.app_context():
        visit = a_prepared_visit(AGENCY, repository / "checklists")
    carry(visit)
    opinion(visit)
    rid = sent(app, visit)
    leader = leader_of(AGENCY)
    assert leader.get(f"{API}/findings").json["inspections"] == 0, "only what is approved counts"
    assert leader.post(f"{API}/{rid}/approve", json={}).status_code == 204
    told = leader.get(f"{API}/findings").json
    with builders.at_work():
        pack = inspections.visit(visit.insp).pack
    drawn_for = {one["item_code"] for one in pack["assignments"]}
    assert {one["code"]: (one["checked"], one["checked_year"]) for one in told["items"] if one["checked"]} == dict.fromkeys(drawn_for, (1, 1))
    failed = [item for item in told["items"] if item["failed"]]
    assert told["inspections"] == 1 and failed and all([worst["count"] for worst in item["worst"]] == [1] for item in failed)
    with builders.at_work():
        row = session().get_one(FindingRow, rid)
        assert pack["unit"]["name"] not in repr((row.fails, row.notes, row.item_codes))
        with transaction():
            session().delete(row)
    assert leader.get(f"{API}/findings").json == told, "a report from before these rows is counted anew"
    assert builders.client_as("reviewer", agency="fire-jindong").get(f"{API}/findings").json["inspections"] == 0
    assert builders.client_as("inspector", agency=AGENCY).get(f"{API}/findings").status_code == 403


def test_twelve_months_and_the_calendar_year_are_counted_apart(ctx: Flask) -> None:
    builders.an_agency(AGENCY)
    for on in (TODAY, date(2026, 1, 1), date(2025, 12, 31), TODAY - timedelta(days=365)):
        approved(on, [OURS])
    approved(TODAY - timedelta(days=366), [OURS])
    approved(TODAY, [])
    (one,) = [item for item in findings.findings(AGENCY, TODAY).items if item.code == "WS-GEN"]
    assert (one.checked, one.failed, one.checked_year, one.failed_year) == (5, 4, 3, 2)
    assert [(worst.text, worst.count) for worst in one.worst] == [("通道堆放杂物", 4)]


def test_what_is_found_often_without_an_item_is_suggested_most_frequent_first(ctx: Flask) -> None:
    builders.an_agency(AGENCY)
    for n in range(3):
        approved(TODAY, [OURS, LOOSE], ["电动车入户充电"] if n else ["只此一次"])
    found = findings.findings(AGENCY, TODAY).without_item
    assert [(one.text, one.checklist, one.count) for one in found] == [("灭火器失压", "附加", 3), ("电动车入户充电", "", 2)]
    approved(TODAY, [LOOSE], agency="elsewhere")
    assert findings.findings(AGENCY, TODAY).without_item == found, "only the own agency"


