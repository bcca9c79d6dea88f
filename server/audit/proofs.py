"""Proofs about the public log, made from its rows: that an older tree is the beginning of a newer one, and that a
leaf stands in a tree.

Every complete subtree ends in some leaf, and the stored path of that leaf begins with exactly the siblings inside
the subtree. So one row answers for one node, and a proof about a million leaves reads about twenty rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import func, select

from server.audit import public_log
from server.audit.domain import LogBroken, LogSizeUnknown
from server.audit.tables import LogEntry
from server.kernel import checkpoint, merkle
from server.kernel.checkpoint import Checkpoint
from server.platform.db import session
from server.platform.keys import LOG_NAME


def size() -> int:
    """How many leaves the log has."""
    return public_log.tail().size


def root(of: int) -> bytes:
    """The root of the tree of the first ``of`` leaves, as it was signed then. Raises LogSizeUnknown."""
    if of == 0:
        return merkle.EMPTY_ROOT
    found = session().scalar(select(LogEntry.root).where(LogEntry.idx == of - 1))
    if found is None:
        raise LogSizeUnknown(size=of)
    return bytes(found)


def head(of: int | None = None) -> str:
    """The signed checkpoint of the first ``of`` leaves (all of them by default). Raises LogSizeUnknown."""
    of = size() if of is None else of
    text = checkpoint.format_checkpoint(Checkpoint(LOG_NAME, of, root(of)))
    return public_log.signed(text)


def consistency(old: int, new: int) -> list[bytes]:
    """The proof that the tree of ``old`` leaves is the beginning of that of ``new``.

    Raises LogSizeUnknown, and LogBroken when a row that the proof needs is gone."""
    _known(old, new)
    _whole(new)
    return _prove(lambda node: merkle.consistency_from(old, new, node))


def inclusion(index: int, of: int) -> list[bytes]:
    """The path of leaf ``index`` in the tree of the first ``of`` leaves. Raises as ``consistency``."""
    _known(index + 1, of)
    return _prove(lambda node: merkle.inclusion_from(of, index, node))


def _known(low: int, high: int) -> None:
    if not 0 <= low <= high <= size():
        raise LogSizeUnknown(size=high)


def _whole(of: int) -> None:
    """Raise LogBroken naming the first missing leaf. A proof by itself needs a few rows only and would not tell."""
    there = session().scalar(select(func.count()).select_from(LogEntry).where(LogEntry.idx < of))
    if there == of:
        return
    rows = session().scalars(select(LogEntry.idx).where(LogEntry.idx < of).order_by(LogEntry.idx)).all()
    missing = next((index for index, idx in enumerate(rows) if idx != index), len(rows))
    raise LogBroken(f"日志缺少第 {missing} 条，无法证明它没有被改动", index=missing)


def _prove(make: Callable[[merkle.NodeReader], list[bytes]]) -> list[bytes]:
    """Ask which nodes the proof needs, fetch their rows in one statement, and make it."""
    wanted: list[int] = []

    def ask(level: int, index: int) -> bytes:
        wanted.append(((index + 1) << level) - 1)
        return bytes(32)

    make(ask)
    rows = _rows(wanted)

    def node(level: int, index: int) -> bytes:
        last = ((index + 1) << level) - 1
        if last not in rows:
            raise LogBroken(f"日志缺少第 {last} 条，无法证明它没有被改动", index=last)
        value, path = rows[last]
        if len(path) < level:
            raise LogBroken(f"日志第 {last} 条的路径被改动，无法证明它没有被改动", index=last)
        for sibling in path[:level]:
            value = merkle.node_hash(sibling, value)
        return value

    return make(node)


def _rows(wanted: list[int]) -> Mapping[int, tuple[bytes, tuple[bytes, ...]]]:
    if not wanted:
        return {}
    query = select(LogEntry.idx, LogEntry.leaf, LogEntry.path).where(LogEntry.idx.in_(set(wanted)))
    return {row.idx: (bytes(row.leaf), public_log.split(row.path)) for row in session().execute(query)}
