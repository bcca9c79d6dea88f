"""A phone whose app is too old keeps everything, is told in words, and delivers after the update."""

from __future__ import annotations

import pytest

from tests import phone as phones

PATHS = (("GET", "changes"), ("POST", "events"), ("POST", "lacks"), ("GET", f"packs/{'0' * 64}"), ("GET", f"blobs/{'0' * 64}"))


@pytest.fixture
def phone(ctx):
    return phones.a_field_phone()


@pytest.mark.parametrize("said", ["0.0.9/0", "0.1.0", "", "/", "0.1.0/-1", "0.1.0/1/2", "x" * 60 + "/1", "0.1.0/٣"])
def test_an_old_or_unreadable_client_is_refused_everywhere_on_the_wire(phone, said):
    for method, path in PATHS:
        answer = phone.client.open(f"/api/v1/sync/{path}", method=method, json={}, headers={"X-Suijian-Client": said.encode().decode("latin-1")})
        assert (answer.status_code, answer.get_json()["code"]) == (426, "E_CLIENT_OLD"), path
        assert "数据仍保存在手机中" in answer.get_json()["detail"]


@pytest.mark.parametrize("said", [None, "0.1.0/1", "2.0.0-rc.1/999999"])
def test_a_client_of_today_and_a_tool_without_a_version_are_heard(phone, said):
    answer = phone.client.get("/api/v1/sync/changes", headers={"X-Suijian-Client": said} if said else {})
    assert answer.status_code == 200


def test_what_an_old_app_could_not_send_is_taken_whole_after_the_update(phone, ctx):
    visit = phones.a_visit(phone)
    visit.open(phone)
    ctx.config["SYNC_OLDEST_PROTOCOL"] = 2
    try:
        refused = phone.client.post("/api/v1/sync/events", json={"events": phone.wires}, headers={"X-Suijian-Client": "0.1.0/1"})
        assert refused.get_json()["facts"] == {"oldest": 2}
        assert phone.send([])["next"] == {phone.dev: 0}, "nothing of it was taken"
    finally:
        del ctx.config["SYNC_OLDEST_PROTOCOL"]
    assert {r["status"] for r in phone.send()["results"]} == {"stored"}


def test_who_is_not_signed_in_hears_that_first(client):
    answer = client.get("/api/v1/sync/changes", headers={"X-Suijian-Client": "0.0.1/0"})
    assert answer.get_json()["code"] == "E_NOT_SIGNED_IN"
