"""Attestations: what they cover, when they fall, and who has agreed."""

from __future__ import annotations

from server.inspections import attest
from server.inspections.record_text import record_text
from server.kernel import b64url, chain
from tests.inspections.packs import SHORT_DUTY, TEAM, pack
from tests.inspections.phones import Phone, Scene
from tests.inspections.stories import STORIES, fire_visit, returned_report, short_answers


def a_visit() -> tuple[Scene, Phone, Phone]:
    scene = Scene(pack("2026-11-0200", [SHORT_DUTY]))
    lin, he = scene.phone(0), scene.phone(1)
    scene.arrives(lin)
    short_answers(scene, lin)
    return scene, lin, he


def test_chains_are_the_merkle_roots_of_each_enrolments_content() -> None:
    scene = fire_visit()
    for head in scene.visit()["chains"]:
        own = [e for e in scene.events if e["header"]["dev"] == head["dev"]]
        content = [e for e in own if e["header"]["t"] not in ("attest", "sign.party", "seal", "gps.fix", "rec.stop")]
        leaves = [b64url.decode(event["h"]) for event in content]
        assert (head["n"], head["root"]) == (len(leaves), b64url.encode(chain.chain_root(leaves)))


def test_both_inspectors_attest_one_digest_and_any_later_content_voids_both() -> None:
    scene, lin, he = a_visit()
    scene.attests(lin, 15)
    scene.attests(he, 16)
    assert attest.agreed(scene.visit()) == ["u-he", "u-lin"]
    scene.photographs(he, 17, "one more")
    assert attest.agreed(scene.visit()) == []
    assert [entry["stands"] for entry in scene.visit()["attests"]] == [False, False]


def test_what_the_device_and_the_procedure_write_voids_nothing() -> None:
    scene, lin, he = a_visit()
    scene.attests(lin, 15)
    scene.attests(he, 16)
    scene.signs(lin, 17)
    lin.write("rec.stop", 18, session="s1")
    lin.write("storage.low", 18, free_mb=12)
    lin.write("app.background", 18)
    lin.write("gps.fix", 18, lat=1, lon=1, acc=1, at=1)
    lin.write("sync.anchor", 18)
    assert attest.agreed(scene.visit()) == ["u-he", "u-lin"]


def test_one_person_attesting_twice_is_one_person() -> None:
    scene, lin, _ = a_visit()
    scene.attests(lin, 15)
    scene.attests(lin, 16)
    assert attest.agreed(scene.visit()) == ["u-lin"]
    assert scene.visit()["state"] == "in_progress"


def test_somebody_who_was_not_drawn_attests_nothing() -> None:
    scene, lin, _ = a_visit()
    stranger = Phone("u-stranger", scene.pack["insp"])
    scene.phones.append(stranger)
    scene.attests(lin, 15)
    scene.attests(stranger, 16)
    assert attest.agreed(scene.visit()) == ["u-lin"]


def test_an_attestation_of_other_rules_does_not_stand() -> None:
    scene, lin, _ = a_visit()
    body = attest.attestation(scene.visit(), scene.text(), "A3")
    lin.write("attest", 15, **{**body, "pin": "A" * 43})
    assert scene.visit()["attests"][0]["stands"] is False


def test_two_people_attesting_two_texts_have_not_agreed() -> None:
    scene, lin, he = a_visit()
    scene.attests(lin, 15)
    he.write("attest", 16, **attest.attestation(scene.visit(), "另一份文字", "A3"))
    assert len(attest.agreed(scene.visit())) == 1
    assert scene.visit()["state"] == "in_progress"


def test_a_team_of_three_needs_three_when_the_profile_says_so() -> None:
    profile = {**pack("2026-11-0201", [SHORT_DUTY])["profile"], "team.min": 3}
    scene = Scene(pack("2026-11-0201", [SHORT_DUTY], profile=profile, team=[*TEAM, {**TEAM[1], "user": "u-san"}]))
    lin, he = scene.phone(0), scene.phone(1)
    scene.arrives(lin)
    scene.attests(lin, 15)
    scene.attests(he, 16)
    assert scene.visit()["state"] == "in_progress"
    scene.attests(scene.phone(2), 17)
    assert scene.visit()["state"] == "attested"


def test_no_profile_lets_one_person_be_enough() -> None:
    profile = {**pack("2026-11-0202", [SHORT_DUTY])["profile"], "team.min": 1}
    scene = Scene(pack("2026-11-0202", [SHORT_DUTY], profile=profile))
    lin = scene.phone(0)
    scene.opens(lin)
    scene.attests(lin, 15)
    scene.seals(lin, 16)
    assert scene.visit()["state"] == "awaiting_second"


def test_a_second_round_keeps_what_the_party_signed() -> None:
    scene = returned_report()
    visit = scene.visit()
    first, second = visit["seals"]
    assert second["prev_seal"] == first["h"] and first["linked"] and second["linked"]
    assert first["d"] != second["d"]
    assert visit["party"]["stands"] is True
    assert visit["party"]["text"] == first["text"] != second["text"]
    assert attest.agreed(visit) == ["u-he", "u-lin"]


def test_the_record_code_of_the_party_survives_a_second_round() -> None:
    scene = returned_report()
    visit = scene.visit()
    signed = record_text(visit, scene.pack, with_annex=False)
    assert attest.signed_digest(visit, signed) == visit["seals"][0]["d"] != attest.digest(visit, signed)
    scene, lin, _ = a_visit()
    assert attest.signed_digest(scene.visit(), scene.text()) == scene.d()


def test_the_problems_of_an_attestation_are_named() -> None:
    scene, lin, _ = a_visit()
    visit, text = scene.visit(), scene.text()
    body = attest.attestation(visit, text, "A3")
    assert attest.digest_problems(visit, text, body) == []
    assert attest.digest_problems(visit, text, {**body, "d": "A" * 43}) == ["核验摘要不正确"]
    assert attest.digest_problems(visit, text + "。", body) == ["核验的笔录文字与当前笔录不一致"]
    scene.photographs(lin, 16, "later")
    assert "核验之后记录内容有变化" in attest.digest_problems(scene.visit(), scene.text(), body)
    assert "核验所据的规则版本与本次检查不一致" in attest.digest_problems(visit, text, {**body, "pin": "A" * 43})


def test_an_attestation_by_code_counts_before_the_other_phone_has_synced() -> None:
    scene = STORIES["by-code"]()
    carried = [entry for entry in scene.visit()["attests"] if entry["via"]]
    assert [entry["by"] for entry in carried] == ["u-he"] and carried[0]["stands"]


def test_a_code_whose_body_was_exchanged_is_no_attestation() -> None:
    scene = STORIES["by-code"]()
    event = next(e for e in scene.events if e["header"]["t"] == "attest.in" and e["body"]["h"] != "{}")
    event["body"]["b"] = event["body"]["b"].replace('"level":"A2"', '"level":"A3"')
    assert [entry["via"] for entry in scene.visit()["attests"]] == [""]
