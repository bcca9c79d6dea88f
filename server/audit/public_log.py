"""The public log: one Merkle log per server whose leaves nobody can take out again (D-16, record-log 2.9).

A leaf is a blinded entry, SJ-JSON ``{v: 1, k, ...}``: the hash of a random salt (16 bytes) and the entry. Salt and
entry travel in the ``extra`` line of the receipt, a ``tlog-proof@v1`` text around a checkpoint signed with Ed25519.
Who is not to know (who inspects where, before publication) sees the hash only; entries that everybody may read at
once (a draw's intent) are written with ``public=True`` and then shown with their salt.

Ed25519 signs deterministically: a receipt is not stored but made again, byte for byte, from its row. Kinds: ``head``
(the end of a device's chain), ``draw.intent``, ``draw.void``, ``draw.result``, ``registry``, ``device``, ``read`` (docs/log.md has all).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased

from server.audit.tables import LogEntry
from server.kernel import canonical, chain, checkpoint, merkle
from server.kernel.checkpoint import Checkpoint, NoteKey, Proof
from server.platform import clock
from server.platform.db import session, unit_of_work
from server.platform.keys import LOG_NAME, server_keys

HASH = 32
HEAD = "head"
Other = aliased(LogEntry)


_ENDS = (LogEntry.idx, LogEntry.dev, LogEntry.n, LogEntry.rx, LogEntry.root, LogEntry.path, LogEntry.leaf)
_LAST = select(func.max(LogEntry.idx)).scalar_subquery()
# Built once: every leaf is written after it.
NEWEST = select(*_ENDS).where(LogEntry.idx == _LAST)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf as its writer needs it: the log had ``size`` = ``index`` + 1 leaves with ``root`` right after it."""

    index: int
    size: int
    root: bytes
    salt: bytes
    receipt: str


@dataclass(frozen=True, slots=True)
class Tail:
    """The log as far as it goes: its size, the audit path the next leaf will have, and what was asked about it.

    ``anchors``: tree size -> (receive time, root); ``heads``: device -> the newest counter it has a receipt for."""

    size: int
    edge: tuple[bytes, ...]
    anchors: dict[int, tuple[int, bytes]]
    heads: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stored:
    """A row of the log for whoever reads it: everything but the path."""

    index: int
    kind: str
    rx: int
    entry: bytes
    salt: bytes
    leaf: bytes
    root: bytes
    public: bool


def note_key() -> NoteKey:
    """The key that signs checkpoints; a phone learns it when it is enrolled."""
    return NoteKey(LOG_NAME, server_keys().log_public)


def signed(text: str) -> str:
    """The note of a checkpoint text: under the log key, and beside it under the one before while that is in use."""
    keys = server_keys()
    note = checkpoint.sign_note(text, note_key(), keys.log.sign)
    if keys.log_old is None:
        return note
    before = NoteKey(LOG_NAME, keys.log_old.public_key().public_bytes_raw())
    return checkpoint.add_signature(note, before, keys.log_old.sign)


def tail(sizes: Iterable[int] = (), devs: Sequence[str] = ()) -> Tail:
    """The end of the log, (receive time, root) at the tree ``sizes`` that headers name, and the newest receipted
    counter of ``devs``. One statement."""
    wanted = [size - 1 for size in sizes]
    last = [
        and_(LogEntry.dev == dev, LogEntry.n == select(func.max(Other.n)).where(Other.dev == dev).scalar_subquery())
        for dev in devs
    ]
    query = NEWEST if not (wanted or last) else select(*_ENDS).where(or_(LogEntry.idx == _LAST, LogEntry.idx.in_(wanted), *last))
    rows = session().execute(query).all()
    anchors = {row.idx + 1: (row.rx, bytes(row.root)) for row in rows}
    heads: dict[str, int] = {}
    for row in rows:
        if row.dev in devs:
            heads[row.dev] = max(row.n, heads.get(row.dev, -1))
    if not rows:
        return Tail(0, (), anchors)
    end = max(rows, key=lambda row: row.idx)
    return Tail(end.idx + 1, grow(end.idx, split(end.path), bytes(end.leaf)), anchors, heads)


@unit_of_work
def append(entry: Mapping[str, Any], *, public: bool = False) -> Leaf:
    """Write one leaf inside the caller's unit of work; ``entry`` is an SJ-JSON object with ``v: 1`` and ``k``.

    Call it late: on PostgreSQL the next writer of the log waits until this unit of work has ended.
    Raises ValueError for an entry without its kind, or one that is no SJ-JSON."""
    kind = entry.get("k")
    if entry.get("v") != 1 or not isinstance(kind, str) or not 0 < len(kind) <= 16 or kind == HEAD:
        raise ValueError("a log entry has v: 1 and its kind k; heads are written by receipts")
    return write(tail(), kind, entry, rx=clock.now_ms(), public=public)[1]


def write(
    end: Tail, kind: str, entry: Mapping[str, Any], *, rx: int, dev: str = "", n: int = 0, public: bool = False
) -> tuple[Tail, Leaf]:
    """Write one leaf after ``end``; answers the new tail and the leaf. ``dev`` and ``n`` find a head again.

    When another transaction took the place first, the log is read again and the next place is tried: on
    PostgreSQL the insert waits for the other to commit, on SQLite there is only one writer.
    """
    encoded = canonical.encode(dict(entry))
    salt = secrets.token_bytes(16)
    leaf = merkle.leaf_hash(chain.log_leaf(salt, encoded))
    dialect = postgresql if session().get_bind().dialect.name == "postgresql" else sqlite
    while True:
        edge = grow(end.size, end.edge, leaf)
        root = fold(edge)
        row = {
            "idx": end.size, "kind": kind, "dev": dev, "n": n, "rx": rx, "entry": encoded, "salt": salt,
            "path": b"".join(end.edge), "leaf": leaf, "root": root, "public": public,
        }
        done = session().execute(
            dialect.insert(LogEntry.__table__).values(row).on_conflict_do_nothing(),
            execution_options={"preserve_rowcount": True},
        )
        if done.rowcount:
            receipt = _receipt(end.size, salt, encoded, end.edge, root)
            return Tail(end.size + 1, edge, end.anchors, end.heads), Leaf(end.size, end.size + 1, root, salt, receipt)
        end = tail(end.anchors)


# --- reading ----------------------------------------------------------------------------------------------------


def receipt(index: int) -> str | None:
    """The receipt of leaf ``index``, made again; None beyond the end."""
    row = session().get(LogEntry, index)
    return None if row is None else _of(row)


def head_covering(dev: str, n: int = 0) -> str | None:
    """The first receipt that covers counter ``n`` of a device, made again; None when there is none."""
    query = select(LogEntry).where(LogEntry.dev == dev, LogEntry.n >= n).order_by(LogEntry.n, LogEntry.idx).limit(1)
    row = session().scalar(query)
    return None if row is None else _of(row)


def newest_head(dev: str) -> tuple[int, str] | None:
    """(head counter, receipt) of the last accepted head of a device; None for an unknown device."""
    query = select(LogEntry).where(LogEntry.dev == dev).order_by(LogEntry.n.desc(), LogEntry.idx.desc()).limit(1)
    row = session().scalar(query)
    return None if row is None else (row.n, _of(row))


def heads(devs: Sequence[str]) -> list[tuple[str, int, str]]:
    """Every receipt of these devices: (dev, head counter, receipt), oldest first; for exports."""
    rows = session().scalars(select(LogEntry).where(LogEntry.dev.in_(devs)).order_by(LogEntry.idx))
    return [(row.dev, row.n, _of(row)) for row in rows]


def head_after(dev: str, n: int) -> int:
    """The smallest head of a receipt that covers counter ``n``; ``n`` itself when none does yet."""
    query = select(func.min(LogEntry.n)).where(LogEntry.dev == dev, LogEntry.n >= n)
    found = session().scalar(query)
    return n if found is None else int(found)


def received(size: int) -> int | None:
    """When the log had grown to ``size`` leaves (ms, server clock); None for a size it never had."""
    return session().scalar(select(LogEntry.rx).where(LogEntry.idx == size - 1))


def stored(index: int) -> Stored | None:
    """Leaf number ``index`` as it is kept; whoever shows it to the public shows salt and entry of public ones only."""
    query = select(*_COLUMNS).where(LogEntry.idx == index)
    row = session().execute(query).first()
    return None if row is None else _stored(row)


def some(first: int, most: int) -> list[Stored]:
    """At most ``most`` leaves from number ``first`` on."""
    query = select(*_COLUMNS).where(LogEntry.idx >= first).order_by(LogEntry.idx).limit(most)
    return [_stored(row) for row in session().execute(query)]


def of_kind(kind: str) -> list[Stored]:
    """Every leaf of one kind, oldest first; reads the whole log."""
    query = select(*_COLUMNS).where(LogEntry.kind == kind).order_by(LogEntry.idx)
    return [_stored(row) for row in session().execute(query)]


def walk() -> Iterator[tuple[Stored, tuple[bytes, ...]]]:
    """Every leaf with its stored path, oldest first; for the audit."""
    query = select(*_COLUMNS, LogEntry.path).order_by(LogEntry.idx).execution_options(yield_per=500)
    for row in session().execute(query):
        yield _stored(row), split(row.path)


_COLUMNS = (
    LogEntry.idx, LogEntry.kind, LogEntry.rx, LogEntry.entry, LogEntry.salt, LogEntry.leaf, LogEntry.root,
    LogEntry.public,
)


def _stored(row: Any) -> Stored:
    return Stored(
        row.idx, row.kind, row.rx, bytes(row.entry), bytes(row.salt), bytes(row.leaf), bytes(row.root), row.public
    )


def _of(row: LogEntry) -> str:
    return _receipt(row.idx, row.salt, row.entry, split(row.path), row.root)


def _receipt(idx: int, salt: bytes, entry: bytes, path: Sequence[bytes], root: bytes) -> str:
    text = checkpoint.format_checkpoint(Checkpoint(LOG_NAME, idx + 1, bytes(root)))
    return checkpoint.format_proof(Proof(idx, tuple(path), signed(text), extra=bytes(salt) + bytes(entry)))


def grow(size: int, edge: Sequence[bytes], leaf: bytes) -> tuple[bytes, ...]:
    """The right edge (complete subtrees, smallest first) of the tree after ``leaf`` joined ``size`` leaves."""
    rest, value = list(edge), leaf
    while size & 1:
        value = merkle.node_hash(rest.pop(0), value)
        size >>= 1
    return (value, *rest)


def fold(edge: Sequence[bytes]) -> bytes:
    """The root of a tree from its right edge."""
    value = edge[0]
    for left in edge[1:]:
        value = merkle.node_hash(left, value)
    return value


def split(path: bytes) -> tuple[bytes, ...]:
    """A stored path as its hashes, lowest first."""
    path = bytes(path)
    return tuple(path[at : at + HASH] for at in range(0, len(path), HASH))
