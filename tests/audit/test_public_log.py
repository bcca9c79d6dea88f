"""The public log: entries of every kind in one tree, blinded unless they are public, receipts made again from rows."""

from __future__ import annotations

import threading

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import func, select

from server.audit import public_log
from server.audit.tables import LogEntry
from server.kernel import canonical, chain, checkpoint, merkle
from server.platform.db import session, transaction
from tests import phone as phones

INTENT = {"v": 1, "k": "draw.intent", "draw": "D-2026-11", "root": "AAAA"}


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    return True


def open_receipt(text: str) -> tuple[checkpoint.Proof, checkpoint.Checkpoint]:
    """What anybody with the log's public key does with a receipt."""
    extra = checkpoint.parse_proof(text).extra
    key = public_log.note_key()
    return checkpoint.check_proof(text, chain.log_leaf(extra[:16], extra[16:]), key.name, [key], verify)


def test_a_receipt_of_any_kind_of_entry_leads_to_its_leaf(ctx):
    made = [public_log.append({**INTENT, "draw": f"D{n}"}, public=True) for n in range(7)]
    for n, leaf in enumerate(made):
        proof, head = open_receipt(leaf.receipt)
        assert (proof.index, head.size, head.root) == (leaf.index, leaf.size, leaf.root) == (n, n + 1, leaf.root)
        assert proof.extra == leaf.salt + canonical.encode({**INTENT, "draw": f"D{n}"})
        assert public_log.receipt(n) == leaf.receipt


def test_heads_and_draws_share_one_tree(ctx):
    phone = phones.a_field_phone()
    phone.send()
    public_log.append(INTENT, public=True)
    phone.event("app.resume")
    phone.send()
    rows = session().scalars(select(LogEntry).order_by(LogEntry.idx)).all()
    kinds = [row.kind for row in rows]
    assert kinds[-3:] == ["head", "draw.intent", "head"]
    assert [row.public for row in rows][-3:] == [False, True, False]
    assert merkle.root([row.leaf for row in rows]) == rows[-1].root
    assert open_receipt(phone.receipts[-1])[1].root == rows[-1].root


def test_an_entry_is_rolled_back_with_what_it_speaks_of(ctx):
    def half_done() -> None:
        with transaction():
            public_log.append(INTENT)
            raise RuntimeError("the draw was refused")

    with pytest.raises(RuntimeError, match="refused"):
        half_done()
    assert session().scalar(select(func.count()).select_from(LogEntry)) == 0


@pytest.mark.parametrize(
    "entry",
    [{"k": "draw.intent"}, {"v": 1}, {"v": 2, "k": "x"}, {"v": 1, "k": "head"}, {"v": 1, "k": ""}, {"v": 1, "k": 5},
     {"v": 1, "k": "x" * 17}, {"v": 1, "k": "draw.void", "odds": 0.5}],
)
def test_what_is_no_entry_is_not_written(ctx, entry):
    with pytest.raises(ValueError):
        public_log.append(entry)
    assert public_log.tail().size == 0


def test_writers_at_once_take_different_places(app):
    """On PostgreSQL the second insert waits for the first commit, then takes the next place."""
    failed: list[Exception] = []

    def write(n: int) -> None:
        try:
            with app.app_context():
                for step in range(5):
                    public_log.append({"v": 1, "k": "device", "dev": f"{n}-{step}"})
        except Exception as error:
            failed.append(error)

    crowd = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert failed == []
    with app.app_context():
        rows = session().execute(select(LogEntry.idx, LogEntry.leaf, LogEntry.root).order_by(LogEntry.idx)).all()
    assert [row.idx for row in rows] == list(range(20))
    for row in rows:
        assert merkle.root([bytes(r.leaf) for r in rows[: row.idx + 1]]) == bytes(row.root)
