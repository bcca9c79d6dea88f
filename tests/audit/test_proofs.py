"""Consistency and inclusion, proved from rows: the same answers as from a list of leaves, and refusals when rows go."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import delete, update

from server.audit import domain, proofs, public_log
from server.audit.tables import LogEntry
from server.kernel import merkle
from server.platform.db import session, transaction


@pytest.fixture
def leaves(ctx):
    with transaction():
        for n in range(45):
            public_log.append({"v": 1, "k": "device", "dev": str(n)})
    return [row.leaf for row, _ in public_log.walk()]


def test_proofs_from_rows_are_those_from_the_leaves(leaves):
    """Every pair of sizes up to 45: rows and list agree, and the verifier believes both."""
    for new in range(1, 46):
        assert proofs.root(new) == merkle.root(leaves[:new])
        for old in range(new + 1):
            proof = proofs.consistency(old, new)
            assert proof == merkle.consistency_proof(leaves[:new], old)
            assert merkle.verify_consistency(old, new, merkle.root(leaves[:old]), merkle.root(leaves[:new]), proof)
        for index in (0, new // 2, new - 1):
            assert proofs.inclusion(index, new) == merkle.inclusion_proof(leaves[:new], index)


@pytest.mark.parametrize(("old", "new"), [(-1, 3), (4, 3), (3, 46), (46, 46)])
def test_sizes_the_log_never_had_are_refused(leaves, old, new):
    with pytest.raises(domain.LogSizeUnknown):
        proofs.consistency(old, new)


def test_a_deleted_row_that_a_proof_needs_is_named(leaves):
    with transaction():
        session().execute(delete(LogEntry).where(LogEntry.idx == 31))
    with pytest.raises(domain.LogBroken) as refused:
        proofs.consistency(20, 45)
    assert refused.value.facts["index"] == 31


def test_no_rewritten_history_passes_a_proof(leaves):
    """Property: rewrite the log from any leaf on, however carefully; no remembered larger head is consistent with it."""
    seed = 20261127
    dice = random.Random(seed)
    for _ in range(60):
        old = dice.randint(1, 44)
        at = dice.randrange(old)
        false = [*leaves[:at], merkle.leaf_hash(dice.randbytes(8)), *leaves[at + 1 :]]
        proof = merkle.consistency_proof(false, old)
        assert not merkle.verify_consistency(old, 45, merkle.root(leaves[:old]), merkle.root(false), proof), (seed, at)


def test_an_edited_leaf_spoils_the_proof_of_the_server(leaves):
    before = proofs.root(12)
    with transaction():
        session().execute(update(LogEntry).where(LogEntry.idx == 11).values(leaf=bytes(32)))
    proof = proofs.consistency(12, 45)
    assert not merkle.verify_consistency(12, 45, before, proofs.root(45), proof)
