"""Receipts: read as the public formats say, and refused for any other key, log, leaf or spelling."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from server.kernel import checkpoint, merkle
from server.kernel.checkpoint import BadNote, BadProof, Checkpoint, NoteKey, Proof

V: Any = json.loads((Path(__file__).parents[1] / "vectors" / "receipt.json").read_text("utf-8"))
LEAF = bytes.fromhex(V["leaf_hex"])


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def pair(name: str, seed: bytes) -> tuple[NoteKey, checkpoint.Sign]:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    return NoteKey(name, private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)), private.sign


KEY, SIGN = pair(V["origin"], bytes.fromhex(V["seed_hex"]))
WITNESS, WITNESS_SIGN = pair("witness.example.cn", bytes(32))


def test_the_vector_is_written_and_read_byte_for_byte() -> None:
    head = Checkpoint(V["origin"], V["size"], bytes.fromhex(V["root_hex"]))
    assert checkpoint.format_checkpoint(head) == V["checkpoint_body"]
    assert KEY.vkey == V["vkey"]
    assert checkpoint.read_vkey(V["vkey"]) == KEY
    assert checkpoint.sign_note(V["checkpoint_body"], KEY, SIGN) == V["note"]
    proof = checkpoint.parse_proof(V["proof"])
    assert checkpoint.format_proof(proof) == V["proof"]
    assert proof.extra == bytes.fromhex(V["salt_hex"])
    assert checkpoint.check_proof(V["proof"], LEAF, V["origin"], [KEY], verify) == (proof, head)


def check(text: str, leaf: bytes = LEAF, origin: str = V["origin"], keys: list[NoteKey] | None = None) -> None:
    checkpoint.check_proof(text, leaf, origin, [KEY] if keys is None else keys, verify)


def test_another_leaf_another_log_and_another_key_are_refused() -> None:
    with pytest.raises(BadProof):
        check(V["proof"], leaf=b"another event")
    with pytest.raises(BadNote, match="another log"):
        check(V["proof"], origin="other.example.cn/log")
    with pytest.raises(BadNote, match="no known key"):
        check(V["proof"], keys=[WITNESS])
    with pytest.raises(BadNote, match="no known key"):
        check(V["proof"], keys=[])
    with pytest.raises(BadNote, match="no known key"):
        check(V["proof"], keys=[NoteKey(KEY.name, WITNESS.public)])


def test_a_changed_character_anywhere_is_refused() -> None:
    extra_line = V["proof"].index("extra"), V["proof"].index("index")
    for at in range(len(V["proof"])):
        if extra_line[0] <= at < extra_line[1]:
            continue  # opaque by the format; the salt is checked by rebuilding the leaf from it
        for other in ("x", "\n", ""):
            text = V["proof"][:at] + other + V["proof"][at + 1 :]
            if text != V["proof"]:
                with pytest.raises((BadProof, BadNote)):
                    check(text)


def test_witnesses_and_a_new_key_may_sign_the_same_note() -> None:
    note = checkpoint.add_signature(V["note"], WITNESS, WITNESS_SIGN)
    for keys, names in (([KEY], {KEY.name}), ([WITNESS], {WITNESS.name}), ([KEY, WITNESS], {KEY.name, WITNESS.name})):
        assert checkpoint.open_note(note, keys, verify) == (V["checkpoint_body"], names)


def test_a_false_line_under_a_known_key_spoils_the_note() -> None:
    forged = checkpoint.add_signature(V["note"], WITNESS, lambda message: bytes(64))
    assert checkpoint.open_note(forged, [KEY], verify)[1] == {KEY.name}
    with pytest.raises(BadNote, match="does not hold"):
        checkpoint.open_note(forged, [KEY, WITNESS], verify)


@pytest.mark.parametrize(
    "body",
    ["", "a\n", "a\n1\n", "a\n1\nAAAA\n", "\n1\n{r}\n", "a\n01\n{r}\n", "a\n-1\n{r}\n", "a\n１\n{r}\n",
     "a\n1\n{r}", "a\n1\n{r}\n\n", "a\n1\n{r}\n\nx\n", "a\n99999999999999999\n{r}\n", "a\t\n1\n{r}\n",
     "a\n9007199254740992\n{r}\n", "a\n1\n {r}\n"],
)  # fmt: skip
def test_a_body_of_another_shape_is_no_checkpoint(body: str) -> None:
    with pytest.raises(BadNote):
        checkpoint.parse_checkpoint(body.replace("{r}", "A" * 43 + "="))


@pytest.mark.parametrize(
    "note",
    ["", "\n\n", "text\n", "text\n\n", "text\n\n— a\n", "text\n\n— a b\n", "text\n\n- a AAAAAAAA\n",
     "text\n\n— a AAAAAA==\n", "text\n\n— a AAAAAAA=", "text\n\n— a+b AAAAAAA=\n", "te\rxt\n\n— a AAAAAAA=\n",
     "\n\n— a AAAAAAA=\n"],
)  # fmt: skip
def test_a_note_of_another_shape_is_refused(note: str) -> None:
    with pytest.raises(BadNote):
        checkpoint.open_note(note, [KEY], verify)


@pytest.mark.parametrize("at", ["origin\n9\nforged", "", "a\n"])
def test_a_line_that_would_break_the_frame_is_not_signed(at: str) -> None:
    with pytest.raises(ValueError, match=r"checkpoint|base64|size"):
        checkpoint.format_checkpoint(Checkpoint(at, 1, bytes(32)))


def test_a_verifier_line_whose_id_is_not_its_own_is_refused() -> None:
    name, _, key = V["vkey"].split("+", 2)
    for bad in (f"{name}+00000000+{key}", f"{name}+{key}", "", "+", f"a b+{KEY.key_id.hex()}+{key}"):
        with pytest.raises(BadNote):
            checkpoint.read_vkey(bad)


def test_a_proof_without_hashes_or_extra_reads_back() -> None:
    root = merkle.leaf_hash(LEAF)
    note = checkpoint.sign_note(checkpoint.format_checkpoint(Checkpoint(KEY.name, 1, root)), KEY, SIGN)
    proof = Proof(0, (), note)
    assert checkpoint.parse_proof(checkpoint.format_proof(proof)) == proof
    check(checkpoint.format_proof(proof))
