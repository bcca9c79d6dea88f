"""Identities and hashes of the record log (design: record-log 2.1, 2.2; decisions D-6, D-9).

An event is a header and a body. The header names the body by hash and the previous event of the
same device by hash; its own identity H is the hash of what is signed, never of the signature, since
a second valid ECDSA signature of one header must change nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import TypedDict

from server.kernel import b64url, canonical, merkle

PAYLOAD_TYPE = "application/vnd.suijian.event.v1+json"
GENESIS_PREV = b64url.encode(bytes(32))
"""`prev` of the first event of a chain: 32 zero bytes."""

_PAE_PREFIX = f"DSSEv1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} ".encode("ascii")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_LENGTH = 10
_LOOK_ALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


class ChainHead(TypedDict):
    """What one device put into an inspection: `n` content events with Merkle root `root` (base64url)."""

    dev: str
    n: int
    root: str


def tagged(tag: str, *parts: bytes) -> bytes:
    """SHA-256 of ``suijian/<tag>/v1`` NUL parts: no hash of one purpose can pass for another's."""
    digest = hashlib.sha256(b"suijian/" + tag.encode("ascii") + b"/v1\0")
    for part in parts:
        digest.update(part)
    return digest.digest()


def device_id(spki: bytes) -> str:
    """The 22 characters that name an enrolment, from its public key as DER SubjectPublicKeyInfo."""
    return b64url.encode(tagged("dev", spki)[:16])


def body_hash(body: bytes) -> bytes:
    """The 32 bytes a header carries as `body`."""
    return tagged("body", body)


def value_hash(value: object) -> bytes:
    """What a correction names of the value it corrects; SJ-JSON, so that both languages agree on the bytes."""
    return tagged("value", canonical.encode(value))


def live_code(insp: str, root: str) -> str:
    """Four digits that nobody can know before the log had this root: written beside the door plate, photographed,
    they show that the photo is younger than the anchor. One in ten thousand is luck."""
    digest = tagged("live", insp.encode(), b"\0", root.encode())
    return f"{int.from_bytes(digest[:8], 'big') % 10_000:04d}"


def pae(header: bytes) -> bytes:
    """The DSSE pre-authentication encoding of header bytes: the message that is signed."""
    return _PAE_PREFIX + str(len(header)).encode("ascii") + b" " + header


def event_hash(header: bytes) -> bytes:
    """H, the identity of an event: SHA-256 of its PAE (32 bytes)."""
    return hashlib.sha256(pae(header)).digest()


def text_hash(text: str) -> bytes:
    """The hash of a record text that people read and sign: plain SHA-256 of its UTF-8."""
    return hashlib.sha256(text.encode("utf-8")).digest()


def chain_root(events: Iterable[bytes]) -> bytes:
    """The RFC 6962 root whose leaves are the H of one device's content events, in their order."""
    return merkle.root([merkle.leaf_hash(event) for event in events])


def log_leaf(salt: bytes, entry: bytes) -> bytes:
    """The data the public log stores for an entry, blinded until publication; `salt` has 16 bytes."""
    if len(salt) != 16:
        raise ValueError("the salt of a log leaf has 16 bytes")
    return tagged("leaf", salt, entry)


def pin_hash(checklists: Iterable[str], items: str, rules: str) -> bytes:
    """The hash of the versions an inspection keeps: checklists (any order), item list, rule profile."""
    return tagged(
        "pin",
        canonical.encode({"checklists": sorted(checklists), "items": items, "rules": rules}),
    )


def attested_digest(insp: str, pin: str, text: str, chains: Sequence[ChainHead]) -> bytes:
    """D of decision D-6: what two inspectors attest and the seal repeats (32 bytes).

    `pin` and `text` are base64url of the pin hash and of the text hash. `chains` may come in any
    order; ValueError if one device stands in it twice or has no event, as such a list would give
    the same events two digests.
    """
    heads = sorted(
        ({"dev": c["dev"], "n": c["n"], "root": c["root"]} for c in chains),
        key=lambda c: str(c["dev"]),
    )
    if len({head["dev"] for head in heads}) != len(heads):
        raise ValueError("a device stands twice in the chains")
    if any(chain["n"] < 1 for chain in chains):
        raise ValueError("a chain without content events")
    return tagged(
        "attest", canonical.encode({"chains": heads, "insp": insp, "pin": pin, "text": text})
    )


def record_code(digest: bytes) -> str:
    """The party's record code (D-9): the first 50 bits of D as ten characters of Crockford base32."""
    if len(digest) != 32:
        raise ValueError("a digest has 32 bytes")
    bits = int.from_bytes(digest[:7], "big") >> 6
    return "".join(_CROCKFORD[bits >> shift & 31] for shift in range(45, -5, -5))


def read_record_code(text: str) -> str:
    """The code as printed, from what a person typed: case, hyphens, spaces and O I L forgiven.

    ValueError if ten characters of the alphabet do not remain.
    """
    code = text.strip().upper().translate(_LOOK_ALIKES)
    if len(code) != _CODE_LENGTH or any(char not in _CROCKFORD for char in code):
        raise ValueError("not a record code")
    return code
