"""The unit of work, and the two SQLite traps that were measured."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select
from sqlalchemy.exc import StatementError

from server.platform import state
from server.platform.db import after_commit, before_commit, session, transaction, unit_of_work
from server.platform.tables import OutboxJob, ServerState


def kept() -> set[str]:
    return set(session().scalars(select(ServerState.key)))


def test_a_unit_of_work_commits_when_it_returns_and_rolls_back_when_it_raises(ctx):
    @unit_of_work
    def write(key: str, fail: bool) -> None:
        state.put(key, "x")
        if fail:
            raise RuntimeError("no")

    write("good", fail=False)
    with pytest.raises(RuntimeError):
        write("bad", fail=True)
    session().rollback()
    assert kept() == {"good"}


def test_a_unit_of_work_starts_after_an_access_check_has_read(ctx):
    assert kept() == set()
    state.put("after-a-read", "x")
    assert kept() == {"after-a-read"}


def test_a_nested_unit_of_work_joins_the_outer_one(ctx):
    with pytest.raises(RuntimeError), transaction():
        state.put("inner", "x")
        raise RuntimeError("the outer one fails")
    assert kept() == set()


def test_a_row_that_is_locked_is_read_anew_whatever_was_known_of_it(ctx):
    """Between the first reading and the lock somebody else may have decided. (The row is changed here behind the session's back.)"""
    state.put("letter", "sent")
    with transaction() as current:
        row = current.get_one(ServerState, "letter")
        assert row.value == "sent"
        for told in ("answered", "answered again"):
            current.connection().execute(ServerState.__table__.update().values(value=told))
            assert current.scalars(select(ServerState).where(ServerState.key == "letter")).one().value != told, "no lock: as it was known"
            assert current.get_one(ServerState, "letter", with_for_update=True) is row
            assert row.value == told
        current.connection().execute(ServerState.__table__.update().values(value="closed"))
        assert current.scalars(select(ServerState).where(ServerState.key == "letter").with_for_update()).one().value == "closed"


def test_a_row_written_in_a_savepoint_goes_with_the_outer_rollback(ctx):
    with pytest.raises(RuntimeError), transaction() as current:
        with current.begin_nested():
            current.add(ServerState(key="savepoint", value="x"))
        raise RuntimeError("the outer one fails")
    assert kept() == set()


def test_rows_changed_outside_a_unit_of_work_are_refused(ctx):
    session().add(ServerState(key="stray", value="x"))
    with pytest.raises(RuntimeError, match="outside a unit of work"):
        state.put("key", "x")
    session().rollback()


def test_last_things_run_in_their_order_once_and_only_inside(ctx):
    ran: list[str] = []
    with transaction():
        before_commit("late", 90, lambda _: ran.append("late"))
        before_commit("early", 10, lambda _: ran.append("early"))
        before_commit("late", 90, lambda _: ran.append("twice"))
        assert ran == []
    assert ran == ["early", "late"]
    with pytest.raises(RuntimeError):
        before_commit("late", 90, lambda _: None)


def test_what_waits_for_the_commit_is_forgotten_on_rollback(ctx):
    ran: list[str] = []
    with pytest.raises(ValueError), transaction():
        after_commit(lambda: ran.append("rolled back"))
        raise ValueError
    with transaction():
        after_commit(lambda: ran.append("committed"))
        assert ran == []
    assert ran == ["committed"]


def test_an_instant_comes_back_as_the_same_instant_and_naive_is_refused(ctx):
    east = datetime(2026, 11, 21, 8, 0, 0, 123456, tzinfo=timezone(timedelta(hours=8)))

    def job_due(moment: datetime) -> OutboxJob:
        return OutboxJob(id="x", name="n", args={}, due_at=moment, state="done", attempts=0, last_error="")

    with transaction() as current:
        current.add(job_due(east))
    session().expire_all()
    back = session().get_one(OutboxJob, "x").due_at
    assert back == east
    assert back.tzinfo is UTC
    with pytest.raises(StatementError, match="aware"), transaction() as current:
        current.add(job_due(datetime(2026, 11, 21, 8)))


def test_two_writers_that_both_read_first_wait_for_each_other(app):
    """Without BEGIN IMMEDIATE the second one ends in "database is locked" on SQLite."""
    both_have_read = threading.Barrier(2)
    failures: list[BaseException] = []

    def write(name: str) -> None:
        try:
            with app.app_context():
                kept()
                both_have_read.wait(5)
                for number in range(5):
                    state.put(f"{name}{number}", "x")
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=write, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    with app.app_context():
        assert len(kept()) == 10
