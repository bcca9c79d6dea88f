"""Cosignatures of witnesses, as C2SP tlog-cosignature writes them down."""

from __future__ import annotations

import base64

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from server.kernel import checkpoint, cosignature

TEXT = checkpoint.format_checkpoint(checkpoint.Checkpoint("suijian.log", 7, bytes(range(32))))
LOG = Ed25519PrivateKey.from_private_bytes(bytes(32))
WITNESS = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)


def raw(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


KEY = cosignature.WitnessKey("witness.test", raw(WITNESS))
NOTE = checkpoint.sign_note(TEXT, checkpoint.NoteKey("suijian.log", raw(LOG)), LOG.sign)


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def test_a_cosigned_note_says_when():
    line = cosignature.line(TEXT, KEY, 1_795_000_000, WITNESS.sign)
    assert cosignature.check(NOTE + line, KEY, verify) == 1_795_000_000
    # The log's own signature still holds beside it.
    assert checkpoint.open_note(NOTE + line, [checkpoint.NoteKey("suijian.log", raw(LOG))], verify)[0] == TEXT


def test_the_bytes_are_those_of_the_specification():
    """keyed by 0x04, 8 bytes of big-endian seconds before the 64 of the signature, over header and text."""
    value = base64.b64decode(cosignature.line(TEXT, KEY, 5, WITNESS.sign).split(" ")[2])
    assert (value[:4], value[4:12], len(value)) == (KEY.key_id, bytes(7) + b"\x05", 76)
    Ed25519PublicKey.from_public_bytes(raw(WITNESS)).verify(value[12:], b"cosignature/v1\ntime 5\n" + TEXT.encode())


@pytest.mark.parametrize("spoil", [
    lambda note: note.replace("\n7\n", "\n8\n"),
    lambda note: note,
    lambda note: NOTE + cosignature.line(TEXT, cosignature.WitnessKey("witness.test", raw(LOG)), 5, LOG.sign),
    lambda note: NOTE + checkpoint.sign_note(TEXT, checkpoint.NoteKey(KEY.name, KEY.public), WITNESS.sign).split("\n\n")[1],
])
def test_another_text_another_key_or_another_kind_of_signature_is_refused(spoil):
    with pytest.raises(checkpoint.BadNote):
        good = NOTE + cosignature.line(TEXT, KEY, 5, WITNESS.sign)
        changed = spoil(good)
        cosignature.check(changed if changed != good else NOTE, KEY, verify)


def test_a_vkey_reads_back_and_a_log_key_is_no_witness():
    assert cosignature.read_vkey(KEY.vkey) == KEY
    for wrong in (checkpoint.NoteKey("witness.test", KEY.public).vkey, KEY.vkey[:-4], "", "a+b+c", KEY.vkey.replace("witness", "other")):
        with pytest.raises(checkpoint.BadNote):
            cosignature.read_vkey(wrong)
