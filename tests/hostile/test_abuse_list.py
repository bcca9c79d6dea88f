"""The abuse list (reliability 6.2), rows 1-16, 20, 22, 25-31, 39 and 40: the input, and the answer that was promised.

Where the list names one HTTP status for a batch, the wire answers per event (docs/sync.md): a batch of a thousand
good events and one bad one is not refused as a whole. ``refused`` is then the promised 4xx of that one event.
"""

from __future__ import annotations

import json
import re
import resource
import threading
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from server.audit import operations as audit_facts
from server.evidence import uploads
from server.inspections import operations as inspections
from server.inspections.tables import EventRow
from server.platform import logs
from server.platform.db import session
from server.reports import reading
from tests import builders
from tests import phone as phones
from tests.evidence import hostile
from tests.handset import FieldPhone, Visit, h_of, header_of
from tests.hostile import test_abuse_list_sessions
from tests.world import Client

ROOT = Path(__file__).parents[2]
ROWS = {*range(1, 17), 20, 22, *range(25, 32), 39, 40}
API = "/api/v1"


@pytest.fixture
def phone(ctx: Flask) -> FieldPhone:
    return phones.a_field_phone()


@pytest.fixture
def visit(phone: FieldPhone) -> Visit:
    found = phones.a_visit(phone)
    found.open(phone)
    return found


def told(answer: dict[str, Any]) -> list[tuple[str, str]]:
    return [(result["status"], result.get("code", "")) for result in answer["results"]]


def events() -> int:
    return int(session().scalar(select(func.count()).select_from(EventRow)) or 0)


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]


def test_01_one_changed_bit_is_e_sig_and_nothing_is_stored(phone: FieldPhone) -> None:
    wire = phone.wires[0]
    wall = header_of(wire)["wall"]
    assert told(phone.send([{**wire, "h": wire["h"].replace(str(wall), str(wall ^ 1))}])) == [("refused", "E_SIG")]
    assert events() == 0


def test_02_one_batch_five_times_in_parallel_is_200_five_times_with_one_effect(app: Flask) -> None:
    with app.app_context():
        phone = phones.a_field_phone()
        visit = phones.a_visit(phone)
        visit.open(phone)
        for n in range(20):
            phone.event("note.add", {"text": f"第{n}条"}, visit.insp)
    answers: list[int] = []

    def send() -> None:
        client = builders.client_of(phone.device)
        answers.append(client.post(f"{API}/sync/events", data=json.dumps({"events": phone.wires})).status_code)

    threads = [threading.Thread(target=send) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 5
    with app.app_context():
        assert events() == len(phone.wires)
        assert inspections.inspection(visit.insp).counts["events"] == 21


def test_03_a_second_event_with_the_same_number_is_e_fork_both_are_kept_and_it_is_an_alarm(
    phone: FieldPhone, visit: Visit
) -> None:
    first = phone.make("note.add", {"text": "甲"}, visit.insp)
    second = phone.make("note.add", {"text": "乙"}, visit.insp)
    phone.send([*phone.wires, first])
    assert told(phone.send([second])) == [("quarantined", "E_FORK")]
    kept = {h_of(one): session().get_one(EventRow, h_of(one)).status for one in (first, second)}
    assert list(kept.values()) == ["stored", "quarantined"]
    [alarm] = audit_facts.listing(builders.AGENCY, verb="inspections.fork")
    assert (alarm.object_id, alarm.facts["n"], alarm.facts["h"]) == (phone.dev, 2, h_of(second))


def test_04_a_batch_that_starts_two_further_on_is_e_gap_with_the_next_number(phone: FieldPhone, visit: Visit) -> None:
    phone.send(phone.wires[:1])
    phone.event("note.add", {"text": "其后"}, visit.insp)
    answer = phone.send(phone.wires[2:])
    assert told(answer) == [("held", "E_GAP")]
    assert answer["next"] == {phone.dev: 1}


def test_05_too_large_is_refused_header_body_and_batch(phone: FieldPhone) -> None:
    long_header = {**phone.wires[0], "h": "{" + " " * 5_120 + "}"}
    long_body = {**phone.make("app.resume"), "b": '{"a":"' + "x" * 70_000 + '"}'}
    assert told(phone.send([long_header, long_body])) == [("refused", "E_TOO_LARGE")] * 2
    many = json.dumps({"events": [phone.wires[0]] * 2_000}).encode()
    assert phone.client.post(f"{API}/sync/events", data=many).status_code == 413
    assert events() == 0


@pytest.mark.parametrize("spoil", ['"__proto__":1,', '"salt":"AAAA","salt":"AAAA",', '"a":NaN,', '"a":1.0,', '"a":1e2,'])
def test_06_json_that_is_not_canonical_is_e_canon(phone: FieldPhone, spoil: str) -> None:
    wire = phone.wires[0]
    assert told(phone.send([{**wire, "b": wire["b"].replace("{", "{" + spoil, 1)}])) == [("refused", "E_CANON")]
    assert events() == 0


def test_07_an_unknown_type_is_stored_and_shown_as_unknown(phone: FieldPhone, visit: Visit) -> None:
    phone.event("drone.flight", {"height": 40}, visit.insp)
    assert told(phone.send())[-1] == ("stored", "")
    assert inspections.visit(visit.insp).visit["unknown"] == [phone.head]


def test_08_speaking_for_another_user_is_e_user_dev(phone: FieldPhone, visit: Visit) -> None:
    phone.event("note.add", {"text": "代他人"}, visit.insp, by=builders.a_person().id)
    assert told(phone.send())[-1] == ("refused", "E_USER_DEV")


def test_09_a_revoked_phone_is_403_everywhere_but_the_quarantine_and_the_record_stays(
    phone: FieldPhone, visit: Visit
) -> None:
    phone.send()
    before = inspections.visit(visit.insp).visit
    builders.client_as("administrator").post(f"{API}/accounts/devices/{phone.dev}/revoke", json={"reason": "遗失"})
    assert refused(phone.client.get(f"{API}/sync/changes")) == (403, "E_DEVICE_REVOKED")
    phone.event("note.add", {"text": "停用之后"}, visit.insp)
    assert told(phone.send([phone.wires[-1]])) == [("quarantined", "E_DEV_REVOKED")]
    assert inspections.visit(visit.insp).visit == before


def test_10_an_attestation_by_the_same_user_on_a_second_phone_does_not_count(phone: FieldPhone, visit: Visit) -> None:
    again = phones.a_field_phone(phone.device.person)
    visit.phones.append(again)
    phone.attest(visit)
    again.attest(visit)
    phone.seal(visit)
    again.send()
    phone.send()
    found = inspections.inspection(visit.insp)
    assert found.state == "awaiting_second"
    assert {"F_ONE_ATTEST", "F_ATTEST_SAME_USER"} <= set(found.flags)


def test_11_a_seal_with_one_attestation_is_stored_and_flagged_and_nothing_is_submitted_or_approved(
    phone: FieldPhone, visit: Visit
) -> None:
    phone.attest(visit)
    phone.seal(visit)
    assert told(phone.send())[-1] == ("stored", "")
    assert "F_ONE_ATTEST" in inspections.inspection(visit.insp).flags
    report = reading.of_inspection(builders.AGENCY, visit.insp)
    leader = builders.client_as("reviewer")
    assert refused(phone.client.post(f"{API}/reports/{report}/submit")) == (409, "E_TWO_REQUIRED")
    assert refused(leader.post(f"{API}/reports/{report}/approve", json={})) == (409, "E_TWO_REQUIRED")


def test_12_an_event_after_the_seal_is_flagged_and_the_sealed_view_is_unchanged(ctx: Flask) -> None:
    carried = phones.carry_visit(photos=0, answers=2)
    before = inspections.visit(carried.visit.insp).visit
    carried.first.event("note.add", {"text": "补记"}, carried.visit.insp)
    told_aside = {"after_seal": [carried.first.head], "counts": before["counts"] | {"events": before["counts"]["events"] + 1}}
    [result] = carried.first.send([carried.first.wires[-1]])["results"]
    assert (result["status"], result["flags"]) == ("stored", ["F_AFTER_SEAL"])
    after = inspections.visit(carried.visit.insp).visit
    assert after == before | told_aside


def test_13_a_photo_of_another_hash_is_e_media_and_its_temporary_file_is_gone(phone: FieldPhone) -> None:
    data = phones.a_picture(13, (300, 200))
    where = phone.announce(data, "image/jpeg").headers["Location"]
    assert refused(phone.patch(where, 0, data[:-1] + bytes([data[-1] ^ 1]))) == (460, "E_MEDIA")
    assert list(uploads.shelf().root.glob(f"{phone.dev}/*.part")) == []


def test_14_a_chunk_at_the_wrong_offset_is_409_with_the_right_one(phone: FieldPhone) -> None:
    data = phones.a_picture(14, (300, 200))
    where = phone.announce(data, "image/jpeg").headers["Location"]
    phone.patch(where, 0, data[:1_000])
    answer = phone.patch(where, 7, data[7:2_000])
    assert (answer.status_code, answer.get_json()["facts"]) == (409, {"offset": 1_000})


def test_15_a_tiny_png_of_169_megapixels_is_415_before_anybody_decodes_it(phone: FieldPhone) -> None:
    bomb = hostile.bomb_png()
    assert len(bomb) < 30_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    made = phone.announce(bomb, "image/png")
    answer = made if made.status_code != 201 else phone.patch(made.headers["Location"], 0, bomb)
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert refused(answer) == (415, "E_MEDIA_TYPE")
    assert grown_mb < 100, "decoded it would be 822 MB"


def test_16_a_polyglot_is_kept_served_as_an_attachment_and_its_copy_has_no_tail(phone: FieldPhone) -> None:
    data = hostile.polyglot()
    sha = phone.upload(data, "image/jpeg")
    reviewer = builders.client_as("reviewer")
    original = reviewer.get(f"{API}/evidence/{sha}/original")
    assert (original.data, original.mimetype) == (data, "application/octet-stream")
    assert original.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in original.headers["Content-Security-Policy"]
    assert b"<script" not in reviewer.get(f"{API}/evidence/{sha}/view").data


def test_20_another_agencys_inspection_does_not_exist_and_the_attempt_is_logged(
    phone: FieldPhone, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = phones.a_visit(phones.a_field_phone(builders.a_person(agency="fire-jindong")))
    leader, officer = builders.client_as("reviewer"), builders.client_as("plan_officer")
    logs.configure()
    try:
        answers = [
            phone.client.get(f"{API}/inspections/{theirs.insp}"),
            leader.get(f"{API}/inspections/{theirs.insp}"),
            leader.get(f"{API}/inspections/{theirs.insp}/export.zip"),
            officer.post(f"{API}/inspections/{theirs.insp}/cancel", json={"reason": "越权"}),
            phone.client.get(f"{API}/sync/packs/{theirs.pack_sha}"),
        ]
    finally:
        logs.configure(quiet=True)
    assert [answer.status_code for answer in answers] == [404] * 5
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if '"request"' in line]
    assert [(line["status"], bool(line["user"])) for line in lines] == [(404, True)] * 5
    phone.event("note.add", {"text": "越权"}, theirs.insp)
    phone.event("correct", {"target": "A" * 43, "path": "x", "new": "y", "reason": "z"}, theirs.insp)
    assert told(phone.send())[1:] == [("quarantined", "E_INSP_UNKNOWN")] * 2
    assert inspections.inspection(theirs.insp).counts == {}


SMUGGLED = {"role": "administrator", "agency": "fire-jindong", "weight": 100, "published_at": "2026-01-01T00:00:00Z"}


def test_22_fields_nobody_asked_for_are_422_on_every_route_that_takes_json(client: Client, app: Flask) -> None:
    document = client.get(f"{API}/openapi.json").get_json()
    expected = json.loads((ROOT / "tests/architecture/access.json").read_text("utf-8"))
    clients: dict[str, Client] = {"public": client}
    asked = 0
    for path, methods in document["paths"].items():
        for method, told_of in methods.items():
            if method not in ("post", "put", "patch") or "application/json" not in told_of.get("requestBody", {}).get("content", {}):
                continue
            rule = next(r for r in app.url_map.iter_rules() if re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", r.rule) in (path, API + path) and method.upper() in (r.methods or ()))
            who = expected[f"{method.upper()} {rule.rule}"][0]
            if who == "operator":
                continue
            role = "inspector" if who == "signed_in" else who
            caller = clients[role] if role in clients else clients.setdefault(role, builders.client_as(role))
            url = re.sub(r"<[^>]+>", "0" * 32, rule.rule)
            answer = caller.open(url, method=method.upper(), json=SMUGGLED)
            assert answer.status_code == 422, (method, url, answer.status_code, answer.text)
            named = json.dumps(answer.get_json()["errors"], ensure_ascii=False)
            assert sum(f'"{name}": ["未知字段"]' in named for name in SMUGGLED) >= 3, (url, named)
            asked += 1
    assert asked > 12


def test_every_row_of_the_list_that_is_ours_has_its_test() -> None:
    numbers = {int(name[5:7]) for name in {**globals(), **vars(test_abuse_list_sessions)} if re.match(r"test_\d\d_", name)}
    assert numbers == ROWS
