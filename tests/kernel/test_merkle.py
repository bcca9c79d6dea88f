"""RFC 6962 trees: published roots, every proof of every small tree, and no proof that lies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.kernel import merkle

VECTOR: Any = json.loads((Path(__file__).parents[1] / "vectors" / "merkle.json").read_text())
LEAVES = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in VECTOR["leaves_hex"]]
MANY = [merkle.leaf_hash(bytes([i])) for i in range(70)]


def test_the_published_roots() -> None:
    assert [merkle.root(LEAVES[:n]).hex() for n in range(9)] == VECTOR["roots_hex"]


def test_the_published_proofs() -> None:
    for row in VECTOR["inclusion"]:
        proof = merkle.inclusion_proof(LEAVES[: row["size"]], row["index"])
        assert [part.hex() for part in proof] == row["proof_hex"]
    for row in VECTOR["consistency"]:
        proof = merkle.consistency_proof(LEAVES[: row["size"]], row["old"])
        assert [part.hex() for part in proof] == row["proof_hex"]


@settings(deadline=None, max_examples=300)
@given(st.integers(1, 70), st.data())
def test_an_inclusion_proof_holds_for_its_leaf_and_for_no_other(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    root = merkle.root(MANY[:size])
    proof = merkle.inclusion_proof(MANY[:size], index)
    holds = merkle.verify_inclusion
    assert holds(MANY[index], index, size, proof, root)
    assert not holds(merkle.leaf_hash(b"other"), index, size, proof, root)
    assert not any(holds(MANY[index], other, size, proof, root) for other in range(-1, size + 2) if other != index)
    assert not holds(MANY[index], index, size, [*proof, bytes(32)], root)
    assert not holds(MANY[index], index, size, proof, bytes(32))
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        assert not holds(MANY[index], index, size, proof[:-1], root)
        assert not holds(MANY[index], index, size, [*proof[:at], bytes(32), *proof[at + 1 :]], root)
        assert not holds(MANY[index], index, size, [*proof[:at], b"", *proof[at + 1 :]], root)


@settings(deadline=None, max_examples=300)
@given(st.integers(0, 70), st.data())
def test_a_consistency_proof_holds_only_for_a_true_beginning(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(0, size))
    before, after = merkle.root(MANY[:old]), merkle.root(MANY[:size])
    proof = merkle.consistency_proof(MANY[:size], old)
    holds = merkle.verify_consistency
    assert holds(old, size, before, after, proof)
    assert not holds(old, size, before, after, [*proof, bytes(32)])
    if old > 0:
        forged = merkle.root([merkle.leaf_hash(b"deleted"), *MANY[1:old]])
        assert not holds(old, size, forged, after, proof)
        assert not holds(old, size, before, merkle.root([*LEAVES[:1], *MANY[1:size]]), proof)
    if old < size:
        assert not holds(size, old, after, before, proof)
        assert not holds(old + 1, size, before, after, proof)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        assert not holds(old, size, before, after, proof[:-1])
        assert not holds(old, size, before, after, [*proof[:at], bytes(32), *proof[at + 1 :]])


def test_a_log_grows_by_stored_nodes_alone() -> None:
    stored: dict[tuple[int, int], bytes] = {}
    reads: list[tuple[int, int]] = []

    def node(level: int, index: int) -> bytes:
        reads.append((level, index))
        return stored[level, index]

    for size, leaf in enumerate(MANY):
        for level, index, value in merkle.new_nodes(size, leaf, node):
            stored[level, index] = value
        reads.clear()
        assert merkle.root_from(size + 1, node) == merkle.root(MANY[: size + 1])
        assert len(reads) <= (size + 1).bit_length()
        for index in (0, size // 2, size):
            assert merkle.inclusion_from(size + 1, index, node) == merkle.inclusion_proof(MANY[: size + 1], index)
            assert merkle.consistency_from(index, size + 1, node) == merkle.consistency_proof(
                MANY[: size + 1], index
            )


def test_questions_outside_the_tree_are_refused() -> None:
    for index in (-1, 3, 4):
        with pytest.raises(IndexError):
            merkle.inclusion_proof(MANY[:3], index)
    for old in (-1, 4):
        with pytest.raises(IndexError):
            merkle.consistency_proof(MANY[:3], old)
    with pytest.raises(IndexError):
        merkle.inclusion_proof([], 0)


def test_a_leaf_never_passes_for_a_node() -> None:
    left, right = MANY[:2]
    assert merkle.leaf_hash(left + right) != merkle.node_hash(left, right)
    assert not merkle.verify_inclusion(merkle.node_hash(left, right), 0, 1, [], merkle.leaf_hash(left + right))
