"""How the application is built before the web processes are forked from it."""

from __future__ import annotations

import gc

from sqlalchemy.pool import Pool

from server.app import create_app
from server.platform.settings import Settings


def test_the_application_holds_no_open_connection_when_the_web_processes_are_forked(tmp_path, fresh_database):
    """gunicorn builds it once and forks (``preload_app``): two processes on one connection would mix their answers."""
    before = {id(one) for one in gc.get_objects() if isinstance(one, Pool)}
    app = create_app(Settings(data=tmp_path, database_url=fresh_database("sqlite"), limits=True))
    pools = [one for one in gc.get_objects() if isinstance(one, Pool) and id(one) not in before]
    assert app and len(pools) >= 2, "the database's own and that of the limits"
    assert [one.checkedin() + one.checkedout() for one in pools] == [0] * len(pools)
