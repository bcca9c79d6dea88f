"""The application as gunicorn loads it in the live tests: the real one, with a stall limit a test can wait for."""

from __future__ import annotations

from server.app.wsgi import app
from server.evidence import api

api.STALL_SECONDS = 2.0

__all__ = ["app"]
