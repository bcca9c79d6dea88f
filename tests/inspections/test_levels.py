"""同机确认 (A1): confirmed from the own account within 48 hours, and counted per inspector for leaders (record-log 2.6)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.inspections import levels
from server.inspections import operations as inspections
from server.kernel.moments import local_date
from server.platform import clock
from server.reports import reading
from tests import builders
from tests import phone as phones
from tests.handset import FieldPhone, Visit


@pytest.fixture
def one(ctx):
    return phones.a_field_phone(installation="shared")


@pytest.fixture
def two(ctx):
    return phones.a_field_phone(installation="shared")


def sealed(one: FieldPhone, two: FieldPhone) -> Visit:
    """The second inspector has signed on the first one's phone."""
    visit = phones.record_visit(one, two, photos=0, answers=1).visit
    two.send()
    one.send()
    return visit


def state(visit: Visit) -> list[tuple[str, bool | None]]:
    return [(one.state, one.own_phone) for one in levels.confirmations(visit.insp)]


def card(phone: FieldPhone, visit: Visit) -> dict:
    return [c["data"] for c in phone.changes()["changes"] if c["kind"] == "visit" and c["id"] == visit.insp][-1]


def confirm(phone: FieldPhone, visit: Visit) -> None:
    pending = card(phone, visit)["confirm"][0]
    phone.event("attest.late", {"d": pending["d"], "attest": pending["attest"], "read": "record"}, visit.insp)
    phone.send()


def desk_words(visit: Visit) -> list[str]:
    report = reading.of_inspection(builders.AGENCY, visit.insp)
    detail = builders.client_as("reviewer").get(f"/api/v1/reports/{report}").get_json()
    return [act["confirm"]["words"] for act in detail["attestations"] if act["confirm"]]


def test_only_who_signed_on_a_colleagues_phone_is_asked_to_confirm(one, two):
    visit = sealed(one, two)
    pending = card(one, visit)["confirm"]
    assert [ask["user"] for ask in pending] == [two.user]
    assert pending[0]["due_ms"] - clock.now_ms() == pytest.approx(48 * 3_600_000, abs=60_000)
    assert "待本人在" in desk_words(visit)[0]


def test_two_phones_ask_for_no_confirmation(ctx):
    visit = sealed(phones.a_field_phone(), phones.a_field_phone())
    assert state(visit) == []
    assert desk_words(visit) == []


def test_a_confirmation_from_the_own_phone_settles_it_and_is_said_on_the_desk(one, two):
    visit = sealed(one, two)
    own = phones.a_field_phone(two.device.person)
    confirm(own, visit)
    assert state(visit) == [("confirmed", True)]
    assert card(own, visit)["confirm"] == []
    assert "已由本人确认" in desk_words(visit)[0] and "本人手机" in desk_words(visit)[0]


def test_a_fresh_phone_gets_the_record_that_its_person_has_to_confirm(one, two):
    visit = sealed(one, two)
    own = phones.a_field_phone(two.device.person)
    told = [c for c in own.changes()["changes"] if c["kind"] == "events" and c["data"]["insp"] == visit.insp]
    assert len(told[0]["data"]["events"]) > 5


def test_a_confirmation_from_the_same_phone_is_called_so(one, two):
    visit = sealed(one, two)
    confirm(two, visit)
    assert state(visit) == [("confirmed", False)]
    assert "同一部手机" in desk_words(visit)[0]


def test_nobody_else_can_confirm_and_nothing_else_confirms(one, two):
    visit = sealed(one, two)
    ask = card(one, visit)["confirm"][0]
    one.event("attest.late", {"d": ask["d"], "attest": ask["attest"]}, visit.insp)
    one.send()
    two.event("attest.late", {"d": "A" * 43}, visit.insp)
    two.send()
    assert state(visit) == [("pending", None)]


def test_a_stranger_cannot_confirm(one, two):
    visit = sealed(one, two)
    stranger = phones.a_field_phone()
    ask = card(one, visit)["confirm"][0]
    stranger.event("attest.late", {"d": ask["d"]}, visit.insp)
    assert stranger.send()["results"][-1]["code"] == "E_NOT_TEAM"
    assert state(visit) == [("pending", None)]


def test_after_48_hours_it_is_overdue_and_a_later_confirmation_is_called_late(one, two, monkeypatch):
    visit = sealed(one, two)
    now = clock.now()
    monkeypatch.setattr(levels, "CONFIRM_WITHIN", timedelta(seconds=-1))
    assert state(visit) == [("overdue", None)]
    assert "逾期未由本人确认" in desk_words(visit)[0]
    confirm(phones.a_field_phone(two.device.person), visit)
    assert state(visit) == [("confirmed_late", True)]
    assert clock.now() - now < timedelta(hours=1)


def test_confirming_before_the_record_arrived_counts_too(one, two):
    """The full head code was typed on the own phone, which came online first."""
    own = phones.a_field_phone(two.device.person)
    visit = phones.record_visit(one, two, photos=0, answers=1).visit
    d = visit.fold()["seals"][0]["d"]
    own.event("attest.late", {"d": d, "read": "code"}, visit.insp)
    for phone in (own, two, one):
        phone.send()
    assert state(visit) == [("confirmed", True)]


def test_leaders_see_the_share_of_each_inspector_in_a_period_and_nobody_elses_agency(one, two):
    sealed(one, two)
    sealed(phones.a_field_phone(), phones.a_field_phone())
    client = builders.client_as("reviewer")
    day = local_date(clock.now_ms()).isoformat()
    rows = client.get("/api/v1/inspections/levels", query_string={"since": day, "until": day}).get_json()["inspectors"]
    by_user = {row["user"]: row for row in rows}
    assert len(rows) == 4
    assert (by_user[two.user]["total"], by_user[two.user]["a1"], by_user[two.user]["guest"]) == (1, 1, 1)
    assert (by_user[one.user]["a1"], by_user[one.user]["guest"]) == (1, 0)
    assert [row["a1"] for row in rows] == [1, 1, 0, 0]
    empty = client.get("/api/v1/inspections/levels", query_string={"since": "2020-01-01", "until": "2020-01-31"})
    assert empty.get_json()["inspectors"] == []
    other = builders.client_as("reviewer", agency="fire-jindong")
    assert other.get("/api/v1/inspections/levels", query_string={"since": day, "until": day}).get_json()["inspectors"] == []
    assert builders.client_as("inspector").get("/api/v1/inspections/levels", query_string={"since": day, "until": day}).status_code == 403


def test_a_rebuilt_projection_forgets_no_confirmation(one, two):
    visit = sealed(one, two)
    confirm(phones.a_field_phone(two.device.person), visit)
    before = levels.confirmations(visit.insp)
    with builders.at_work():
        inspections.rebuild(visit.insp)
    assert levels.confirmations(visit.insp) == before
