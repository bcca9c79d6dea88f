"""Alembic's environment: runs inside the application, so it sees the same engine and all tables."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import text
from sqlalchemy.types import TypeDecorator

from server.platform.db import db, load_tables
from server.platform.migrate import QUEUE

# One number for everybody who migrates this database; held until the migration is committed.
LOCK = 7_305_113


def plain_types(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our own column types as what they are in the database: a migration must not change with them."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


def ours(item: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Leave the job queue's own tables alone."""
    return not (kind == "table" and (name or "").startswith(QUEUE))


def run() -> None:
    """Bring the database of the running application to the newest revision, in one transaction."""
    load_tables()
    with db.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_as_batch=True,
            compare_type=True,
            render_item=plain_types,
            include_object=ours,
        )
        with context.begin_transaction():
            if connection.dialect.name == "postgresql":
                # Two servers started together: the second waits, then finds nothing to do.
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            context.run_migrations()


run()
