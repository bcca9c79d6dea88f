"""The world the tests play in: an application on a real database, people with clients, enrolled phones.

No mocks: a client sends real requests with a real access token, a phone has a real P-256 key."""

from __future__ import annotations

import contextvars
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from flask import Flask, has_app_context
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from server.app import create_app
from server.kernel import b64url, chain
from server.platform import db as database
from server.platform import signatures
from server.platform.settings import Settings

PASSWORD = "a password for tests 7"


class Client(FlaskClient):
    """A caller with its own access token (empty: anonymous)."""

    token: str = ""
    person: Any = None

    def __deepcopy__(self, _memo: dict[int, Any]) -> Client:
        """Another client of the same person, with the same token, of the same application."""
        made = Client(self.application, self.response_wrapper)
        made.token, made.person = self.token, self.person
        return made

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """One request, in an application context of its own even when the test has one open.

        Flask would reuse the test's context, and with it the test's database session: a test could
        then pass only because it sees its own uncommitted or outdated rows."""
        if self.token:
            headers = dict(kwargs.pop("headers", None) or {})
            headers.setdefault("Authorization", f"Bearer {self.token}")
            kwargs["headers"] = headers
        _let_go()
        try:
            return contextvars.Context().run(super().open, *args, **kwargs)
        finally:
            _let_go()


def _let_go() -> None:
    """End the test's own reading transaction, so that it sees what the request has committed."""
    if has_app_context():
        database.session().rollback()
        database.session().expire_all()


def make_app(data: Path, database_url: str, **changes: Any) -> Flask:
    """The application with cheap passwords, jobs run at once, no limits, and its tables made."""
    settings = Settings(
        data=data, database_url=database_url, testing=True,
        **({"jobs": "immediate", "limits": False, "argon2": (1, 8, 1), "sqlite_synchronous": "OFF"} | changes),
    )
    app = create_app(settings)
    app.test_client_class = Client
    with app.app_context():
        database.create_schema()
    return app


def empty(app: Flask) -> None:
    """Remove every row and every blob; what the application remembers in the process as well."""
    settings: Settings = app.extensions["suijian-settings"]
    tables = [table.name for table in database.db.metadata.tables.values()]
    with app.app_context(), database.db.engine.connect() as connection:
        if settings.sqlite:
            raw: Any = connection.connection.driver_connection
            connection.rollback()
            raw.executescript(
                "PRAGMA foreign_keys = OFF; BEGIN;"
                + "".join(f'DELETE FROM "{name}";' for name in tables)
                + "COMMIT; PRAGMA foreign_keys = ON;"
            )
        else:
            quick = "".join(f'DELETE FROM "{name}";' for name in tables)
            connection.execute(text(f"SET LOCAL session_replication_role = replica; {quick}"))
            connection.commit()
    app.extensions["suijian-state"].clear()
    # With their folders: of those there would soon be 256, and looking into each takes longer than the tables.
    for folder in app.extensions["suijian-blobs"].root.glob("??"):
        shutil.rmtree(folder)


@dataclass
class Phone:
    """A key and, once enrolled, its enrolment. Signs as the browser does: raw r || s."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    installation: str = "installation-of-tests"
    access: str = ""
    refresh: str = ""
    person: Any = None

    def __deepcopy__(self, _memo: dict[int, Any]) -> Phone:
        """A phone of its own with the same key, which cannot be copied and never changes."""
        return replace(self)

    @property
    def spki(self) -> bytes:
        return signatures.spki_of(self.key.public_key())

    @property
    def spki_text(self) -> str:
        return b64url.encode(self.spki)

    @property
    def dev(self) -> str:
        return chain.device_id(self.spki)

    def sign(self, message: bytes) -> str:
        """The b64url ES256 signature (86 characters) of ``message``."""
        r, s = utils.decode_dss_signature(self.key.sign(message, ec.ECDSA(hashes.SHA256())))
        return b64url.encode(r.to_bytes(32) + s.to_bytes(32))
