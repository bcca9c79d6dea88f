"""The superior's inbox: reports, filings, permissions (C22); only what is addressed to it, never evidence (D-4)."""

from __future__ import annotations

import pytest
from flask import Flask

from server.plans import annual, upward
from server.plans.domain import Answered, PlanRefused, PlanUnknown
from server.platform.db import transaction
from server.platform.ids import new_id
from tests import builders
from tests.plans.office import WC, Office, an_office, content

API = "/api/v1/plans"


@pytest.fixture
def office(ctx: Flask) -> Office:
    return an_office(WC)


def a_letter(office: Office, kind: str = "plan_change", object_id: str = "") -> upward.Letter:
    with transaction():
        return upward.send_up(office.officer, office.agency, kind, object_id or new_id(), "关于变更计划的请示", [["理由", "单位停业装修"]])


def test_c22_a_permission_is_granted_or_refused_and_a_filing_received_or_returned(office: Office) -> None:
    """WC: 备案 reassign, 审批 plan change; JD: 报告 annual plan, progress"""
    permission, filing = a_letter(office), a_letter(office, "reassignment")
    assert (permission.act, filing.act) == ("approve", "file")
    with pytest.raises(PlanRefused):
        upward.answer(office.superior, permission.id, "received", "")
    with pytest.raises(PlanRefused):
        upward.answer(office.superior, filing.id, "granted", "")
    assert upward.answer(office.superior, permission.id, "granted", "同意").state == "granted"
    assert upward.answer(office.superior, filing.id, "received", "", "备2026-8").answer_no == "备2026-8"


def test_a_refusal_needs_its_reason_and_an_answer_is_given_once(office: Office) -> None:
    letter = a_letter(office)
    with pytest.raises(PlanRefused):
        upward.answer(office.superior, letter.id, "refused", " ")
    upward.answer(office.superior, letter.id, "refused", "理由不足")
    # The same answer sent twice is one answer; another one is not taken.
    assert upward.answer(office.superior, letter.id, "refused", "理由不足").state == "refused"
    with pytest.raises(Answered):
        upward.answer(office.superior, letter.id, "granted", "")


def test_a_listener_hears_the_answer_in_the_same_unit_of_work_and_may_refuse_it(office: Office) -> None:
    heard: list[tuple[str, str]] = []

    def listener(_actor: object, letter: upward.Letter) -> None:
        heard.append((letter.object_id, letter.state))
        if letter.answer == "不行":
            raise PlanRefused("不行")

    upward.on_answered("plan_change", listener)
    try:
        letter = a_letter(office)
        with pytest.raises(PlanRefused):
            upward.answer(office.superior, letter.id, "granted", "不行")
        assert upward.addressed(office.superior, letter.id).state == "sent", "nothing was kept"
        upward.answer(office.superior, letter.id, "granted", "")
        assert heard == [(letter.object_id, "granted")] * 2
    finally:
        upward._listeners["plan_change"].remove(listener)


def test_another_superior_and_the_own_agency_do_not_find_it_in_an_inbox(office: Office) -> None:
    letter = a_letter(office)
    stranger = builders.an_actor("superior", agency="some-other-superior")
    inside = builders.an_actor("superior", agency=WC)
    for somebody in (stranger, inside):
        assert upward.inbox(somebody) == []
        with pytest.raises(PlanUnknown):
            upward.answer(somebody, letter.id, "granted", "")
    assert [one.id for one in upward.inbox(office.superior)] == [letter.id]


def test_letters_are_numbered_without_gaps_by_kind_and_year_and_a_waiting_one_is_not_doubled(office: Office) -> None:
    key = new_id()
    first, second = a_letter(office, object_id=key), a_letter(office)
    assert a_letter(office, object_id=key).id == first.id
    assert [first.number[-4:], second.number[-4:]] == ["〕第1号", "〕第2号"] and "请字" in first.number
    upward.answer(office.superior, first.id, "refused", "理由不足")
    again = a_letter(office, object_id=key)
    assert (again.round, again.number[-3:]) == (2, "第3号")


def test_an_agency_whose_superior_is_not_here_records_the_answer_from_its_letter(ctx: Flask) -> None:
    from datetime import date

    office = an_office(WC)
    with transaction():
        from server.accounts.tables import Agency
        from server.platform.db import session

        session().get_one(Agency, WC).parent_id = None
    letter = a_letter(office, "plan_change")
    assert letter.to_agency == "" and letter.recipient == "上一级消防救援机构"
    with pytest.raises(PlanRefused):
        upward.record_answer(office.officer, letter.id, "granted", "", " ", date(2026, 11, 20))
    with pytest.raises(PlanRefused, match="不能晚于今天"):
        upward.record_answer(office.officer, letter.id, "granted", "", "淄消〔2026〕7号", date(2099, 1, 1))
    assert upward.record_answer(office.officer, letter.id, "granted", "", "淄消〔2026〕7号", date(2026, 11, 20)).answer_no == "淄消〔2026〕7号"


def test_over_http_the_desk_records_a_letter_once_and_only_of_a_superior_that_is_not_here(app: Flask) -> None:
    from server.accounts.tables import Agency
    from server.platform.db import session

    with app.app_context():
        office = an_office(WC)
        here = a_letter(office)
        with transaction():
            session().get_one(Agency, WC).parent_id = None
        outside = a_letter(office)
        officer, leader, stranger = office.client(office.officer), office.client(office.head), builders.client_as("plan_officer", agency="fire-jindong")
    body = {"state": "refused", "reason": "理由不足", "number": "淄消〔2026〕7号", "on": "2026-11-20"}
    assert officer.post(f"{API}/upward/{here.id}/answer", json=body).status_code == 409
    assert stranger.post(f"{API}/upward/{outside.id}/answer", json=body).status_code == 404
    assert leader.post(f"{API}/upward/{outside.id}/answer", json=body).status_code == 403
    assert officer.post(f"{API}/upward/{outside.id}/answer", json={**body, "on": "2099-01-01"}).status_code == 422
    for _ in range(2):
        done = officer.post(f"{API}/upward/{outside.id}/answer", json=body)
        assert (done.status_code, done.get_json()["state"], done.get_json()["answer_no"], done.get_json()["answer_on"]) == (200, "refused", "淄消〔2026〕7号", "2026-11-20")
    assert officer.post(f"{API}/upward/{outside.id}/answer", json={**body, "state": "granted"}).status_code == 409


def test_nobody_answers_for_a_superior_that_is_here(office: Office) -> None:
    from datetime import date

    letter = a_letter(office, "plan_change")
    with pytest.raises(Answered):
        upward.record_answer(office.officer, letter.id, "granted", "", "淄消〔2026〕7号", date(2026, 11, 20))


def test_over_http_the_superior_reads_the_report_with_its_document_and_nothing_else_of_the_agency(app: Flask) -> None:
    with app.app_context():
        office = an_office(WC)
        made = annual.save(office.officer, new_id(), "annual", 2026, 0, content(office))
        annual.approve(office.head, made.id)
        letter = annual.report(office.officer, made.id)
        superior, stranger = office.client(office.superior), builders.client_as("superior", agency="some-other-superior")
    listed = superior.get(f"{API}/inbox").get_json()["letters"]
    assert [one["number"] for one in listed] == [letter.number] and listed[0]["agency_name"]
    assert superior.get(f"{API}/inbox/{letter.id}/document.pdf").data.startswith(b"%PDF")
    assert stranger.get(f"{API}/inbox/{letter.id}").status_code == 404
    assert stranger.post(f"{API}/inbox/{letter.id}/answer", json={"state": "received"}).status_code == 404
    for path in (f"plans/documents/{made.id}", "plans/monthly", "inspections", "reports", "registry/units", "plans/upward"):
        assert superior.get(f"/api/v1/{path}").status_code == 403, path
    done = superior.post(f"{API}/inbox/{letter.id}/answer", json={"state": "received", "number": "收2026-1"})
    assert done.get_json()["state"] == "received"
    assert superior.post(f"{API}/inbox/{letter.id}/answer", json={"state": "returned", "reason": "再想想"}).status_code == 409
