"""Witness signatures on checkpoints: C2SP ``tlog-cosignature`` (cosignature/v1, key type 0x04).

A witness signs that at a certain second it had seen no other log behind this key than the one whose head it
signs. The signed message names the second, so a cosignature is also a statement about time.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from server.kernel.checkpoint import BadNote, Sign, Verify, parse_note

_TYPE = b"\x04"


@dataclass(frozen=True)
class WitnessKey:
    """A witness's public key by name; ``public`` is the raw 32-byte Ed25519 key."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes that name the key in a signature line; other than those of a log key."""
        return hashlib.sha256(self.name.encode() + b"\n" + _TYPE + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as one line of text, ``name+id+base64``."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(_TYPE + self.public).decode()}"


def read_vkey(text: str) -> WitnessKey:
    """The key of a verifier line; BadNote if it is no witness's or its id does not belong to it."""
    name, _, rest = text.partition("+")
    hex_id, _, encoded = rest.partition("+")
    try:
        data = base64.b64decode(encoded, validate=True)
    except ValueError as broken:
        raise BadNote("not base64") from broken
    if len(data) != 33 or data[:1] != _TYPE or not name or any(char.isspace() for char in name):
        raise BadNote("not a witness's key")
    key = WitnessKey(name, data[1:])
    if key.vkey != text:
        raise BadNote("the key id does not belong to the key")
    return key


def message(text: str, seconds: int) -> bytes:
    """What a witness signs: its header with the second (since 1970), then the checkpoint's text."""
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def line(text: str, key: WitnessKey, seconds: int, sign: Sign) -> str:
    """The signature line for a checkpoint's ``text``."""
    value = key.key_id + seconds.to_bytes(8, "big") + sign(message(text, seconds))
    return f"— {key.name} {base64.b64encode(value).decode()}\n"


def check(note: str, key: WitnessKey, verify: Verify) -> int:
    """The second at which ``key`` cosigned the note; BadNote when it has not, or not this text."""
    parsed = parse_note(note)
    for found in parsed.signatures:
        if (found.name, found.key_id) != (key.name, key.key_id):
            continue
        seconds = int.from_bytes(found.value[:8], "big")
        if len(found.value) != 72 or not verify(key.public, message(parsed.text, seconds), found.value[8:]):
            raise BadNote(f"the cosignature of {key.name} does not hold")
        return seconds
    raise BadNote(f"{key.name} has not cosigned this note")
