"""What is missing, stage by stage, and the steps; all of it from profile keys, never from an agency."""

from __future__ import annotations

from typing import Any

import pytest

from server.inspections.items import verdict_of
from server.inspections.needs import STAGES, missing, visible_items
from server.inspections.steps import steps
from tests.inspections.packs import C06, D04, DUTY, FIRE_PROFILE, JUDGED, SAMPLING, SHORT_DUTY, SPECIAL, cad_pack, pack
from tests.inspections.phones import START, Phone, Scene
from tests.inspections.stories import FAIL, STORIES, short_answers


def codes(scene: Scene, stage: str = "approval") -> set[str]:
    return {need["code"] for need in missing(scene.visit(), scene.pack, stage)}


def a_visit(checklists: list[dict[str, Any]] | None = None, **profile: Any) -> tuple[Scene, Phone]:
    scene = Scene(pack("2026-11-0300", checklists or [SHORT_DUTY], profile={**FIRE_PROFILE, **profile}))
    phone = scene.phone(0)
    scene.arrives(phone)
    return scene, phone


def test_nothing_is_missing_of_a_complete_visit() -> None:
    for stage in STAGES:
        assert missing(STORIES["fire-visit"]().visit(), STORIES["fire-visit"]().pack, stage) == []


def test_an_untouched_inspection_lacks_everything_its_profile_demands() -> None:
    scene = Scene(pack("2026-11-0301", [SHORT_DUTY]))
    assert codes(scene, "attest") == {
        "M_OPEN", "M_RECUSAL", "M_ARRIVAL", "M_RECORDER", "M_CREDENTIALS", "M_NOTICE", "M_TOLD", "M_INTEGRITY",
        "M_ITEM",
    }  # fmt: skip


def test_each_stage_includes_the_ones_before() -> None:
    scene = STORIES["everything-missing"]()
    found = [codes(scene, stage) for stage in STAGES]
    assert found[0] < found[1] < found[2] < found[3]


def test_an_unknown_stage_is_refused() -> None:
    scene, _ = a_visit()
    with pytest.raises(ValueError):
        missing(scene.visit(), scene.pack, "someday")


def test_a_failed_item_asks_for_part_note_and_photo_and_says_so_in_words() -> None:
    scene, phone = a_visit()
    scene.answers(phone, 10, "CL-DEMO-1/0/FB-D04", "fail", choice=["open"])
    texts = {n["code"]: n["text"] for n in missing(scene.visit(), scene.pack, "attest") if n.get("item") == "FB-D04"}
    assert texts == {
        "M_PART": "“防火门完好，常闭式防火门处于关闭状态”不符合，缺少部位",
        "M_NOTE": "“防火门完好，常闭式防火门处于关闭状态”不符合，缺少具体问题",
        "M_PHOTO": "“防火门完好，常闭式防火门处于关闭状态”不符合，缺少现场照片",
    }
    scene.answers(phone, 11, "CL-DEMO-1/0/FB-D04", "fail", choice=["open"], **FAIL)
    scene.photographs(phone, 12, "door", item="FB-D04", checklist="CL-DEMO-1")
    assert not [n for n in missing(scene.visit(), scene.pack, "attest") if n.get("item") == "FB-D04"]


def test_a_withdrawn_or_derived_photo_does_not_count() -> None:
    scene, phone = a_visit(**{"onsite.min_photos": 1})
    scene.answers(phone, 10, "CL-DEMO-1/0/FB-D04", "fail", choice=["open"], **FAIL)
    h = scene.photographs(phone, 11, "door", item="FB-D04", checklist="CL-DEMO-1")
    scene.photographs(phone, 12, "marked", item="FB-D04", checklist="CL-DEMO-1", purpose="derived")
    assert not {"M_PHOTO", "M_MIN_PHOTOS"} & codes(scene)
    sha256 = next(e["body"]["sha256"] for e in scene.events if e["h"] == h)
    phone.write("photo.void", 13, sha256=sha256, reason="拍错")
    assert {"M_PHOTO", "M_MIN_PHOTOS"} <= codes(scene)


def test_at_the_gate_no_photo_is_asked_for() -> None:
    scene, phone = a_visit()
    scene.answers(phone, 10, "CL-DEMO-1/0/FB-D04", "fail", choice=["open"], gate=True, **FAIL)
    assert "M_PHOTO" not in codes(scene)


def test_a_photo_that_is_always_asked_for_is_not_asked_where_the_item_does_not_apply() -> None:
    scene, phone = a_visit([DUTY])
    scene.answers(phone, 10, "CL-DEMO-1/0/FB-F01", "pass")
    assert "M_PHOTO" in codes(scene)
    scene.answers(phone, 11, "CL-DEMO-1/0/FB-F01", "na")
    assert "M_PHOTO" not in codes(scene)


def test_only_a_fact_known_to_be_no_hides_an_item() -> None:
    for value, shown in (("yes", True), ("unknown", True), ("no", False)):
        scene, phone = a_visit([DUTY])
        phone.write("unit.fact", 10, fact="key_unit", value=value)
        ids = [entry["item"]["id"] for entry in visible_items(scene.visit(), scene.pack)]
        assert ("FB-C12" in ids) is shown


def test_an_item_two_checklists_share_is_asked_once() -> None:
    scene, _ = a_visit([SHORT_DUTY, SPECIAL])
    keys = [entry["key"] for entry in visible_items(scene.visit(), scene.pack)]
    assert keys == ["CL-DEMO-1/0/FB-D04", "CL-DEMO-1/0/FB-E01", "CL-DEMO-2/0/FB-C12", "CL-DEMO-2/0/FB-A01"]


def test_a_required_recorder_is_started_stopped_and_its_holes_explained() -> None:
    start = {"device_no": "ZF-07", "kind": "body_worn", "wearer": "林示范", "clock_checked": True}
    scene, phone = a_visit()
    assert "M_REC_STOP" in codes(scene, "seal") and "M_REC_STOP" not in codes(scene, "sign")
    phone.write("rec.stop", 10, session="s1")
    phone.write("rec.start", 20, session="s2", **start)
    phone.write("rec.stop", 30, session="s2")
    assert codes(scene, "seal") & {"M_REC_GAP", "M_REC_STOP"} == {"M_REC_GAP"}
    gap = {"from": START + 10 * 60_000, "to": START + 20 * 60_000, "spoken_before": True, "spoken_after": True}
    phone.write("rec.gap", 31, session="s1", reason="battery", **gap)
    assert not codes(scene, "seal") & {"M_REC_GAP", "M_REC_STOP"}


def test_a_place_where_nothing_may_be_recorded_needs_its_reason_instead() -> None:
    scene = Scene(pack("2026-11-0302", [SHORT_DUTY]))
    phone = scene.phone(0)
    scene.opens(phone)
    assert "M_RECORDER" in codes(scene)
    gap = {"from": START, "to": START + 1, "spoken_before": True, "spoken_after": True}
    phone.write("rec.gap", 3, session="s1", reason="safety_explosive_atmosphere", **gap)
    assert "M_RECORDER" not in codes(scene)


def test_a_recommended_recorder_is_never_missing() -> None:
    scene = Scene(cad_pack("2026-11-0303"))
    scene.opens(scene.phone(0))
    assert not {code for code in codes(scene) if code.startswith("M_REC") and not code.startswith("M_RECUS")}


def test_a_notice_needs_a_receiver_or_the_story_of_its_refusal() -> None:
    scene, phone = a_visit()
    phone.write("notice.give", 5, number="1", doc="0" * 64, mode="refused")
    assert "M_NOTICE" in codes(scene)
    phone.write("notice.give", 6, number="1", doc="0" * 64, mode="refused", reason="当事人拒收，已说明")
    assert "M_NOTICE" not in codes(scene)
    phone.write("notice.give", 7, number="1", doc="0" * 64, mode="received")
    assert "M_NOTICE" in codes(scene)


def test_two_drawn_inspectors_must_show_their_certificates() -> None:
    scene, phone = a_visit()
    assert "M_CREDENTIALS" not in codes(scene)
    scene.shows(phone, 5, count=1)
    assert "M_CREDENTIALS" in codes(scene)


def test_an_expired_certificate_and_a_declared_conflict_are_named_with_the_person() -> None:
    needs = missing(STORIES["everything-missing"]().visit(), STORIES["everything-missing"]().pack, "attest")
    assert {n["code"]: n["user"] for n in needs if "user" in n} == {
        "M_CERT": "u-he", "M_RECUSED": "u-lin", "M_RECUSAL": "u-he",
    }  # fmt: skip


def test_a_closed_unit_needs_only_the_short_record() -> None:
    scene = Scene(pack("2026-11-0304", [DUTY]))
    phone = scene.phone(0)
    scene.opens(phone)
    phone.write("outcome", 2, kind="not_possible", reason="moved")
    assert codes(scene, "attest") == {"M_ARRIVAL", "M_DOOR"}
    phone.write("outcome", 3, kind="not_possible", reason="no_business")
    assert codes(scene, "attest") == {"M_ARRIVAL", "M_DOOR", "M_CREDENTIALS"}
    phone.write("outcome", 4, kind="not_possible")
    assert "M_OUTCOME_REASON" in codes(scene, "attest")


def test_a_visit_by_documents_asks_for_no_arrival_no_recorder_and_no_signature() -> None:
    scene = Scene(pack("2026-11-0305", [SHORT_DUTY], mode="document_review"))
    phone = scene.phone(0)
    scene.opens(phone)
    short_answers(scene, phone)
    assert codes(scene) == {"M_RECUSAL", "M_NOTICE", "M_ATTEST", "M_ATTEST_TWO", "M_SEAL"}


def test_a_product_sent_to_the_laboratory_needs_its_sample_on_every_sheet() -> None:
    scene = STORIES["sampling"]()
    needs = [n for n in missing(scene.visit(), scene.pack, "attest") if n["code"] == "M_SAMPLE"]
    assert [(n["checklist"], n["sheet"]) for n in needs] == [("CL-DEMO-P", 1)]


def test_a_new_sheet_has_to_be_filled_in_completely() -> None:
    scene, phone = a_visit([SAMPLING])
    scene.answers(phone, 10, "CL-DEMO-P/2/FP-01", "neutral", text="防火门")
    sheets = {(n["sheet"], n["item"]) for n in missing(scene.visit(), scene.pack, "attest") if n["code"] == "M_ITEM"}
    assert sheets == {(0, "FP-01"), (0, "FP-13"), (2, "FP-13")}


def test_a_supplement_after_a_return_heals_a_missing_photo() -> None:
    scene, phone = a_visit()
    scene.answers(phone, 10, "CL-DEMO-1/0/FB-D04", "fail", choice=["open"], **FAIL)
    scene.attests(phone, 15)
    scene.seals(phone, 18)
    assert "M_PHOTO" in codes(scene)
    scene.photographs(phone, 100, "door", t="supplement.photo", return_id="r-1", item="FB-D04", checklist="CL-DEMO-1")
    assert "M_PHOTO" not in codes(scene)
    assert scene.visit()["open_round"] is True


def test_a_refusal_to_sign_needs_its_reason() -> None:
    scene, phone = a_visit()
    short_answers(scene, phone)
    assert "M_PARTY" in codes(scene, "seal")
    scene.attests(phone, 15)
    text = scene.visit()["attests"][0]["text"]
    phone.write("sign.party", 16, mode="refused", text=text)
    assert codes(scene, "seal") & {"M_PARTY", "M_PARTY_REASON"} == {"M_PARTY_REASON"}
    phone.write("sign.party", 17, mode="refused", text=text, reason="对检查结果有异议")
    assert not {code for code in codes(scene, "seal") if code.startswith("M_PARTY")}


@pytest.mark.parametrize(
    ("item", "answer", "verdict"),
    [
        (D04, {"choice": ["ok"]}, "pass"),
        (D04, {"choice": ["ok", "broken"]}, "fail"),
        (D04, {"choice": ["none"]}, "na"),
        (D04, {"choice": []}, ""),
        (D04, {"choice": ["not_in_the_list"]}, "neutral"),
        (JUDGED, {"choice": ["lab"]}, "neutral"),
        (C06, {"asked": 5, "correct": 5}, "pass"),
        (C06, {"asked": 5, "correct": 4}, "fail"),
        (C06, {"asked": 0, "correct": 0}, "na"),
        (C06, {}, ""),
    ],
)
def test_the_verdict_of_an_answer_comes_from_its_choices(item: Any, answer: Any, verdict: str) -> None:
    assert verdict_of(item, answer) == verdict


def names(profile: dict[str, Any], outcome: str = "completed", **more: Any) -> list[str]:
    return [step["id"] for step in steps({**FIRE_PROFILE, **profile}, {"checklists": [SHORT_DUTY], **more}, outcome)]


def test_the_steps_follow_the_profile_keys() -> None:
    full = ["recusal", "arrive", "recorder", "credentials", "notice", "told", "unit", "checklist", "evidence", "record",
            "attest", "party", "leave", "opinion"]  # fmt: skip
    assert names({}) == full
    assert names({"onsite.scan_in": True}) == [*full[:2], "scan_in", *full[2:]]
    assert "recorder" not in names({"onsite.recorder": "none"})
    assert "notice" not in names({"onsite.notice": False})
    assert "told" not in names({"onsite.told": [], "onsite.integrity_statement": False})
    assert "recusal" not in names({"team.recusal": False})


def test_the_steps_carry_what_the_screen_needs() -> None:
    found = {step["id"]: step for step in steps({**FIRE_PROFILE, "secrecy.geotag": "off", "onsite.min_photos": 2}, {})}
    assert found["arrive"]["geotag"] == "off"
    assert found["told"]["keys"][-1] == "integrity"
    assert (found["evidence"]["demand"], found["evidence"]["min_photos"]) == ("required", 2)
    assert found["attest"]["count"] == 2


def test_a_profile_that_says_nothing_still_has_the_national_floors() -> None:
    ids = [step["id"] for step in steps({}, {})]
    assert {"recusal", "credentials", "record", "attest"} <= set(ids)


def test_a_visit_that_is_not_possible_has_a_short_list_of_steps() -> None:
    assert names({}, "not_possible") == [
        "recusal", "arrive", "recorder", "credentials", "outcome", "record", "attest", "leave", "opinion",
    ]  # fmt: skip
    assert names({}, mode="network_monitoring")[:2] == ["recusal", "unit"]
