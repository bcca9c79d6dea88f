"""Being a witness for other servers' logs: C2SP tlog-witness ``add-checkpoint``.

A witness keeps one head per log and cosigns a newer one only when it is proved to go on from it. It never sees what
the log is about. A superior agency's server does this for those below it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from server.audit import domain, operations
from server.audit.tables import LogWatched
from server.kernel import checkpoint, cosignature, merkle
from server.kernel.checkpoint import BadNote, NoteKey
from server.platform import clock, signatures
from server.platform.db import session, unit_of_work
from server.platform.keys import WITNESS_NAME, server_keys

MOST_LINES = 63


@dataclass(frozen=True, slots=True)
class Request:
    """An ``add-checkpoint`` body, read but not believed."""

    old: int
    proof: tuple[bytes, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Watched:
    vkey: str
    title: str
    size: int
    at: datetime | None


def key() -> cosignature.WitnessKey:
    """The key with which this server cosigns."""
    return cosignature.WitnessKey(WITNESS_NAME, server_keys().witness.public_key().public_bytes_raw())


@unit_of_work
def watch(vkey: str, title: str) -> Watched:
    """Begin to be a witness for the log with this key. Raises BadNote for what is no log key."""
    known = checkpoint.read_vkey(vkey.strip()).vkey
    row = session().get(LogWatched, known)
    if row is None:
        row = LogWatched(vkey=known, title=title[:120], size=0, root=merkle.EMPTY_ROOT, note="", at=None)
        session().add(row)
        operations.record(None, "log.watch", "log", known.split("+")[1], facts={"title": title[:120]})
    row.title = title[:120]
    return Watched(row.vkey, row.title, row.size, row.at)


def watched() -> list[Watched]:
    """The logs this server is a witness of."""
    rows = session().scalars(select(LogWatched).order_by(LogWatched.title))
    return [Watched(row.vkey, row.title, row.size, row.at) for row in rows]


def read(body: bytes) -> Request:
    """Parse a request body. Raises WitnessBadRequest."""
    try:
        head, separator, note = body.decode("utf-8").partition("\n\n")
        first, *lines = head.split("\n")
        word, _, old = first.partition(" ")
        if word != "old" or not separator or not old.isascii() or not old.isdigit() or str(int(old[:17])) != old:
            raise domain.WitnessBadRequest
        if len(lines) > MOST_LINES:
            raise domain.WitnessBadRequest
        proof = tuple(base64.b64decode(line, validate=True) for line in lines)
    except ValueError as broken:
        raise domain.WitnessBadRequest from broken
    return Request(int(old), proof, note)


@unit_of_work
def add_checkpoint(body: bytes) -> str:
    """Cosign a newer head; answers the signature line. Raises the WitnessRefused of what is wrong."""
    asked = read(body)
    try:
        told = checkpoint.parse_checkpoint(checkpoint.parse_note(asked.note).text)
    except BadNote as broken:
        raise domain.WitnessBadRequest from broken
    row = _signed_by(asked.note, told.origin)
    if asked.old > told.size:
        raise domain.WitnessBadRequest("旧长度大于检查点的长度")
    if asked.old != row.size or (asked.old == told.size and told.root != row.root):
        raise domain.WitnessConflict(size=row.size)
    if not merkle.verify_consistency(asked.old, told.size, row.root, told.root, asked.proof):
        raise domain.WitnessBadProof
    row.size, row.root, row.note, row.at = told.size, told.root, asked.note, clock.now()
    seconds = clock.now_ms() // 1000
    return cosignature.line(checkpoint.parse_note(asked.note).text, key(), seconds, server_keys().witness.sign)


def _signed_by(note: str, origin: str) -> LogWatched:
    """The watched log whose key has signed the note, locked. Several servers may use one origin; the key tells."""
    ours = {vkey: checkpoint.read_vkey(vkey) for vkey in session().scalars(select(LogWatched.vkey))}
    same = {vkey: known for vkey, known in ours.items() if known.name == origin}
    if not same:
        raise domain.WitnessUnknownLog
    for vkey, known in same.items():
        if _holds(note, known):
            return session().scalars(select(LogWatched).where(LogWatched.vkey == vkey).with_for_update()).one()
    raise domain.WitnessUnsigned


def _holds(note: str, known: NoteKey) -> bool:
    try:
        checkpoint.open_note(note, [known], signatures.ed25519_holds)
    except BadNote:
        return False
    return True
