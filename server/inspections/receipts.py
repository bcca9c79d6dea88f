"""Receipts: the server's signed promise that it holds a device's chain up to a head (D-16, record-log 2.9).

A receipt is a leaf of the public log (``server/audit/public_log.py``) with the entry ``{v, k: "head", dev, n, h, rx}``,
blinded until publication.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from server.audit import public_log
from server.audit.public_log import LOG_NAME, Tail, note_key

__all__ = ["LOG_NAME", "Head", "Tail", "append", "covering", "head_after", "latest", "newest", "note_key", "tail"]


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a device's chain as this batch left it; ``rx`` is the server's receive time in ms."""

    dev: str
    n: int
    h: str
    rx: int


def tail(sizes: Iterable[int] = (), devs: Sequence[str] = ()) -> Tail:
    """The end of the log, what it was at the tree ``sizes`` that headers name, and how far ``devs`` have receipts."""
    return public_log.tail(sizes, devs)


def append(end: Tail, head: Head) -> tuple[Tail, str]:
    """Write one leaf for ``head``; answers the new tail and the receipt."""
    entry = {"v": 1, "k": public_log.HEAD, "dev": head.dev, "n": head.n, "h": head.h, "rx": head.rx}
    end, leaf = public_log.write(end, public_log.HEAD, entry, rx=head.rx, dev=head.dev, n=head.n)
    return end, leaf.receipt


def latest(dev: str, n: int = 0) -> str | None:
    """The first receipt that covers counter ``n`` of a device, made again; None when there is none."""
    return public_log.head_covering(dev, n)


def newest(dev: str) -> tuple[int, str] | None:
    """(next expected counter, receipt) of the last accepted head of a device; None for an unknown device."""
    found = public_log.newest_head(dev)
    return None if found is None else (found[0] + 1, found[1])


def covering(devs: Sequence[str]) -> list[tuple[str, int, str]]:
    """Every receipt of these devices: (dev, head counter, receipt), oldest first; for exports."""
    return public_log.heads(devs)


def head_after(dev: str, n: int) -> int:
    """The smallest head of a receipt that covers counter ``n``; ``n`` itself when none does yet."""
    return public_log.head_after(dev, n)
