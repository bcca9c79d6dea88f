"""Annual plan and scheme as signed documents, and what they report upward (YS-0a, JD-0, JD-6, JD-7, WC-13)."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader

from server.audit import operations as audit
from server.audit import public_log
from server.inspections import operations as inspections
from server.kernel import canonical
from server.plans import annual, upward, workload
from server.plans.domain import OwnWork, PlanChanged, PlanRefused, PlanState
from server.platform import clock
from server.platform.ids import new_id
from server.registry import cards
from server.registry import operations as registry
from server.rules import operations as rules
from tests import builders
from tests.plans.office import JD, WC, YS, Office, an_office, content, on
from tests.registry.desk import an_inspector, line, units_of


@pytest.fixture
def office(ctx: Flask) -> Office:
    return an_office(JD)


def drafted(office: Office, kind: str = "annual", **changes: Any) -> annual.Document:
    return annual.save(office.officer, new_id(), kind, 2026, 0, content(office, **changes))


def test_ys_0a_a_plan_is_a_numbered_signed_document_with_addressees_and_an_issue_date(office: Office) -> None:
    """偃消〔2023〕16号；签发人：屈亮；大队防火办：…印发给你们 (the name is the seed's; ours are invented)"""
    with clock.freeze(on("2026-01-05")):
        draft = drafted(office)
        assert (draft.state, draft.number) == ("draft", "（金东消防）计字〔2026〕第1号")
        signed = annual.approve(office.head, draft.id)
    assert (signed.state, signed.signatory, str(signed.issued_on)) == ("approved", office.head.name, "2026-01-05")
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(annual.pdf(signed))).pages).replace("\n", "").replace(" ", "")
    for words in ("（金东消防）计字〔2026〕第1号", f"签发人：{office.head.name}", "各科室、各中队：", "2026年1月5日", "甄组长", "监管全覆盖、常态化。", "草稿"):
        assert (words in text) == (words != "草稿"), words
    assert annual.pdf(signed) == annual.pdf(annual.document(JD, draft.id)), "the same document is the same bytes"


def test_jd_0_the_plan_is_drafted_approved_reported_and_the_superior_answers(office: Office) -> None:
    """关于制订2022年度…方案的报告；金华市消防救援支队："""
    draft = drafted(office)
    with pytest.raises(PlanState):
        annual.report(office.officer, draft.id)
    annual.approve(office.head, draft.id)
    letter = annual.report(office.officer, draft.id)
    assert (letter.act, letter.state, letter.to_agency) == ("report", "sent", "fire-jindong-superior")
    assert annual.report(office.officer, draft.id).id == letter.id, "reported once"
    assert annual.document(JD, draft.id).state == "reported"
    upward.answer(office.superior, letter.id, "returned", "请补充重点单位数量")
    assert annual.document(JD, draft.id).state == "approved"
    second = annual.report(office.officer, draft.id)
    assert second.id != letter.id and second.round == 2
    assert upward.answer(office.superior, second.id, "received", "", "金消收〔2026〕3号").answer_no == "金消收〔2026〕3号"


def test_a_draft_that_somebody_saved_since_is_not_overwritten(office: Office) -> None:
    draft = drafted(office)
    annual.save(office.officer, draft.id, "annual", 2026, 1, content(office, target_key=61))
    with pytest.raises(PlanChanged):
        annual.save(office.officer, draft.id, "annual", 2026, 1, content(office, target_key=62))


def test_the_same_new_document_sent_twice_is_one_document_with_one_number(office: Office) -> None:
    key = new_id()
    first = annual.save(office.officer, key, "annual", 2026, 0, content(office))
    assert annual.save(office.officer, key, "annual", 2026, 0, content(office)) == first
    assert len(annual.documents(JD)) == 1


def test_a_signed_document_never_changes_and_a_discarded_draft_keeps_its_number_with_the_reason(office: Office) -> None:
    signed, thrown = drafted(office), drafted(office)
    annual.approve(office.head, signed.id)
    with pytest.raises(PlanState):
        annual.save(office.officer, signed.id, "annual", 2026, 1, content(office, target_key=1))
    with pytest.raises(PlanState):
        annual.discard(office.officer, signed.id, "写错了")
    annual.discard(office.officer, thrown.id, "与年度计划重复")
    kept = {one.number: (one.state, one.void_reason) for one in annual.documents(JD)}
    assert kept["（金东消防）计字〔2026〕第2号"] == ("void", "与年度计划重复")
    assert drafted(office).number == "（金东消防）计字〔2026〕第3号"


def test_who_drew_it_up_does_not_sign_it(office: Office) -> None:
    both = builders.an_actor("plan_officer", "reviewer", agency=JD)
    made = annual.save(both, new_id(), "annual", 2026, 0, content(office))
    with pytest.raises(OwnWork):
        annual.approve(both, made.id)


def test_wc_13b_a_scheme_says_its_objects_ratio_and_content(office: Office) -> None:
    """专项检查，应当制定专项检查方案，可结合…一并实施，也可单独实施。检查对象、抽查比例、检查内容根据…方案设定"""
    with pytest.raises(PlanRefused):
        drafted(office, "scheme")
    scheme = drafted(office, "scheme", title="人员密集场所专项检查方案", object_filter="人员密集场所中的重点单位", ratio_permille=200, check_content="疏散通道、安全出口", rides_along=True)
    assert ["抽查比例", "20%"] in annual.summary(scheme) and ["实施方式", "结合月度监督抽查一并实施"] in annual.summary(scheme)


def test_ys_2_1a_an_item_outside_the_list_is_in_no_plan(office: Office) -> None:
    """凡法律法规规章没有规定的，一律不得擅自开展检查"""
    with pytest.raises(PlanRefused):
        drafted(office, item_codes=["凭空"])


def test_wc_5_the_plan_says_whether_the_superior_the_government_or_the_agency_wanted_it(office: Office) -> None:
    """根据上级…部署以及本级人民政府的工作要求"""
    made = drafted(office, source="local_government", source_note="区政府〔2026〕8号", joint="牵头：本大队；配合：区应急局")
    assert ["来源", "本级人民政府工作要求：区政府〔2026〕8号"] in annual.summary(made) and ["联合检查", "牵头：本大队；配合：区应急局"] in annual.summary(made)


def test_jd_6a_each_inspector_inspects_no_fewer_than_77_units_a_year(office: Office) -> None:
    """按照每日每2名执法人员检查1家单位、每年220个工作日、检查日按工作日的70%计算，确定每年每名执法人员的最低抽查单位数不应低于77家。"""
    found = workload.capacity(12, rules.rules_for(JD).values)
    assert found == workload.Capacity(12, 77, 924, 1320, 6)


def test_jd_6b_a_plan_below_the_floor_or_above_the_teams_is_warned_of(office: Office) -> None:
    """根据辖区消防安全重点单位数量和消防监督执法人员合理制定"""
    found = workload.capacity(12, rules.rules_for(JD).values)
    assert workload.warnings(924, found, 5000, None) == []
    assert "低于" in workload.warnings(923, found, 5000, None)[0]
    assert "超过检查力量" in workload.warnings(1321, found, 5000, None)[0]


def test_wg_6b_the_floor_and_the_cap_are_both_shown_where_they_pull_apart(office: Office) -> None:
    """既要保证必要的抽查覆盖面和工作力度，又要防止检查过多和执法扰民; 原则上不超过2次"""
    found = workload.capacity(12, rules.rules_for(JD).values)
    said = workload.warnings(924, found, 400, 2)
    assert any("最低数 924 家" in one and "800 次" in one for one in said) and any("年度频次上限 800 次" in one for one in said)


def test_ys_3_4b_the_annual_plan_is_measured_by_how_many_inspectors_there_are(app: Flask) -> None:
    """结合年度监督检查计划和实际工作需要，依照…职能和人员数量"""
    with clock.freeze(on("2026-12-28")):
        with app.app_context():
            office = an_office(YS)
            client, key, heads = office.client(office.officer), new_id(), sum(one.certificate.valid_on(date(2026, 12, 28)) for one in registry.inspectors(YS))
            an_inspector(98, valid_to=date(2026, 12, 27), agency=YS)
            plan = {"kind": "annual", "year": 2026, "base": 0, "content": content(office, target_key=20, target_general=77 * heads - 20)}
        seen = client.get("/api/v1/plans/documents").get_json()["capacity"]
        assert heads > 2 and seen == {"headcount": heads, "each": 77, "least": 77 * heads, "most": 220 * (heads // 2), "per_day": heads // 2}
        assert client.put(f"/api/v1/plans/documents/{key}", json=plan).status_code == 200
        said = client.get(f"/api/v1/plans/documents/{key}").get_json()["warnings"]
        assert not any("低于" in one for one in said)
        with app.app_context():
            an_inspector(99, agency=YS)
        assert client.get("/api/v1/plans/documents").get_json()["capacity"]["headcount"] == heads + 1
        said = client.get(f"/api/v1/plans/documents/{key}").get_json()["warnings"]
        assert any(f"低于 {heads + 1} 名执法人员每人 77 家的最低数 {77 * heads + 77} 家" in one for one in said)


def test_wc_13c_what_crosses_the_district_is_ordered_by_the_superior_and_each_agency_carries_out_its_own_part(app: Flask) -> None:
    """跨行政区域检查的，由上一级…开展"""
    with clock.freeze(on("2026-11-20")):
        with app.app_context():
            here, there = an_office(WC), an_office(JD)
            officer, head, above, beside = (here.client(one) for one in (here.officer, here.head, here.superior, there.superior))
            scheme = content(here, source="superior", title="跨区专项检查方案", object_filter="辖区内冷库", ratio_permille=100, check_content="疏散通道")
            task = {
                "type": "superior_supervised", "item_codes": [here.item], "source_name": "上级督办单", "source_no": "督〔2026〕8号", "source_date": "2026-11-18", "reason": "跨区冷库",
                "mode": "on_site", "inspect_by": "2026-11-30", "inspectors": here.people[:2],
            }
            own, theirs = here.units[0].id, there.units[0].id
        path = f"/api/v1/plans/documents/{new_id()}"
        put = {"kind": "scheme", "year": 2026, "base": 0, "content": scheme}
        silent = officer.put(path, json=put)
        assert silent.status_code == 422 and "来文" in silent.get_json()["detail"]
        scheme["source_note"] = "支队部署〔2026〕4号"
        assert officer.put(path, json=put).status_code == head.post(f"{path}/approve", json={}).status_code == officer.post(f"{path}/report", json={}).status_code == 200
        (letter,) = above.get("/api/v1/plans/inbox").get_json()["letters"]
        assert ["来源", "上级机关部署：支队部署〔2026〕4号"] in letter["summary"]
        assert beside.get("/api/v1/plans/inbox").get_json()["letters"] == []
        for units in ([theirs], [own, theirs]):
            assert officer.post("/api/v1/plans/undrawn", json=task | {"id": new_id(), "unit_ids": units}).status_code == 404, "no agency inspects in its neighbour's district"
        done = officer.post("/api/v1/plans/undrawn", json=task | {"id": new_id(), "unit_ids": [own]})
        assert done.status_code in (200, 201) and done.get_json()["source_no"] == "督〔2026〕8号", done.text
    with app.app_context():
        assert [one.unit_id for one in inspections.inspections(WC)] == [own] and inspections.inspections(JD) == []


def test_an_agency_that_has_set_no_workload_gets_no_figure(ctx: Flask) -> None:
    assert workload.capacity(4, rules.rules_for("emergency-wushen").values) is None


def test_jd_7_4a_progress_goes_upward_with_counted_figures_and_a_question(office: Office) -> None:
    """及时报送工作进展情况，遇到新情况新问题，要向上级部门请示汇报"""
    draft = drafted(office)
    with pytest.raises(PlanState):
        annual.progress(office.officer, draft.id, "进展顺利", "")
    annual.approve(office.head, draft.id)
    with clock.freeze(on("2026-07-02")):
        office.released(0, 1)
        letter = annual.progress(office.officer, draft.id, "按序时进度推进", "新业态场所如何归类？")
        again = annual.progress(office.officer, draft.id, "按序时进度推进", "新业态场所如何归类？")
    said = dict(letter.summary)
    assert again.id == letter.id, "one a day"
    assert said["已安排检查"] == "2 次" and said["已完成"].startswith("0 次") and said["时间进度"] == "50.1%" and said["请示事项"] == "新业态场所如何归类？"
    assert letter.recipient == "试验上级机关" and letter.act == "report"


def test_every_step_of_a_document_is_in_the_audit_chain(office: Office) -> None:
    draft = drafted(office)
    annual.approve(office.head, draft.id)
    annual.report(office.officer, draft.id)
    assert [one.verb for one in audit.listing(JD, limit=3)] == ["plans.sent_up", "plans.document_approved", "plans.document_saved"]


def test_over_http_another_agency_does_not_see_it_and_unknown_fields_are_refused(app: Flask) -> None:
    with app.app_context():
        office = an_office(JD)
        client, head, key = office.client(office.officer), office.client(office.head), new_id()
        body = {"kind": "annual", "year": 2026, "base": 0, "content": content(office)}
    assert client.put(f"/api/v1/plans/documents/{key}", json=body | {"state": "approved"}).status_code == 422
    made = client.put(f"/api/v1/plans/documents/{key}", json=body)
    assert made.status_code == 200, made.text
    assert client.post(f"/api/v1/plans/documents/{key}/approve", json={}).status_code == 403
    assert head.post(f"/api/v1/plans/documents/{key}/approve", json={}).get_json()["state"] == "approved"
    pdf = client.get(f"/api/v1/plans/documents/{key}/document.pdf")
    assert pdf.data.startswith(b"%PDF") and pdf.headers["Cache-Control"] == "no-store"
    detail = client.get(f"/api/v1/plans/documents/{key}").get_json()
    assert detail["warnings"] == ["计划 460 家，低于 8 名执法人员每人 77 家的最低数 616 家"]
    stranger = builders.client_as("plan_officer", agency=WC)
    assert stranger.get(f"/api/v1/plans/documents/{key}").status_code == 404
    assert stranger.put(f"/api/v1/plans/documents/{key}", json=body).status_code == 404


def test_ws_3_4a_the_registry_is_tied_to_the_plan_of_the_year_and_what_changed_since_is_told(office: Office) -> None:
    """WS-3.4a: "结合年度执法工作计划，建立随机抽查对象名录库"."""
    client = office.client(office.officer)
    with clock.freeze(on("2026-01-05")):
        draft = drafted(office)
    path = f"/api/v1/plans/documents/{draft.id}/registry"
    assert client.get(path).json == {"since": None}, "a draft is tied to nothing"
    with clock.freeze(on("2026-01-05")):
        signed = annual.approve(office.head, draft.id)
    held = registry.pool(JD, registry.PoolFilter())
    told = client.get(path).json["since"]
    taken = told["snapshot"]
    assert (taken["on"], taken["count"], told["now"]) == ("2026-01-05", len(held), len(held))
    assert [told[kind] for kind in ("added", "removed", "changed")] == [{"count": 0, "names": []}] * 3
    entry = public_log.stored(taken["leaf"])
    assert entry is not None and entry.public and canonical.decode(entry.entry) == {
        "v": 1, "k": "registry", "agency": JD, "for": signed.number, "on": "2026-01-05", "units": taken["count"], "root": taken["root"],
    }
    assert ["检查对象名录库", f"{taken['count']} 家（2026-01-05 在册），校验值 {taken['root']}"] in annual.summary(signed)
    first, second = office.units[:2]
    cards.edit(office.officer, JD, first.id, {"sector": "新行业"}, "核实")
    cards.set_state(office.officer, JD, second.id, "closed", "停业")
    (new,) = [unit for unit in units_of(line(77), agency=JD) if unit.name == "示例单位77"]
    after = client.get(path).json["since"]
    assert {kind: after[kind]["names"] for kind in ("added", "removed", "changed")} == {"added": [new.name], "removed": [second.name], "changed": [first.name]}
    assert (after["snapshot"], after["now"]) == (taken, taken["count"])


def test_a_scheme_takes_no_snapshot_and_another_agencys_plan_is_not_there(office: Office) -> None:
    draft = drafted(office, "scheme", object_filter="重点单位", ratio_permille=100, check_content="消防设施")
    annual.approve(office.head, draft.id)
    path = f"/api/v1/plans/documents/{draft.id}/registry"
    assert office.client(office.officer).get(path).json == {"since": None}
    assert builders.client_as("plan_officer", agency=YS).get(path).status_code == 404
