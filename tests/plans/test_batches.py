"""Batches drawn elsewhere (JD-6c): the whole list or nothing, and no visit with fewer than two valid inspectors (WC-18a, WS-3.3c)."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from flask import Flask

from server.accounts import operations as accounts
from server.inspections import operations as inspections
from server.kernel.moments import parse_day
from server.plans import domain, operations
from server.platform import jobs
from server.registry import operations as registry
from tests import builders
from tests.diligent import an_agency_at_work

AGENCY = "fire-jindong"
HEAD = "批次号,来源系统批次号,抽查事项,被检查单位,统一社会信用代码,检查人员1证号,检查人员2证号,检查组长证号,检查时限,检查方式"


@pytest.fixture
def office(ctx: Flask, repository: Path) -> list[registry.Inspector]:
    """金东 with its people and units; answers its inspectors, the valid ones first."""
    an_agency_at_work(AGENCY, repository / "checklists")
    people = registry.inspectors(AGENCY)
    return sorted(people, key=lambda one: one.certificate.valid_to, reverse=True)


def line(people: list[registry.Inspector], unit: int = 0, batch: str = "2026-12", foreign: str = "浙双随机202612-01", item: str = "JD-1", by: str = "2026-12-10", first: str = "", second: str = "", lead: str = "") -> str:
    place = registry.units(AGENCY)[unit]
    first = first or people[0].certificate.number
    second = second or people[1].certificate.number
    return f"{batch},{foreign},{item},{place.name},{place.uscc},{first},{second},{lead},{by},现场检查"


def items() -> str:
    from server.rules import operations as rules

    return str(rules.rules_for(AGENCY).items[0]["code"])


def taken(*lines: str, dry_run: bool = False) -> operations.BatchOutcome:
    data = "\n".join([HEAD, *lines]).encode("utf-8-sig")
    return operations.import_batch(builders.an_actor("plan_officer", agency=AGENCY), AGENCY, data, "batch.csv", dry_run)


def test_an_imported_batch_becomes_prepared_inspections_with_the_foreign_number_in_the_pack(office: list[registry.Inspector]) -> None:
    outcome = taken(line(office, item=items()), line(office, unit=1, item=items()))
    assert (outcome.lines, outcome.visits, outcome.errors) == (2, 2, ())
    jobs.drain()
    found = inspections.inspections(AGENCY)
    assert {one.state for one in found} == {"prepared"}
    assert found[0].pack_sha is not None
    pack = inspections.load_pack(found[0].pack_sha)
    assert pack["assignments"][0]["foreign_batch_no"] == "浙双随机202612-01"
    assert pack["notice"]["number"].startswith("（") and pack["notice"]["size"] > 1000


def test_two_sections_at_one_enterprise_become_one_inspection(office: list[registry.Inspector]) -> None:
    same = line(office, item=items())
    other = same.replace("2026-12-10", "2026-12-05").replace("浙双随机202612-01", "浙双随机202612-02")
    assert taken(same, other).visits == 1
    (visit,) = inspections.inspections(AGENCY)
    assert visit.inspect_by is not None and visit.inspect_by.isoformat() == "2026-12-05"
    # Each section keeps the number its own draw had.
    assert [one.foreign_batch_no for one in operations.assignments_of(visit.id)] == ["浙双随机202612-01", "浙双随机202612-02"]
    assert operations.batches(AGENCY)[0].foreign_batch_no == "浙双随机202612-01 等2个"


def test_one_inspector_only_is_refused_and_nothing_of_the_list_is_stored(office: list[registry.Inspector]) -> None:
    number = office[0].certificate.number
    outcome = taken(line(office, item=items()), line(office, unit=1, item=items(), first=number, second=number))
    assert [(e.row, e.code) for e in outcome.errors] == [(3, "E_TOO_FEW_INSPECTORS")]
    assert operations.batches(AGENCY) == [] and inspections.inspections(AGENCY) == []


def test_an_expired_certificate_is_refused_with_its_date(office: list[registry.Inspector]) -> None:
    expired = office[-1]
    outcome = taken(line(office, item=items(), second=expired.certificate.number))
    assert [e.code for e in outcome.errors] == ["E_CERTIFICATE_EXPIRED"]
    assert expired.certificate.valid_to.isoformat() in outcome.errors[0].text


def test_somebody_outside_the_registry_may_not_inspect(office: list[registry.Inspector]) -> None:
    assert [e.code for e in taken(line(office, item=items(), second="没有这个证")).errors] == ["E_INSPECTOR_UNKNOWN"]


def test_an_inspector_with_an_interest_in_the_unit_is_never_sent_to_it(office: list[registry.Inspector]) -> None:
    unit = registry.units(AGENCY)[0]
    registry.declare_conflict(builders.an_actor("plan_officer", agency=AGENCY), AGENCY, office[0].user_id, unit.id, "配偶任职")
    outcome = taken(line(office, item=items()))
    assert [e.code for e in outcome.errors] == ["E_CONFLICT_OF_INTEREST"] and "配偶任职" in outcome.errors[0].text


def test_an_item_outside_the_list_may_not_be_inspected(office: list[registry.Inspector]) -> None:
    assert [e.code for e in taken(line(office, item="凭空事项")).errors] == ["E_ITEM_UNKNOWN"]


def test_a_lead_who_is_not_in_the_team_and_a_foreign_number_that_lacks_are_named(office: list[registry.Inspector]) -> None:
    outcome = taken(line(office, item=items(), lead=office[2].certificate.number, foreign=""))
    assert {e.code for e in outcome.errors} == {"E_LEAD_NOT_IN_TEAM", "E_ROW_MISSING"}


def test_the_same_batch_is_never_handed_out_twice(office: list[registry.Inspector]) -> None:
    taken(line(office, item=items()))
    with pytest.raises(domain.BatchKnown):
        taken(line(office, item=items()))


def test_dates_are_read_as_people_write_them_and_nonsense_is_named(office: list[registry.Inspector]) -> None:
    for text in ("2026-12-10", "2026/12/10", "2026年12月10日", "2026.12.10"):
        found = parse_day(text)
        assert found is not None and found.isoformat() == "2026-12-10"
    assert parse_day("2026-02-30") is None
    assert [e.code for e in taken(line(office, item=items(), by="下周五")).errors] == ["E_DATE"]


def test_the_import_over_http_looks_first_and_says_every_fault(app: Flask, repository: Path) -> None:
    with app.app_context():
        an_agency_at_work(AGENCY, repository / "checklists")
        officer = next(one for one in accounts.people(AGENCY) if "plan_officer" in one.roles)
    client = builders.a_client(officer)
    path = repository / "checklists" / AGENCY / "demo" / "assignments.csv"

    def send(dry_run: str) -> dict[str, object]:
        answer = client.post("/api/v1/plans/batches", data={"file": (io.BytesIO(path.read_bytes()), path.name), "dry_run": dry_run}, content_type="multipart/form-data")
        assert answer.status_code == 200, answer.text
        return dict(answer.get_json())

    assert send("1")["batch_ids"] == [] and client.get("/api/v1/plans/batches").get_json()["batches"] == []
    kept = send("0")
    assert kept["errors"] == [] and kept["batch_ids"]
    listed = client.get("/api/v1/plans/batches").get_json()["batches"]
    assert listed[0]["foreign_batch_no"] and listed[0]["source"] == "external_import"
    detail = client.get(f"/api/v1/plans/batches/{listed[0]['id']}").get_json()
    assert detail["assignments"][0]["unit_name"]
    assert builders.client_as("plan_officer", agency="fire-yanshi").get(f"/api/v1/plans/batches/{listed[0]['id']}").status_code == 404
