"""Abuse test 40: the server comes back from yesterday's copy; phones offer everything again, nothing lost, nothing doubled."""

from __future__ import annotations

import json
import sqlite3

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, func, select

from server.app import cli, create_app
from server.audit import checkpoints, public_log
from server.audit.tables import LogEntry
from server.inspections.audit import audit
from server.inspections.tables import EventRow
from server.kernel import b64url, checkpoint
from server.platform import feed, migrate
from server.platform.db import db, session, transaction
from server.platform.settings import Settings
from tests import builders, world
from tests import phone as phones

pytestmark = pytest.mark.one_database


@pytest.fixture
def office(tmp_path, monkeypatch):
    """A server of its own on SQLite, made by migrations as a real one, and its database file."""
    data = tmp_path / "data"
    monkeypatch.setenv("SUIJIAN_DATA", str(data))
    monkeypatch.delenv("SUIJIAN_DATABASE_URL", raising=False)
    file = data / "suijian.sqlite3"
    app = create_app(Settings(
        data=data, database_url=f"sqlite:///{file}", testing=True, limits=False, jobs="immediate", argon2=(1, 8, 1),
    ))
    app.test_client_class = world.Client
    with app.app_context():
        migrate.upgrade()
        builders.use(app)
        yield app, file
        builders.use(None)
        db.engine.dispose()


def backup(file, target):
    with sqlite3.connect(file) as source, sqlite3.connect(target) as copy:
        source.backup(copy)


def restore(app, *arguments: str) -> str:
    """The operator's command, with the server stopped and started again."""
    session().remove() if hasattr(session(), "remove") else session().close()
    db.engine.dispose()
    done = CliRunner().invoke(cli.cli, ["restore", *arguments], input="y\n")
    assert done.exit_code == 0, done.output
    app.extensions["suijian-state"].clear()
    return done.output


def seen(phone, answer):
    """The phone anchors itself at the checkpoint of its newest receipt, as every phone does."""
    note = checkpoint.parse_proof(answer["receipt"]).checkpoint
    head = checkpoint.parse_checkpoint(checkpoint.parse_note(note).text)
    phone.seen = [head.size, b64url.encode(head.root)]


def events() -> list[str]:
    return sorted(session().scalars(select(EventRow.h)))


def test_abuse_40_all_phones_offer_again_and_nothing_is_lost_or_doubled(office, tmp_path):
    app, file = office
    crowd = [phones.a_field_phone() for _ in range(4)]
    for phone in crowd:
        seen(phone, phone.send())
    backup(file, tmp_path / "yesterday.sqlite3")
    visit = phones.a_visit(crowd[0])
    visit.open(crowd[0])
    for phone in crowd:
        for n in range(5):
            phone.event("app.resume" if phone is not crowd[0] or n else "note.add", {"text": "后来"} if phone is crowd[0] and not n else None,
                        visit.insp if phone is crowd[0] and not n else "")
        seen(phone, phone.send())
        phone.event("app.background")
        phone.send()
    before, log_size = events(), public_log.tail().size
    told = restore(app, str(tmp_path / "yesterday.sqlite3"))
    assert "纪元为 2" in told and "0 处不符" in told
    assert len(events()) == 4
    assert file.with_name("suijian.sqlite3.before-restore").exists()
    epochs = set()
    for phone in [*crowd, *crowd]:
        answer = phone.send()
        epochs.add(answer["epoch"])
        assert {result["status"] for result in answer["results"]} <= {"stored", "known", "quarantined"}
    assert epochs == {2}
    # The visit had been prepared after the backup: its events are kept in quarantine, everything else as before.
    assert events() == before
    assert session().scalar(select(func.count()).select_from(EventRow)) == len(before)
    assert public_log.tail().size < log_size
    found = audit()
    assert found.faults == [], [fault.text for fault in found.faults]
    flags = {flag for row in session().scalars(select(EventRow.flags)) for flag in row.split()}
    assert "F_LOG_RESTORED" in flags
    assert "F_LOG_EQUIVOCATION" not in flags


def test_a_checkpoint_from_before_the_restore_is_explained_and_not_forgiven(office, tmp_path):
    app, file = office
    phone = phones.a_field_phone()
    phone.send()
    backup(file, tmp_path / "yesterday.sqlite3")
    phone.event("app.resume")
    phone.send()
    kept = checkpoints.issue().note
    restore(app, str(tmp_path / "yesterday.sqlite3"))
    faults = audit(outside=[("kept.txt", kept)]).faults
    assert [(fault.code, fault.text) for fault in faults] == [
        ("A_CHECKPOINT", "检查点 kept.txt（3 条）是恢复备份之前的，恢复后的日志里没有")
    ]


def test_the_restore_stands_in_the_public_log(office, tmp_path):
    app, file = office
    phones.a_field_phone().send()
    backup(file, tmp_path / "yesterday.sqlite3")
    size = public_log.tail().size
    restore(app, str(tmp_path / "yesterday.sqlite3"))
    last = public_log.stored(size)
    assert last.public
    assert json.loads(last.entry)["k"] == "epoch"
    assert feed.epoch() == 2


def test_what_is_no_database_is_not_put_back(office, tmp_path):
    app, file = office
    broken = tmp_path / "broken.sqlite3"
    broken.write_bytes(b"SQLite format 3\0" + bytes(4000))
    done = CliRunner().invoke(cli.cli, ["restore", str(broken), "--yes"])
    assert done.exit_code == 1
    assert "损坏" in done.output or "不是完好的数据库" in done.output
    assert not file.with_name("suijian.sqlite3.before-restore").exists()


def test_abuse_39_a_row_deleted_in_sql_is_flagged_by_the_next_phone_and_named_by_the_audit(office):
    """39: an administrator deletes rows in SQL, then a phone syncs: F_LOG_EQUIVOCATION, and `verify` names the row."""
    app, _file = office
    phone, other = phones.a_field_phone(), phones.a_field_phone()
    phone.event("app.resume")
    seen(phone, phone.send())
    seen(other, other.send())
    with transaction():
        session().execute(delete(EventRow).where(EventRow.dev == phone.dev, EventRow.n == 1))
    assert [(f.code, f.where) for f in audit().faults] == [("A_EVENT_DELETED", f"{phone.dev}/1")]
    # The phone is told that the server stands before its receipt, and offers again what was deleted.
    again = phone.send()
    assert [r.get("flags") for r in again["results"] if r["status"] == "stored"] == [["F_LOG_EQUIVOCATION"]]
    with transaction():
        session().execute(delete(LogEntry).where(LogEntry.idx == other.seen[0] - 1))
    other.event("app.resume")
    assert "F_LOG_EQUIVOCATION" in other.send(other.wires[-1:])["results"][0]["flags"]
    assert ("A_LOG", f"log {other.seen[0] - 1}") in [(f.code, f.where) for f in audit().faults]
