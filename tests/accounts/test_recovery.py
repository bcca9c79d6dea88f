"""A forgotten PIN: the person, the phone and the administrator together get the vault key back; nobody else does."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask

from server.accounts import recovery
from server.accounts.tables import RecoveryRequest
from server.audit import operations as audit
from server.kernel import b64url
from server.platform import boxes, clock
from server.platform.boxes import BoxBroken
from server.platform.db import session
from server.platform.keys import server_keys
from tests import builders
from tests.world import PASSWORD, Client, Phone

API = "/api/v1/accounts/recovery"
VAULT_KEY = bytes(range(32))
VECTOR = json.loads((Path(__file__).parents[1] / "vectors" / "recovery-box.json").read_text("utf-8"))


class Forgetful:
    """Somebody who forgot the PIN: an enrolled phone, signed in anew with the password."""

    def __init__(self, person: Any = None) -> None:
        self.person = person or builders.a_person(name="试验忘")
        self.phone = builders.an_enrolled_device(self.person)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.spki = boxes.public_bytes(self.key.public_key())
        self.client = self.signed_in()

    def signed_in(self) -> Client:
        body = {"login": self.person.login, "password": PASSWORD, "spki": self.phone.spki_text}
        answer = builders.a_client().post("/api/v1/accounts/login", json=body)
        assert answer.status_code == 200
        assert answer.get_json()["policy"]["recovery_key"] == agency_key()
        return builders.a_client(token=answer.get_json()["access"])

    def body(self, **changed: Any) -> dict[str, Any]:
        key = b64url.encode(self.spki)
        sealed = boxes.seal(b64url.decode(agency_key()), f"vault|{self.phone.dev}", VAULT_KEY)
        return {"sealed": sealed, "key": key, "sig": self.phone.sign(recovery.REQUEST_TAG + key.encode()), **changed}

    def ask(self, **changed: Any) -> Any:
        return self.client.post(API, json=self.body(**changed))

    def asked(self) -> str:
        answer = self.ask()
        assert answer.status_code == 201, answer.text
        return str(answer.get_json()["id"])

    def check(self, request: str) -> str:
        return recovery.check_number(request, self.spki)


def agency_key() -> str:
    return b64url.encode(boxes.public_bytes(server_keys().recovery.public_key()))


def release(admin: Client, request: str, check: str) -> Any:
    return admin.post(f"{API}/{request}/release", json={"check": check, "reason": "本人到场"})


@pytest.fixture
def forgetful(ctx: Flask) -> Forgetful:
    return Forgetful()


@pytest.fixture
def admin(ctx: Flask) -> Client:
    return builders.client_as("administrator")


def test_the_vault_key_comes_back_to_the_phone_that_asked_and_to_nobody_else(
    forgetful: Forgetful, admin: Client
) -> None:
    request = forgetful.asked()
    [shown] = admin.get(API).get_json()["requests"]
    assert (shown["id"], shown["user_name"], shown["state"], shown["released"]) == (request, "试验忘", "waiting", {})
    assert forgetful.client.get(f"{API}/{request}").get_json()["state"] == "waiting"
    answered = release(admin, request, forgetful.check(request))
    assert (answered.status_code, answered.get_json()["released"]) == (200, {})
    told = forgetful.client.get(f"{API}/{request}").get_json()
    box = told["released"]
    assert boxes.unseal(forgetful.key, f"release|{request}|{forgetful.phone.dev}", box) == VAULT_KEY
    with pytest.raises(BoxBroken):
        boxes.unseal(server_keys().recovery, f"release|{request}|{forgetful.phone.dev}", box)
    assert admin.get(API).get_json()["requests"][0]["released"] == {}
    assert forgetful.client.post(f"{API}/{request}/done").status_code == 204
    assert forgetful.client.post(f"{API}/{request}/done").status_code == 204
    row = session().get_one(RecoveryRequest, request)
    assert (row.state, row.sealed, row.released) == ("done", {}, {})


def test_every_step_is_a_fact_with_its_reason_and_without_any_key(forgetful: Forgetful, admin: Client) -> None:
    request = forgetful.asked()
    release(admin, request, "000000" if forgetful.check(request) != "000000" else "000001")
    release(admin, request, forgetful.check(request))
    forgetful.client.post(f"{API}/{request}/done")
    facts = [f for f in audit.listing(builders.AGENCY) if f.verb.startswith("accounts.recovery")]
    verbs = ["recovery_done", "recovery_released", "recovery_check_wrong", "recovery_asked"]
    assert [fact.verb for fact in facts] == [f"accounts.{verb}" for verb in verbs]
    assert facts[1].facts["reason"] == "本人到场"
    assert {fact.object_id for fact in facts} == {forgetful.phone.dev}
    assert b64url.encode(VAULT_KEY) not in json.dumps([dict(fact.facts) for fact in facts])


def test_three_wrong_check_numbers_end_the_request(forgetful: Forgetful, admin: Client) -> None:
    request = forgetful.asked()
    wrong = "111111" if forgetful.check(request) != "111111" else "222222"
    codes = [release(admin, request, wrong).get_json()["code"] for _ in range(4)]
    assert codes == ["E_RECOVERY_CHECK"] * 3 + ["E_RECOVERY_STATE"]
    assert release(admin, request, forgetful.check(request)).get_json()["code"] == "E_RECOVERY_STATE"
    assert forgetful.client.get(f"{API}/{request}").get_json()["state"] == "refused"


def test_a_refusal_gives_its_reason_and_a_second_request_replaces_the_first(
    forgetful: Forgetful, admin: Client
) -> None:
    first = forgetful.asked()
    second = forgetful.asked()
    assert release(admin, first, forgetful.check(first)).get_json()["code"] == "E_RECOVERY_STATE"
    assert admin.post(f"{API}/{second}/refuse", json={"reason": "请到办公室来"}).status_code == 200
    told = forgetful.client.get(f"{API}/{second}").get_json()
    assert (told["state"], told["reason"], told["released"]) == ("refused", "请到办公室来", {})


def test_a_session_that_lies_about_for_an_hour_is_not_enough(forgetful: Forgetful) -> None:
    with clock.freeze(clock.now()):
        forgetful.client = forgetful.signed_in()
        clock.tick(minutes=9)
        assert forgetful.ask().status_code == 201
        clock.tick(minutes=7)
        phone, token = forgetful.phone, forgetful.client.token
        assert token
        body = {"refresh": phone.refresh, "sig": phone.sign(b"suijian/refresh/v1\0" + phone.refresh.encode())}
        fresh = builders.a_client().post("/api/v1/accounts/refresh", json=body).get_json()
        forgetful.client = builders.a_client(token=fresh["access"])
        assert forgetful.ask().get_json()["code"] == "E_RECOVERY_LOGIN"


@pytest.mark.parametrize("spoil", ["signature", "another phone", "another key"])
def test_only_the_enrolled_phone_itself_can_ask(forgetful: Forgetful, spoil: str) -> None:
    other = Phone()
    key = b64url.encode(forgetful.spki)
    if spoil == "signature":
        answer = forgetful.ask(sig=other.sign(recovery.REQUEST_TAG + key.encode()))
    elif spoil == "another phone":
        answer = builders.a_client(forgetful.person).post(API, json=forgetful.body())
    else:
        other_key = b64url.encode(other.spki)
        answer = forgetful.ask(key=other_key)
    assert answer.get_json()["code"] in ("E_KEY", "E_NOT_FOUND")


def test_a_copy_that_was_sealed_for_another_phone_does_not_open(forgetful: Forgetful, admin: Client) -> None:
    foreign = boxes.seal(b64url.decode(agency_key()), "vault|another-device", VAULT_KEY)
    request = str(forgetful.ask(sealed=foreign).get_json()["id"])
    answer = release(admin, request, forgetful.check(request))
    assert (answer.status_code, answer.get_json()["code"]) == (422, "E_RECOVERY_BOX")


def test_nobody_else_sees_or_answers_it(forgetful: Forgetful) -> None:
    request = forgetful.asked()
    stranger = builders.client_as("administrator", agency="fire-jindong")
    assert stranger.get(API).get_json()["requests"] == []
    assert release(stranger, request, forgetful.check(request)).status_code == 404
    mate = Forgetful()
    assert mate.client.get(f"{API}/{request}").status_code == 404
    assert mate.client.post(f"{API}/{request}/done").status_code == 404
    again = builders.a_client(forgetful.person)
    assert again.get(f"{API}/{request}").status_code == 404, "the same person at a desk is not the phone"


def test_a_request_is_over_after_a_day(forgetful: Forgetful, admin: Client) -> None:
    request = forgetful.asked()
    with clock.freeze(clock.now() + timedelta(days=1, minutes=1)):
        late = builders.client_as("administrator")
        assert release(late, request, forgetful.check(request)).get_json()["code"] == "E_RECOVERY_STATE"
        assert late.get(API).get_json()["requests"] == []


def test_the_box_of_the_vector_opens_here_as_it_does_on_the_phone() -> None:
    key = serialization.load_der_private_key(b64url.decode(VECTOR["pkcs8"]), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert b64url.encode(boxes.public_bytes(key.public_key())) == VECTOR["spki"]
    assert boxes.unseal(key, VECTOR["context"], VECTOR["box"]).hex() == VECTOR["plain_hex"]
    assert recovery.check_number(VECTOR["request"], b64url.decode(VECTOR["spki"])) == VECTOR["check"]
    for spoiled in ({"iv": "A" * 16}, {"ct": "A" * 64}, {"epk": VECTOR["spki"]}):
        with pytest.raises(BoxBroken):
            boxes.unseal(key, VECTOR["context"], VECTOR["box"] | spoiled)
    with pytest.raises(BoxBroken):
        boxes.unseal(key, "vault|somebody-else", VECTOR["box"])
