"""Logs: one JSON object per line on standard error, without personal data.

A request line carries the route's pattern, never the address with its ids and search words, and no
internet address; people appear by their id."""

from __future__ import annotations

import logging
import sys

import structlog


def configure(quiet: bool = False) -> None:
    """Send structlog to standard error as JSON lines. ``quiet`` keeps only warnings (tests, commands)."""
    level = logging.WARNING if quiet else logging.INFO
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # Standard error as it is when something is said: a terminal that was put in its place may be gone by then.
        logger_factory=lambda *_names: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
