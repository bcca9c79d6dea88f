"""The bytes of the draw: tagged hashes, roots, tickets (draw.md 3.3). Vectors bind every function.

A ticket is one SHA-256 block of 52 bytes. The best of w tickets orders units as weighted sampling without replacement
does, exactly and in integers, and does not depend on the other units: striking one never moves the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from server.draw.domain import FormWrong, PeopleDiffer, RootDiffers
from server.kernel import b64url, canonical, merkle

ID_BYTES = 16
TRANSCRIPT_LIMIT = 1 << 28
"""A transcript of a million rows is far above the limit of an event, which is meant for one event."""

_COUNTERS = tuple(number.to_bytes(4, "big") for number in range(256))


def tagged(tag: str, *parts: bytes) -> bytes:
    """H of draw.md 3.3: the tag and the length of every part stand before it."""
    digest = hashlib.sha256(b"suijian/" + tag.encode("ascii") + b"/v1\0")
    for part in parts:
        digest.update(len(part).to_bytes(4, "big") + part)
    return digest.digest()


def uid(salt: bytes, unit_id: str) -> bytes:
    """The blinded id of a unit or person; (salt, id) is its opening."""
    if len(salt) != ID_BYTES:
        raise ValueError("the salt of an id has 16 bytes")
    return tagged("uid", salt, unit_id.encode())[:ID_BYTES]


def commitment(draw: str, party: str, value: bytes) -> bytes:
    """What a party publishes before the dice: its value can then be no other."""
    return tagged("commit", draw.encode(), party.encode(), value)


def table_root(rows: Iterable[Mapping[str, Any]], key: str) -> bytes:
    """The RFC 6962 root of a blinded table, sorted by the text of `key` ("uid" or "pid").

    RootDiffers or PeopleDiffer for a row without canonical bytes, an id that is no 16 bytes, or an id that stands twice.
    """
    fault = PeopleDiffer if key == "pid" else RootDiffers
    try:
        for row in (known := list(rows)):
            b64url.decode(row[key], ID_BYTES)
        known.sort(key=lambda row: str(row[key]))
        leaves = [merkle.leaf_hash(canonical.encode(dict(row))) for row in known]
    except (canonical.NotCanonical, KeyError, TypeError, ValueError) as error:
        raise fault(f"名录中有不合格式的一行（{error}）") from error
    if len({row[key] for row in known}) != len(known):
        raise fault("名录中同一编号出现两次")
    return merkle.root(leaves)


def seed_of(intent: Mapping[str, Any], reveals: Iterable[tuple[str, bytes]]) -> bytes:
    """The seed: the published intent and every party's value, sorted by party."""
    try:
        said = hashlib.sha256(canonical.encode(intent, TRANSCRIPT_LIMIT)).digest()
    except canonical.NotCanonical as error:
        raise FormWrong(f"抽取公告不是规范 JSON（{error}）") from error
    parts = [part for party, value in sorted(reveals) for part in (party.encode(), value)]
    return tagged("seed", said, *parts)


def stream(seed: bytes, label: str) -> bytes:
    """The key of one stream of tickets, e.g. "units/key_crowded" or "teams"."""
    return tagged("stream", seed, label.encode())


def ticket(key: bytes, ident: bytes, number: int) -> bytes:
    """Ticket `number` of one unit or person."""
    return hashlib.sha256(key + ident + number.to_bytes(4, "big")).digest()


def best(key: bytes, ident: bytes, count: int) -> bytes:
    """The smallest of `count` tickets."""
    head, sha256 = key + ident, hashlib.sha256
    if count == 1:
        return sha256(head + _COUNTERS[0]).digest()
    if count <= len(_COUNTERS):
        return min([sha256(head + number).digest() for number in _COUNTERS[:count]])
    return min(ticket(key, ident, number) for number in range(count))


def transcript_hash(
    intent: Mapping[str, Any], reveals: Sequence[Sequence[str]], want: Mapping[str, Any]
) -> bytes:
    """What goes into the public log at once, while the list is still secret."""
    whole = {"intent": intent, "reveals": [list(pair) for pair in reveals], "want": want}
    return hashlib.sha256(canonical.encode(whole, TRANSCRIPT_LIMIT)).digest()
