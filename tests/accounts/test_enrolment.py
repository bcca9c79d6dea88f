"""A phone becomes a person's phone: once, with a code, with a key of its own."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from server.accounts import operations as accounts
from server.accounts.enrolment import ENROL_TAG, RECORD_TAG
from server.audit import public_log
from server.kernel import b64url, canonical, chain
from server.platform import clock
from tests.builders import a_client, a_person, an_enrolled_device, client_as, client_of
from tests.world import PASSWORD, Phone

NOON = datetime(2026, 11, 21, 4, tzinfo=UTC)


def a_code(person) -> str:
    answer = client_as("administrator", agency=person.agency_id).post(
        f"/api/v1/accounts/people/{person.id}/enrolment-codes"
    )
    assert answer.status_code == 201
    return answer.json["code"]


def enrol(client, code: str, phone: Phone, **changed):
    body = {
        "code": code, "spki": phone.spki_text, "installation": phone.installation,
        "sig": phone.sign(ENROL_TAG + code.encode()), "label": "试验手机", "self_test": {"camera": True},
    }
    return client.post("/api/v1/accounts/enrol", json=body | changed)


def test_a_phone_is_enrolled_and_may_work_at_once(client):
    person, phone = a_person("inspector", name="试验甲"), Phone()
    answer = enrol(client, a_code(person), phone)
    assert answer.status_code == 201
    assert answer.json["dev"] == phone.dev
    assert answer.json["user"]["name"] == "试验甲"
    assert answer.json["agency"]["id"] == "fire-yanshi"
    assert answer.json["epoch"] == 1
    assert len(b64url.decode(answer.json["log"]["key"])) == 32
    told = a_client(token=answer.json["access"]).get("/api/v1/accounts/me").json
    assert (told["dev"], told["dev_revoked"]) == (phone.dev, False)


def test_the_device_record_is_signed_by_the_servers_log_key(client, app):
    person, phone = a_person(), Phone()
    key = b64url.decode(enrol(client, a_code(person), phone).json["log"]["key"])
    with app.app_context():
        text, signature = accounts.device_record(phone.dev)
    ed25519.Ed25519PublicKey.from_public_bytes(key).verify(
        b64url.decode(signature), RECORD_TAG + text.encode()
    )
    record = canonical.decode(text.encode())
    assert (record["dev"], record["user"], record["spki"]) == (phone.dev, person.id, phone.spki_text)


def test_a_code_is_good_once(client):
    code = a_code(a_person())
    assert enrol(client, code, Phone()).status_code == 201
    again = enrol(client, code, Phone())
    assert (again.status_code, again.json["code"]) == (403, "E_ENROL_CODE")


def test_a_code_is_good_for_ten_minutes(client):
    person = a_person()
    with clock.freeze(NOON):
        early, late = a_code(person), ""
        clock.tick(minutes=9, seconds=59)
        assert enrol(client, early, Phone()).status_code == 201
        late = a_code(person)
        clock.tick(minutes=10)
        assert enrol(client, late, Phone()).json["code"] == "E_ENROL_CODE"


def test_a_newer_code_replaces_the_older_one(client):
    person = a_person()
    first, second = a_code(person), a_code(person)
    assert enrol(client, first, Phone()).status_code == 403
    assert enrol(client, second, Phone()).status_code == 201


def test_a_code_typed_with_blanks_and_look_alikes_is_the_same_code(client):
    code = a_code(a_person())
    phone = Phone()
    typed = f"{code[:5]}-{code[5:]}".lower().replace("0", "o").replace("1", "l")
    assert enrol(client, typed, phone, sig=phone.sign(ENROL_TAG + code.encode())).status_code == 201


def test_a_wrong_signature_does_not_use_the_code_up(client):
    code, phone = a_code(a_person()), Phone()
    wrong = enrol(client, code, phone, sig=Phone().sign(ENROL_TAG + code.encode()))
    assert (wrong.status_code, wrong.json["code"]) == (422, "E_KEY")
    assert enrol(client, code, phone).status_code == 201


def test_a_key_is_enrolled_once(client):
    phone = Phone()
    assert enrol(client, a_code(a_person()), phone).status_code == 201
    again = enrol(client, a_code(a_person()), phone)
    assert (again.status_code, again.json["code"]) == (409, "E_KEY_ENROLLED")


def test_two_people_share_a_phone_as_two_enrolments_of_one_installation(client, app):
    first = an_enrolled_device(installation="shared-phone")
    second = an_enrolled_device(installation="shared-phone")
    assert first.dev != second.dev
    with app.app_context():
        found = accounts.devices_of([first.person.id, second.person.id])
    assert {device.installation for device in found} == {"shared-phone"}
    own = client_of(first).get("/api/v1/accounts/devices").json["devices"]
    assert [device["dev"] for device in own] == [first.dev], "nobody sees the other one's enrolment"


def test_login_with_an_enrolled_key_is_a_login_on_that_device(client):
    phone = an_enrolled_device()
    body = {"login": phone.person.login, "password": PASSWORD, "spki": phone.spki_text}
    assert client.post("/api/v1/accounts/login", json=body).json["dev"] == phone.dev


def test_login_with_somebody_elses_enrolled_key_is_refused(client):
    phone, other = an_enrolled_device(), a_person()
    body = {"login": other.login, "password": PASSWORD, "spki": phone.spki_text}
    assert client.post("/api/v1/accounts/login", json=body).json["code"] == "E_KEY"


def test_a_revoked_device_reaches_only_what_is_open_to_revoked_ones(client):
    phone = an_enrolled_device()
    admin = client_as("administrator")
    answer = admin.post(f"/api/v1/accounts/devices/{phone.dev}/revoke", json={"reason": "手机遗失"})
    assert answer.status_code == 200
    assert answer.json["revoked_at"] is not None
    refused = client_of(phone).get("/api/v1/accounts/devices")
    assert (refused.status_code, refused.json["code"]) == (403, "E_DEVICE_REVOKED")
    assert client_of(phone).get("/api/v1/accounts/me").json["dev_revoked"] is True


def test_revoking_again_keeps_the_first_reason(client):
    phone = an_enrolled_device()
    admin = client_as("administrator")
    admin.post(f"/api/v1/accounts/devices/{phone.dev}/revoke", json={"reason": "遗失"})
    again = admin.post(f"/api/v1/accounts/devices/{phone.dev}/revoke", json={"reason": "损坏"})
    assert again.json["revoke_reason"] == "遗失"


def test_nobody_revokes_a_colleagues_or_another_agencys_device(client):
    phone = an_enrolled_device()
    body = {"reason": "x"}
    assert client_as("inspector").post(f"/api/v1/accounts/devices/{phone.dev}/revoke", json=body).status_code == 404
    foreign = client_as("administrator", agency="fire-jindong")
    assert foreign.post(f"/api/v1/accounts/devices/{phone.dev}/revoke", json=body).status_code == 404
    assert client_of(phone).post(f"/api/v1/accounts/devices/{phone.dev}/revoke", json=body).status_code == 200


def test_codes_for_a_whole_class_are_made_at_once_or_not_at_all(client):
    admin = client_as("administrator")
    people = [a_person() for _ in range(3)]
    foreign = a_person(agency="fire-jindong")
    made = admin.post("/api/v1/accounts/enrolment-codes", json={"people": [person.id for person in people]})
    assert [line["person"] for line in made.json["codes"]] == [person.id for person in people]
    assert len({line["code"] for line in made.json["codes"]}) == 3
    mixed = admin.post("/api/v1/accounts/enrolment-codes", json={"people": [people[0].id, foreign.id]})
    assert mixed.status_code == 404
    assert enrol(client, made.json["codes"][0]["code"], Phone()).status_code == 201, "the old code still counts"


@pytest.mark.parametrize(
    "wrong",
    [{"spki": "AAAA"}, {"sig": "AAAA"}, {"installation": "a/b c d e f"}, {"code": "1"}, {"admin": True},
     {"self_test": []}, {"label": "x" * 81}],
    ids=str,
)
def test_a_malformed_enrolment_is_422(client, wrong):
    code = wrong.get("code", "0123456789")
    rest = {name: value for name, value in wrong.items() if name != "code"}
    assert enrol(client, code, Phone(), **rest).status_code == 422


def test_administrator_and_auditor_see_what_the_phone_said_of_itself_and_when_it_last_came(client):
    phone = an_enrolled_device()
    for role in ("administrator", "auditor"):
        seen = {one["dev"]: one for one in client_as(role).get("/api/v1/accounts/devices").json["devices"]}
        assert seen[phone.dev]["self_test"] == {}
        assert seen[phone.dev]["last_contact"] >= seen[phone.dev]["enrolled_at"]
    assert client_as("inspector").get("/api/v1/accounts/devices").json["devices"] == []


def test_the_device_record_is_a_leaf_of_the_log(ctx):
    """Record-log 2.10: the server issues a signed device record, which is itself a log leaf."""
    device = an_enrolled_device()
    [leaf] = public_log.of_kind("device")
    record, _signature = accounts.device_record(device.dev)
    assert json.loads(leaf.entry) == {"v": 1, "k": "device", "dev": device.dev, "h": b64url.encode(chain.text_hash(record))}
    assert not leaf.public
