"""The public log over HTTP, as a stranger with the log's public key reads it."""

from __future__ import annotations

import pytest
from sqlalchemy import delete

from server.audit import public_log, restore
from server.audit.tables import LogEntry
from server.kernel import b64url, chain, checkpoint, merkle
from server.platform import signatures
from server.platform.db import session, transaction
from tests import phone as phones

LOG = "/api/v1/log"


def head_of(client) -> checkpoint.Checkpoint:
    answer = client.get(f"{LOG}/checkpoint")
    assert answer.content_type == "text/plain; charset=utf-8"
    key = checkpoint.read_vkey(client.get(f"{LOG}/keys").get_json()["vkey"])
    return checkpoint.parse_checkpoint(checkpoint.open_note(answer.text, [key], signatures.ed25519_holds)[0])


def test_a_stranger_follows_the_log_from_one_checkpoint_to_the_next(ctx, client):
    phones.a_field_phone().send()
    first = head_of(client)
    for _ in range(3):
        phones.a_field_phone().send()
    second = head_of(client)
    told = client.get(f"{LOG}/consistency", query_string={"from": first.size, "to": second.size}).get_json()
    proof = [b64url.decode(value) for value in told["proof"]]
    assert merkle.verify_consistency(first.size, second.size, first.root, second.root, proof)
    assert (told["epoch"], told["branches"]) == (1, [])


def test_blinded_leaves_show_a_hash_and_public_ones_can_be_made_again(ctx, client):
    phones.a_field_phone().send()
    public_log.append({"v": 1, "k": "draw.intent", "draw": "D1"}, public=True)
    told = client.get(f"{LOG}/leaves", query_string={"from": 0}).get_json()
    blinded, public = told["leaves"][-2:]
    assert set(blinded) == {"index", "leaf", "public"}
    data = chain.log_leaf(b64url.decode(public["salt"]), public["entry"].encode())
    assert b64url.encode(merkle.leaf_hash(data)) == public["leaf"]
    leaves = [b64url.decode(one["leaf"]) for one in told["leaves"]]
    assert merkle.root(leaves) == head_of(client).root
    where = client.get(f"{LOG}/inclusion", query_string={"index": public["index"], "size": told["size"]}).get_json()
    path = [b64url.decode(value) for value in where["proof"]]
    assert merkle.verify_inclusion(
        b64url.decode(public["leaf"]), public["index"], told["size"], path, b64url.decode(where["root"])
    )


@pytest.mark.parametrize(("query", "status"), [
    ({"from": 0, "to": 99}, 404), ({"from": 2, "to": 1}, 404), ({"from": -1, "to": 1}, 422), ({"from": 0}, 422),
    ({"from": "x", "to": 1}, 422), ({"from": 0, "to": 10**30}, 422),
])
def test_odd_sizes_are_refused(ctx, client, query, status):
    phones.a_field_phone().send()
    assert client.get(f"{LOG}/consistency", query_string=query).status_code == status


def test_attack_21_a_deleted_leaf_leaves_the_server_without_a_proof(ctx, client):
    """21: an administrator deletes a log row; the server cannot prove that the log only grew."""
    for _ in range(6):
        phones.a_field_phone().send()
    before = head_of(client)
    with transaction():
        session().execute(delete(LogEntry).where(LogEntry.idx == 3))
    phones.a_field_phone().send()
    answer = client.get(f"{LOG}/consistency", query_string={"from": before.size - 2, "to": before.size + 1})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "E_LOG_BROKEN")
    assert "第 3 条" in answer.get_json()["detail"]


def test_a_restore_is_written_into_the_log_for_everybody(ctx, client):
    phones.a_field_phone().send()
    before = head_of(client)
    branch = restore.raise_epoch()
    assert (branch.epoch, branch.size, branch.root) == (2, before.size, before.root)
    told = client.get(f"{LOG}/consistency", query_string={"from": before.size, "to": before.size + 1}).get_json()
    assert told["epoch"] == 2
    assert [(one["epoch"], one["size"]) for one in told["branches"]] == [(2, before.size)]
    last = client.get(f"{LOG}/leaves").get_json()["leaves"][-1]
    assert last["public"] and '"k":"epoch"' in last["entry"]
    assert b64url.encode(before.root) in last["entry"]
