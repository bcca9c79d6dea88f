"""A batch of events comes in: kept byte for byte, once, in one commit, with a receipt the phone can check."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import func, select

from server.audit.tables import LogEntry
from server.inspections import operations as inspections
from server.inspections import receipts
from server.inspections.tables import EventRow
from server.kernel import b64url, canonical, chain, checkpoint
from server.platform.db import session
from tests import phone as phones


def rows():
    return session().execute(select(EventRow).order_by(EventRow.dev, EventRow.n)).scalars().all()


def check_receipt(text: str, entry: dict) -> checkpoint.Checkpoint:
    """What a phone does with a receipt: signature, inclusion, and that the entry is about its own head."""
    extra = checkpoint.parse_proof(text).extra
    assert extra[16:] == canonical.encode(entry)
    key = receipts.note_key()

    def verify(public: bytes, message: bytes, signature: bytes) -> bool:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        return True

    return checkpoint.check_proof(text, chain.log_leaf(extra[:16], extra[16:]), key.name, [key], verify)[1]


def test_a_whole_visit_arrives_and_is_sealed(ctx):
    carried = phones.carry_visit()
    found = inspections.inspection(carried.visit.insp)
    assert found.state == "sealed"
    assert found.flags == ()
    assert found.counts["photos"] == 4
    assert found.ended_at is not None and found.sealed_at is not None
    assert len(found.code) == 10


def test_header_and_body_bytes_are_kept_exactly(ctx):
    phone = phones.a_field_phone()
    visit = phones.a_visit(phone)
    visit.open(phone)
    phone.event("note.add", {"text": '疏散通道\u2028堆放杂物\u0000\t"引号" 喆𠮷'}, visit.insp)
    phone.send()
    for wire, row in zip(phone.wires, rows(), strict=True):
        assert row.header == wire["h"].encode()
        assert row.body == wire["b"].encode()
        assert b64url.encode(row.sig) == wire["s"]
        assert row.h == phones.h_of(wire)


def test_the_same_batch_again_changes_nothing_and_brings_the_same_receipt(ctx):
    phone = phones.a_field_phone()
    visit = phones.a_visit(phone)
    visit.open(phone)
    first = phone.send()
    before = [(row.h, row.rx, row.batch) for row in rows()]
    again = phone.send()
    assert [r["status"] for r in first["results"]] == ["stored"] * 2
    assert [r["status"] for r in again["results"]] == ["known"] * 2
    assert again["receipt"] == first["receipt"]
    assert [(row.h, row.rx, row.batch) for row in rows()] == before
    assert session().scalar(select(func.count()).select_from(LogEntry).where(LogEntry.kind == "head")) == 1


def test_a_receipt_proves_the_head_under_the_pinned_key(ctx):
    phone = phones.a_field_phone()
    other = phones.a_field_phone()
    other.send()
    for n in range(5):
        phone.event("app.resume")
        answer = phone.send(phone.wires[-1:] if n else None)
    row = session().scalars(select(LogEntry).order_by(LogEntry.idx.desc())).first()
    entry = {"v": 1, "k": "head", "dev": phone.dev, "n": 5, "h": phone.head, "rx": row.rx}
    head = check_receipt(answer["receipt"], entry)
    # Two enrolments, the other phone's head, five of this one.
    assert head.size == 8
    assert head.root == row.root


def test_an_answer_that_was_lost_is_asked_for_with_an_empty_batch(ctx):
    phone = phones.a_field_phone()
    sent = phone.send()
    asked = phone.send([])
    assert asked["next"] == {phone.dev: 1}
    assert asked["receipt"] == sent["receipt"]
    assert asked["results"] == []


def test_gzip_bodies_are_read(ctx):
    phone = phones.a_field_phone()
    assert phone.send(packed=True)["results"][0]["status"] == "stored"


def test_events_name_their_photos_and_the_answer_says_which_lack(ctx):
    phone = phones.a_field_phone()
    visit = phones.a_visit(phone)
    visit.open(phone)
    data = phones.a_picture(1)
    phone.photo(visit.insp, data)
    sha = hashlib.sha256(data).hexdigest()
    assert phone.send()["lacks"] == [sha]
    phone.upload(data, "image/jpeg")
    assert phone.send()["lacks"] == []


def test_a_seal_with_one_attestation_is_stored_and_waits_for_the_second(ctx):
    one, two = phones.a_field_phone(), phones.a_field_phone()
    visit = phones.a_visit(one, two)
    visit.open(one)
    one.attest(visit)
    one.seal(visit)
    one.send()
    found = inspections.inspection(visit.insp)
    assert found.state == "awaiting_second"
    assert "F_ONE_ATTEST" in found.flags
    two.attest(visit)
    two.send()
    found = inspections.inspection(visit.insp)
    assert (found.state, found.flags) == ("sealed", ())


def test_reports_hear_of_a_sealed_visit_in_the_same_unit_of_work(ctx):
    heard = []
    inspections.on_sealed(lambda insp, visit: heard.append((insp, visit["state"])))
    carried = phones.carry_visit(photos=0, answers=1)
    carried.first.send()
    assert (carried.visit.insp, "sealed") in heard
    assert len([h for h in heard if h[0] == carried.visit.insp]) == 1


def test_the_projection_is_what_the_stored_bytes_say(ctx):
    carried = phones.carry_visit(photos=1, answers=3)
    before = inspections.inspection(carried.visit.insp)
    assert inspections.rebuild(carried.visit.insp) == before
