"""Jobs that run outside a request: derivatives, PDFs, full decodes.

``enqueue`` writes a row in the caller's transaction and tells huey only after the commit, so a job
never sees rows that are not there and a rolled back operation leaves no job. A sweep every minute picks
up what was missed (the process died between commit and enqueue). A job may therefore run more than once:
write it so that the second run finds nothing to do.

huey's own queue lives in ``<data>/jobs.sqlite3``, or in the same PostgreSQL as everything else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from flask import Flask, current_app
from huey import Huey, PostgresHuey, SqliteHuey, crontab
from sqlalchemy import delete, select, update
from sqlalchemy.engine import make_url

from server.platform import clock, limits
from server.platform.db import after_commit, session, transaction
from server.platform.ids import new_id
from server.platform.settings import Settings
from server.platform.tables import OutboxJob

log = structlog.get_logger("jobs")

JOBS: dict[str, Job] = {}
# What runs by the clock: name -> (huey's crontab in UTC, function without arguments).
PERIODIC: dict[str, tuple[Any, Callable[[], object]]] = {}
# A running job is not handed to a second worker before this much time has passed.
CLAIM = timedelta(minutes=10)
MAX_ATTEMPTS = 8
_opening = threading.Lock()


class Job:
    """A named function that takes JSON values as keywords and runs in an application context."""

    def __init__(self, name: str, fn: Callable[..., None]) -> None:
        self.name = name
        self.fn = fn
        self.gave_up: Callable[..., None] | None = None

    def when_given_up(self, fn: Callable[..., None]) -> Callable[..., None]:
        """Have ``fn(problem, **args)`` run in the transaction that marks the job as failed for good: what waits must learn of it."""
        self.gave_up = fn
        return fn

    def enqueue(self, **args: Any) -> str:
        """Have it run once the running unit of work is committed; answers the id of the job row."""
        job_id = new_id()
        session().add(
            OutboxJob(id=job_id, name=self.name, args=args, state="waiting", attempts=0,
                      due_at=clock.now(), last_error="")
        )
        after_commit(lambda: _wake(job_id))
        return job_id


def job(name: str) -> Callable[[Callable[..., None]], Job]:
    """Register a function as a job under a stable name (it is stored in rows)."""

    def register(fn: Callable[..., None]) -> Job:
        if name in JOBS:
            raise RuntimeError(f"two jobs are called {name}")
        JOBS[name] = Job(name, fn)
        return JOBS[name]

    return register


def every_hour(name: str, minute: int) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Run a function every hour at ``minute`` in an application context. It may come twice or late: write it so
    that a second run finds nothing to do."""

    def register(fn: Callable[[], object]) -> Callable[[], object]:
        if name in PERIODIC:
            raise RuntimeError(f"two periodic jobs are called {name}")
        PERIODIC[name] = (crontab(minute=str(minute)), fn)
        return fn

    return register


def configure(app: Flask, settings: Settings) -> None:
    """Say how jobs run in this process. The queue itself is opened when the first job is to be woken:
    on PostgreSQL it makes its own tables, which must not stand in the way of the first migration."""
    app.extensions["suijian-jobs"] = settings.jobs


def queue(app: Flask) -> Huey:
    """The queue of the application, opened once."""
    with _opening:
        if "suijian-huey" not in app.extensions:
            app.extensions["suijian-huey"] = make_huey(app, app.extensions["suijian-settings"])
    opened: Huey = app.extensions["suijian-huey"]
    return opened


def make_huey(app: Flask, settings: Settings) -> Huey:
    """The queue itself, with its tasks: run one outbox row, sweep the missed ones, drop old counters."""
    if settings.sqlite:
        huey: Huey = SqliteHuey("suijian", filename=str(settings.data / "jobs.sqlite3"), results=False)
    else:
        url = make_url(settings.database_url).set(drivername="postgresql")
        huey = PostgresHuey("suijian", dsn=url.render_as_string(hide_password=False), results=False)

    def suijian_run(job_id: str) -> None:
        with app.app_context():
            run_one(job_id)

    def suijian_sweep() -> None:
        with app.app_context():
            sweep()

    def suijian_tidy() -> None:
        if settings.limits:
            limits.forget_expired()

    app.extensions["suijian-run"] = huey.task()(suijian_run)
    huey.periodic_task(crontab(minute="*"))(suijian_sweep)
    huey.periodic_task(crontab(minute="7"))(suijian_tidy)
    for name, (when, fn) in PERIODIC.items():
        huey.periodic_task(when, name=name)(_in_context(app, fn))
    return huey


def _in_context(app: Flask, fn: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        with app.app_context():
            fn()

    return run


def _wake(job_id: str) -> None:
    mode = current_app.extensions["suijian-jobs"]
    if mode == "immediate":
        _perform(job_id)
    elif mode == "queue":
        try:
            queue(current_app._get_current_object())
            current_app.extensions["suijian-run"](job_id)
        except Exception:
            # The rows are committed; an answer of 500 now would be a lie. The sweep finds the job.
            log.exception("job.not_woken", job=job_id)


def run_one(job_id: str) -> bool:
    """Run one waiting job; a failure is noted and tried again later. Answers whether it succeeded."""
    try:
        return _perform(job_id)
    except Exception as problem:
        session().rollback()
        log.exception("job.failed", job=job_id)
        _note_failure(job_id, problem)
        return False


def _perform(job_id: str) -> bool:
    claimed = _claim(job_id)
    if claimed is None:
        return False
    name, args = claimed
    JOBS[name].fn(**args)
    with transaction() as current:
        current.execute(delete(OutboxJob).where(OutboxJob.id == job_id))
    return True


def _claim(job_id: str) -> tuple[str, dict[str, Any]] | None:
    """Take the job for ``CLAIM``; None when it is done, given up or in another worker's hands."""
    now = clock.now()
    with transaction() as current:
        taken = current.execute(
            update(OutboxJob)
            .where(OutboxJob.id == job_id, OutboxJob.state == "waiting", OutboxJob.due_at <= now)
            .values(due_at=now + CLAIM, attempts=OutboxJob.attempts + 1)
            .returning(OutboxJob.name, OutboxJob.args)
        ).first()
    return None if taken is None else (taken[0], taken[1])


def _note_failure(job_id: str, problem: Exception) -> None:
    with transaction() as current:
        row = current.get(OutboxJob, job_id)
        if row is None:
            return
        row.last_error = f"{type(problem).__name__}: {problem}"[:500]
        row.state = "failed" if row.attempts >= MAX_ATTEMPTS else "waiting"
        row.due_at = clock.now() + timedelta(seconds=2**row.attempts)
        gave_up = JOBS[row.name].gave_up if row.state == "failed" and row.name in JOBS else None
        if gave_up is not None:
            gave_up(problem, **row.args)


def sweep(limit: int = 200) -> int:
    """Run what is due and was missed; answers how many succeeded."""
    due = session().scalars(
        select(OutboxJob.id)
        .where(OutboxJob.state == "waiting", OutboxJob.due_at <= clock.now())
        .order_by(OutboxJob.due_at)
        .limit(limit)
    ).all()
    return sum(run_one(job_id) for job_id in due)


def drain() -> int:
    """Run everything waiting now and let failures raise; for tests and for commands. Answers the count."""
    done = 0
    while True:
        due = session().scalars(
            select(OutboxJob.id).where(OutboxJob.state == "waiting", OutboxJob.due_at <= clock.now())
        ).all()
        if not due:
            return done
        done += sum(_perform(job_id) for job_id in due)
