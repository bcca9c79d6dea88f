"""What one visit costs in statements and commits. Numbers are the budget of design/stack.md; times are only printed."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager

from sqlalchemy import event

from server.inspections import projection
from server.platform.db import db
from tests import phone as phones


@contextmanager
def counted():
    """(statements, commits) of the requests inside; SAVEPOINT and BEGIN do not count."""
    seen, commits = [], []
    engine = db.engine

    def note(_c, _cursor, statement, *_rest):
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "PRAGMA")):
            seen.append(" ".join(statement.split())[:110])

    wrote = []

    def note_write(_c, _cursor, statement, *_rest):
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            wrote.append(statement)

    def commit(_c):
        if wrote:
            commits.append(len(wrote))
            wrote.clear()

    for name, fn in (("before_cursor_execute", note), ("before_cursor_execute", note_write), ("commit", commit)):
        event.listen(engine, name, fn)
    try:
        yield seen, commits
    finally:
        for name, fn in (("before_cursor_execute", note), ("before_cursor_execute", note_write), ("commit", commit)):
            event.remove(engine, name, fn)


def test_the_76_events_of_a_visit_are_eight_statements_and_one_commit(ctx, monkeypatch):
    # What reports do when a sealed visit arrives is their own work, once per visit; it is counted in their tests.
    monkeypatch.setattr(projection, "_sealed", [])
    monkeypatch.setattr(projection, "_folded", [])
    warm = phones.a_field_phone()
    warm.send()
    one, two = phones.a_field_phone(), phones.a_field_phone()
    phones.record_visit(one, two, photos=0, answers=64)
    two.send(two.wires[:1])
    one.send(one.wires[:1])
    batch = one.wires[1:]
    assert 70 <= len(batch) <= 80, len(batch)
    began = time.process_time()
    with counted() as (seen, commits):
        answer = one.send(batch)
    print(
        f"{len(batch)} events: {len(seen)} statements, {1000 * (time.process_time() - began):.1f} CPU-ms with the client"
    )
    print("\n".join(seen))
    assert {r["status"] for r in answer["results"]} == {"stored"}
    assert len(commits) == 1
    # The first belongs to the request: the session's check.
    assert len(seen) <= 1 + 8, seen


def test_a_visit_sent_again_writes_nothing(ctx):
    carried = phones.carry_visit(photos=4, answers=60)
    body = len(json.dumps({"events": carried.first.wires}))
    with counted() as (seen, commits):
        answer = carried.first.send()
    print(f"{body} bytes, {len(seen)} statements")
    assert {r["status"] for r in answer["results"]} == {"known"}
    assert answer["lacks"] == []
    assert commits == []
    assert len(seen) <= 5, seen


def test_a_small_photo_is_one_request_and_one_commit(ctx):
    phone = phones.a_field_phone()
    visit = phones.a_visit(phone)
    visit.open(phone)
    data = phones.a_picture(1, (300, 200))
    phone.photo(visit.insp, data)
    phone.send()
    ctx.extensions["suijian-jobs"] = "held"
    try:
        with counted() as (seen, commits):
            assert phone.announce(data, "image/jpeg", with_bytes=True).status_code == 201
    finally:
        ctx.extensions["suijian-jobs"] = "immediate"
    print("\n".join(seen))
    assert len(commits) == 1
    # The session's check, what is known of the hash, the blob's row, and the waking of the decoder.
    assert len(seen) <= 4, seen
