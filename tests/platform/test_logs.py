"""The log goes where standard error is at that moment."""

from __future__ import annotations

import contextlib
import io
import json

import structlog

from server.platform import logs


def test_a_stream_that_was_closed_since_the_start_stops_no_work():
    gone, now = io.StringIO(), io.StringIO()
    with contextlib.redirect_stderr(gone):
        logs.configure(quiet=True)
    gone.close()
    with contextlib.redirect_stderr(now):
        structlog.get_logger("suijian.test").warning("stamp.failed", stamp="rfc3161")
    assert json.loads(now.getvalue())["event"] == "stamp.failed"
