"""The server as it is, at another time: ``SUIJIAN_TEST_SHIFT_S`` seconds from now. Only scenarios start it.

``gunicorn tests.browser.shifted:app`` and ``python -m tests.browser.shifted`` (the job process). The program itself
has no such switch: everything reads ``server.platform.clock``, and this module replaces its one reading."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from server.platform import clock

_SHIFT = timedelta(seconds=int(os.environ["SUIJIAN_TEST_SHIFT_S"]))


def _shifted_now() -> datetime:
    return datetime.now(UTC) + _SHIFT


clock.now = _shifted_now

if __name__ == "__main__":
    from server.app import worker

    worker.main()
else:
    from server.app.wsgi import app

    __all__ = ["app"]
