"""The abuse list, second half: rows 25-31, 39 and 40 (tokens, PINs, markup, an administrator, a restore)."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from flask import Flask
from sqlalchemy import delete, func, insert, select

from server.accounts import tokens
from server.accounts.sessions import REFRESH_TAG
from server.audit import operations as audit_facts
from server.audit import restore
from server.audit.tables import LogEntry
from server.inspections import operations as inspections
from server.inspections.audit import audit
from server.inspections.tables import EventRow
from server.kernel import b64url
from server.platform import clock
from server.platform.db import db, session, transaction
from server.platform.ids import new_id
from server.platform.keys import server_keys
from tests import builders
from tests import phone as phones
from tests.handset import FieldPhone, Visit, h_of
from tests.world import Phone

ROOT = Path(__file__).parents[2]
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


def by_hand(person: Any, family: str, secret: bytes) -> str:
    """What an attacker's own library makes: HS256 with the public key as its secret. Ours refuses to."""
    head, body, _signature = forged(person, family).split(".")
    fields = json.loads(b64url.decode(head)) | {"alg": "HS256"}
    signed = f"{b64url.encode(json.dumps(fields).encode())}.{body}"
    return f"{signed}.{b64url.encode(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def forged(person: Any, family: str, *, key: Any = None, algorithm: str = "ES256", drop: str = "", **header: Any) -> str:
    now = clock.now_ms() // 1000
    claims = {
        "iss": tokens.ISSUER, "aud": tokens.AUDIENCE, "sub": person.id, "iat": now, "exp": now + 600, "jti": new_id(),
        "agency": person.agency_id, "dev": "", "ver": 1, "sid": family,
    }  # fmt: skip
    claims |= {name: header.pop(name) for name in list(header) if name in claims}
    claims.pop(drop, None)
    return jwt.encode(claims, server_keys().token if key is None else key, algorithm, headers={"typ": tokens.TYPE, **header})


def whoami(token: str) -> int:
    return builders.a_client(token=token).get(f"{API}/accounts/me").status_code


def a_session() -> tuple[Any, str]:
    person = builders.a_person()
    return person, jwt.decode(builders.a_client(person).token, options={"verify_signature": False})["sid"]


def test_25_tokens_of_every_bad_kind_are_401(ctx: Flask) -> None:
    person, family = a_session()
    public = server_keys().token.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert whoami(forged(person, family)) == 200
    assert whoami(forged(person, family, algorithm="none", key="")) == 401
    assert whoami(by_hand(person, family, public)) == 401
    assert whoami(forged(person, family, drop="exp")) == 401
    assert whoami(forged(person, family, typ="refresh")) == 401
    assert whoami(forged(person, family, aud="another")) == 401


def test_26_key_names_in_the_header_are_never_followed(ctx: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    person, family = a_session()
    touched: list[str] = []
    monkeypatch.setattr("socket.socket.connect", lambda _self, where: touched.append(str(where)))
    opened: list[str] = []
    sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" and args else None)
    lure = {"kid": "../../etc/passwd", "jku": "https://attacker.invalid/k", "x5u": "https://attacker.invalid/x"}
    token = forged(person, family, key=Phone().key, **lure)
    with monkeypatch.context() as patch:
        patch.setattr("jwt.PyJWKClient", None)
        with pytest.raises(Exception, match="登录已失效"):
            tokens.decode_access(token)
    assert touched == []
    assert [path for path in opened if "passwd" in path] == []
    monkeypatch.undo()
    assert whoami(token) == 401


def refresh(token: str, phone: Phone) -> Any:
    body = {"refresh": token, "sig": phone.sign(REFRESH_TAG + token.encode())}
    return builders.a_client().post(f"{API}/accounts/refresh", json=body)


def test_27_a_refresh_token_used_by_two_devices_ends_the_family_with_an_alarm(ctx: Flask) -> None:
    phone = builders.an_enrolled_device()
    assert refused(refresh(phone.refresh, Phone())) == (401, "E_REFRESH_REUSED")
    assert refresh(phone.refresh, phone).status_code == 401
    assert whoami(phone.access) == 401
    [alarm] = audit_facts.listing(builders.AGENCY, verb="accounts.refresh_reused")
    assert alarm.facts["dev"] == phone.dev and alarm.facts["genuine"] is False


def test_28_a_retry_after_a_lost_answer_gets_the_same_successor_and_a_late_one_ends_the_family(ctx: Flask) -> None:
    with clock.freeze(clock.now()):
        phone = builders.an_enrolled_device()
        first = refresh(phone.refresh, phone).get_json()["refresh"]
        clock.tick(seconds=10)
        assert refresh(phone.refresh, phone).get_json()["refresh"] == first
        clock.tick(seconds=25)
        assert refused(refresh(phone.refresh, phone)) == (401, "E_REFRESH_REUSED")
        assert refresh(first, phone).status_code == 401


def test_29_who_is_demoted_during_a_session_is_403_at_the_next_request(ctx: Flask) -> None:
    leader = builders.a_person("reviewer")
    session_of = builders.a_client(leader)
    assert session_of.get(f"{API}/inspections").status_code == 200
    builders.client_as("administrator").patch(f"{API}/accounts/people/{leader.id}", json={"roles": ["inspector"]})
    assert session_of.get(f"{API}/inspections").status_code == 403


def test_30_ten_wrong_pins_lock_the_vault_and_not_a_byte_of_the_unsent_evidence_changes(tmp_path: Path) -> None:
    bundle = tmp_path / "phone_pins.mjs"
    rolldown = ROOT / "pwa" / "node_modules" / ".bin" / "rolldown"
    command = [rolldown, Path(__file__).with_name("phone_pins.ts"), "--dir", tmp_path, "--entry-file-names", "[name].mjs", "--format", "esm", "--platform", "node"]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    said = json.loads(subprocess.run(["node", bundle], check=True, capture_output=True, encoding="utf-8").stdout)
    assert said["answers"] == ["wrong_pin"] * 9 + ["locked_until_online"]
    assert said["right"] == "locked_until_online", "the right PIN comes too late"
    assert said["untouched"] is True
    assert (said["kept"], said["photo"]) == ("H", 3_000_000)


XSS = '<img src=x onerror="fetch(1)"><script>alert(1)</script>'


def test_31_markup_in_names_notes_and_file_names_stays_text_on_the_wire(phone: FieldPhone, visit: Visit) -> None:
    """How the pages show it, and that the content policy has nothing to report: tests/browser/inspections/protected.spec.ts."""
    phone.event("note.add", {"text": XSS}, visit.insp)
    phone.attest(visit)
    phone.send()
    leader = builders.client_as("reviewer")
    answer = leader.get(f"{API}/inspections/{visit.insp}")
    assert XSS in answer.get_json()["visit"]["notes"][0]["text"]
    assert answer.mimetype == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    admin = builders.client_as("administrator")
    body = {"login": "xss.person", "name": "<b onmouseover=alert(1)>", "roles": ["inspector"], "password": "long enough 77"}
    made = admin.post(f"{API}/accounts/people", json=body)
    assert (made.status_code, made.get_json()["name"], made.mimetype) == (201, body["name"], "application/json")


def test_39_rows_deleted_in_sql_are_named_by_the_next_phone_and_by_the_audit(phone: FieldPhone, visit: Visit) -> None:
    phone.send()
    leaf = session().scalars(select(LogEntry).where(LogEntry.kind == "head")).one()
    phone.seen = [leaf.idx + 1, b64url.encode(leaf.root)]
    other = phones.a_field_phone()
    other.event("app.resume")
    other.send()
    with transaction():
        session().execute(delete(EventRow).where(EventRow.h == h_of(other.wires[1])))
    assert [(fault.code, fault.where) for fault in audit().faults] == [("A_EVENT_DELETED", f"{other.dev}/1")]
    with transaction():
        session().execute(delete(LogEntry).where(LogEntry.idx == leaf.idx))
    phone.event("app.resume")
    assert "F_LOG_EQUIVOCATION" in phone.send([phone.wires[-1]])["results"][0]["flags"]
    assert audit().faults[0].code == "A_LOG"


def snapshot() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, as a backup of yesterday holds it."""
    return {
        table.name: [dict(row) for row in session().execute(select(table)).mappings()]
        for table in db.metadata.sorted_tables
    }


def put_back(app: Flask, rows: dict[str, list[dict[str, Any]]]) -> None:
    """The tables as they were; what the running processes remember goes with them, as at a restart."""
    with transaction():
        for table in reversed(db.metadata.sorted_tables):
            session().execute(delete(table))
        for table in db.metadata.sorted_tables:
            if rows[table.name]:
                session().execute(insert(table), rows[table.name])
    app.extensions["suijian-state"].clear()


def test_40_after_a_restore_of_yesterday_the_epoch_rises_and_every_event_is_back_once(ctx: Flask) -> None:
    carried = phones.record_visit(phones.a_field_phone(), phones.a_field_phone(), photos=0, answers=5)
    one, two = carried.first, carried.second
    one.send(one.wires[:4])
    two.send(two.wires[:1])
    yesterday = snapshot()
    one.send()
    two.send()
    held = {h_of(wire) for phone in (one, two) for wire in phone.wires}
    put_back(ctx, yesterday)
    assert events() == 5
    with clock.freeze(clock.now() + timedelta(minutes=1)):
        assert restore.raise_epoch().epoch == 2
    for phone in (one, two, one, two):
        answer = phone.send()
        assert answer["epoch"] == 2
        assert {status for status, _code in told(answer)} <= {"stored", "known"}
    assert set(session().scalars(select(EventRow.h))) == held
    assert events() == len(held)
    assert inspections.visit(carried.visit.insp).visit == carried.visit.fold()
    assert list(audit().faults) == []
