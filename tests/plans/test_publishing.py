"""The list is secret until it is public; what is public is not edited (WG-9, WC-15d, WC-19, WC-20, C8–C10, abuse 23 and 24)."""

from __future__ import annotations

import io
import json
from datetime import date

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select

from server.audit import operations as audit
from server.audit.tables import LogEntry
from server.inspections import operations as inspections
from server.plans import monthly, operations, publishing, upward
from server.plans.domain import Embargoed, NotPublic, OwnWork, PlanPublished, PlanRefused, PlanState
from server.platform import clock, jobs
from server.platform.db import session, transaction
from server.platform.ids import new_id
from server.registry import operations as registry
from tests import builders
from tests.plans.office import JD, WC, WG, YS, Office, an_office, on

API = "/api/v1/plans/monthly"


@pytest.fixture
def office(ctx: Flask) -> Office:
    return an_office(WC)


def published(office: Office, *units: int, release: bool = True) -> monthly.Plan:
    """A plan that stands before the public. Imported rows carry no transcript of ours."""
    office.take(office.result(*units))
    plan = office.plan()
    _as_drawn_elsewhere(plan.id)
    monthly.approve(office.head, plan.id, "补充安排")
    if release:
        monthly.release(office.officer, plan.id)
        jobs.drain()
    return publishing.publish(office.head, plan.id)


def _as_drawn_elsewhere(plan_id: str) -> None:
    from server.plans.tables import MonthlyPlanRow

    with transaction():
        session().get_one(MonthlyPlanRow, plan_id).source = "external_import"


def test_wg_9b_before_publication_only_those_whom_the_profile_names_read_the_list_and_each_reading_is_recorded(office: Office) -> None:
    """被抽查单位名单在公开前要严格保密"""
    office.take(office.result(0, 1))
    plan = office.plan()
    assert len(publishing.read_lines(office.officer, plan.id)) == 2
    auditor = builders.an_actor("auditor", agency=WC)
    with pytest.raises(Embargoed):
        publishing.read_lines(auditor, plan.id)
    facts = audit.listing(WC, object_kind="monthly_plan", object_id=plan.id)
    assert [(one.verb, one.facts.get("count")) for one in facts[:2]] == [("plans.list_refused", None), ("plans.list_read", 2)]
    assert facts[0].user_id == auditor.user_id and facts[1].user_id == office.officer.user_id
    [leaf] = session().scalars(select(LogEntry).where(LogEntry.kind == "read")).all()
    told = json.loads(leaf.entry)
    assert (told["by"], told["what"], told["of"], told["count"]) == (office.officer.user_id, "monthly_plan", plan.id, 2)
    assert not leaf.public


def test_wg_9a_nobody_carries_the_list_out_before_publication_and_the_attempt_is_recorded(office: Office) -> None:
    """执法人员不得私自制作、传递、复制相关资料 (abuse 24: export before publication: 403 and a fact)"""
    office.take(office.result(0))
    plan = office.plan()
    assert office.client(office.head).get(f"{API}/{plan.id}/list.csv").status_code == 403
    assert audit.listing(WC, limit=1)[0].verb == "plans.export_refused"


def test_wc_19_the_published_list_can_be_taken_along_and_a_name_that_looks_like_a_formula_stays_text(office: Office) -> None:
    """及时通过政务信息平台、微信公众号平台等方式向社会公开"""
    from server.plans.tables import PlanLineRow

    office.take(office.result(0))
    plan = office.plan()
    with transaction():
        session().get_one(PlanLineRow, office.line(plan.id).id).unit_name = "=cmd|'/c calc'!A1"
    _as_drawn_elsewhere(plan.id)
    monthly.approve(office.head, plan.id, "补")
    publishing.publish(office.head, plan.id)
    text = office.client(office.officer).get(f"{API}/{plan.id}/list.csv").data.decode("utf-8-sig")
    assert text.splitlines()[0] == "检查对象名称,地址,检查时限" and "'=cmd" in text


def test_wc_20a_the_published_plan_shows_the_columns_of_the_profile_and_hides_the_inspectors(office: Office) -> None:
    """公开抽查计划时，可以不公开检查人员"""
    published(office, 0)
    (version,) = publishing.versions(WC, office.plan().id)
    assert set(version.rows[0]) == {"unit_name", "address", "inspect_by"} and len(version.sha256) == 64


def test_wc_20a_an_agency_that_does_not_hide_them_names_the_inspectors(office: Office) -> None:
    from server.rules import operations as rules

    published(office, 0)
    values = rules.rules_for(WC).values | {"publish.hide_inspectors_in_plan": False, "plan.row_fields": ["unit_name", "item"]}
    rows = publishing.public_rows(monthly.own_row(WC, office.plan().id), values)
    assert set(rows[0]) == {"unit_name", "items", "inspectors"} and "、" in rows[0]["inspectors"]


def test_wc_20b_a_leader_who_edits_a_published_plan_is_refused(office: Office) -> None:
    """抽查计划公开后原则上不得修改 (abuse 23: 409)"""
    plan = published(office, 0)
    line = office.line(plan.id)
    answer = office.client(office.head).patch(f"{API}/{plan.id}", json={"limits": [{"line": line.id, "inspect_by": line.inspect_by.isoformat()}]})
    assert (answer.status_code, answer.get_json()["code"], answer.get_json()["article"]) == (409, "E_PLAN_PUBLISHED", "WC-20b 第二十条")
    with pytest.raises(PlanPublished):
        monthly.change_draft(office.officer, plan.id, {}, False)


def test_wc_20b_a_change_needs_the_superiors_permission_and_becomes_a_new_version(office: Office) -> None:
    """确需修改的要报上一级消防救援机构审批"""
    with clock.freeze(on("2026-11-20")):
        plan = published(office, 0, 1)
        line = office.line(plan.id)
        asked = publishing.ask_amendment(office.officer, plan.id, new_id(), [{"line": line.id, "inspect_by": date(2027, 1, 15)}], "单位停产检修至年底")
        assert (asked.state, asked.way) == ("asked", "superior_approval")
        with pytest.raises(PlanState):
            publishing.decide_amendment(office.head, asked.id, True, "")
        assert [one.version for one in publishing.versions(WC, plan.id)] == [1], "nothing changes before the permission"
        (letter,) = upward.inbox(office.superior)
        assert letter.act == "approve" and [office.units[0].name, "检查时限改为 2027-01-15"] in letter.summary
        upward.answer(office.superior, letter.id, "granted", "同意")
    jobs.drain()
    first, second = publishing.versions(WC, plan.id)
    assert (second.version, second.reason) == (2, "单位停产检修至年底")
    assert (first.rows[0]["inspect_by"], second.rows[0]["inspect_by"]) == ("2026-12-31", "2027-01-15"), "the old version stays as it was"
    visit = inspections.inspection(line.visit_group)
    assert visit.inspect_by == date(2027, 1, 15) and operations.assignments_of(visit.id)[0].inspect_by == date(2027, 1, 15)
    assert inspections.load_pack(str(visit.pack_sha))["inspect_by"] == "2027-01-15", "the phones get a new pack"


def test_wc_20b_what_the_superior_refuses_leaves_the_plan_as_it_is(office: Office) -> None:
    plan = published(office, 0)
    asked = publishing.ask_amendment(office.officer, plan.id, new_id(), [{"line": office.line(plan.id).id, "withdraw": True}], "单位不配合")
    upward.answer(office.superior, upward.inbox(office.superior)[0].id, "refused", "理由不成立")
    (found,) = publishing.amendments(WC, plan.id)
    assert found.id == asked.id and found.state == "refused" and "理由不成立" in found.decision
    assert monthly.plan(WC, plan.id).version == 1 and inspections.inspections(WC)[0].state != "cancelled"


def test_a_withdrawn_row_leaves_the_public_list_and_its_visit_is_cancelled(office: Office) -> None:
    plan = published(office, 0, 1)
    line = office.line(plan.id)
    publishing.ask_amendment(office.officer, plan.id, new_id(), [{"line": line.id, "withdraw": True}], "单位已注销")
    upward.answer(office.superior, upward.inbox(office.superior)[0].id, "granted", "")
    assert [row["unit_name"] for row in publishing.versions(WC, plan.id)[-1].rows] == [office.units[1].name]
    assert inspections.inspection(line.visit_group).state == "cancelled"
    assert office.line(plan.id).withdrawn == "单位已注销", "the row stays with its reason"


def test_the_same_amendment_sent_twice_is_one(office: Office) -> None:
    plan = published(office, 0)
    key, changes = new_id(), [{"line": office.line(plan.id).id, "withdraw": True}]
    for _ in range(2):
        publishing.ask_amendment(office.officer, plan.id, key, changes, "重复提交")
    assert len(publishing.amendments(WC, plan.id)) == 1 and len(upward.inbox(office.superior)) == 1


def test_c8_where_the_agency_decides_itself_somebody_else_than_the_asker_does(ctx: Flask) -> None:
    """plan.amend_after_publish: superior_approval/own_approval/forbidden"""
    office = an_office(YS)
    office.take(office.result(0))
    plan = office.plan()
    monthly.approve(office.head, plan.id, "")
    publishing.results_are_public(office.head, plan.id)
    both = builders.an_actor("plan_officer", "reviewer", agency=YS)
    asked = publishing.ask_amendment(both, plan.id, new_id(), [{"line": office.line(plan.id).id, "inspect_by": date(2027, 1, 8)}], "顺延")
    assert upward.sent(YS) == []
    with pytest.raises(OwnWork):
        publishing.decide_amendment(both, asked.id, True, "")
    with pytest.raises(PlanRefused):
        publishing.decide_amendment(office.head, asked.id, False, "")
    assert publishing.decide_amendment(office.head, asked.id, True, "同意").version == 2


def test_c8_an_agency_may_forbid_every_change(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = published(office, 0)
    monkeypatch.setattr(publishing, "_way", lambda _agency: "forbidden")
    with pytest.raises(PlanPublished):
        publishing.ask_amendment(office.officer, plan.id, new_id(), [{"line": office.line(plan.id).id, "withdraw": True}], "想改")


@pytest.mark.parametrize("agency", [WG, JD])
def test_c10_where_the_plan_is_no_public_matter_it_is_never_published(ctx: Flask, agency: str) -> None:
    """被抽查单位名单在公开前要严格保密 (WG, WS default false, WC true)"""
    office = an_office(agency)
    office.take(office.result(0))
    plan = office.plan()
    monthly.approve(office.head, plan.id, "补")
    with pytest.raises(NotPublic):
        publishing.publish(office.head, plan.id)


def test_c10_an_agency_that_publishes_objects_does_so_only_after_the_visits(ctx: Flask) -> None:
    """公开…随机抽查对象、程序、事项、结果 (WS-2.3), and no notice before (四不两直)"""
    office = an_office("emergency-wushen")
    plan = office.released(0)
    with pytest.raises(NotPublic):
        publishing.publish(office.head, plan.id)
    inspections.cancel(office.officer, office.line(plan.id).visit_group, "试验")
    _as_drawn_elsewhere(plan.id)
    assert publishing.publish(office.head, plan.id).state == "published"


def test_nothing_is_published_before_the_head_has_approved(office: Office) -> None:
    office.take(office.result(0))
    with pytest.raises(PlanState):
        publishing.publish(office.head, office.plan().id)


def test_publishing_again_makes_no_second_version(office: Office) -> None:
    plan = published(office, 0)
    publishing.publish(office.head, plan.id)
    assert len(publishing.versions(WC, plan.id)) == 1


def words_of(data: bytes) -> str:
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages).replace("\n", "").replace(" ", "")


def test_wc_15d_the_monthly_plan_is_a_numbered_signed_document_once_it_is_public(office: Office) -> None:
    """WC-15d: "月度抽查计划应包括但不限于检查对象名称、地址、检查时限等内容"; WC-20a: without the inspectors where they are hidden."""
    client = office.client(office.officer)
    office.take(office.result(0, 1))
    plan = office.plan()
    assert client.get(f"{API}/{plan.id}/plan.pdf").status_code == 403, "nobody carries the list out before"
    assert [one.verb for one in audit.listing(WC, object_kind="monthly_plan", object_id=plan.id)][0] == "plans.export_refused"
    _as_drawn_elsewhere(plan.id)
    signed = monthly.approve(office.head, plan.id, "补充安排")
    assert signed.number.endswith("号") and "抽查字〔" in signed.number and signed.signatory == office.head.name
    publishing.publish(office.head, plan.id)
    answer = client.get(f"{API}/{plan.id}/plan.pdf")
    assert answer.status_code == 200 and answer.content_type == "application/pdf"
    text = words_of(answer.data)
    version = publishing.versions(WC, plan.id)[0]
    for expected in (signed.title, signed.number, f"签发人：{office.head.name}", "检查对象名称", "地址", "检查时限", "本期抽查2家", version.sha256[:16], *(row[name].replace(" ", "") for row in version.rows for name in ("unit_name", "address", "inspect_by"))):
        assert expected in text, expected
    people = {one.name for one in registry.inspectors(WC)} - {office.head.name}
    assert not [name for name in people if name in text]
    assert client.get(f"{API}/{plan.id}/plan.pdf").data == answer.data, "the same version is the same bytes"
    assert builders.client_as("plan_officer", agency=YS).get(f"{API}/{plan.id}/plan.pdf").status_code == 404


def test_numbers_of_monthly_plans_have_no_gap_and_an_amended_one_says_which_version_it_is(office: Office) -> None:
    first, second = published(office, 0, release=False), published(office, 1, release=False)
    assert [one.number.rsplit("第", 1)[1] for one in (first, second)] == ["1号", "2号"]
    line = monthly.lines(WC, second.id)[0]
    asked = publishing.ask_amendment(office.officer, second.id, new_id(), [{"line": line.id, "inspect_by": line.inspect_by.replace(day=10)}], "单位搬迁")
    letter = next(one for one in upward.sent(WC) if one.object_id == asked.id)
    upward.answer(office.superior, letter.id, "granted", "", "准1号")
    text = words_of(publishing.pdf(office.officer, second.id))
    assert "第2版，变更事由：单位搬迁。" in text and second.number in text
