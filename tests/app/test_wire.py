"""What every request passes: bodies within bounds, headers, problems, pages, limits."""

from __future__ import annotations

import gzip
import json
import logging
import zlib
from dataclasses import replace

import pytest
from flask import Flask

from server.app import problems, static
from server.app.wire import CSP_API, CSP_DESK, CSP_FIELD
from server.kernel.errors import DomainError
from server.platform import db, limits
from server.platform.access import PUBLIC, SIGNED_IN, Undeclared, access
from server.platform.settings import MIB
from tests import builders
from tests.builders import a_person, client_as
from tests.world import PASSWORD, Phone, make_app

pytestmark = pytest.mark.one_database

LOGIN = "/api/v1/accounts/login"


def a_login() -> bytes:
    person = a_person()
    return json.dumps({"login": person.login, "password": PASSWORD, "spki": Phone().spki_text}).encode()


def post_packed(client, body: bytes, encoding: str = "gzip"):
    return client.post(
        LOGIN, data=body, content_type="application/json", headers={"Content-Encoding": encoding}
    )


def test_a_gzip_body_is_unpacked(client):
    assert post_packed(client, gzip.compress(a_login())).status_code == 200


def test_a_gzip_bomb_is_refused_without_being_unpacked(client):
    bomb = gzip.compress(b" " * (64 * MIB))
    assert len(bomb) < 100_000
    answer = post_packed(client, bomb)
    assert (answer.status_code, answer.json["code"]) == (413, "E_TOO_LARGE")


@pytest.mark.parametrize("spoil", [lambda b: b[:-4], lambda b: b + b"more", lambda b: b"plain", lambda b: b[:10] + b"\xff" * 9])
def test_a_broken_gzip_body_is_400(client, spoil):
    assert post_packed(client, spoil(gzip.compress(a_login()))).status_code == 400


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip"])
def test_other_encodings_are_415(client, encoding):
    assert post_packed(client, zlib.compress(b"{}"), encoding).status_code == 415


def test_a_large_body_is_413(client):
    answer = client.post(LOGIN, data=b" " * (2 * MIB + 1), content_type="application/json")
    assert (answer.status_code, answer.content_type) == (413, "application/problem+json")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "E_NOT_FOUND"), ("GET", "/api", 404, "E_NOT_FOUND"),
        ("DELETE", "/api/v1/health", 405, "E_METHOD"), ("GET", "/api/v1/accounts/me", 401, "E_NOT_SIGNED_IN"),
        ("POST", LOGIN, 422, "E_INVALID"), ("GET", "/missing.js", 404, "E_NOT_FOUND"),
    ],
)
def test_every_refusal_is_a_problem_in_chinese(client, method, path, status, code):
    answer = client.open(path, method=method, json={} if method == "POST" else None)
    assert (answer.status_code, answer.json["status"], answer.json["code"]) == (status, status, code)
    assert answer.content_type == "application/problem+json"
    assert any("\u4e00" <= char <= "\u9fff" for char in answer.json["detail"])


@pytest.mark.parametrize("body", [b"{", b"", b"[]", b"null", b'"x"', b"\xff", b'{"login":NaN}'])
def test_a_body_that_is_no_object_is_refused(client, body):
    answer = client.post(LOGIN, data=body, content_type="application/json")
    assert answer.status_code in (400, 422)
    assert answer.content_type == "application/problem+json"


def test_an_unforeseen_failure_tells_only_an_incident_id(app, client, monkeypatch):
    def explode() -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setitem(app.view_functions, "app.health", access(PUBLIC)(explode))
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    answer = client.get("/api/v1/health")
    assert (answer.status_code, answer.json["code"]) == (500, "E_INTERNAL")
    assert "secret" not in answer.text
    assert len(answer.json["incident"]) == 16


def test_answers_carry_the_security_headers(client):
    headers = client.get("/api/v1/health").headers
    assert headers["Content-Security-Policy"] == CSP_API
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "Strict-Transport-Security" not in headers
    secure = client.get("/api/v1/health", base_url="https://localhost").headers
    assert secure["Strict-Transport-Security"] == "max-age=31536000"


def all_refusals(kind: type[DomainError] = DomainError) -> set[type[DomainError]]:
    found = set(kind.__subclasses__())
    return found.union(*(all_refusals(child) for child in found))


def test_every_refusal_of_the_business_has_its_status(app):
    ours = {kind for kind in all_refusals() if kind.__module__.startswith("server.")}
    missing = sorted(
        f"{kind.__module__}.{kind.__name__}" for kind in ours
        if not any(parent in problems.PROBLEMS for parent in kind.__mro__)
    )
    assert missing == []


def test_no_two_refusals_share_a_machine_code_with_different_statuses(app):
    statuses: dict[str, set[int]] = {}
    for kind, (status, _title) in problems.PROBLEMS.items():
        statuses.setdefault(kind.code, set()).add(status)
    assert {code: found for code, found in statuses.items() if len(found) > 1} == {}


@pytest.fixture
def built(app, tmp_path):
    """The application with a small built web application."""
    pwa = tmp_path / "dist"
    (pwa / "assets").mkdir(parents=True)
    for name, text in {
        "index.html": "<title>field", "desk.html": "<title>desk", "sw.js": "self", "assets/a-1234.js": "let a" * 99,
        "manifest.webmanifest": "{}", "secret.txt": "x",
    }.items():
        (pwa / name).write_text(text)
    (tmp_path / "outside.txt").write_text("outside")
    other = Flask("server", static_folder=None)
    other.extensions.update(app.extensions)
    static.configure(other, replace(app.extensions["suijian-settings"], pwa=pwa))
    return other.test_client()


def test_hashed_assets_stay_for_ever_and_pages_are_asked_for(built):
    assert built.get("/assets/a-1234.js").headers["Cache-Control"] == "public, max-age=31536000, immutable"
    for path in ("/", "/desk.html", "/sw.js"):
        assert built.get(path).headers["Cache-Control"] == "no-cache"


def test_each_page_has_its_own_policy(built):
    assert built.get("/").headers["Content-Security-Policy"] == CSP_FIELD
    assert built.get("/desk.html").headers["Content-Security-Policy"] == CSP_DESK
    assert "wasm-unsafe-eval" not in CSP_DESK
    assert "unsafe-inline" not in CSP_FIELD + CSP_DESK


def test_a_screen_of_the_application_is_its_page(built):
    assert "field" in built.get("/visits/1").text
    assert "desk" in built.get("/desk/review").text
    assert built.get("/visits/1.png").status_code == 404


def test_assets_are_packed_for_who_can_unpack(built):
    packed = built.get("/assets/a-1234.js", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == b"let a" * 99
    assert built.get("/assets/a-1234.js").data == b"let a" * 99


@pytest.mark.parametrize("path", ["/../outside.txt", "/%2e%2e/outside.txt", "/assets/../../outside.txt"])
def test_nothing_outside_the_folder_is_served(built, path):
    assert "outside" not in built.get(path).text


def test_without_a_build_the_page_says_so(app, tmp_path):
    other = Flask("server", static_folder=None)
    static.configure(other, replace(app.extensions["suijian-settings"], pwa=tmp_path))
    answer = other.test_client().get("/")
    assert answer.status_code == 503
    assert "manage.py" in answer.text


def test_the_application_refuses_to_start_with_an_undeclared_route(app, monkeypatch):
    from server.app import access as enforcement

    monkeypatch.setitem(app.view_functions, "app.health", lambda: "")
    with pytest.raises(Undeclared, match="/api/v1/health"):
        enforcement.require_declarations(app)
    monkeypatch.setitem(app.view_functions, "app.health", access("emperor")(lambda: ""))
    with pytest.raises(Undeclared, match="unknown role"):
        enforcement.require_declarations(app)


def test_a_declaration_is_roles_or_one_special_word():
    for wrong in ((), (PUBLIC, "inspector"), (PUBLIC, SIGNED_IN)):
        with pytest.raises(Undeclared):
            access(*wrong)


def test_metrics_are_for_this_machine_or_for_the_token(app, client, monkeypatch):
    assert "suijian_requests_total" in client.get("/api/v1/metrics").text
    assert client.get("/api/v1/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 401
    assert client.get("/api/v1/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 401
    guarded = replace(app.extensions["suijian-settings"], metrics_token="operators only")
    monkeypatch.setitem(app.extensions, "suijian-settings", guarded)
    assert client.get("/api/v1/metrics").status_code == 401
    right = {"Authorization": "Bearer operators only"}
    assert client.get("/api/v1/metrics", headers=right).status_code == 200


def test_metrics_name_routes_and_never_ids(client):
    person = a_person()
    client_as("administrator").patch(f"/api/v1/accounts/people/{person.id}", json={"name": "x"})
    text = client.get("/api/v1/metrics").text
    assert "/api/v1/accounts/people/<string:person_id>" in text
    assert person.id not in text


def test_the_log_line_of_a_request_holds_no_personal_data(app, capsys):
    from server.platform import logs

    person = a_person(name="试验甲")
    logs.configure()
    try:
        body = {"login": person.login, "password": "wrong password", "spki": Phone().spki_text}
        builders.client_as().post(f"{LOGIN}?q={person.login}", json=body)
    finally:
        logs.configure(quiet=True)
    [line] = [json.loads(line) for line in capsys.readouterr().err.splitlines() if '"request"' in line]
    assert (line["route"], line["status"], line["method"]) == (LOGIN, 401, "POST")
    assert person.login not in json.dumps(line)
    assert "127.0.0.1" not in json.dumps(line)
    assert logging.getLogger().level >= logging.WARNING


@pytest.fixture(params=["sqlite", "postgres"])
def limited(request, fresh_database, tmp_path):
    """An application that counts, on either database."""
    chosen = request.config.getoption("--database")
    if chosen not in ("both", request.param):
        pytest.skip(f"--database {chosen}")
    app = make_app(tmp_path, fresh_database(request.param), limits=True)
    builders.use(app)
    yield app
    builders.use(None)
    # There is one limiter for all applications of this process: left on, it would count in other tests.
    limits.limiter.enabled = False
    with app.app_context():
        db.db.engine.dispose()


def test_five_wrong_passwords_a_minute_and_then_a_pause(limited):
    person, other = a_person(), a_person()
    client = builders.client_as()

    def attempt(login: str, password: str):
        body = {"login": login, "password": password, "spki": Phone().spki_text}
        return client.post(LOGIN, json=body).status_code

    assert [attempt(person.login, PASSWORD) for _ in range(7)] == [200] * 7, "working locks nobody out"
    assert [attempt(person.login, "wrong") for _ in range(6)] == [401] * 5 + [429]
    assert attempt(person.login, PASSWORD) == 429
    assert attempt(other.login, PASSWORD) == 200


def test_twenty_wrong_attempts_from_one_address_end_there(limited):
    client = builders.client_as()
    body = {"password": "x", "spki": Phone().spki_text}
    found = [client.post(LOGIN, json=body | {"login": f"guess{n}"}).status_code for n in range(21)]
    assert found == [401] * 20 + [429]


def test_a_refused_attempt_is_a_problem(limited):
    client = builders.client_as()
    for _ in range(5):
        client.post("/api/v1/accounts/login", json={"login": "guess", "password": "x", "spki": Phone().spki_text})
    answer = client.post(LOGIN, json={"login": "guess", "password": "x", "spki": Phone().spki_text})
    assert (answer.status_code, answer.json["code"]) == (429, "E_TOO_MANY")
    assert int(answer.headers["Retry-After"]) > 0


def test_the_api_document_names_every_route_of_the_api(client, app):
    document = client.get("/api/v1/openapi.json").json
    assert document["openapi"] == "3.1.0"
    described = set(document["paths"])
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/accounts"):
            assert rule.rule.replace("<string:", "{").replace(">", "}") in described


