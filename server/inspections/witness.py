"""Which events of a lost phone stay valid (record-log 2.10). Pure: rows are passed in.

Lost since R. Valid is what the server gave a receipt for before R, and what another device had put into an event of
its own that the server had before R: by its hash, or by a head (count and root) that covers it. The chain vouches for
everything before a valid event. All else may have been made by whoever found the phone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.inspections.attest import hash_bytes
from server.inspections.events import is_content
from server.kernel import b64url, merkle

WITNESSES = frozenset({"attest", "attest.in", "attest.late", "seal", "check.change", "correct", "correct.approve"})
"""The types in whose bodies another phone's events are named."""


@dataclass(frozen=True, slots=True)
class Own:
    """One event in the lost phone's chain; ``rx`` is when it arrived here, in ms."""

    h: str
    n: int
    insp: str
    t: str
    rx: int


@dataclass(frozen=True, slots=True)
class Head:
    """Somebody else's signed word: the first ``n`` content events of ``insp`` have this Merkle root."""

    insp: str
    n: int
    root: str


def last_valid(own: Sequence[Own], lost_ms: int, heads: Iterable[Head], named: Iterable[str]) -> int:
    """The highest counter that is vouched for; -1 when nothing is.

    ``heads`` and ``named`` (hashes) come from other devices' events that the server had before ``lost_ms``."""
    ordered = sorted(own, key=lambda event: event.n)
    hashes = set(named)
    valid = max((event.n for event in ordered if event.rx < lost_ms or event.h in hashes), default=-1)
    content: dict[str, list[Own]] = {}
    for event in ordered:
        if is_content(event.t):
            content.setdefault(event.insp, []).append(event)
    for head in heads:
        covered = content.get(head.insp, [])[: head.n]
        if covered and len(covered) == head.n and _root(covered) == head.root:
            valid = max(valid, covered[-1].n)
    return valid


def _root(events: Sequence[Own]) -> str:
    return b64url.encode(merkle.root([merkle.leaf_hash(hash_bytes(event.h)) for event in events]))


def heads_of(insp: str, body: Mapping[str, Any], dev: str) -> Iterator[Head]:
    """What a body says of the chain of ``dev``; anything malformed says nothing."""
    chains = body.get("chains")
    for one in chains if isinstance(chains, list) else ():
        if isinstance(one, dict) and one.get("dev") == dev and type(one.get("n")) is int and one["n"] > 0:
            yield Head(insp, one["n"], str(one.get("root")))


def hashes_in(value: object) -> Iterator[str]:
    """Every text in a body that can be the hash of an event."""
    if isinstance(value, str):
        if len(value) == 43:
            yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from hashes_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from hashes_in(part)
