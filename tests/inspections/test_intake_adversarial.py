"""What goes wrong between a phone and the record, and what an attacker tries (record-log 2.11, reliability 6.2)."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from server.accounts import operations as accounts
from server.audit.tables import LogEntry
from server.inspections import operations as inspections
from server.inspections.tables import EventRow
from server.kernel import b64url, chain
from server.platform import clock, signatures
from server.platform.db import session
from tests import builders, world
from tests import phone as phones

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def told(answer: dict) -> list[tuple[str, str]]:
    return [(r["status"], r.get("code", "")) for r in answer["results"]]


def row(wire) -> EventRow:
    return session().get_one(EventRow, phones.h_of(wire))


def count() -> int:
    return session().scalar(select(func.count()).select_from(EventRow))


def swap(wire, old: str, new: str, part: str = "h") -> dict:
    assert old in wire[part]
    return {**wire, part: wire[part].replace(old, new, 1)}


@pytest.fixture
def phone(ctx):
    return phones.a_field_phone()


@pytest.fixture
def visit(phone):
    found = phones.a_visit(phone)
    found.open(phone)
    return found


def test_one_changed_bit_of_a_header_is_refused_and_nothing_of_it_is_stored(phone):
    wall = phones.header_of(phone.wires[0])["wall"]
    answer = phone.send([swap(phone.wires[0], str(wall), str(wall ^ 1))])
    assert told(answer) == [("refused", "E_SIG")]
    assert count() == 0


def test_a_body_under_another_header_is_refused(phone, visit):
    phone.event("note.add", {"text": "原文"}, visit.insp)
    answer = phone.send([*phone.wires[:2], swap(phone.wires[2], "原文", "改文", "b")])
    assert told(answer)[2] == ("refused", "E_BODY")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda w: {**w, "h": " " + w["h"]},
        lambda w: {**w, "h": w["h"].replace('"v":1', '"v":1.0')},
        lambda w: {**w, "b": w["b"].replace('{"', '{"__proto__":1,"', 1)},
        lambda w: {**w, "b": w["b"][:-1] + ',"zz":null}'},
        lambda w: {**w, "b": "NaN"},
    ],
    ids=["space", "float", "proto", "null", "nan"],
)
def test_another_spelling_is_refused(phone, spoil):
    assert told(phone.send([spoil(phone.wires[0])])) == [("refused", "E_CANON")]


def test_a_later_header_version_or_a_further_field_is_refused(phone):
    later = phone.make("app.resume", v=2)
    wider = phone.make("app.resume", extra=1)
    assert told(phone.send([phone.wires[0], later, wider]))[1:] == [("refused", "E_HEADER")] * 2


def test_an_oversized_event_is_refused_alone(phone, visit):
    huge = {**phone.make("app.resume"), "b": '{"a":"' + "x" * 70_000 + '"}'}
    long = {**phone.wires[0], "h": "{" + " " * 5_000 + "}"}
    answer = phone.send([huge, *phone.wires, long])
    assert told(answer) == [("refused", "E_TOO_LARGE"), ("stored", ""), ("stored", ""), ("refused", "E_TOO_LARGE")]


def test_a_key_nobody_enrolled_is_refused(phone):
    stranger = world.Phone()
    stranger.person = phone.device.person
    forged = phones.FieldPhone(stranger, phone.client)
    forged.genesis()
    assert told(phone.send(forged.wires)) == [("refused", "E_DEV_UNKNOWN")]


def test_a_phone_cannot_speak_for_another_person(phone, visit):
    other = builders.a_person()
    phone.event("note.add", {"text": "代他人"}, visit.insp, by=other.id)
    assert told(phone.send())[2] == ("refused", "E_USER_DEV")


def test_a_gap_is_held_and_judged_when_it_closes(phone, visit):
    for n in range(4):
        phone.event("note.add", {"text": f"第{n}条"}, visit.insp)
    missing = phone.wires[3]
    answer = phone.send([*phone.wires[:3], *phone.wires[4:]])
    assert told(answer)[3:] == [("held", "E_GAP")] * 2
    assert answer["next"] == {phone.dev: 3}
    assert inspections.inspection(visit.insp).counts["events"] == 2
    answer = phone.send([missing])
    assert told(answer) == [("stored", "")]
    assert answer["next"] == {phone.dev: 6}
    assert inspections.inspection(visit.insp).counts["events"] == 5
    assert {row(w).status for w in phone.wires} == {"stored"}
    assert {row(w).place for w in phone.wires} == {""}


def test_any_order_inside_a_batch_is_one_order(phone, visit):
    for n in range(5):
        phone.event("note.add", {"text": f"第{n}条"}, visit.insp)
    answer = phone.send(phone.wires[::-1])
    assert {r["status"] for r in answer["results"]} == {"stored"}
    assert [r["h"] for r in answer["results"]] == [phones.h_of(w) for w in phone.wires[::-1]]


def test_batches_in_any_order_end_in_the_same_record(phone, visit):
    for n in range(6):
        phone.event(
            "check.answer", {"checklist": "CL-T-1", "item": f"T-{n + 1:02d}", "sheet": 0, "val": "pass"}, visit.insp
        )
    for part in (phone.wires[5:], phone.wires[2:4], phone.wires[:1], phone.wires[4:5], phone.wires[1:2]):
        phone.send(part)
    assert inspections.inspection(visit.insp).counts["answered"] == 6
    assert inspections.visit(visit.insp).visit == visit.fold()


def test_two_events_with_one_number_are_both_kept_as_proof(phone, visit):
    first = phone.make("note.add", {"text": "甲"}, visit.insp)
    second = phone.make("note.add", {"text": "乙"}, visit.insp)
    phone.send([*phone.wires, first])
    answer = phone.send([second])
    assert told(answer) == [("quarantined", "E_FORK")]
    assert (row(first).status, row(first).place) == ("stored", "")
    assert (row(second).status, row(second).code) == ("quarantined", "E_FORK")
    assert told(phone.send([second])) == [("known", "")]


def test_a_chain_that_continues_elsewhere_is_a_fork(phone, visit):
    phone.send()
    elsewhere = phone.make("note.add", {"text": "x"}, visit.insp, prev=b64url.encode(b"\7" * 32))
    assert told(phone.send([elsewhere])) == [("quarantined", "E_FORK")]
    assert told(phone.send([phone.event("note.add", {"text": "y"}, visit.insp)])) == [("stored", "")]


def test_a_poison_event_does_not_block_the_others(phone, visit):
    poison = {"h": "{}", "s": "AAAA", "b": "{}"}
    phone.event("note.add", {"text": "之后"}, visit.insp)
    answer = phone.send([phone.wires[0], poison, *phone.wires[1:], poison])
    assert [r["status"] for r in answer["results"]] == ["stored", "refused", "stored", "stored", "refused"]


def test_a_false_event_inside_a_run_is_found_and_what_follows_waits_for_the_true_one(phone, visit):
    true = [phone.event("note.add", {"text": f"第{n}条"}, visit.insp) for n in range(3)]
    wall = phones.header_of(true[1])["wall"]
    false = swap(true[1], str(wall), str(wall + 7))
    answer = phone.send([*phone.wires[:2], true[0], false, true[2]])
    assert told(answer)[2:] == [("stored", ""), ("refused", "E_SIG"), ("held", "E_GAP")]
    assert told(phone.send([true[1]])) == [("stored", "")]
    assert row(true[2]).status == "stored"


def test_a_second_signature_of_the_same_header_changes_nothing(phone):
    wire = phone.wires[0]
    raw = b64url.decode(wire["s"])
    mirrored = b64url.encode(raw[:32] + (P256_ORDER - int.from_bytes(raw[32:])).to_bytes(32))
    assert signatures.holds(phone.device.key.public_key(), b64url.decode(mirrored), chain.pae(wire["h"].encode()))
    phone.send()
    assert told(phone.send([{**wire, "s": mirrored}])) == [("known", "")]
    assert b64url.encode(row(wire).sig) == wire["s"]


def test_an_unknown_type_is_stored_and_shown(phone, visit):
    phone.event("drone.flight", {"height": 40}, visit.insp)
    assert told(phone.send())[2] == ("stored", "")
    assert inspections.visit(visit.insp).visit["unknown"] == [phone.head]
    assert "F_UNKNOWN_TYPE" in inspections.inspection(visit.insp).flags


def test_a_revoked_phone_is_heard_and_its_events_are_quarantined(phone, visit):
    phone.send()
    admin = builders.actor_of(builders.a_person("administrator"))
    accounts.revoke_device(admin, phone.dev, "遗失")
    phone.event("note.add", {"text": "停用之后"}, visit.insp)
    assert told(phone.send([phone.wires[-1]])) == [("quarantined", "E_DEV_REVOKED")]
    assert inspections.inspection(visit.insp).counts["events"] == 1
    assert row(phone.wires[-1]).body == phone.wires[-1]["b"].encode()


def test_another_agencys_inspection_does_not_exist(phone):
    theirs = phones.a_visit(phones.a_field_phone(builders.a_person(agency="fire-jindong")))
    phone.event("note.add", {"text": "越权"}, theirs.insp)
    assert told(phone.send())[1] == ("quarantined", "E_INSP_UNKNOWN")
    assert inspections.inspection(theirs.insp).counts == {}


def test_who_is_not_drawn_is_kept_apart_until_the_replacement_is_recorded(phone, visit):
    substitute = phones.a_field_phone()
    substitute.event("note.add", {"text": "替补所见"}, visit.insp)
    assert told(substitute.send())[1] == ("quarantined", "E_NOT_TEAM")
    team = [
        {"user": p, "name": "", "certificate_no": "", "lead": n == 0}
        for n, p in enumerate([phone.user, substitute.user])
    ]
    inspections.change_team(None, visit.insp, team, "原检查人员回避")
    assert row(substitute.wires[-1]).status == "stored"
    assert inspections.visit(visit.insp).visit["notes"][0]["text"] == "替补所见"


@pytest.mark.parametrize("honest", [True, False], ids=["true", "forged"])
def test_an_attestation_carried_by_qr_code_must_be_the_second_inspectors_own(ctx, honest):
    one, two = phones.a_field_phone(), phones.a_field_phone()
    visit = phones.a_visit(one, two)
    visit.open(one)
    carried = two.attest(visit, "A2")
    if not honest:
        carried = {**carried, "s": one.device.sign(chain.pae(carried["h"].encode()))}
    one.event("attest.in", carried, visit.insp)
    expected = ("stored", "") if honest else ("quarantined", "E_SIG")
    assert told(one.send())[-1] == expected
    assert bool(inspections.visit(visit.insp).visit["attests"]) is honest


def test_a_seal_that_leaves_an_event_out_is_not_a_seal(phone, visit):
    phone.event("note.add", {"text": "一条"}, visit.insp)
    phone.attest(visit)
    phone.seal(visit, count=2)
    assert told(phone.send())[-1] == ("quarantined", "E_SEAL_ROOT")
    assert inspections.inspection(visit.insp).sealed_at is None


def test_five_sends_of_one_batch_at_the_same_time_have_one_effect(app):
    with app.app_context():
        phone = phones.a_field_phone()
        visit = phones.a_visit(phone)
        visit.open(phone)
        for n in range(20):
            phone.event("note.add", {"text": f"第{n}条"}, visit.insp)
    answers: list[dict] = []

    def send():
        client = builders.client_of(phone.device)
        answer = client.post("/api/v1/sync/events", data=json.dumps({"events": phone.wires}))
        answers.append({"status": answer.status_code, **answer.get_json()})

    threads = [threading.Thread(target=send) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [a["status"] for a in answers] == [200] * 5
    assert sorted({r["status"] for r in a["results"]} == {"stored"} for a in answers) == [False] * 4 + [True]
    assert len({a["receipt"] for a in answers}) == 1
    with app.app_context():
        assert count() == len(phone.wires)
        assert session().scalar(select(func.count()).select_from(LogEntry).where(LogEntry.kind == "head")) == 1


def test_five_phones_at_the_same_time_get_five_places_in_one_log(app):
    with app.app_context():
        crowd = [phones.a_field_phone() for _ in range(5)]
    threads = [threading.Thread(target=phone.send) for phone in crowd]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context():
        assert list(session().scalars(select(LogEntry.idx).order_by(LogEntry.idx))) == list(range(10))
    assert all(phone.receipts for phone in crowd)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"not json", 400),
        (b'{"events":[{"h":1,"s":"","b":""}]}', 422),
        (b'{"events":[{"h":"","s":"","b":"","role":"admin"}]}', 422),
        (b'{"events":{}}', 422),
        (b"[]", 422),
        (json.dumps({"events": [{"h": "", "s": ""}] * 2000}).encode(), 413),
    ],
    ids=["no-json", "type", "unknown-field", "no-list", "no-object", "too-many"],
)
def test_a_malformed_envelope_is_refused_as_a_whole(phone, body, status):
    answer = phone.client.post("/api/v1/sync/events", data=body)
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"


def test_only_inspectors_send_events(ctx, client_as):
    assert client_as("reviewer").post("/api/v1/sync/events", data=b'{"events":[]}').status_code == 403
    assert client_as().post("/api/v1/sync/events", data=b'{"events":[]}').status_code == 401


def test_events_may_be_carried_in_by_another_phone_of_the_agency(phone, visit):
    porter = phones.a_field_phone()
    answer = porter.send([*phone.wires, *porter.wires])
    assert {r["status"] for r in answer["results"]} == {"stored"}
    assert set(answer["receipts"]) == {phone.dev, porter.dev}
    assert answer["receipt"] == answer["receipts"][porter.dev]


def test_the_server_clock_is_the_one_in_the_receipt(phone):
    with clock.freeze(clock.now() + timedelta(minutes=5)):
        expected = clock.now_ms()
        phone.send()
    assert session().scalars(select(LogEntry.rx).where(LogEntry.kind == "head")).one() == expected
