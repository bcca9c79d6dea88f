"""Two at the same moment: one result, one place, one number. The race is forced: both wait for a row that the test holds."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from server.audit import public_log
from server.draw.tables import DrawCounterRow, DrawRow
from server.kernel import b64url
from server.platform.db import session, transaction
from tests.draw.office import API, Ceremony, a_ceremony

AGENCY = "fire-wenchanghu"


@pytest.fixture
def office(ctx: Flask, repository: Path) -> Ceremony:
    return a_ceremony(AGENCY, repository / "checklists")


def both(table: type, key: Any, *acts: Callable[[], Any]) -> list[Any]:
    """Run the acts in threads while the row is held; answers what they answered, in order."""
    answers: list[Any] = [None] * len(acts)

    def run(at: int) -> None:
        answers[at] = contextvars.Context().run(acts[at])

    threads = [threading.Thread(target=run, args=(at,)) for at in range(len(acts))]
    with transaction():
        session().get(table, key, with_for_update=True)
        for thread in threads:
            thread.start()
        time.sleep(0.5)
    for thread in threads:
        thread.join()
    session().expire_all()
    return answers


def test_two_parallel_reveals_make_one_draw(office: Ceremony) -> None:
    office.to_open()
    office.roll()
    body = {"value": b64url.encode(office.nonce)}
    path = f"{API}/{office.id}/reveal"
    answers = both(DrawRow, office.id, *(lambda: office.a.post(path, json=body) for _ in range(3)))
    assert [one.status_code for one in answers] == [200, 200, 200]
    assert len({one.get_json()["transcript_hash"] for one in answers}) == 1
    kinds = [public_log.stored(index) for index in range(public_log.tail().size)]
    assert [one.kind for one in kinds if one is not None].count("draw.result") == 1


def test_two_different_throws_at_once_leave_one(office: Ceremony) -> None:
    office.to_open()
    path = f"{API}/{office.id}/dice"
    answers = both(DrawRow, office.id, *(lambda digits=digit * 20: office.b.post(path, json={"digits": digits}) for digit in "12"))
    assert sorted(one.status_code for one in answers) == [200, 409]


def test_two_proposals_for_one_month_at_once_leave_one(office: Ceremony) -> None:
    office.propose(period="2026-11", title="占号")
    wish = office.wish()
    answers = both(DrawCounterRow, (AGENCY, 2026), *(lambda: office.a.post(API, json=wish) for _ in range(2)))
    assert sorted(one.status_code for one in answers) == [201, 409]
    assert session().scalar(select(func.count()).where(DrawRow.agency_id == AGENCY)) == 2


def test_a_void_and_a_reveal_at_once_end_in_one_of_them(office: Ceremony) -> None:
    office.to_open()
    office.roll()
    office.post(office.a, "void", {"cause": "other", "reason": "试验"})
    decision, reveal = f"{API}/voids/{office.id}/decision", f"{API}/{office.id}/reveal"
    answers = both(
        DrawRow, office.id,
        lambda: office.superior.post(decision, json={"granted": True}),
        lambda: office.a.post(reveal, json={"value": b64url.encode(office.nonce)}),
    )
    assert answers[0].status_code == 200
    assert office.a.get(f"{API}/{office.id}").get_json()["state"] == "void"
    assert answers[1].status_code in (200, 409)
