"""The pull: everything this person may see, in commit order, cheaply."""

from __future__ import annotations

import hashlib

import pytest

from server.evidence import operations as evidence
from server.inspections import operations as inspections
from server.platform import feed
from tests import builders
from tests import phone as phones
from tests.phone import PREFIX


@pytest.fixture
def phone(ctx):
    return phones.a_field_phone()


def kinds(page) -> list[tuple[str, str, str]]:
    return [(change["kind"], change["id"], change["op"]) for change in page["changes"]]


def test_a_new_phone_gets_its_visits_at_once(phone):
    visit = phones.a_visit(phone)
    phones.a_visit(phones.a_field_phone())
    page = phone.changes()
    assert kinds(page) == [("visit", visit.insp, "put")]
    card = page["changes"][0]["data"]
    assert card["insp"] == visit.insp
    assert card["state"] == "prepared"
    assert card["pack"] == visit.pack_sha
    assert card["lead"] == phone.user
    assert [m["user"] for m in card["team"]] == [m["user"] for m in visit.pack["team"]]


def test_nothing_new_is_one_small_answer_and_one_statement(phone, assert_query_count):
    for _ in range(30):
        phones.a_visit(phone)
    cursor = phone.changes()["cursor"]
    before = phone.client.get(f"{PREFIX}/sync/changes", query_string={"cursor": cursor})
    # One statement is the session's check, the other the feed's index.
    with assert_query_count(2):
        answer = phone.client.get(f"{PREFIX}/sync/changes", query_string={"cursor": cursor})
    assert answer.get_json()["changes"] == []
    assert answer.get_json()["cursor"] == before.get_json()["cursor"] == cursor
    head = sum(len(f"{name}: {value}\r\n") for name, value in answer.headers)
    assert len(answer.data) <= 300, len(answer.data)
    print(f"nothing new: {len(answer.data)} bytes of body, {head} of headers")


def test_only_what_changed_comes(phone):
    first, second = phones.a_visit(phone), phones.a_visit(phone)
    cursor = phone.changes()["cursor"]
    second.open(phone)
    phone.send()
    page = phone.changes(cursor)
    assert kinds(page) == [("visit", second.insp, "put")]
    assert page["changes"][0]["data"]["state"] == "in_progress"
    assert phone.changes(page["cursor"])["changes"] == []
    assert first.insp != second.insp


def test_team_mates_get_each_others_events_and_never_their_own_again(ctx):
    one, two = phones.a_field_phone(), phones.a_field_phone()
    visit = phones.a_visit(one, two)
    cursors = {phone.dev: phone.changes()["cursor"] for phone in (one, two)}
    visit.open(one)
    one.event("note.add", {"text": "一"}, visit.insp)
    one.send()
    page = two.changes(cursors[two.dev])
    events = next(c for c in page["changes"] if c["kind"] == "events")["data"]
    assert events["insp"] == visit.insp
    assert events["events"] == [dict(w) for w in one.wires[1:]]
    assert [c["kind"] for c in one.changes(cursors[one.dev])["changes"]] == ["visit"]
    one.event("note.add", {"text": "二"}, visit.insp)
    one.send([one.wires[-1]])
    later = two.changes(page["cursor"])
    assert next(c for c in later["changes"] if c["kind"] == "events")["data"]["events"] == [one.wires[-1]]


def test_taking_over_on_another_phone_brings_the_events_so_far(ctx):
    one = phones.a_field_phone()
    visit = phones.a_visit(one)
    visit.open(one)
    one.send()
    other = phones.a_field_phone(one.device.person)
    page = other.changes()
    assert kinds(page) == [("visit", visit.insp, "put"), ("events", f"{visit.insp}/", "put")]
    assert page["changes"][1]["data"]["events"] == [one.wires[1]]


def test_who_leaves_the_team_forgets_the_visit_and_who_joins_gets_it(ctx):
    one, two, three = (phones.a_field_phone() for _ in range(3))
    visit = phones.a_visit(one, two)
    cursors = {phone.dev: phone.changes()["cursor"] for phone in (one, two, three)}
    team = [{"user": p.user, "name": "", "certificate_no": "", "lead": p is one} for p in (one, three)]
    inspections.change_team(None, visit.insp, team, "回避")
    assert kinds(two.changes(cursors[two.dev])) == [("visit", visit.insp, "del")]
    assert kinds(three.changes(cursors[three.dev])) == [("visit", visit.insp, "put")]


def test_a_cancelled_inspection_leaves_the_phone(phone):
    visit = phones.a_visit(phone)
    cursor = phone.changes()["cursor"]
    inspections.cancel(builders.an_actor("plan_officer"), visit.insp, "计划调整")
    assert kinds(phone.changes(cursor)) == [("visit", visit.insp, "del")]


@pytest.mark.parametrize("cursor", ["", "999.5", "x", "1.", "1.-1", ".3"])
def test_a_foreign_or_broken_cursor_starts_from_a_snapshot(phone, cursor):
    visit = phones.a_visit(phone)
    assert kinds(phone.changes(cursor)) == [("visit", visit.insp, "put")]


def test_after_a_restore_every_phone_starts_again(phone):
    visit = phones.a_visit(phone)
    page = phone.changes()
    feed.raise_epoch()
    again = phone.changes(page["cursor"])
    assert again["epoch"] == page["epoch"] + 1
    assert kinds(again) == [("visit", visit.insp, "put")]


def test_many_changes_come_in_pages_without_a_gap(phone, monkeypatch):
    monkeypatch.setattr("server.sync.operations.PAGE", 3)
    cursor = phone.changes()["cursor"]
    visits = {phones.a_visit(phone).insp for _ in range(5)}
    seen, more = set(), True
    while more:
        page = phone.changes(cursor)
        seen |= {change["id"] for change in page["changes"]}
        cursor, more = page["cursor"], page["more"]
    assert visits <= seen


def test_a_pack_is_fetched_by_its_hash_by_the_team_only(ctx):
    one, stranger = phones.a_field_phone(), phones.a_field_phone()
    visit = phones.a_visit(one)
    answer = one.client.get(f"{PREFIX}/sync/packs/{visit.pack_sha}")
    assert hashlib.sha256(answer.data).hexdigest() == visit.pack_sha
    assert stranger.client.get(f"{PREFIX}/sync/packs/{visit.pack_sha}").status_code == 404
    assert one.client.get(f"{PREFIX}/sync/packs/{'0' * 64}").status_code == 404


def test_documents_of_my_visits_are_fetched_and_photos_are_not(ctx):
    one, stranger = phones.a_field_phone(), phones.a_field_phone()
    visit = phones.a_visit(one)
    sha = evidence.keep_own(builders.AGENCY, visit.insp, b"%PDF-1.7 test", "application/pdf", "通知书.pdf")
    assert one.changes()["changes"][0]["data"]["files"] == [
        {"sha256": sha, "size": 13, "mime": "application/pdf", "name": "通知书.pdf"}
    ]
    answer = one.client.get(f"{PREFIX}/sync/blobs/{sha}")
    assert answer.data == b"%PDF-1.7 test"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert stranger.client.get(f"{PREFIX}/sync/blobs/{sha}").status_code == 404
    visit.open(one)
    one.photo(visit.insp, phones.a_picture(1))
    one.send()
    photo = one.upload(phones.a_picture(1), "image/jpeg")
    assert one.client.get(f"{PREFIX}/sync/blobs/{photo}").status_code == 404
    assert one.lacks([sha, photo, "0" * 64]) == ["0" * 64]
