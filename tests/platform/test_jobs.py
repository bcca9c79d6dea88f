"""Jobs are born with the rows that want them and survive what happens to the queue."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from server.platform import clock, jobs, state
from server.platform.db import db, session, transaction
from server.platform.jobs import job
from server.platform.tables import OutboxJob
from tests.world import make_app

ran: list[str] = []
NOON = datetime(2026, 11, 21, 4, tzinfo=UTC)


@job("tests.note")
def note(word: str) -> None:
    if word == "fail":
        raise OSError("disk")
    ran.append(word)


@pytest.fixture
def held(ctx):
    """Jobs stay in the outbox until the test asks."""
    ran.clear()
    before = ctx.extensions["suijian-jobs"]
    ctx.extensions["suijian-jobs"] = "held"
    yield
    ctx.extensions["suijian-jobs"] = before


def waiting() -> list[tuple[str, int]]:
    return [(row.state, row.attempts) for row in session().scalars(select(OutboxJob))]


def test_a_job_of_a_rolled_back_operation_does_not_exist(held):
    with pytest.raises(ValueError), transaction():
        note.enqueue(word="never")
        raise ValueError
    assert jobs.drain() == 0
    assert ran == []


def test_a_job_runs_after_the_commit_and_leaves_the_outbox(held):
    with transaction():
        note.enqueue(word="once")
        assert ran == []
    assert jobs.drain() == 1
    assert ran == ["once"]
    assert waiting() == []


def test_immediate_mode_runs_it_as_soon_as_the_rows_are_durable(ctx, held):
    ctx.extensions["suijian-jobs"] = "immediate"
    with transaction():
        state.put("row", "x")
        note.enqueue(word="now")
        assert ran == []
    assert ran == ["now"]


def test_the_same_job_is_not_run_by_two_workers(held):
    with transaction():
        job_id = note.enqueue(word="once")
    assert jobs.run_one(job_id)
    assert not jobs.run_one(job_id)
    assert ran == ["once"]


def test_a_failed_job_is_tried_again_later_and_given_up_in_the_end(held):
    with clock.freeze(NOON):
        with transaction():
            job_id = note.enqueue(word="fail")
        assert not jobs.run_one(job_id)
        assert waiting() == [("waiting", 1)]
        assert not jobs.run_one(job_id), "not before its time"
        assert waiting() == [("waiting", 1)]
        for _ in range(jobs.MAX_ATTEMPTS):
            clock.tick(minutes=10)
            jobs.sweep()
        assert waiting() == [("failed", jobs.MAX_ATTEMPTS)]
        assert session().scalar(select(OutboxJob.last_error)) == "OSError: disk"


def test_who_waits_for_a_job_learns_that_it_was_given_up_once(held, monkeypatch):
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(note, "gave_up", None)
    note.when_given_up(lambda problem, word: told.append((str(problem), word)))
    with clock.freeze(NOON):
        with transaction():
            note.enqueue(word="fail")
        for attempt in range(jobs.MAX_ATTEMPTS + 2):
            assert (told == []) == (attempt < jobs.MAX_ATTEMPTS)
            jobs.sweep()
            clock.tick(minutes=10)
    assert told == [("disk", "fail")]


def test_a_job_whose_worker_died_is_taken_over_after_the_claim(held):
    with clock.freeze(NOON):
        with transaction():
            job_id = note.enqueue(word="later")
        assert jobs._claim(job_id) is not None
        assert jobs.sweep() == 0
        clock.tick(minutes=10)
        assert jobs.sweep() == 1
    assert ran == ["later"]


def test_draining_lets_a_failure_out(held):
    with transaction():
        note.enqueue(word="fail")
    with pytest.raises(OSError):
        jobs.drain()


def test_two_jobs_may_not_share_a_name():
    with pytest.raises(RuntimeError):
        job("tests.note")(lambda: None)


@pytest.fixture(params=["sqlite", "postgres"])
def queueing(request, fresh_database, tmp_path):
    """An application with a real queue, on either database."""
    if request.config.getoption("--database") not in ("both", request.param):
        pytest.skip("the other database")
    app = make_app(tmp_path, fresh_database(request.param), jobs="queue")
    ran.clear()
    with app.app_context():
        yield app
        db.engine.dispose()


def work(app) -> int:
    """Do what the worker process does with everything in the queue; answers how many tasks there were."""
    queue, done = jobs.queue(app), 0
    while (task := queue.dequeue()) is not None:
        queue.execute(task)
        done += 1
    return done


def test_the_worker_is_woken_after_the_commit(queueing):
    with transaction():
        note.enqueue(word="queued")
        assert work(queueing) == 0
    assert work(queueing) == 1
    assert ran == ["queued"]
    assert waiting() == []


def test_a_job_whose_wake_up_was_lost_is_swept_up(queueing):
    with transaction():
        note.enqueue(word="missed")
    jobs.queue(queueing).flush()
    assert work(queueing) == 0
    assert jobs.sweep() == 1
    assert ran == ["missed"]


def test_a_queue_that_is_away_does_not_undo_what_was_committed(queueing, monkeypatch):
    def gone(_job_id: str) -> None:
        raise OSError("queue file is gone")

    jobs.queue(queueing)
    monkeypatch.setitem(queueing.extensions, "suijian-run", gone)
    with transaction():
        state.put("row", "kept")
        note.enqueue(word="later")
    assert state.get("row") == "kept"
    assert jobs.sweep() == 1
