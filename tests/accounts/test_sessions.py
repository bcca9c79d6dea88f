"""Signing in, refreshing, and what ends a session."""

from __future__ import annotations

from datetime import UTC, datetime

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from server.accounts import tokens
from server.kernel import b64url
from server.platform import clock
from server.platform.ids import new_id
from server.platform.keys import server_keys
from tests.builders import a_client, a_person, an_enrolled_device, client_as, client_of
from tests.world import PASSWORD, Client, Phone

NOON = datetime(2026, 11, 21, 4, tzinfo=UTC)
REFRESH_TAG = b"suijian/refresh/v1\0"


def sign_in(client: Client, login: str, password: str = PASSWORD, phone: Phone | None = None):
    phone = phone or Phone()
    return client.post(
        "/api/v1/accounts/login", json={"login": login, "password": password, "spki": phone.spki_text}
    )


def refresh(client: Client, phone: Phone, token: str):
    return client.post(
        "/api/v1/accounts/refresh", json={"refresh": token, "sig": phone.sign(REFRESH_TAG + token.encode())}
    )


def me(token: str):
    return a_client(token=token).get("/api/v1/accounts/me")


def test_a_person_signs_in_and_learns_who_they_are(client):
    person = a_person("inspector", name="试验甲")
    answer = sign_in(client, person.login.upper() + " ")
    assert answer.status_code == 200
    assert answer.json["user"]["name"] == "试验甲"
    assert answer.json["user"]["roles"] == ["inspector"]
    assert answer.json["expires_in"] == 600
    assert me(answer.json["access"]).json["user"]["id"] == person.id


def test_wrong_password_and_unknown_account_answer_the_same(client):
    person = a_person()
    wrong = sign_in(client, person.login, "not the password")
    unknown = sign_in(client, "nobody.here")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json == unknown.json
    assert wrong.json["code"] == "E_LOGIN"


def test_a_closed_account_cannot_sign_in_and_its_sessions_end_at_once(client):
    person = a_person()
    admin = client_as("administrator")
    access = sign_in(client, person.login).json["access"]
    assert me(access).status_code == 200
    closed = admin.patch(f"/api/v1/accounts/people/{person.id}", json={"active": False})
    assert closed.status_code == 200
    assert me(access).status_code == 401
    assert sign_in(client, person.login).status_code == 401


def test_login_needs_a_p256_key(client):
    person = a_person()
    answer = client.post(
        "/api/v1/accounts/login",
        json={"login": person.login, "password": PASSWORD, "spki": b64url.encode(bytes(91)).ljust(122, "A")},
    )
    assert (answer.status_code, answer.json["code"]) == (422, "E_KEY")


def test_refresh_rotates_and_the_new_access_token_works(client):
    phone = an_enrolled_device()
    answer = refresh(client, phone, phone.refresh)
    assert answer.status_code == 200
    assert answer.json["refresh"] != phone.refresh
    assert answer.json["dev"] == phone.dev
    assert me(answer.json["access"]).json["dev"] == phone.dev


def test_a_lost_answer_is_asked_again_and_gets_the_same_successor(client):
    phone = an_enrolled_device()
    with clock.freeze(NOON):
        phone = an_enrolled_device()
        first = refresh(client, phone, phone.refresh)
        clock.tick(seconds=10)
        again = refresh(client, phone, phone.refresh)
        assert again.status_code == 200
        assert again.json["refresh"] == first.json["refresh"]
        assert refresh(client, phone, first.json["refresh"]).status_code == 200


def test_a_retry_after_thirty_seconds_ends_the_family(client):
    with clock.freeze(NOON):
        phone = an_enrolled_device()
        successor = refresh(client, phone, phone.refresh).json
        clock.tick(seconds=31)
        late = refresh(client, phone, phone.refresh)
        assert (late.status_code, late.json["code"]) == (401, "E_REFRESH_REUSED")
        assert refresh(client, phone, successor["refresh"]).status_code == 401
        assert me(successor["access"]).status_code == 401


def test_the_grace_never_reaches_two_generations_back(client):
    with clock.freeze(NOON):
        phone = an_enrolled_device()
        second = refresh(client, phone, phone.refresh).json["refresh"]
        third = refresh(client, phone, second).json["refresh"]
        assert refresh(client, phone, phone.refresh).json["code"] == "E_REFRESH_REUSED"
        assert refresh(client, phone, third).status_code == 401


def test_a_stolen_refresh_token_without_the_key_ends_the_family(client):
    phone = an_enrolled_device()
    stolen = refresh(client, Phone(), phone.refresh)
    assert (stolen.status_code, stolen.json["code"]) == (401, "E_REFRESH_REUSED")
    assert refresh(client, phone, phone.refresh).status_code == 401


def test_an_invented_refresh_token_touches_nothing(client):
    phone = an_enrolled_device()
    kind, family, counter, mac = phone.refresh.split(".")
    for invented in (
        f"{kind}.{family}.{int(counter) + 1}.{mac}", f"{kind}.{family}.{counter}.{'A' * 43}",
        "r1.x.1.y", "r1...", f"{kind}.{family}.٣.{mac}", "é",
    ):
        assert refresh(client, phone, invented).json["code"] == "E_SESSION"
    assert refresh(client, phone, phone.refresh).status_code == 200


def test_an_access_token_lives_ten_minutes(client):
    with clock.freeze(NOON):
        phone = an_enrolled_device()
        clock.tick(minutes=9, seconds=59)
        assert me(phone.access).status_code == 200
        clock.tick(seconds=1)
        assert me(phone.access).json["code"] == "E_SESSION"


def test_logout_ends_access_and_refresh(client):
    phone = an_enrolled_device()
    assert client_of(phone).post("/api/v1/accounts/logout").status_code == 204
    assert me(phone.access).status_code == 401
    assert refresh(client, phone, phone.refresh).status_code == 401


def test_a_demoted_person_is_refused_at_the_next_request(client):
    admin = client_as("administrator")
    other = a_person("administrator")
    demoted = a_client(other)
    assert demoted.get("/api/v1/accounts/people").status_code == 200
    admin.patch(f"/api/v1/accounts/people/{other.id}", json={"roles": ["inspector"]})
    assert demoted.get("/api/v1/accounts/people").status_code == 403


def test_a_changed_person_who_keeps_the_role_only_needs_a_fresh_token(client):
    phone = an_enrolled_device(a_person("inspector"))
    client_as("administrator").patch(
        f"/api/v1/accounts/people/{phone.person.id}", json={"roles": ["inspector", "reviewer"]}
    )
    stale = me(phone.access)
    assert (stale.status_code, stale.json["code"]) == (401, "E_TOKEN_STALE")
    fresh = refresh(client, phone, phone.refresh).json
    assert me(fresh["access"]).json["user"]["roles"] == ["inspector", "reviewer"]


def test_a_new_password_ends_every_session(client):
    person = a_person()
    caller = a_client(person)
    body = {"old": PASSWORD, "new": "another password 9"}
    assert caller.post("/api/v1/accounts/password", json=body | {"old": "wrong"}).status_code == 401
    assert caller.post("/api/v1/accounts/password", json=body).status_code == 204
    assert caller.get("/api/v1/accounts/me").status_code == 401
    assert sign_in(client, person.login).status_code == 401
    assert sign_in(client, person.login, "another password 9").status_code == 200


def claims_of(person) -> dict[str, object]:
    now = clock.now_ms() // 1000
    return {
        "iss": tokens.ISSUER, "aud": tokens.AUDIENCE, "sub": person.id, "iat": now, "exp": now + 600,
        "jti": new_id(), "agency": person.agency_id, "dev": "", "ver": 1,
    }


@pytest.fixture
def forge(ctx):
    """Makes a token that is right in everything but what the test changes."""
    person = a_person()
    family = jwt.decode(a_client(person).token, options={"verify_signature": False})["sid"]

    def make(*, drop: str = "", typ: str = "at+jwt", key=None, algorithm: str = "ES256", headers=None, **changed):
        payload = {**claims_of(person), "sid": family, **changed}
        payload.pop(drop, None)
        key = server_keys().token if key is None else key
        return jwt.encode(payload, key, algorithm, headers={"typ": typ, **(headers or {})})

    return make


def test_the_forge_makes_good_tokens_unless_told_otherwise(forge):
    assert me(forge()).status_code == 200


@pytest.mark.parametrize("claim", tokens.CLAIMS)
def test_a_token_without_a_required_claim_is_refused(forge, claim):
    assert me(forge(drop=claim)).status_code == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"typ": "JWT"}, {"typ": "refresh"}, {"aud": "other"}, {"iss": "other"}, {"sub": "nobody"},
        {"ver": "1"}, {"ver": True}, {"iat": 4_102_444_800}, {"exp": 1}, {"exp": "x"},
        {"sid": ""}, {"algorithm": "none", "key": ""},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_is_refused(forge, wrong):
    assert me(forge(**wrong)).status_code == 401


def test_the_public_key_is_no_hmac_secret(forge):
    pem = server_keys().token.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    with pytest.raises(jwt.InvalidKeyError):
        forge(algorithm="HS256", key=pem)
    # An attacker's own library does not refuse to make it; the server must refuse to take it.
    assert me(forge(algorithm="HS256", key=pem[28:-26])).status_code == 401


def test_key_headers_of_the_token_are_never_followed(forge):
    headers = {"kid": "../../etc/passwd", "jku": "https://attacker.invalid/k", "x5u": "https://attacker.invalid/x"}
    other = Phone().key
    assert me(forge(headers=headers, key=other)).status_code == 401
    assert me(forge(headers=headers)).status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic eDp5", "Bearer a.b.c", "Bearer é"])
def test_a_malformed_authorization_header_is_401(client, header):
    answer = client.get("/api/v1/accounts/me", headers={"Authorization": header.encode().decode("latin-1")})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_families_expire(client):
    with clock.freeze(NOON):
        phone = an_enrolled_device()
        clock.tick(days=61)
        assert refresh(client, phone, phone.refresh).json["code"] == "E_SESSION"
