"""Receipts: the server's signed promise that it holds a device's chain up to a head (D-16, record-log 2.9).

One log per server. Its leaves are blinded entries ``{v, k: "head", dev, n, h, rx}``; salt (16 bytes) and entry
travel in the receipt's ``extra`` line. A receipt is a ``tlog-proof@v1`` text around a checkpoint signed with
Ed25519. Ed25519 signs deterministically: a lost receipt is not stored but made again, byte for byte, from its row.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from server.inspections.tables import LogEntry
from server.kernel import canonical, chain, checkpoint, merkle
from server.kernel.checkpoint import Checkpoint, NoteKey, Proof
from server.platform.db import session
from server.platform.keys import LOG_NAME, server_keys

HASH = 32


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a device's chain as this batch left it; ``rx`` is the server's receive time in ms."""

    dev: str
    n: int
    h: str
    rx: int


@dataclass(frozen=True, slots=True)
class Tail:
    """The log as far as it goes: its size, the audit path the next leaf will have, and known anchors."""

    size: int
    edge: tuple[bytes, ...]
    anchors: dict[int, tuple[int, bytes]]


def note_key() -> NoteKey:
    """The key that signs checkpoints; a phone learns it when it is enrolled."""
    return NoteKey(LOG_NAME, server_keys().log_public)


def tail(sizes: Iterable[int] = ()) -> Tail:
    """The end of the log, and (receive time, root) at the tree ``sizes`` that headers name. One statement."""
    newest = select(func.max(LogEntry.idx)).scalar_subquery()
    wanted = [size - 1 for size in sizes]
    query = select(LogEntry.idx, LogEntry.rx, LogEntry.root, LogEntry.path, LogEntry.leaf)
    rows = session().execute(query.where(or_(LogEntry.idx == newest, LogEntry.idx.in_(wanted)))).all()
    anchors = {row.idx + 1: (row.rx, bytes(row.root)) for row in rows}
    if not rows:
        return Tail(0, (), anchors)
    last = max(rows, key=lambda row: row.idx)
    return Tail(last.idx + 1, _grow(last.idx, _split(last.path), bytes(last.leaf)), anchors)


def append(end: Tail, head: Head) -> tuple[Tail, str]:
    """Write one leaf for ``head``; answers the new tail and the receipt.

    When another transaction took the place first, the log is read again and the next place is tried: on
    PostgreSQL the insert waits for the other to commit, on SQLite there is only one writer.
    """
    entry = canonical.encode({"v": 1, "k": "head", "dev": head.dev, "n": head.n, "h": head.h, "rx": head.rx})
    salt = secrets.token_bytes(16)
    leaf = merkle.leaf_hash(chain.log_leaf(salt, entry))
    while True:
        edge = _grow(end.size, end.edge, leaf)
        row = {
            "idx": end.size,
            "dev": head.dev,
            "n": head.n,
            "rx": head.rx,
            "entry": entry,
            "salt": salt,
            "path": b"".join(end.edge),
            "leaf": leaf,
            "root": _fold(edge),
        }
        dialect = postgresql if session().get_bind().dialect.name == "postgresql" else sqlite
        done = session().execute(
            dialect.insert(LogEntry.__table__).values(row).on_conflict_do_nothing(),
            execution_options={"preserve_rowcount": True},
        )
        if done.rowcount:
            return Tail(end.size + 1, edge, end.anchors), _receipt(end.size, salt, entry, end.edge, row["root"])
        end = tail(end.anchors)


def latest(dev: str, n: int = 0) -> str | None:
    """The first receipt that covers counter ``n`` of a device, made again; None when there is none."""
    query = select(LogEntry).where(LogEntry.dev == dev, LogEntry.n >= n).order_by(LogEntry.n, LogEntry.idx).limit(1)
    row = session().scalar(query)
    return None if row is None else _receipt(row.idx, row.salt, row.entry, _split(row.path), row.root)


def newest(dev: str) -> tuple[int, str] | None:
    """(next expected counter, receipt) of the last accepted head of a device; None for an unknown device."""
    query = select(LogEntry).where(LogEntry.dev == dev).order_by(LogEntry.n.desc(), LogEntry.idx.desc()).limit(1)
    row = session().scalar(query)
    return None if row is None else (row.n + 1, _receipt(row.idx, row.salt, row.entry, _split(row.path), row.root))


def covering(devs: Sequence[str]) -> list[tuple[str, int, str]]:
    """Every receipt of these devices: (dev, head counter, receipt), oldest first; for exports."""
    rows = session().scalars(select(LogEntry).where(LogEntry.dev.in_(devs)).order_by(LogEntry.idx))
    return [(row.dev, row.n, _receipt(row.idx, row.salt, row.entry, _split(row.path), row.root)) for row in rows]


def head_after(dev: str, n: int) -> int:
    """The smallest head of a receipt that covers counter ``n``; ``n`` itself when none does yet."""
    query = select(func.min(LogEntry.n)).where(LogEntry.dev == dev, LogEntry.n >= n)
    found = session().scalar(query)
    return n if found is None else int(found)


def _receipt(idx: int, salt: bytes, entry: bytes, path: Sequence[bytes], root: bytes) -> str:
    text = checkpoint.format_checkpoint(Checkpoint(LOG_NAME, idx + 1, bytes(root)))
    note = checkpoint.sign_note(text, note_key(), server_keys().log.sign)
    return checkpoint.format_proof(Proof(idx, tuple(path), note, extra=bytes(salt) + bytes(entry)))


def _grow(size: int, edge: Sequence[bytes], leaf: bytes) -> tuple[bytes, ...]:
    """The right edge (complete subtrees, smallest first) of the tree after ``leaf`` joined ``size`` leaves."""
    rest, value = list(edge), leaf
    while size & 1:
        value = merkle.node_hash(rest.pop(0), value)
        size >>= 1
    return (value, *rest)


def _fold(edge: Sequence[bytes]) -> bytes:
    """The root of a tree from its right edge."""
    value = edge[0]
    for left in edge[1:]:
        value = merkle.node_hash(left, value)
    return value


def _split(path: bytes) -> tuple[bytes, ...]:
    path = bytes(path)
    return tuple(path[at : at + HASH] for at in range(0, len(path), HASH))
