"""The abuse list (reliability 6.2) of plans and draws: rows 21, 23, 24, 32 and 34-38, all over HTTP.

The tests of the capabilities hold the long stories; each row runs its own again here, so that the list is seen whole.
Row 24's watermark is drawn by the desk's frame (``Watermark.test.ts``). Row 33 has no input: the public posts no objection."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from server.audit import operations as audit
from server.plans import publishing
from server.platform import jobs
from server.platform.ids import new_id
from tests import builders
from tests.draw import test_ceremony, test_secrecy
from tests.draw.office import API as DRAWS
from tests.draw.office import Ceremony, a_ceremony
from tests.plans import test_publishing, test_replacing
from tests.plans.office import WC, Office, an_office
from tests.registry import test_imports
from tests.world import Client

ROWS = {21, 23, 24, 32, *range(34, 39)}
PLANS = "/api/v1/plans"


@pytest.fixture
def ceremony(ctx: Flask, repository: Path) -> Ceremony:
    return a_ceremony(test_ceremony.AGENCY, repository / "checklists")


@pytest.fixture
def secret(ctx: Flask, repository: Path) -> Ceremony:
    return a_ceremony(test_secrecy.AGENCY, repository / "checklists")


@pytest.fixture
def office(ctx: Flask) -> Office:
    return an_office(WC)


def refused(client: Client, path: str) -> tuple[int, str]:
    answer = client.get(path)
    return answer.status_code, str(answer.get_json()["code"])


def test_21_an_inspector_who_is_not_assigned_is_refused_the_drawn_list_and_it_is_logged(secret: Ceremony) -> None:
    test_secrecy.test_abuse_21_an_inspector_who_reads_the_drawn_list_is_refused_and_noted(secret)


def test_21_neither_the_plan_nor_its_rows_open_to_an_inspector(office: Office) -> None:
    office.take(office.result(0, 1, team=(0, 1)))
    outsider = builders.client_as("inspector", agency=WC)
    for path in ("", "/lines", "/list.csv"):
        answer = outsider.get(f"{PLANS}/monthly/{office.plan().id}{path}")
        assert answer.status_code == 403 and office.units[0].name not in answer.get_data(as_text=True), path


def test_23_a_leader_who_edits_a_published_plan_is_409_until_the_superior_has_permitted_it(office: Office) -> None:
    test_publishing.test_wc_20b_a_leader_who_edits_a_published_plan_is_refused(office)
    plan = office.plan()
    officer, head, superior = (office.client(one) for one in (office.officer, office.head, office.superior))
    body = {"id": new_id(), "changes": [{"line": office.line(plan.id).id, "inspect_by": "2027-01-15"}], "reason": "单位停产检修"}
    assert head.post(f"{PLANS}/monthly/{plan.id}/amendments", json=body).status_code == 403
    asked = officer.post(f"{PLANS}/monthly/{plan.id}/amendments", json=body).get_json()
    own = head.post(f"{PLANS}/amendments/{asked['id']}/decide", json={"granted": True, "decision": "本级同意"})
    assert own.status_code == 409 and office.line(plan.id).inspect_by != date(2027, 1, 15)
    (letter,) = superior.get(f"{PLANS}/inbox").get_json()["letters"]
    assert superior.post(f"{PLANS}/inbox/{letter['id']}/answer", json={"state": "granted", "reason": "同意"}).status_code == 200
    jobs.drain()
    assert office.line(plan.id).inspect_by == date(2027, 1, 15)
    assert [one.version for one in publishing.versions(WC, plan.id)] == [1, 2]


def test_24_a_list_is_not_exported_before_publication_and_each_reading_is_a_log_entry(secret: Ceremony) -> None:
    test_secrecy.test_every_reading_of_the_secret_list_is_a_fact_with_its_reader(secret)
    assert refused(secret.a, f"{DRAWS}/{secret.id}/transcript") == (403, "E_EMBARGO")
    assert len(test_secrecy.facts("draw.export_refused")) == 1


def test_24_the_plans_list_is_not_carried_out_either(office: Office) -> None:
    office.take(office.result(0))
    head, plan = office.client(office.head), office.plan()
    assert head.get(f"{PLANS}/monthly/{plan.id}/lines").status_code == 200
    assert refused(head, f"{PLANS}/monthly/{plan.id}/list.csv") == (403, "E_EMBARGO")
    assert [one.verb for one in audit.listing(WC, object_id=plan.id, limit=2)] == ["plans.export_refused", "plans.list_read"]


def test_32_a_cell_that_begins_like_a_formula_stays_text_in_every_table_that_goes_out(office: Office, app: Flask) -> None:
    test_publishing.test_wc_19_the_published_list_can_be_taken_along_and_a_name_that_looks_like_a_formula_stays_text(office)
    test_imports.test_the_annotated_table_has_the_clerks_own_columns_and_one_more_and_holds_no_formula(app)


@pytest.mark.parametrize("moment", ["intent", "dice", "reveal"])
def test_34_a_snapshot_changed_after_the_commitment_is_e_root_void_and_logged(ceremony: Ceremony, moment: str) -> None:
    test_ceremony.test_abuse_34_a_snapshot_changed_after_the_commitment_voids_the_draw_in_public(ceremony, moment)


def test_35_a_number_that_was_not_committed_is_e_commit(ceremony: Ceremony) -> None:
    test_ceremony.test_abuse_35_a_reveal_that_does_not_match_its_commitment_is_refused_and_noted(ceremony)


def test_36_a_second_draw_of_the_month_without_prev_void_is_409(ceremony: Ceremony) -> None:
    test_ceremony.test_abuse_36_a_second_draw_of_the_month_without_prev_void_is_refused(ceremony)


@pytest.mark.parametrize("digits", ["123456", "1234567890123456789"])
def test_37_dice_of_fewer_than_twenty_digits_are_422(ceremony: Ceremony, digits: str) -> None:
    test_ceremony.test_abuse_37_fewer_than_twenty_dice_are_refused(ceremony, digits)


def test_38_a_recusal_after_the_seed_is_a_replacement_by_a_new_draw_and_is_counted(app: Flask) -> None:
    stage, _office = test_replacing.ready(app, WC)
    officer, head = stage.a, stage.b
    visit = next(one for one in officer.get(f"{PLANS}/visits").get_json()["visits"] if one["team"])
    out = visit["team"][0]["id"]
    made = officer.post(f"{PLANS}/replacements", json={"id": new_id(), "visit": visit["id"], "kind": "inspector", "out": out, "reason": "recusal", "note": "亲属在该单位任职"}).get_json()
    officials = {"official_a": stage.a.person.id, "official_b": stage.b.person.id, "witness_name": "甄见证"}
    assert officer.post(f"{PLANS}/replacements/{made['id']}/draw", json=officials).status_code == 409, "not before the head has agreed"
    assert head.post(f"{PLANS}/replacements/{made['id']}/decide", json={"granted": True, "decision": "同意"}).status_code == 200
    drawing = officer.post(f"{PLANS}/replacements/{made['id']}/draw", json=officials).get_json()
    assert test_replacing.run_small(stage, drawing["draw_id"]).status_code == 200
    with app.app_context():
        jobs.drain()
    team = next(one["team"] for one in officer.get(f"{PLANS}/visits").get_json()["visits"] if one["id"] == visit["id"])
    assert len(team) == 2 and out not in {one["id"] for one in team}
    year = int(str(visit["inspect_by"])[:4])
    counted = officer.get(f"{PLANS}/replacements/count?year={year}").get_json()
    assert (counted["replaced"], counted["by_reason"]) == (1, {"recusal": 1})
    assert officer.get(f"{DRAWS}/counts?year={year}").get_json()["by_cause"] == {"recusal": 1}


def test_every_row_of_the_list_that_is_ours_has_its_test() -> None:
    assert {int(name[5:7]) for name in globals() if re.match(r"test_\d\d_", name)} == ROWS
