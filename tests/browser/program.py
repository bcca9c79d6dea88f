"""The program as scenarios run it: all of it, but for two things that it has no switch for.

It may be another time for it: ``SUIJIAN_TEST_SHIFT_S`` seconds from now (everything reads ``server.platform.clock``,
and its one reading is replaced here). And passwords are cheap, as in every other test: a quarter of a second of both
cores for each of a hundred sign-ins proves nothing. ``smoke.spec.ts`` starts the program by its own commands, with neither.

``gunicorn tests.browser.program:app``, ``python -m tests.browser.program worker`` (the job process) and ``demo`` (the
tables and the demo, once for all scenarios)."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from server.platform import clock
from server.platform.settings import Settings

_SHIFT = timedelta(seconds=int(os.environ["SUIJIAN_TEST_SHIFT_S"]))
_as_installed = Settings.from_env


def _shifted_now() -> datetime:
    return datetime.now(UTC) + _SHIFT


def _settings() -> Settings:
    # Of the demo only copies are used: one that a power cut leaves half done is not copied.
    durable = {"sqlite_synchronous": "OFF"} if sys.argv[1:] == ["demo"] else {}
    return replace(_as_installed(), argon2=(1, 8, 1), **durable)


clock.now = _shifted_now
Settings.from_env = staticmethod(_settings)


def main(what: str) -> None:
    if what == "worker":
        from server.app import worker

        worker.main()
    elif what == "demo":
        from server.app import create_app, demo
        from server.platform import migrate

        with create_app().app_context():
            migrate.upgrade()
        demo.main([])
    else:
        sys.exit(f"{what}: worker or demo")


if __name__ == "__main__":
    main(*sys.argv[1:])
else:
    from server.app.wsgi import app

    __all__ = ["app"]
