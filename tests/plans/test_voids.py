"""A draw's void that waits for the superior stands in its inbox too: one thing, decided in either place, once (draw.md 3.2, C22)."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from server.draw import operations as draws
from server.draw.tables import DrawUnitRow
from server.platform.db import session, transaction
from tests import builders
from tests.draw.office import API as DRAWS
from tests.draw.office import Ceremony, a_ceremony

PLANS = "/api/v1/plans"
AGENCY = "fire-wenchanghu"
LOST = {"cause": "browser_lost", "reason": "甲的电脑无法开机"}


@pytest.fixture
def office(app: Flask, repository: Path) -> Ceremony:
    made = a_ceremony(AGENCY, repository / "checklists").to_open()
    assert made.post(made.a, "void", LOST).status_code == 200
    return made


def letters(office: Ceremony) -> list[dict[str, Any]]:
    return list(office.superior.get(f"{PLANS}/inbox").get_json()["letters"])


def answer(office: Ceremony, state: str, reason: str = "", number: str = "") -> Any:
    return office.superior.post(f"{PLANS}/inbox/{letters(office)[0]['id']}/answer", json={"state": state, "reason": reason, "number": number})


def at_the_draw(office: Ceremony, granted: bool, note: str = "") -> Any:
    return office.superior.post(f"{DRAWS}/voids/{office.id}/decision", json={"granted": granted, "note": note})


def state(office: Ceremony) -> tuple[str, str]:
    told = office.a.get(f"{DRAWS}/{office.id}").get_json()
    return told["state"], told["void"]["state"]


def test_the_void_stands_in_the_inbox_with_what_is_asked_and_nothing_of_the_list(office: Ceremony) -> None:
    (letter,) = letters(office)
    assert (letter["act"], letter["state"], letter["object"]) == ("approve", "sent", "draw_void")
    told = dict(letter["summary"])
    assert told["原因"] == "保存随机数的浏览器或电脑无法使用" and told["情况"] == "甲的电脑无法开机" and office.draw["number"] in told["抽取"]
    assert office.a.get(f"{PLANS}/upward").get_json()["letters"][0]["number"] == letter["number"]


def test_granting_it_in_the_inbox_makes_the_draw_void_with_the_superiors_number(office: Ceremony) -> None:
    done = answer(office, "granted", number="淄消〔2026〕9号")
    assert done.status_code == 200, done.get_json()
    assert (done.get_json()["state"], done.get_json()["answer_no"]) == ("granted", "淄消〔2026〕9号")
    assert state(office) == ("void", "granted")
    assert office.superior.get(DRAWS).get_json()["voids"] == []
    assert answer(office, "granted").status_code == 200, "the same again is the same"
    assert answer(office, "refused", "想了想").status_code == 409


def test_refusing_it_at_the_draw_answers_the_letter_and_it_is_not_decided_again(office: Ceremony) -> None:
    assert at_the_draw(office, False).status_code == 422, "a refusal has its reason, as in the inbox"
    assert at_the_draw(office, False, "换一台电脑再试").status_code == 200
    (letter,) = letters(office)
    assert (letter["state"], letter["answer"]) == ("refused", "换一台电脑再试") and letter["answer_no"]
    assert state(office) == ("open", "refused")
    assert answer(office, "granted").status_code == 409
    assert state(office) == ("open", "refused")
    # Asked anew it is another letter.
    assert office.post(office.a, "void", LOST).status_code == 200
    assert [one["state"] for one in letters(office)] == ["sent", "refused"]


def test_a_refusal_in_the_inbox_reaches_the_draw_with_its_reason(office: Ceremony) -> None:
    assert answer(office, "refused").status_code == 422
    assert answer(office, "refused", "理由不足").status_code == 200
    told = office.a.get(f"{DRAWS}/{office.id}").get_json()
    assert (told["state"], told["void"]["state"], told["void"]["note"]) == ("open", "refused", "理由不足")


def test_who_took_part_in_the_draw_decides_nowhere(app: Flask, repository: Path) -> None:
    made = a_ceremony(AGENCY, repository / "checklists")
    assert made.propose(witness_user=made.superior.person.id).status_code == 201
    for step, body in (("freeze", None), ("commit", {"commitment": made.commitment()}), ("intent", None), ("void", LOST)):
        assert made.post(made.a, step, body).status_code == 200
    assert at_the_draw(made, True).status_code == 403
    assert answer(made, "granted").status_code == 403
    assert letters(made)[0]["state"] == "sent" and state(made) == ("open", "asked")


def test_where_no_superior_is_asked_no_letter_is_written(app: Flask, repository: Path) -> None:
    from server.accounts.tables import Agency

    made = a_ceremony(AGENCY, repository / "checklists").to_open()
    with app.app_context(), transaction():
        session().get_one(Agency, AGENCY).parent_id = None
    assert made.post(made.a, "void", LOST).get_json()["void"]["to_agency"] == AGENCY
    assert made.a.get(f"{PLANS}/upward").get_json()["letters"] == []


def test_a_draw_that_the_server_ends_takes_its_letter_out_of_the_waiting(office: Ceremony, app: Flask) -> None:
    with app.app_context(), transaction():
        row = session().query(DrawUnitRow).filter_by(draw_id=office.id).first()
        assert row is not None
        row.leaf = {**row.leaf, "w": 99}
    assert office.roll().get_json()["code"] == "E_ROOT"
    (letter,) = letters(office)
    assert letter["state"] == "granted" and "自动作废" in letter["answer"]


def test_a_void_that_came_too_late_can_still_be_refused_and_leaves_the_inbox(office: Ceremony, app: Flask) -> None:
    office.roll()
    office.reveal()
    with app.app_context():
        draws.publish_transcript(office.id)
    assert answer(office, "granted").status_code == 409
    assert answer(office, "refused", "名单已经公开").status_code == 200
    assert state(office) == ("published", "refused")


def test_two_of_the_superior_deciding_in_both_places_at_once_are_one_decision(office: Ceremony) -> None:
    other = builders.client_as("superior", agency=f"{AGENCY}-superior")
    letter = letters(office)[0]["id"]
    answers: list[int] = []

    def inbox() -> None:
        answers.append(office.superior.post(f"{PLANS}/inbox/{letter}/answer", json={"state": "refused", "reason": "收文箱"}).status_code)

    def draw() -> None:
        answers.append(other.post(f"{DRAWS}/voids/{office.id}/decision", json={"granted": True, "note": "抽取页"}).status_code)

    threads = [threading.Thread(target=one) for one in (inbox, draw)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    (kept,) = letters(office)
    assert (kept["state"], kept["answer"]) in (("refused", "收文箱"), ("granted", "抽取页"))
    assert state(office)[1] == kept["state"] and set(answers) <= {200, 409}
