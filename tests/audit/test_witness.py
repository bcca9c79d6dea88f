"""Witnesses: a superior agency's server cosigns the heads of a log below it, and refuses another past (C2SP)."""

from __future__ import annotations

import base64

import pytest

from server.audit import checkpoints, proofs, public_log, witness, witnesses
from server.audit.tables import LogEntry
from server.kernel import checkpoint, cosignature
from server.platform import signatures
from server.platform.db import session, transaction
from tests import world
from tests.audit.tampering import rewrite

ADD = "/api/v1/log/witness/add-checkpoint"


@pytest.fixture(scope="module")
def another_server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("superior")
    return world.make_app(folder / "data", f"sqlite:///{folder / 'superior.sqlite3'}")


@pytest.fixture
def superior(another_server):
    """Another server, with keys of its own; it watches nothing yet."""
    world.empty(another_server)
    with another_server.app_context():
        yield another_server


def grow(count: int) -> None:
    with transaction():
        for n in range(count):
            public_log.append({"v": 1, "k": "device", "dev": str(n)})


class Pair:
    """Our server and its witness, each in a context of its own."""

    def __init__(self, ours, theirs):
        self.ours, self.theirs = ours, theirs
        with theirs.app_context():
            self.key = witness.key().vkey
        with ours.app_context():
            self.log_key = public_log.note_key().vkey

    def asks(self, body: bytes):
        return self.theirs.test_client().post(ADD, data=body, content_type="text/plain")

    def watch(self):
        with self.theirs.app_context():
            witness.watch(self.log_key, "下级大队")

    def offer(self) -> int:
        def send(url: str, body: bytes) -> tuple[int, bytes]:
            assert url == "https://superior.test/api/v1/log/witness/add-checkpoint"
            answer = self.asks(body)
            return answer.status_code, answer.data

        with self.ours.app_context():
            witnesses.add("https://superior.test/api/v1/log/witness", self.key)
            return witnesses.offer_through(send)

    def trouble(self) -> str:
        with self.ours.app_context():
            return witnesses.listed()[0].trouble


@pytest.fixture
def pair(app, superior):
    return Pair(app, superior)


def request(old: int, proof: list[bytes], note: str) -> bytes:
    lines = [f"old {old}", *(base64.b64encode(value).decode() for value in proof)]
    return ("\n".join(lines) + "\n\n" + note).encode()


def test_the_days_checkpoint_is_offered_cosigned_and_kept(pair):
    pair.watch()
    with pair.ours.app_context():
        grow(5)
        checkpoints.issue("2026-11-26")
    assert pair.offer() == 1
    with pair.ours.app_context():
        grow(8)
        checkpoints.issue("2026-11-27")
    assert (pair.offer(), pair.offer(), pair.trouble()) == (1, 0, "")
    with pair.ours.app_context():
        made = checkpoints.get("2026-11-27")
        when = cosignature.check(made.whole_note, cosignature.read_vkey(pair.key), signatures.ed25519_holds)
        assert when > 1_700_000_000
        assert checkpoint.open_note(made.whole_note, [public_log.note_key()], signatures.ed25519_holds)[0]
    with pair.theirs.app_context():
        assert [(one.title, one.size) for one in witness.watched()] == [("下级大队", 13)]


def test_a_lost_answer_is_made_up_for_by_the_size_the_witness_tells(pair):
    pair.watch()
    with pair.ours.app_context():
        grow(5)
        made = checkpoints.issue("2026-11-26")
    assert pair.asks(request(0, [], made.note)).status_code == 200  # cosigned; the answer never arrives
    assert pair.offer() == 1


def test_conflicts_name_the_size_the_witness_stands_at(pair):
    pair.watch()
    with pair.ours.app_context():
        grow(5)
        note = proofs.head()
        grow(2)
        later, proof = proofs.head(), proofs.consistency(5, 7)
    assert pair.asks(request(0, [], note)).status_code == 200
    for wrong in (request(0, [], later), request(4, proof, later)):
        answer = pair.asks(wrong)
        assert (answer.status_code, answer.data, answer.content_type) == (409, b"5\n", "text/x.tlog.size")
    good = pair.asks(request(5, proof, later))
    assert good.status_code == 200
    assert good.text.startswith("— suijian.witness ")


def test_a_bad_proof_an_unknown_log_and_a_false_signature_each_have_their_answer(pair):
    with pair.ours.app_context():
        grow(6)
        first = proofs.head(4)
        note, proof = proofs.head(), proofs.consistency(4, 6)
    assert pair.asks(request(0, [], note)).status_code == 404
    pair.watch()
    forged = note.replace("\n6\n", "\n7\n")
    assert pair.asks(request(0, [], forged)).status_code == 403
    assert pair.asks(request(0, [], first)).status_code == 200
    assert pair.asks(request(4, [bytes(32) for _ in proof], note)).status_code == 422
    assert pair.asks(request(7, [], note)).status_code == 400
    assert pair.asks(request(4, proof, note)).status_code == 200


@pytest.mark.parametrize("body", [
    b"", b"old\n\nx", b"old 01\n\nx", b"old -1\n\nx", b"old 5", b"\xff\xfe", b"old 4\nnot base64!\n\nx",
    b"old 4\n\nno note", b"old 4\n" + b"AAAA\n" * 64 + b"\nx", b"old 99999999999999999999\n\nx",
])
def test_what_is_no_request_is_400(pair, body):
    pair.watch()
    assert pair.asks(body).status_code == 400


def test_a_log_that_was_rewritten_is_not_cosigned_again(pair):
    """An administrator with the log's key and the skill to rebuild the whole tree: the witness still remembers."""
    pair.watch()
    with pair.ours.app_context():
        grow(5)
        checkpoints.issue("2026-11-26")
    assert pair.offer() == 1
    with pair.ours.app_context():
        rewrite(at=2)
        grow(2)
        checkpoints.issue("2026-11-27")
    assert pair.offer() == 0
    assert "日志可能被改动" in pair.trouble()


def test_a_log_that_became_shorter_is_noticed_before_it_is_offered(pair):
    pair.watch()
    with pair.ours.app_context():
        grow(5)
        checkpoints.issue("2026-11-26")
    assert pair.offer() == 1
    with pair.ours.app_context():
        with transaction():
            session().execute(LogEntry.__table__.delete().where(LogEntry.idx >= 3))
        checkpoints.issue("2026-11-27")
    assert pair.offer() == 0
    assert "删短" in pair.trouble()


def test_a_witness_that_is_away_is_asked_again_another_time(app):
    def away(url: str, body: bytes) -> tuple[int, bytes]:
        raise OSError("no route")

    with app.app_context():
        grow(3)
        checkpoints.issue("2026-11-26")
        witnesses.add("https://superior.test", witness.key().vkey)
        assert witnesses.offer_through(away) == 0
        assert witnesses.listed()[0].trouble == "连接不上见证服务器"
        assert witnesses.offer_through(lambda url, body: (200, b"hello")) == 0
        assert witnesses.listed()[0].trouble == "见证服务器的签名不成立"
