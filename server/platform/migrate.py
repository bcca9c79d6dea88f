"""Bringing the database to the schema of this version, with Alembic through Flask-Migrate.

For developers: ``./manage.py cli revision 0002 "what changed"``."""

from __future__ import annotations

import logging

import flask_migrate
from alembic.runtime.migration import MigrationContext
from flask import current_app
from sqlalchemy import inspect

from server.platform.db import db
from server.platform.settings import ROOT

FOLDER = ROOT / "server" / "migrations"
# The job queue keeps its own tables on PostgreSQL and looks after them itself.
QUEUE = "huey_"


class NotOurs(RuntimeError):
    """The database holds tables but no revision: made by ``create_all`` or by somebody else."""


def current_revision() -> str | None:
    """The revision the database is at; None when it has none yet."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade() -> str:
    """Run every migration that is missing; answers in words what was done. Raises NotOurs."""
    _prepare()
    before = current_revision()
    theirs = [name for name in inspect(db.engine).get_table_names() if not name.startswith(QUEUE)]
    if before is None and theirs:
        raise NotOurs("数据库里已有数据表但没有版本记录，不能自动更新；请换一个空数据库或先恢复备份")
    flask_migrate.upgrade(directory=str(FOLDER))
    after = current_revision()
    return "数据库结构已是最新" if before == after else f"数据库结构已更新：{before or '空'} → {after}"


def write_revision(number: str, message: str) -> None:
    """Compare the newest revision with the tables and write the difference as a new revision."""
    _prepare()
    if any((FOLDER / "versions").glob("[0-9]*.py")):
        flask_migrate.upgrade(directory=str(FOLDER))
    flask_migrate.revision(directory=str(FOLDER), message=message, autogenerate=True, rev_id=number)


def _prepare() -> None:
    logging.getLogger("alembic").setLevel(logging.WARNING)
    if "migrate" not in current_app.extensions:
        flask_migrate.Migrate(current_app, db, directory=str(FOLDER))
