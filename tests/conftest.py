"""Fixtures of every test: the same application on SQLite and on a real PostgreSQL.

``app`` runs a test on both databases; ``--database sqlite`` (or ``postgres``) on one. A test that has
nothing to do with the database may say ``@pytest.mark.one_database``."""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from sqlalchemy import event
from sqlalchemy.engine import URL

from server.platform import db
from tests import builders, postgres, world

# No test fails on a clock: the first text on a fresh machine takes seconds to make, its tables are written then.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

DATABASES = ("sqlite", "postgres")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=[*DATABASES, "both"], default="both",
                     help="run the tests that need a database on this one only")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "one_database: the database makes no difference; SQLite only")


# More than twenty seconds each, few tests or many: begun last, one of them would be alone at the end.
LONG = (
    "reports/test_review.py", "architecture/test_access_matrix.py", "evidence/test_live_upload.py", "hostile/test_secret_lists.py",
    "migrations/test_migrations.py", "sync/test_lent_inspectors.py", "plans/test_replacing.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first; everything else in its order (``--no-loadscope-reorder`` leaves it so)."""
    items.sort(key=lambda item: not str(item.path).endswith(LONG))


def pytest_collection_finish(session: pytest.Session) -> None:
    """What collection has made (all modules, all tests) stays to the end; searching it for garbage took a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database" not in metafunc.fixturenames:
        return
    chosen = metafunc.config.getoption("--database")
    wanted = DATABASES if chosen == "both" else (chosen,)
    if metafunc.definition.get_closest_marker("one_database"):
        wanted = wanted[:1]
    metafunc.parametrize("database", wanted, indirect=True, scope="session")


@pytest.fixture(scope="session")
def database(request: pytest.FixtureRequest) -> str:
    """Which database this test runs on: "sqlite" or "postgres"."""
    return str(request.param)


@pytest.fixture(scope="session")
def fresh_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """``fresh_database("postgres")`` is the address of a new empty database of that kind.

    The PostgreSQL server is started when the first test wants it, and stopped after its databases."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    servers: list[URL] = []
    count = itertools.count(1)
    with ExitStack() as stack:

        def make(kind: str) -> str:
            if kind == "sqlite":
                return f"sqlite:///{tmp_path_factory.mktemp('sqlite')}/suijian.sqlite3"
            if not servers:
                servers.append(stack.enter_context(postgres.a_server(tmp_path_factory.mktemp("postgres"))))
            name = f"suijian_{worker}_{os.getpid()}_{next(count)}"
            url = stack.enter_context(postgres.a_database(servers[0], name))
            return url.render_as_string(hide_password=False)

        yield make


@pytest.fixture(scope="session")
def apps(fresh_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Flask]]:
    """``apps("postgres")``: the application on that database, made when it is first asked for.

    Not in the fixture with the parameter: pytest ends that one whenever the next test wants the other database, and
    a process that is given file after file made two applications and two schemas for each."""
    made: dict[str, Flask] = {}

    def on(kind: str) -> Flask:
        if kind not in made:
            made[kind] = world.make_app(tmp_path_factory.mktemp("data"), fresh_database(kind))
        return made[kind]

    yield on
    for app in made.values():
        with app.app_context():
            db.db.engine.dispose()


@pytest.fixture(scope="session")
def one_app(database: str, apps: Callable[[str], Flask]) -> Flask:
    """The application that all tests on this database share."""
    return apps(database)


@pytest.fixture
def app(one_app: Flask) -> Iterator[Flask]:
    """The application with empty tables. No context is open: requests and builders open their own."""
    world.empty(one_app)
    builders.use(one_app)
    yield one_app
    builders.use(None)


@pytest.fixture
def ctx(app: Flask) -> Iterator[Flask]:
    """``app`` with an application context open for the whole test, to call operations directly."""
    with app.app_context():
        yield app


@pytest.fixture
def client_as(app: Flask) -> Callable[..., world.Client]:
    """``client_as("reviewer", agency="fire-jindong")``: a signed-in client; without roles anonymous."""
    return builders.client_as


@pytest.fixture
def client(app: Flask) -> world.Client:
    """An anonymous client."""
    return builders.client_as()


@pytest.fixture
def assert_query_count(app: Flask) -> Callable[[int], object]:
    """``with assert_query_count(8): ...`` fails when more SQL statements are sent (BEGIN not counted)."""

    @contextmanager
    def at_most(limit: int) -> Iterator[list[str]]:
        seen: list[str] = []

        def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
            if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
                seen.append(statement)

        with app.app_context():
            engine = db.db.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(engine, "before_cursor_execute", note)
        assert len(seen) <= limit, f"{len(seen)} statements, at most {limit}:\n" + "\n".join(seen)

    return at_most


@pytest.fixture
def repository() -> Path:
    """The root of the repository."""
    return Path(__file__).resolve().parents[1]
