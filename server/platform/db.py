"""The database: one SQLAlchemy object, one unit of work per operation, two engines that behave alike.

An operation decorated with ``unit_of_work`` commits when it returns and rolls back when it raises;
nobody else calls ``commit()``. Called inside another one it joins it. What must be written last (the
audit chain, the change feed) registers itself with ``before_commit``; what must only happen once the
rows are durable (waking the job queue) with ``after_commit``.

SQLite needs help to be as strict as PostgreSQL: without ``isolation_level=None`` and an explicit BEGIN,
rows written in a savepoint survive an outer rollback; without BEGIN IMMEDIATE two writers that both
read first end in "database is locked" instead of waiting for each other."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Dialect, Engine, MetaData, event
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session
from sqlalchemy.sql import Select
from sqlalchemy.types import TypeDecorator

from server.platform.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

WRITE = {"suijian_write": True}


class Base(DeclarativeBase):
    """Names for every constraint, so that Alembic can change them on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


# Rows keep their loaded values after the commit: an answer is composed from them, and reading
# them again would cost one statement each. The next unit of work reloads what it touches.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


@event.listens_for(db.session, "do_orm_execute")
def _read_anew_what_is_locked(state: ORMExecuteState) -> None:
    """SELECT .. FOR UPDATE waits for whoever holds the row; what was loaded before the wait is no longer true.

    SQLAlchemy would answer the object it already knows with its old values, and two people would each decide what can
    be decided once (seen: one letter answered by two superiors)."""
    if state.is_select and getattr(state.statement, "_for_update_arg", None) is not None:
        state.update_execution_options(populate_existing=True)


class UTCDateTime(TypeDecorator[datetime]):
    """An instant. Refuses naive values, stores UTC, returns aware UTC on both databases.

    SQLite drops time zones without a word: 08:00+08:00 came back as naive 08:00 (measured)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored instant must be aware")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def session() -> Session:
    """The session of this request, command or job."""
    return db.session()


def scoped(query: Select[Any], agency_id: str, column: Any = None) -> Select[Any]:
    """``query`` limited to one agency. SQLite has no row security, so every read goes through here.

    ``column`` is needed only when the first selected entity has no ``agency_id`` of its own."""
    if column is None:
        column = query.column_descriptions[0]["entity"].agency_id
    return query.where(column == agency_id)


def before_commit(key: str, order: int, fn: Callable[[Session], None]) -> None:
    """Run ``fn`` once as the last thing of the running unit of work; lower ``order`` first.

    Registering the same ``key`` again keeps the first. Raises outside a unit of work."""
    current = session()
    if not current.info.get("depth"):
        raise RuntimeError(f"{key}: only inside a unit of work")
    current.info["last"].setdefault(key, (order, fn))


def after_commit(fn: Callable[[], None]) -> None:
    """Run ``fn`` when the rows are durable; forgotten when the unit of work rolls back."""
    current = session()
    if not current.info.get("depth"):
        raise RuntimeError("after_commit: only inside a unit of work")
    current.info["after"].append(fn)


def notes(key: str) -> list[Any]:
    """A list that lives as long as the running unit of work (pending facts, pending changes)."""
    current = session()
    if not current.info.get("depth"):
        raise RuntimeError(f"{key}: only inside a unit of work")
    found: list[Any] = current.info["notes"].setdefault(key, [])
    return found


@contextmanager
def transaction() -> Iterator[Session]:
    """The unit of work as a block. Return commits, raise rolls back, nested joins the outer one."""
    current = session()
    if current.info.get("depth"):
        yield current
        return
    if current.new or current.dirty or current.deleted:
        raise RuntimeError("rows were changed outside a unit of work")
    # End the reading transaction of the access check, and forget what it loaded: from here on
    # everything is read under the write lock.
    current.commit()
    current.expire_all()
    current.info.update(depth=1, last={}, after=[], notes={})
    try:
        current.connection(execution_options=WRITE)
        yield current
        current.flush()
        for _, fn in sorted(current.info["last"].values(), key=lambda pair: pair[0]):
            fn(current)
        current.commit()
        after = current.info["after"]
    except BaseException:
        current.rollback()
        raise
    finally:
        current.info.update(depth=0, last={}, after=[], notes={})
    for fn in after:
        fn()


def unit_of_work(operation: Callable[P, R]) -> Callable[P, R]:
    """Make ``operation`` one unit of work."""

    @wraps(operation)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with transaction():
            return operation(*args, **kwargs)

    return run


def configure(app: Flask, settings: Settings) -> None:
    """Bind the database to the application and teach SQLite its manners."""
    options: dict[str, Any] = {"pool_pre_ping": not settings.sqlite, **settings.engine_options}
    if settings.sqlite:
        # One thread holds at most one connection; a waiting thread must not be refused one.
        options.setdefault("pool_size", 16)
        options.setdefault("max_overflow", 32)
    else:
        # Change numbers are taken under a row lock: REPEATABLE READ would end in serialization failures.
        options.setdefault("isolation_level", "READ COMMITTED")
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    db.init_app(app)
    if settings.sqlite:
        with app.app_context():
            strict_sqlite(db.engine, settings.sqlite_synchronous)


def strict_sqlite(engine: Engine, synchronous: str = "FULL") -> None:
    """WAL, durable commits, enforced foreign keys, BEGIN IMMEDIATE for a unit of work."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "busy_timeout = 30000",
            "journal_mode = WAL",
            f"synchronous = {synchronous}",
            "foreign_keys = ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        write = connection.get_execution_options().get("suijian_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def load_tables() -> None:
    """Import the tables of every capability, so that the metadata is whole."""
    server = Path(__file__).resolve().parents[1]
    for path in sorted(server.glob("*/tables.py")):
        importlib.import_module(f"server.{path.parent.name}.tables")


def create_schema() -> None:
    """Make every table that is missing. For tests; an installation runs the migrations."""
    load_tables()
    db.create_all()
