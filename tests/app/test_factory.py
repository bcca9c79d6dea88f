"""How the application is built before the web processes are forked from it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.pool import Pool

from server.app import create_app
from server.platform.settings import Settings


def test_the_application_holds_no_open_connection_when_the_web_processes_are_forked(tmp_path, fresh_database):
    """gunicorn builds it once and forks (``preload_app``): two processes on one connection would mix their answers."""
    opened: list[Any] = []
    closed: list[Any] = []

    def note_opened(connection: Any, _record: Any) -> None:
        opened.append(connection)

    def note_closed(connection: Any, _record: Any) -> None:
        closed.append(connection)

    event.listen(Pool, "connect", note_opened)
    event.listen(Pool, "close", note_closed)
    try:
        create_app(Settings(data=tmp_path, database_url=fresh_database("sqlite"), limits=True))
    finally:
        event.remove(Pool, "connect", note_opened)
        event.remove(Pool, "close", note_closed)
    assert opened, "the table of the limits is made"
    assert opened == closed
