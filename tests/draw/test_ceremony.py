"""The ceremony over HTTP: who acts when, what is public when, and that a result never comes a second time (draw.md 3.2, 3.9)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from server.audit import operations as audit
from server.audit import public_log
from server.draw import operations, replay
from server.draw.tables import DrawRow, DrawUnitRow
from server.kernel import canonical
from server.platform.db import session, transaction
from server.registry import operations as registry
from tests import builders
from tests.draw.office import API, DICE, Ceremony, a_ceremony

AGENCY = "fire-wenchanghu"


@pytest.fixture
def office(ctx: Flask, repository: Path) -> Ceremony:
    return a_ceremony(AGENCY, repository / "checklists")


def leaf(index: int) -> dict[str, Any]:
    found = public_log.stored(index)
    assert found is not None and found.public
    return dict(canonical.decode(found.entry))


def facts(verb: str) -> list[audit.Fact]:
    session().rollback()
    return audit.listing(AGENCY, verb=verb)


def test_a_whole_ceremony_makes_a_result_that_the_published_transcript_gives_again(office: Ceremony) -> None:
    office.to_drawn()
    told = office.result()
    assert office.draw["state"] == "drawn" and told["total"] == len(registry.units(AGENCY, limit=500))
    drawn = [one for one in told["fates"] if one["fate"] == "drawn"]
    assert [one["place"] for one in drawn] == list(range(1, len(drawn) + 1)) and len(drawn) >= 3
    assert all(len(one["team"]) == 2 for one in drawn)
    operations.publish_transcript(office.id)
    transcript = office.a.get(f"{API}/{office.id}/transcript").get_json()
    assert replay.replay(transcript) == transcript["want"]
    assert leaf(office.draw["result_leaf"])["transcript"] == office.draw["transcript_hash"] == transcript["log"]["transcript"]
    assert leaf(office.draw["intent_leaf"])["intent"] == transcript["intent"]


def test_the_command_line_replays_the_published_transcript(office: Ceremony, tmp_path: Path, repository: Path) -> None:
    office.to_drawn()
    operations.publish_transcript(office.id)
    transcript = office.a.get(f"{API}/{office.id}/transcript").get_json()
    file = tmp_path / "transcript.json"
    file.write_text(json.dumps(transcript, ensure_ascii=False), "utf-8")
    run = subprocess.run([sys.executable, "manage.py", "cli", "draw", "replay", str(file)], cwd=repository, capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == transcript["want"]


def test_the_openings_of_the_drawn_units_fit_their_blinded_ids(office: Ceremony) -> None:
    from server.draw import tickets
    from server.kernel import b64url

    office.to_drawn()
    operations.publish_transcript(office.id)
    transcript = office.a.get(f"{API}/{office.id}/transcript").get_json()
    for uid, salt, unit_id, _name in transcript["openings"]:
        assert b64url.encode(tickets.uid(b64url.decode(salt), unit_id)) == uid


def test_a_reload_or_a_repeated_step_answers_the_same_and_never_draws_again(office: Ceremony) -> None:
    office.to_drawn()
    first = office.result()
    for answer in (office.reveal(), office.roll(), office.post(office.a, "intent"), office.reveal()):
        assert answer.status_code == 200
        assert (answer.get_json()["transcript_hash"], answer.get_json()["result_leaf"]) == (office.draw["transcript_hash"], office.draw["result_leaf"])
    again = office.result()
    assert again["seed"] == first["seed"] and again["fates"] == first["fates"]
    assert len(facts("draw.made")) == 1


def test_dice_before_the_intent_are_refused_and_so_is_a_number_before_the_dice(office: Ceremony) -> None:
    """draw.md 3.2: the intent is public before any part of the seed exists."""
    office.propose()
    assert office.roll().status_code == 409
    office.post(office.a, "freeze")
    assert office.roll().status_code == 409
    office.post(office.a, "commit", {"commitment": office.commitment()})
    assert office.roll().status_code == 409
    office.post(office.a, "intent")
    assert office.reveal().get_json()["code"] == "E_DRAW_STEP"
    assert office.roll().status_code == 200


def test_an_intent_needs_the_commitment_and_a_commitment_is_not_exchanged(office: Ceremony) -> None:
    office.propose()
    office.post(office.a, "freeze")
    assert office.post(office.a, "intent").status_code == 409
    mine = office.commitment()
    assert office.post(office.a, "commit", {"commitment": mine}).status_code == 200
    assert office.post(office.a, "commit", {"commitment": mine}).status_code == 200
    assert office.post(office.a, "commit", {"commitment": "A" * 43}).status_code == 409
    assert office.post(office.a, "intent").status_code == 200


def test_the_server_never_learns_the_number_before_the_dice(office: Ceremony) -> None:
    """Attack "dice typed falsely": whoever types must not know r, and the server's own people neither."""
    from server.draw.tables import DrawPartyRow
    from server.kernel import b64url

    office.to_open()
    kept = list(session().scalars(select(DrawPartyRow.value).where(DrawPartyRow.draw_id == office.id)))
    assert kept == ["", ""] and b64url.encode(office.nonce) not in json.dumps(office.a.get(f"{API}/{office.id}").get_json())


def test_two_officials_are_two_people(office: Ceremony) -> None:
    answer = office.a.post(API, json=office.wish(official_b=office.a.person.id))
    assert (answer.status_code, answer.get_json()["code"]) == (422, "E_DRAW_OFFICIALS")
    inspector = builders.a_person("inspector", agency=AGENCY)
    assert office.a.post(API, json=office.wish(official_b=inspector.id)).status_code == 422
    stranger = builders.a_person("reviewer", agency="fire-jindong")
    assert office.a.post(API, json=office.wish(official_b=stranger.id)).status_code == 422


def test_nobody_acts_for_another_official(office: Ceremony) -> None:
    office.to_open()
    other = builders.client_as("plan_officer", "reviewer", agency=AGENCY)
    for who in (office.a, other):
        assert office.post(who, "dice", {"digits": DICE}).get_json()["code"] == "E_DRAW_PART"
    assert office.roll().status_code == 200
    from server.kernel import b64url

    body = {"value": b64url.encode(office.nonce)}
    for who in (office.b, other):
        assert office.post(who, "reveal", body).get_json()["code"] == "E_DRAW_PART"


def test_the_witness_with_a_login_is_there_before_the_dice_and_speaks_after_them(office: Ceremony) -> None:
    office.to_open(witness_user=office.superior.person.id)
    assert office.roll().get_json()["detail"] == "请先由见证人用本人账号确认在场"
    assert office.post(office.b, "witness").status_code == 403
    assert office.post(office.superior, "witness").status_code == 200
    assert office.roll().status_code == 200
    said = office.post(office.superior, "testimony", {"word": "与桌面点数一致"})
    assert said.get_json()["witness_word"] == "与桌面点数一致"
    assert office.reveal().get_json()["state"] == "drawn"


def test_a_witness_is_neither_of_the_officials(office: Ceremony) -> None:
    assert office.a.post(API, json=office.wish(witness_user=office.b.person.id)).status_code == 422


def test_the_superior_may_hold_a_part_of_the_seed(office: Ceremony) -> None:
    """draw.md 3.2: "made on the phone of official A (and, if wanted, the superior's)"."""
    from server.draw import tickets
    from server.kernel import b64url

    office.propose(superior=office.superior.person.id)
    office.post(office.a, "freeze")
    office.post(office.a, "commit", {"commitment": office.commitment()})
    assert office.post(office.a, "intent").status_code == 409
    theirs = bytes(range(32))
    office.post(office.superior, "commit", {"commitment": b64url.encode(tickets.commitment(office.id, "superior", theirs))})
    assert office.post(office.a, "intent").status_code == 200
    office.roll()
    assert office.reveal().get_json()["state"] == "rolled"
    done = office.post(office.superior, "reveal", {"value": b64url.encode(theirs)})
    assert done.get_json()["state"] == "drawn"
    assert office.superior.get(f"{API}/{office.id}/result").status_code == 403


def test_photos_of_the_dice_are_kept_for_who_may_see_the_ceremony(office: Ceremony) -> None:
    import io

    from tests.phone import a_picture

    office.to_open()
    picture = a_picture(1)
    sent = office.b.post(f"{API}/{office.id}/photo", data={"file": (io.BytesIO(picture), "dice.jpg")})
    assert sent.status_code == 200
    assert office.b.post(f"{API}/{office.id}/photo", data={"file": (io.BytesIO(b"<svg/>"), "dice.svg")}).status_code == 422
    assert office.a.post(f"{API}/{office.id}/photo", data={"file": (io.BytesIO(picture), "dice.jpg")}).status_code == 403
    office.roll(photo=sent.get_json()["sha256"])
    assert office.a.get(f"{API}/{office.id}/photo").data == picture


def test_another_agencys_draw_does_not_exist(office: Ceremony) -> None:
    office.to_open()
    stranger = builders.client_as("plan_officer", "reviewer", agency="fire-jindong")
    superior = builders.client_as("superior", agency="fire-jindong")
    for who in (stranger, superior):
        assert who.get(f"{API}/{office.id}").status_code == 404
        assert office.post(who, "void", {"cause": "other", "reason": "试验"}).status_code in (403, 404)


def test_a_draw_on_paper_is_changed_and_discarded_a_public_one_is_not(office: Ceremony) -> None:
    office.propose()
    changed = office.a.put(f"{API}/{office.id}", json=office.wish(n=5))
    assert changed.get_json()["n"] == 5
    assert office.post(office.a, "discard").status_code == 204
    office.to_open()
    assert office.a.put(f"{API}/{office.id}", json=office.wish(n=5)).status_code == 409
    assert office.post(office.a, "discard").status_code == 409


def test_an_unknown_field_is_refused(office: Ceremony) -> None:
    assert office.a.post(API, json=office.wish(state="drawn")).status_code == 422


def tampered(draw_id: str) -> None:
    with transaction():
        row = session().scalars(select(DrawUnitRow).where(DrawUnitRow.draw_id == draw_id).order_by(DrawUnitRow.uid)).first()
        assert row is not None
        row.leaf = {**row.leaf, "w": row.leaf["w"] + 1}


@pytest.mark.parametrize("moment", ["intent", "dice", "reveal"])
def test_abuse_34_a_snapshot_changed_after_the_commitment_voids_the_draw_in_public(office: Ceremony, moment: str) -> None:
    """Reliability 34: "draw with snapshot changed after commit | E_ROOT, draw void, logged"."""
    office.propose()
    office.post(office.a, "freeze")
    office.post(office.a, "commit", {"commitment": office.commitment()})
    if moment != "intent":
        office.post(office.a, "intent")
    if moment == "reveal":
        office.roll()
    tampered(office.id)
    answer = {"intent": lambda: office.post(office.a, "intent"), "dice": office.roll, "reveal": office.reveal}[moment]()
    assert (answer.status_code, answer.get_json()["code"]) == (409, "E_ROOT")
    seen = office.a.get(f"{API}/{office.id}").get_json()
    assert seen["state"] == "void" and seen["void"]["cause"] == "root_changed" and seen["transcript_hash"] == ""
    assert len(facts("draw.void_by_server")) == 1
    kinds = [leaf(index)["k"] for index in range(public_log.tail().size)]
    assert kinds.count("draw.void") == 1
    assert office.reveal().status_code == 409


def test_abuse_35_a_reveal_that_does_not_match_its_commitment_is_refused_and_noted(office: Ceremony) -> None:
    """Reliability 35: "reveal not matching commit | E_COMMIT"; the right number may still come."""
    from server.kernel import b64url

    office.to_open()
    office.roll()
    wrong = office.post(office.a, "reveal", {"value": b64url.encode(bytes(32))})
    assert (wrong.status_code, wrong.get_json()["code"]) == (409, "E_COMMIT")
    assert len(facts("draw.commitment_broken")) == 1
    assert office.reveal().get_json()["state"] == "drawn"


def test_abuse_36_a_second_draw_of_the_month_without_prev_void_is_refused(office: Ceremony) -> None:
    """Reliability 36: "second draw for the same month without `prev_void` | 409"."""
    office.to_drawn()
    again = office.a.post(API, json=office.wish(title="换个名称再来一次"))
    assert (again.status_code, again.get_json()["code"]) == (409, "E_DRAW_SECOND")
    chained = office.a.post(API, json=office.wish(prev_void=office.id))
    assert chained.status_code == 409, "it stands, so nothing may replace it"


@pytest.mark.parametrize("digits", ["123456", "1234567890123456789", "12345678901234567a90", "-1234567890123456789"])
def test_abuse_37_fewer_than_twenty_dice_are_refused(office: Ceremony, digits: str) -> None:
    """Reliability 37: "dice of 6 digits | 422 (needs >= 20)"."""
    office.to_open()
    answer = office.roll(digits)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "E_DICE")
    assert office.roll("2472 0198 6039 5476 0271").status_code == 200


def test_six_sided_dice_are_twenty_six(office: Ceremony) -> None:
    office.to_open()
    assert office.roll("123456" * 4, kind="d6").status_code == 422
    assert office.roll("1234560" * 4, kind="d6").status_code == 422
    assert office.roll("123456" * 5, kind="d6").status_code == 200


def test_what_is_drawn_is_told_to_plans_in_the_same_unit_of_work(office: Ceremony) -> None:
    from server.draw import ceremony

    heard: list[tuple[str, operations.Drawn]] = []

    def plans_fail(agency_id: str, drawn: operations.Drawn) -> None:
        heard.append((agency_id, drawn))
        if len(heard) == 1:
            raise RuntimeError("the plan could not be made")

    before = list(ceremony._listeners)
    ceremony._listeners[:] = [plans_fail]
    try:
        office.to_open()
        office.roll()
        assert office.reveal().status_code == 500
        assert office.a.get(f"{API}/{office.id}").get_json()["state"] == "rolled"
        assert office.reveal().get_json()["state"] == "drawn"
    finally:
        ceremony._listeners[:] = before
    (_, first), (agency, drawn) = heard
    assert first.rows == drawn.rows, "the same seed gives the same draw"
    assert agency == AGENCY and drawn.purpose == "monthly" and drawn.rows[0].unit_id and len(drawn.rows[0].team) == 2


def test_a_changed_intent_would_be_seen_in_the_log(office: Ceremony) -> None:
    office.to_open()
    with transaction():
        session().execute(update(DrawRow).where(DrawRow.id == office.id).values(title="改名"))
    assert leaf(office.a.get(f"{API}/{office.id}").get_json()["intent_leaf"])["intent"]["about"]["title"] == "2026年12月月度抽查"


def test_dice_without_a_photo_may_leave_it_out_but_not_send_nothing_as_one(office: Ceremony) -> None:
    """A form that sent the photo as an empty text was refused by the server and stopped the ceremony at its fourth step."""
    office.to_open()
    assert office.roll(photo="").status_code == 422
    assert office.roll().status_code == 200
