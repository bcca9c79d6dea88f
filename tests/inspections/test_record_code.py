"""The record code on the public page: kept or not, since when, and never what the record says."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import delete, update

from server.inspections import operations as inspections
from server.inspections.tables import EventRow
from server.platform.db import session, transaction
from tests import phone as phones


@pytest.fixture
def sealed(ctx):
    return phones.carry_visit(photos=1, answers=3)


def code_of(carried) -> str:
    return inspections.inspection(carried.visit.insp).code


def api(client, code) -> dict:
    answer = client.get("/api/v1/records", query_string={"code": code})
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_a_sealed_record_is_unchanged_since_then_at_an_index_of_the_log(sealed, client):
    told = api(client, code_of(sealed))
    assert told["state"] == "unchanged"
    assert told["sealed"] <= told["received"]
    assert told["index"] >= 0
    page = client.get(f"/r/{code_of(sealed)}").text
    assert "记录原样保存，未发现改动" in page
    assert f"第 {told['index']} 条" in page


def test_an_unknown_code_has_an_answer_of_the_same_shape(sealed, client):
    known, unknown = api(client, code_of(sealed)), api(client, "0000000000")
    assert set(known) == set(unknown)
    assert {name: type(value) for name, value in known.items()} == {name: type(value) for name, value in unknown.items()}
    assert unknown["state"] == "unknown"
    assert set(api(client, "not a code at all")) == set(known)


def test_it_never_tells_what_is_in_the_record_or_who_made_it(sealed, client):
    view = inspections.inspection(sealed.visit.insp)
    secrets = [view.number, view.unit_name, view.id, view.agency_id, *(m["name"] for m in view.team), *(m["user"] for m in view.team)]
    text = client.get(f"/r/{view.code}").text + client.get(f"/api/v1/records?code={view.code}").text
    assert [secret for secret in secrets if secret and secret in text] == []


@pytest.mark.parametrize("spell", [
    str.lower, lambda c: f"{c[:5]} {c[5:]}", lambda c: f"{c[:5]}-{c[5:]}", lambda c: c.replace("0", "O").replace("1", "I"),
    lambda c: c.replace("0", "o").replace("1", "l"),
])
def test_a_code_may_be_typed_as_people_type(sealed, client, spell):
    assert api(client, spell(code_of(sealed)))["state"] == "unchanged"
    asked = client.get("/r", query_string={"code": spell(code_of(sealed))})
    assert (asked.status_code, asked.headers["Location"]) == (303, f"/r/{code_of(sealed)}")


@pytest.mark.parametrize("typed", ["12345", "UUUUUUUUUU", "<script>alert(1)</script>", "../../etc", "x" * 500])
def test_what_is_no_code_is_told_so_and_never_echoed_as_markup(sealed, client, typed):
    answer = client.get("/r", query_string={"code": typed})
    assert answer.status_code == 200
    assert "记录码不正确" in answer.text
    assert "<script" not in answer.text


def test_an_edited_or_deleted_seal_is_told_to_whoever_holds_the_code(sealed, client):
    code = code_of(sealed)
    with transaction():
        row = session().query(EventRow).filter(EventRow.t == "seal").one()
        session().execute(update(EventRow).where(EventRow.h == row.h).values(body=row.body.replace(b'"count":', b'"count":1', 1)))
    assert api(client, code)["state"] == "damaged"
    assert "与记录码不符" in client.get(f"/r/{code}").text
    with transaction():
        session().execute(delete(EventRow).where(EventRow.t == "seal"))
    assert api(client, code)["state"] == "damaged"


def test_a_later_round_is_told_as_a_supplement_of_an_unchanged_record(sealed, client):
    phone, visit = sealed.first, sealed.visit
    code = code_of(sealed)
    first = next(wire for wire in phone.wires if phones.header_of(wire)["t"] == "seal")
    phone.event("reply", {"return_id": "r1", "item": "", "text": "已补充"}, visit.insp)
    phone.attest(visit)
    sealed.second.attest(visit)
    sealed.second.send()
    phone.seal(visit, prev_seal=phones.h_of(first))
    phone.send()
    assert api(client, code)["state"] == "supplemented"


def test_a_correction_is_told_once_a_second_person_has_agreed(sealed, client):
    code, visit = code_of(sealed), sealed.visit
    target = next(phones.h_of(wire) for wire in sealed.first.wires if phones.header_of(wire)["t"] == "check.answer")
    asked = sealed.first.event(
        "correct", {"target": target, "path": "note", "old": target, "new": "更正后的内容", "reason": "笔误"}, visit.insp
    )
    sealed.first.event("correct.approve", {"correct": phones.h_of(asked)}, visit.insp)
    sealed.first.send()
    assert api(client, code)["state"] == "unchanged"
    sealed.second.event("correct.approve", {"correct": phones.h_of(asked)}, visit.insp)
    sealed.second.send()
    assert api(client, code)["state"] == "corrected"
    assert "更正后的内容" not in client.get(f"/r/{code}").text


def test_the_page_needs_no_script_and_allows_nothing_but_its_style(sealed, client):
    answer = client.get(f"/r/{code_of(sealed)}")
    assert "script" not in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert client.get("/public.css").content_type.startswith("text/css")


def test_colours_of_the_public_pages_are_the_tokens(repository):
    def colours(path: str) -> list[tuple[str, str]]:
        return re.findall(r"(--sj-[a-z-]+): (#[0-9a-f]{6})", (repository / path).read_text(encoding="utf-8"))

    assert set(colours("server/templates/public.css")) <= set(colours("pwa/src/ui/tokens.css"))


def test_sixty_questions_a_minute_are_answered(tmp_path):
    from tests import world

    app = world.make_app(tmp_path, f"sqlite:///{tmp_path / 'limits.sqlite3'}", limits=True)
    client = app.test_client()
    answers = [client.get("/api/v1/records?code=0000000000").status_code for _ in range(61)]
    assert answers.count(200) == 60
    assert answers[-1] == 429
