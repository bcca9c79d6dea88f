"""The limiter's counters in a small table (decision D-29): right from the first day with several processes.

On PostgreSQL they live in the database, committed without waiting for the disk. On SQLite they get a
file of their own: in the main file every counted request would cost one durable commit and wait for the
writer's lock, and nobody needs yesterday's counters after a crash."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from limits.storage import Storage
from sqlalchemy import Engine, case, create_engine, delete, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from server.platform import clock
from server.platform.db import strict_sqlite
from server.platform.tables import Counter

TABLE = Counter.__table__


def _key(key: str) -> str:
    """The key as both databases can hold it: it may contain what an anonymous caller wrote as a login."""
    return key.replace("\0", "").encode("utf-8", "replace").decode()[:250]


def _now() -> int:
    return clock.now_ms() // 1000


class CounterStorage(Storage):
    """Fixed windows in the table ``counter``. Address: ``suijian-table://`` + options ``database_url``, ``folder``."""

    STORAGE_SCHEME = ["suijian-table"]

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: Any) -> None:
        super().__init__(uri, wrap_exceptions)
        self._engine = self._open(str(options["database_url"]), Path(str(options["folder"])))

    @staticmethod
    def _open(database_url: str, folder: Path) -> Engine:
        if not database_url.startswith("sqlite"):
            return create_engine(database_url, pool_size=4, pool_pre_ping=True)
        engine = create_engine(f"sqlite:///{folder / 'limits.sqlite3'}")
        strict_sqlite(engine, synchronous="OFF")
        TABLE.create(engine, checkfirst=True)
        # The web processes are forked from this one, and SQLite forbids carrying a connection across.
        engine.dispose()
        return engine

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        return SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count ``amount``; the window starts anew when it has run out. Answers the hits in the window."""
        now = _now()
        dialect: Any = postgresql if self._engine.dialect.name == "postgresql" else sqlite
        fresh = TABLE.c.expires <= now
        statement = dialect.insert(TABLE).values(key=_key(key), hits=amount, expires=now + expiry)
        statement = statement.on_conflict_do_update(
            index_elements=["key"],
            set_={
                "hits": case((fresh, amount), else_=TABLE.c.hits + amount),
                "expires": case((fresh, now + expiry), else_=TABLE.c.expires),
            },
        ).returning(TABLE.c.hits)
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL synchronous_commit = off"))
            return int(connection.execute(statement).scalar_one())

    def get(self, key: str) -> int:
        with self._engine.connect() as connection:
            found = connection.execute(
                select(TABLE.c.hits).where(TABLE.c.key == _key(key), TABLE.c.expires > _now())
            ).scalar()
        return int(found or 0)

    def get_expiry(self, key: str) -> float:
        with self._engine.connect() as connection:
            found = connection.execute(select(TABLE.c.expires).where(TABLE.c.key == _key(key))).scalar()
        return float(found or _now())

    def check(self) -> bool:
        with self._engine.connect() as connection:
            connection.execute(select(TABLE.c.key).limit(1))
        return True

    def reset(self) -> int | None:
        with self._engine.begin() as connection:
            return int(connection.execute(delete(TABLE)).rowcount)

    def clear(self, key: str) -> None:
        with self._engine.begin() as connection:
            connection.execute(delete(TABLE).where(TABLE.c.key == _key(key)))

    def forget_expired(self) -> int:
        """Remove windows that have run out; a row per address and minute would pile up."""
        with self._engine.begin() as connection:
            return int(connection.execute(delete(TABLE).where(TABLE.c.expires <= _now())).rowcount)
