"""The attack table of the record log (design 2.11), row by row: what is tried, and the code it is found by.

Whatever comes from afar comes through the real HTTP API; the database is touched only where the attacker is the
administrator. What the phone itself must notice (rows 22 and 23) is judged by the client as shipped, under Node.
"""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from server.audit.tables import LogEntry
from server.inspections import operations as inspections
from server.inspections.audit import audit
from server.inspections.tables import EventRow
from server.kernel import b64url, chain
from server.platform import signatures
from server.platform.db import session, transaction
from server.platform.keys import LOG_NAME, server_keys
from tests import builders, world
from tests import phone as phones
from tests.handset import FieldPhone, Visit, Wire, h_of, header_of

ROOT = Path(__file__).parents[2]
ROLLDOWN = ROOT / "pwa" / "node_modules" / ".bin" / "rolldown"
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
DAY = int(timedelta(days=1) / timedelta(milliseconds=1))

# Row -> the code it must be found by. "no effect": the attack changes nothing and needs no name.
PREDICTED = {
    1: "E_SIG", 2: "E_BODY", 3: "E_CANON", 4: "E_DEV_UNKNOWN", 5: "E_USER_DEV", 6: "F_ATTEST_SAME_DEVICE",
    7: "E_GAP", 8: "E_FORK", 9: "F_TAIL_MISSING", 10: "F_FORK_WITNESSED", 11: "F_CLOCK_BACK",
    12: "F_BEFORE_ANCHOR", 13: "F_FUTURE", 14: "F_AFTER_SEAL", 15: "E_SEAL_ROOT", 16: "F_PHOTO_REUSED",
    17: "E_MEDIA", 18: "no effect", 19: "no effect", 20: "E_DEV_REVOKED", 21: "F_LOG_EQUIVOCATION",
    22: "E_LOG_ROLLBACK", 23: "E_PROOF E_NOTE_SIG", 24: "A_STORED_EVENT", 25: "A_EVENT_DELETED",
}  # fmt: skip


@pytest.fixture
def phone(ctx: Any) -> FieldPhone:
    return phones.a_field_phone()


@pytest.fixture
def visit(phone: FieldPhone) -> Visit:
    found = phones.a_visit(phone)
    found.open(phone)
    return found


def told(answer: dict[str, Any]) -> list[tuple[str, str]]:
    return [(result["status"], result.get("code", "")) for result in answer["results"]]


def flags_of(answer: dict[str, Any]) -> list[str]:
    """The flags of the last event of a batch."""
    return list(answer["results"][-1].get("flags", ()))


def row(wire: Wire) -> EventRow:
    return session().get_one(EventRow, h_of(wire))


def counted() -> tuple[int, int]:
    """How many events and how many leaves the server holds."""
    events = session().scalar(select(func.count()).select_from(EventRow))
    return int(events or 0), int(session().scalar(select(func.count()).select_from(LogEntry)) or 0)


def swapped(wire: Wire, part: str, old: str, new: str) -> Wire:
    assert old in wire[part]
    return {**wire, part: wire[part].replace(old, new, 1)}


def test_01_a_header_changed_in_transit_fails_its_signature(phone: FieldPhone) -> None:
    before = counted()
    wall = header_of(phone.wires[0])["wall"]
    answer = phone.send([swapped(phone.wires[0], "h", str(wall), str(wall ^ 1))])
    assert told(answer) == [("refused", "E_SIG")]
    assert counted() == before


def test_02_a_body_under_a_good_header_fails_its_hash(phone: FieldPhone, visit: Visit) -> None:
    phone.event("unit.propose", {"field": "name", "old": "甲", "new": "乙", "source": "现场"}, visit.insp)
    answer = phone.send([*phone.wires[:2], swapped(phone.wires[2], "b", "乙", "丙")])
    assert told(answer)[2] == ("refused", "E_BODY")


def test_03_another_spelling_of_the_same_json_is_refused(phone: FieldPhone) -> None:
    spaced = swapped(phone.wires[0], "h", '"v":1', '"v": 1')
    assert json.loads(spaced["h"]) == json.loads(phone.wires[0]["h"])
    assert told(phone.send([spaced])) == [("refused", "E_CANON")]


def test_04_a_second_inspector_with_a_key_of_ones_own_making_is_unknown(phone: FieldPhone, visit: Visit) -> None:
    forger = world.Phone()
    forger.person = builders.a_person()
    second = FieldPhone(forger, phone.client)
    second.genesis()
    visit.phones.append(second)
    second.attest(visit)
    assert told(phone.send([*phone.wires, *second.wires]))[2:] == [("refused", "E_DEV_UNKNOWN")] * 2


def test_05_a_phone_that_claims_to_be_somebody_else_is_refused(phone: FieldPhone, visit: Visit) -> None:
    other = builders.a_person()
    phone.event("note.add", {"text": "代他人"}, visit.insp, by=other.id)
    assert told(phone.send())[2] == ("refused", "E_USER_DEV")


def test_06_both_attestations_from_one_phone_are_told_apart_from_two(ctx: Any) -> None:
    one, two = phones.a_field_phone(installation="one-phone-9"), phones.a_field_phone(installation="one-phone-9")
    carried = phones.record_visit(one, two, photos=0, answers=1)
    two.send()
    one.send()
    assert "F_ATTEST_SAME_DEVICE" in inspections.inspection(carried.visit.insp).flags


def test_07_an_event_taken_out_of_the_middle_leaves_a_gap(phone: FieldPhone, visit: Visit) -> None:
    for n in range(3):
        phone.event("note.add", {"text": f"第{n}条"}, visit.insp)
    answer = phone.send([*phone.wires[:3], *phone.wires[4:]])
    assert told(answer)[3:] == [("held", "E_GAP")]
    assert answer["next"] == {phone.dev: 3}


def test_08_a_tail_rewritten_after_the_upload_is_a_fork_and_both_are_proof(phone: FieldPhone, visit: Visit) -> None:
    first = phone.make("note.add", {"text": "原来"}, visit.insp)
    second = phone.make("note.add", {"text": "改写"}, visit.insp)
    phone.send([*phone.wires, first])
    assert told(phone.send([second])) == [("quarantined", "E_FORK")]
    assert (row(first).status, row(second).status) == ("stored", "quarantined")
    assert row(second).body == second["b"].encode()


def cut_after_attestation() -> tuple[FieldPhone, Visit]:
    """B attested four events of A; A uploads only the first two of them."""
    one, two = phones.a_field_phone(), phones.a_field_phone()
    visit = phones.a_visit(one, two)
    visit.open(one)
    one.event("note.add", {"text": "后来消失"}, visit.insp)
    two.attest(visit)
    two.send()
    one.send(one.wires[:2])
    return one, visit


def test_09_a_tail_cut_before_the_upload_is_missing_from_what_the_other_phone_saw(ctx: Any) -> None:
    _one, visit = cut_after_attestation()
    assert "F_TAIL_MISSING" in inspections.inspection(visit.insp).flags


def test_10_a_cut_chain_that_goes_on_differs_from_the_head_that_was_seen(ctx: Any) -> None:
    one, visit = cut_after_attestation()
    del one.wires[2]
    one.event("note.add", {"text": "换了一条"}, visit.insp)
    one.send()
    assert "F_FORK_WITNESSED" in inspections.inspection(visit.insp).flags


def test_11_a_clock_set_back_three_days_shows_against_the_other_clock(phone: FieldPhone) -> None:
    phone.skew_ms = -3 * DAY
    phone.event("app.resume")
    assert flags_of(phone.send()) == ["F_CLOCK_BACK"]


def test_12_a_claim_older_than_its_anchor_is_flagged_even_after_a_restart(phone: FieldPhone) -> None:
    phone.send()
    leaf = session().scalars(select(LogEntry).where(LogEntry.kind == "head")).one()
    phone.seen = [leaf.idx + 1, b64url.encode(leaf.root)]
    phone.boot, phone.mono = b64url.encode(b"newpag"), 0
    phone.skew_ms = -2 * DAY
    phone.event("app.resume")
    assert "F_BEFORE_ANCHOR" in flags_of(phone.send([phone.wires[-1]]))


def test_13_a_clock_five_days_ahead_is_ahead_of_the_servers(phone: FieldPhone) -> None:
    phone.skew_ms = 5 * DAY
    phone.event("app.resume")
    assert "F_FUTURE" in flags_of(phone.send())


def test_14_a_photo_after_the_seal_is_kept_and_stays_outside(ctx: Any) -> None:
    carried = phones.carry_visit(photos=0, answers=2)
    before = inspections.visit(carried.visit.insp).visit
    carried.first.photo(carried.visit.insp, phones.a_picture(77))
    assert flags_of(carried.first.send([carried.first.wires[-1]])) == ["F_AFTER_SEAL"]
    after = inspections.visit(carried.visit.insp).visit
    assert after["photos"] == before["photos"]
    assert after["after_seal"] == [carried.first.head]


def test_15_a_seal_that_leaves_one_event_out_is_no_seal(phone: FieldPhone, visit: Visit) -> None:
    phone.event("note.add", {"text": "一条"}, visit.insp)
    phone.attest(visit)
    own = sum(1 for wire in phone.wires if header_of(wire)["insp"] == visit.insp)
    phone.seal(visit, count=own - 1)
    assert told(phone.send())[-1] == ("quarantined", "E_SEAL_ROOT")
    assert inspections.inspection(visit.insp).sealed_at is None


def test_16_one_photo_for_two_units_is_flagged_at_the_second(phone: FieldPhone, visit: Visit) -> None:
    data = phones.a_picture(7)
    phone.photo(visit.insp, data)
    phone.send()
    second = phones.a_visit(phone)
    second.open(phone)
    phone.photo(second.insp, data)
    assert flags_of(phone.send()) == ["F_PHOTO_REUSED"]


def test_17_other_bytes_under_the_signed_hash_are_not_kept(phone: FieldPhone, visit: Visit) -> None:
    data = phones.a_picture(8, (200, 100))
    phone.photo(visit.insp, data)
    phone.send()
    where = phone.announce(data, "image/jpeg").headers["Location"]
    answer = phone.patch(where, 0, data[:-1] + bytes([data[-1] ^ 1]))
    assert (answer.status_code, answer.get_json()["code"]) == (460, "E_MEDIA")
    sha = json.loads(phone.wires[-1]["b"])["sha256"]
    assert phone.lacks([sha]) == [sha]


def test_18_a_batch_sent_again_has_no_effect(phone: FieldPhone, visit: Visit) -> None:
    first = phone.send()
    before = counted()
    again = phone.send()
    assert told(again) == [("known", "")] * len(phone.wires)
    assert (counted(), again["receipt"]) == (before, first["receipt"])


def test_19_a_second_valid_signature_of_one_header_has_no_effect(phone: FieldPhone) -> None:
    wire = phone.wires[0]
    raw = b64url.decode(wire["s"])
    mirrored = b64url.encode(raw[:32] + (P256_ORDER - int.from_bytes(raw[32:])).to_bytes(32))
    assert signatures.holds(phone.device.key.public_key(), b64url.decode(mirrored), chain.pae(wire["h"].encode()))
    phone.send()
    before = counted()
    assert told(phone.send([{**wire, "s": mirrored}])) == [("known", "")]
    assert counted() == before
    assert b64url.encode(row(wire).sig) == wire["s"]


def test_20_a_revoked_phone_goes_to_quarantine_and_its_old_events_still_verify(phone: FieldPhone, visit: Visit) -> None:
    phone.send()
    admin = builders.client_as("administrator")
    assert admin.post(f"/api/v1/accounts/devices/{phone.dev}/revoke", json={"reason": "遗失"}).status_code == 200
    phone.event("note.add", {"text": "停用之后"}, visit.insp)
    assert told(phone.send([phone.wires[-1]])) == [("quarantined", "E_DEV_REVOKED")]
    assert [row(wire).status for wire in phone.wires] == ["stored", "stored", "quarantined"]
    assert list(audit().faults) == []


def test_21_a_log_row_the_administrator_deleted_is_missed_by_the_next_phone_that_remembers_it(
    phone: FieldPhone, visit: Visit
) -> None:
    phone.send(phone.wires[:1])
    leaf = session().scalars(select(LogEntry).where(LogEntry.kind == "head")).one()
    phone.seen = [leaf.idx + 1, b64url.encode(leaf.root)]
    phones.a_field_phone().send()
    with transaction():
        session().execute(delete(LogEntry).where(LogEntry.idx == phone.seen[0] - 1))
    phone.event("app.resume")
    assert "F_LOG_EQUIVOCATION" in flags_of(phone.send())
    assert [fault.code for fault in audit().faults][:1] == ["A_LOG"]


# --- rows 22 and 23: what the phone notices ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """``verdict(receipts, key)``: what the client as shipped says of these receipts, in this order."""
    bundle = tmp_path_factory.mktemp("client") / "verdict.mjs"
    source = Path(__file__).with_name("phone_verdict.ts")
    command = [ROLLDOWN, source, "--file", bundle, "--format", "esm", "--platform", "node"]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)

    def ask(receipts: list[dict[str, Any]], key: bytes | None = None) -> list[str]:
        log = {"name": LOG_NAME, "key": b64url.encode(key or server_keys().log_public)}
        question = json.dumps({"log": log, "receipts": receipts})
        done = subprocess.run(["node", bundle], input=question, check=True, capture_output=True, encoding="utf-8")
        found: list[str] = json.loads(done.stdout)
        return found

    return ask


def test_22_a_server_that_shows_an_older_log_is_called_so_by_the_phone(phone: FieldPhone, verdict: Any) -> None:
    phone.send()
    phones.a_field_phone().send()
    phone.event("app.resume")
    phone.send()
    with transaction():
        # Restored from an older copy, and the epoch was not raised: to the phone this is an attack.
        session().execute(delete(LogEntry).where(LogEntry.idx >= 1))
        session().execute(delete(EventRow).where(EventRow.dev == phone.dev, EventRow.n >= 1))
    phone.send()
    told_by_server = [{"text": text, "epoch": 1} for text in phone.receipts]
    assert len(told_by_server) == 3
    assert verdict(told_by_server) == ["anchored", "anchored", "E_LOG_ROLLBACK"]


def test_23_a_receipt_for_another_head_or_by_another_key_is_no_receipt(phone: FieldPhone, verdict: Any) -> None:
    good = str(phone.send()["receipt"])
    other = str(phones.a_field_phone().send()["receipt"])
    head_of = {text: next(line for line in text.splitlines() if line.startswith("extra ")) for text in (good, other)}
    swapped_head = good.replace(head_of[good], head_of[other])
    assert verdict([{"text": good, "epoch": 1}, {"text": swapped_head, "epoch": 1}]) == ["anchored", "E_PROOF"]
    assert verdict([{"text": good, "epoch": 1}], key=bytes(32)) == ["E_NOTE_SIG"]


# --- rows 24 and 25: what the audit names --------------------------------------------------------------------------


def test_24_one_digit_the_administrator_changed_in_a_stored_body_is_named(phone: FieldPhone, visit: Visit) -> None:
    for n in range(3):
        phone.event("note.add", {"text": f"第{n}条"}, visit.insp)
    phone.send()
    with transaction():
        body = phone.wires[3]["b"].replace("第1条", "第7条").encode()
        session().execute(update(EventRow).where(EventRow.h == h_of(phone.wires[3])).values(body=body))
    assert [(fault.code, fault.where) for fault in audit().faults] == [("A_STORED_EVENT", f"{phone.dev}/3")]


def test_25_an_event_the_administrator_deleted_is_missed_by_its_leaf(phone: FieldPhone, visit: Visit) -> None:
    phone.event("note.add", {"text": "最后一条"}, visit.insp)
    phone.send()
    with transaction():
        session().execute(delete(EventRow).where(EventRow.dev == phone.dev, EventRow.n == 2))
    assert [(fault.code, fault.where) for fault in audit().faults] == [("A_EVENT_DELETED", f"{phone.dev}/2")]


def test_every_row_of_the_table_has_one_test_that_asks_for_its_code() -> None:
    rows = {
        int(name[5:7]): inspect.getsource(test)
        for name, test in vars(sys.modules[__name__]).items()
        if re.match(r"test_\d\d_", name)
    }
    assert sorted(rows) == list(range(1, 26)) == sorted(PREDICTED)
    silent = [
        number
        for number, source in rows.items()
        if PREDICTED[number] != "no effect" and not all(code in source for code in PREDICTED[number].split())
    ]
    assert silent == []
