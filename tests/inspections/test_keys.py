"""Keys and phones over a life (record-log 2.10): changed, lost, revoked too late, re-installed; what quarantine keeps."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.accounts import operations as accounts
from server.accounts.lineage import ROTATE_TAG
from server.audit import operations as audit
from server.inspections import operations as inspections
from server.inspections.tables import EventRow
from server.kernel import b64url, chain
from server.platform import clock
from server.platform.db import session
from tests import builders, world
from tests import phone as phones

PREFIX = "/api/v1"


def told(answer: dict) -> list[tuple[str, str]]:
    return [(r["status"], r.get("code", "")) for r in answer["results"]]


def row(wire) -> EventRow:
    return session().get_one(EventRow, phones.h_of(wire))


def new_key(phone: phones.FieldPhone) -> phones.FieldPhone:
    """The next key of the same phone; its chain begins after ``key.rotate``, the last event of the old one."""
    device = world.Phone(installation=phone.device.installation)
    device.person = phone.device.person
    phone.event("key.rotate", {"spki": device.spki_text, "dev": device.dev})
    fresh = phones.FieldPhone(device, phone.client, wall=phone.wall)
    fresh.wires.append(genesis_after(fresh, phone.head))
    return fresh


def genesis_after(fresh: phones.FieldPhone, prev: str):
    body = {
        "spki": fresh.device.spki_text, "installation": fresh.device.installation, "user": fresh.user,
        "agency": str(fresh.device.person.agency_id), "app": "tests",
    }  # fmt: skip
    return fresh.make("dev.genesis", body, n=0, prev=prev)


def take_over(fresh: phones.FieldPhone, event: str, signature: str = "") -> object:
    body = {"event": event, "spki": fresh.device.spki_text, "sig": signature or fresh.device.sign(ROTATE_TAG + event.encode())}
    return builders.a_client().post(f"{PREFIX}/accounts/rotated", json=body)


def verbs(agency: str = builders.AGENCY) -> list[str]:
    return [fact.verb for fact in audit.listing(agency, limit=200)]


@pytest.fixture
def phone(ctx):
    return phones.a_field_phone()


@pytest.fixture
def visit(phone):
    found = phones.a_visit(phone)
    found.open(phone)
    return found


@pytest.fixture
def office(ctx):
    """A client of an administrator, and one of a reviewer."""
    return builders.client_as("administrator"), builders.client_as("reviewer")


# --- a changed key ------------------------------------------------------------------------------------------------


def test_a_key_is_changed_while_events_of_the_old_one_are_still_unsent(phone, visit):
    phone.event("note.add", {"text": "旧密钥所记"}, visit.insp)
    fresh = new_key(phone)
    fresh.event("note.add", {"text": "新密钥所记"}, visit.insp)
    assert told(phone.send()) == [("stored", "")] * 4
    assert told(phone.send(fresh.wires)) == [("stored", "")] * 2
    notes = inspections.visit(visit.insp).visit["notes"]
    assert [note["text"] for note in notes] == ["旧密钥所记", "新密钥所记"]
    device = accounts.device(fresh.dev)
    assert device is not None and (device.follows, device.rotated_by) == (phone.dev, phone.head)
    assert "accounts.key_rotated" in verbs()


def test_the_new_key_gets_its_session_by_its_own_signature_and_the_old_sessions_end(phone):
    fresh = new_key(phone)
    assert take_over(fresh, phone.head).status_code == 409  # the rotation has not arrived yet
    phone.send()
    other = world.Phone()
    assert take_over(fresh, phone.head, other.sign(ROTATE_TAG + phone.head.encode())).status_code == 422
    answer = take_over(fresh, phone.head)
    assert answer.status_code == 201 and answer.get_json()["dev"] == fresh.dev
    assert take_over(fresh, phone.head).status_code == 201  # the answer may be lost
    assert phone.client.post(f"{PREFIX}/sync/events", json={"events": []}).status_code == 401
    fresh.client = builders.a_client(token=answer.get_json()["access"])
    assert told(fresh.send()) == [("stored", "")]


def test_a_new_chain_that_does_not_begin_after_the_rotation_is_a_fork(phone):
    fresh = new_key(phone)
    phone.send()
    false = genesis_after(fresh, chain.GENESIS_PREV)
    assert told(phone.send([false])) == [("quarantined", "E_FORK")]
    assert told(phone.send(fresh.wires)) == [("stored", "")]


def test_a_key_nobody_named_is_still_unknown(phone):
    stranger = world.Phone(installation=phone.device.installation)
    stranger.person = phone.device.person
    forged = phones.FieldPhone(stranger, phone.client)
    phone.send()
    forged.wires.append(genesis_after(forged, phone.head))
    assert told(phone.send(forged.wires)) == [("refused", "E_DEV_UNKNOWN")]


def test_the_old_key_says_nothing_more_after_it_has_named_another(phone, visit):
    new_key(phone)
    phone.event("note.add", {"text": "复制的旧密钥"}, visit.insp)
    assert told(phone.send())[-2:] == [("stored", ""), ("quarantined", "E_DEV_ROTATED")]
    phone.event("note.add", {"text": "又一条"}, visit.insp)
    assert told(phone.send([phone.wires[-1]])) == [("quarantined", "E_DEV_ROTATED")]
    assert inspections.visit(visit.insp).visit["notes"] == []


def test_a_rotation_to_a_key_that_is_not_its_own_name_changes_nothing(phone):
    phone.event("key.rotate", {"spki": world.Phone().spki_text, "dev": phone.dev})
    phone.event("app.resume")
    assert told(phone.send())[1:] == [("quarantined", "E_KEY_ROTATE"), ("stored", "")]


def test_a_record_made_with_two_keys_is_exported_and_verified_without_the_server(phone, visit):
    import io

    from server.inspections import audit as records
    from server.inspections import export, record_verify

    phone.event("note.add", {"text": "旧"}, visit.insp)
    fresh = new_key(phone)
    fresh.event("note.add", {"text": "新"}, visit.insp)
    phone.send()
    phone.send(fresh.wires)
    file = io.BytesIO()
    export.write_zip(visit.insp, file)
    file.seek(0)
    finding = record_verify.verify(file)
    assert finding.ok, finding
    assert records.audit().faults == []


# --- a lost phone -------------------------------------------------------------------------------------------------


def revoke(admin, dev: str, lost_at=None, status: int = 200):
    body = {"reason": "出警途中遗失", **({"lost_at": lost_at.isoformat()} if lost_at else {})}
    answer = admin.post(f"{PREFIX}/accounts/devices/{dev}/revoke", json=body)
    assert answer.status_code == status, answer.text
    return answer.get_json()


def test_what_was_received_before_the_loss_stays_and_what_came_after_goes_to_quarantine(phone, visit, office):
    """record-log 2.10: revoke at R: events with a receipt before R stay valid; all else goes to quarantine."""
    phone.event("note.add", {"text": "遗失之前"}, visit.insp)
    phone.send()
    lost = clock.now() + timedelta(seconds=10)
    with clock.freeze(lost + timedelta(seconds=20)):
        phone.event("note.add", {"text": "拾得者所写"}, visit.insp)
        phone.send([phone.wires[-1]])
    with clock.freeze(lost + timedelta(seconds=60)):
        revoke(office[0], phone.dev, lost)
    assert [note["text"] for note in inspections.visit(visit.insp).visit["notes"]] == ["遗失之前"]
    assert (row(phone.wires[-1]).status, row(phone.wires[-1]).code) == ("quarantined", "E_DEV_REVOKED")
    assert row(phone.wires[-1]).body == phone.wires[-1]["b"].encode()
    assert "F_QUARANTINE" in inspections.inspection(visit.insp).flags


def test_what_another_phone_had_witnessed_before_the_loss_is_valid_whenever_it_arrives(ctx, office):
    """record-log 2.10: … or whose hash is inside another device's event received before R, stay valid."""
    one, two = phones.a_field_phone(), phones.a_field_phone()
    visit = phones.a_visit(one, two)
    visit.open(one)
    one.event("note.add", {"text": "两人都见过"}, visit.insp)
    two.attest(visit)
    two.send()
    one.event("note.add", {"text": "无人见过"}, visit.insp)
    lost = clock.now() + timedelta(seconds=10)
    with clock.freeze(lost + timedelta(seconds=60)):
        revoke(office[0], one.dev, lost)
        assert told(one.send()) == [("stored", "")] * 3 + [("quarantined", "E_DEV_REVOKED")]
    assert [note["text"] for note in inspections.visit(visit.insp).visit["notes"]] == ["两人都见过"]


def test_a_witness_that_comes_after_the_loss_is_none(ctx, office):
    one, two = phones.a_field_phone(), phones.a_field_phone()
    visit = phones.a_visit(one, two)
    visit.open(one)
    two.attest(visit)
    revoke(office[0], one.dev)
    two.send()
    assert told(one.send()) == [("quarantined", "E_DEV_REVOKED")] * 2


def test_a_seal_that_goes_to_quarantine_seals_nothing(phone, visit, office):
    phone.send()
    lost = clock.now() + timedelta(minutes=1)
    with clock.freeze(lost + timedelta(minutes=1)):
        phone.attest(visit)
        phone.seal(visit)
        phone.send()
        assert inspections.inspection(visit.insp).sealed_at is not None
        revoke(office[0], phone.dev, lost)
    view = inspections.inspection(visit.insp)
    assert (view.sealed_at, view.code, view.state) == (None, "", "in_progress")


def test_a_finder_who_changes_the_key_gains_nothing(phone, visit, office):
    phone.send()
    lost = clock.now() + timedelta(minutes=1)
    with clock.freeze(lost + timedelta(seconds=20)):
        fresh = new_key(phone)
        fresh.event("note.add", {"text": "拾得者所写"}, visit.insp)
        phone.send()
        phone.send(fresh.wires)
        revoke(office[0], fresh.dev, lost)
    assert accounts.device(phone.dev).revoked_at is not None
    assert {row(wire).code for wire in [phone.wires[-1], *fresh.wires]} == {"E_DEV_REVOKED"}
    assert inspections.visit(visit.insp).visit["notes"] == []


def test_the_time_of_the_loss_can_be_put_right_and_everything_is_judged_again(phone, visit, office):
    admin = office[0]
    phone.send()
    early = clock.now() + timedelta(seconds=10)
    with clock.freeze(early + timedelta(seconds=30)):
        phone.event("note.add", {"text": "实际遗失之前"}, visit.insp)
        phone.send()
    late = early + timedelta(seconds=60)
    with clock.freeze(late + timedelta(seconds=60)):
        revoke(admin, phone.dev, early)
        assert row(phone.wires[-1]).status == "quarantined"
        body = {"lost_at": late.isoformat(), "reason": "监控显示当日晚些时候才遗失"}
        answer = admin.post(f"{PREFIX}/accounts/devices/{phone.dev}/loss", json=body)
    assert answer.status_code == 200
    assert row(phone.wires[-1]).status == "stored"
    assert "F_QUARANTINE" not in inspections.inspection(visit.insp).flags
    assert "accounts.loss_corrected" in verbs()


def test_a_loss_lies_between_the_enrolment_and_now(phone, office):
    revoke(office[0], phone.dev, clock.now() + timedelta(days=1), status=422)
    revoke(office[0], phone.dev, clock.now() - timedelta(days=900), status=422)
    assert accounts.device(phone.dev).revoked_at is None


def test_a_phone_revoked_while_offline_is_refused_everything_but_the_quarantine(phone, visit, office):
    """record-log 2.10: next sync answers 403 + "upload to quarantine allowed"."""
    revoke(office[0], phone.dev)
    answer = phone.client.get(f"{PREFIX}/sync/changes")
    assert (answer.status_code, answer.get_json()["code"]) == (403, "E_DEVICE_REVOKED")
    assert told(phone.send()) == [("quarantined", "E_DEV_REVOKED")] * 2
    assert phone.client.post(f"{PREFIX}/sync/lacks", json={"sha256": []}).status_code == 200


# --- quarantine ---------------------------------------------------------------------------------------------------


@pytest.fixture
def kept_apart(phone, visit, office):
    revoke(office[0], phone.dev)
    phone.event("note.add", {"text": "停用时手机其实在手中"}, visit.insp)
    phone.send()
    return phone.wires[-1]


def test_the_list_names_each_event_with_its_reason_and_shows_its_words_to_reviewers_only(kept_apart, office):
    shown = office[1].get(f"{PREFIX}/inspections/quarantine").get_json()["events"]
    mine = next(one for one in shown if one["h"] == phones.h_of(kept_apart))
    assert mine["code"] == "E_DEV_REVOKED" and mine["releasable"] and "停用" in mine["reason"]
    assert "停用时手机其实在手中" in mine["said"]
    administrators = office[0].get(f"{PREFIX}/inspections/quarantine").get_json()["events"]
    assert {one["said"] for one in administrators} == {""}


def test_a_reviewer_lets_an_event_in_with_a_reason_and_the_event_itself_does_not_change(kept_apart, visit, phone, office):
    hashes = [phones.h_of(wire) for wire in phone.wires]
    body = {"events": hashes, "decision": "release", "reason": "经核实手机当时仍在本人手中"}
    answer = office[1].post(f"{PREFIX}/inspections/quarantine/decisions", json=body)
    assert answer.status_code == 200 and sorted(answer.get_json()["released"]) == sorted(hashes)
    assert row(kept_apart).status == "stored"
    assert (row(kept_apart).header, row(kept_apart).body) == (kept_apart["h"].encode(), kept_apart["b"].encode())
    assert inspections.visit(visit.insp).visit["notes"][0]["text"] == "停用时手机其实在手中"
    assert "inspections.quarantine_release" in verbs()
    # A later word about the loss does not take back what a person has decided.
    with clock.freeze(clock.now() + timedelta(minutes=1)):
        office[0].post(f"{PREFIX}/accounts/devices/{phone.dev}/loss", json={"lost_at": clock.now().isoformat(), "reason": "更正"})
    assert row(kept_apart).status == "stored"


def test_an_event_that_is_kept_apart_on_purpose_stays_listed_with_the_reason(kept_apart, office):
    body = {"events": [phones.h_of(kept_apart)], "decision": "keep", "reason": "无法核实"}
    assert office[1].post(f"{PREFIX}/inspections/quarantine/decisions", json=body).get_json() == {"released": []}
    shown = office[1].get(f"{PREFIX}/inspections/quarantine").get_json()["events"]
    mine = next(one for one in shown if one["h"] == phones.h_of(kept_apart))
    assert (mine["decision"], mine["decision_reason"]) == ("keep", "无法核实")


def test_a_fork_and_a_strangers_event_cannot_be_let_in_by_anybody(phone, visit, office):
    phone.send()
    false = phone.make("note.add", {"text": "x"}, visit.insp, prev=b64url.encode(b"\7" * 32))
    phone.send([false])
    stranger = phones.a_field_phone()
    stranger.event("note.add", {"text": "外人"}, visit.insp)
    stranger.send()
    for wire in (false, stranger.wires[-1]):
        body = {"events": [phones.h_of(wire)], "decision": "release", "reason": "想放行"}
        answer = office[1].post(f"{PREFIX}/inspections/quarantine/decisions", json=body)
        assert (answer.status_code, answer.get_json()["code"]) == (409, "E_NOT_RELEASABLE")


def test_nobody_lets_in_what_belongs_to_their_own_inspection(ctx):
    both = builders.a_person("inspector", "reviewer")
    phone = phones.a_field_phone(both)
    visit = phones.a_visit(phone)
    visit.open(phone)
    revoke(builders.client_as("administrator"), phone.dev)
    phone.send()
    body = {"events": [phone.head], "decision": "release", "reason": "是我自己"}
    answer = builders.a_client(both).post(f"{PREFIX}/inspections/quarantine/decisions", json=body)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "E_OWN_QUARANTINE")


def test_another_agencys_quarantine_does_not_exist(kept_apart):
    foreign = builders.client_as("reviewer", agency="fire-jindong")
    assert foreign.get(f"{PREFIX}/inspections/quarantine").get_json()["events"] == []
    body = {"events": [phones.h_of(kept_apart)], "decision": "release", "reason": "越权"}
    assert foreign.post(f"{PREFIX}/inspections/quarantine/decisions", json=body).status_code == 404


# --- a re-installed app -------------------------------------------------------------------------------------------


def test_after_a_new_installation_the_server_lists_the_gap_and_the_holder_says_what_happened(phone, visit, office):
    """record-log 2.10: new key, new chain; server lists the gap; the user states the reason."""
    phone.send()
    fresh = phones.a_field_phone(phone.device.person)
    chains = {one["dev"]: one for one in fresh.client.get(f"{PREFIX}/inspections/chains").get_json()["chains"]}
    assert chains[phone.dev]["next_n"] == 2 and chains[fresh.dev]["next_n"] == 0
    assert [one["insp"] for one in chains[phone.dev]["open"]] == [visit.insp]
    body = {"story": "reinstalled", "note": "系统清理了浏览器数据"}
    answer = fresh.client.post(f"{PREFIX}/accounts/devices/{phone.dev}/story", json=body)
    assert answer.status_code == 200
    listed = office[0].get(f"{PREFIX}/accounts/devices").get_json()["devices"]
    mine = next(one for one in listed if one["dev"] == phone.dev)
    assert (mine["story"], mine["story_note"]) == ("reinstalled", "系统清理了浏览器数据")
    assert {one["dev"] for one in office[0].get(f"{PREFIX}/inspections/chains").get_json()["chains"]} >= {phone.dev, fresh.dev}


def test_only_the_holder_says_what_became_of_a_phone(phone):
    other = phones.a_field_phone()
    body = {"story": "lost", "note": ""}
    assert other.client.post(f"{PREFIX}/accounts/devices/{phone.dev}/story", json=body).status_code == 404
