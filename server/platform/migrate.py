"""Bringing the database to the schema of this version, with Alembic through Flask-Migrate."""

from __future__ import annotations

from server.platform.db import create_schema


def upgrade() -> str:
    """Run every migration that is missing; answers in words what was done."""
    create_schema()
    return "数据库结构已是最新"
