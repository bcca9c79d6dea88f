"""Merkle trees of RFC 6962: roots, inclusion proofs and consistency proofs.

All functions take *leaf hashes* (32 bytes each, `leaf_hash` of the data), so that the data of a log
need not be at hand. The `*_from` functions take a reader of stored nodes instead of a list: a log
of a million leaves then answers from about twenty rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()

NodeReader = Callable[[int, int], bytes]
"""`node(level, index)`: the hash of the complete subtree over leaves ``index << level`` and on."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf; the 0x00 keeps a leaf from passing for a node."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def reader(hashes: Sequence[bytes]) -> NodeReader:
    """A node reader over a list of leaf hashes; every call hashes the subtree it is asked for."""

    def node(level: int, index: int) -> bytes:
        row = hashes[index << level : (index + 1) << level]
        while len(row) > 1:
            row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
        return row[0]

    return node


def new_nodes(size: int, leaf: bytes, node: NodeReader) -> Iterator[tuple[int, int, bytes]]:
    """The (level, index, hash) of every subtree that the leaf number `size` completes, leaf first."""
    level, index, value = 0, size, leaf
    yield level, index, value
    while index & 1:
        value = node_hash(node(level, index - 1), value)
        level, index = level + 1, index >> 1
        yield level, index, value


def root(hashes: Sequence[bytes]) -> bytes:
    """The tree hash of the leaf hashes; the hash of nothing for no leaves."""
    return root_from(len(hashes), reader(hashes))


def root_from(size: int, node: NodeReader) -> bytes:
    """The tree hash of the first `size` leaves."""
    return EMPTY_ROOT if size == 0 else _range(0, size, node)


def inclusion_proof(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """The path of leaf `index` in the tree of all `hashes`, lowest first; IndexError outside."""
    return inclusion_from(len(hashes), index, reader(hashes))


def inclusion_from(size: int, index: int, node: NodeReader) -> list[bytes]:
    """The path of leaf `index` in the tree of the first `size` leaves."""
    if not 0 <= index < size:
        raise IndexError("no such leaf")
    low, high, path = 0, size, []
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_range(middle, high, node))
            high = middle
        else:
            path.append(_range(low, middle, node))
            low = middle
    return path[::-1]


def consistency_proof(hashes: Sequence[bytes], old: int) -> list[bytes]:
    """The proof that the tree of the first `old` leaves is the beginning of the tree of all."""
    return consistency_from(old, len(hashes), reader(hashes))


def consistency_from(old: int, size: int, node: NodeReader) -> list[bytes]:
    """As `consistency_proof`; empty for `old` 0 or equal to `size`, IndexError beyond."""
    if not 0 <= old <= size:
        raise IndexError("no such tree")
    if old in (0, size):
        return []
    low, high, whole, proof = 0, size, True, []
    while old != high:
        middle = low + _split(high - low)
        if old <= middle:
            proof.append(_range(middle, high, node))
            high = middle
        else:
            proof.append(_range(low, middle, node))
            low, whole = middle, False
    return ([] if whole else [_range(low, high, node)]) + proof[::-1]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes
) -> bool:
    """Whether leaf hash `leaf` is number `index` of the tree of `size` leaves (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size or not _hashes(leaf, expected, *proof):
        return False
    place, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            value = node_hash(sibling, value)
            while place & 1 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and value == expected


def verify_consistency(
    old: int, size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the tree of `old` leaves is the beginning of the tree of `size` (RFC 9162 2.1.4.2)."""
    if not 0 <= old <= size or not _hashes(old_root, new_root, *proof):
        return False
    if old == size:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    place, last = old - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    path = list(proof)
    if place or old & (old - 1):
        if not path:
            return False
        first = path.pop(0)
    else:
        first = old_root
    small = large = first
    for sibling in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            small, large = node_hash(sibling, small), node_hash(sibling, large)
            while place & 1 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            large = node_hash(large, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and small == old_root and large == new_root


def _range(low: int, high: int, node: NodeReader) -> bytes:
    """The hash over leaves low..high-1, where `low` is a multiple of the range's largest subtree."""
    count = high - low
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return node(level, low >> level)
    middle = low + _split(count)
    return node_hash(_range(low, middle, node), _range(middle, high, node))


def _split(count: int) -> int:
    """The largest power of two below `count`, for `count` above one."""
    return 1 << (count - 1).bit_length() - 1


def _hashes(*values: bytes) -> bool:
    return all(len(value) == 32 for value in values)
