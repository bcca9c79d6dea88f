"""gunicorn: two processes of four threads. gthread keeps the bytes of an upload that breaks off."""

from __future__ import annotations

import gc
import os
import shutil
from typing import Any

from server.platform.settings import Settings

_metrics = Settings.from_env().data / "metrics"
# Must stand before prometheus_client is imported, in every worker.
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(_metrics))

bind = os.environ.get("SUIJIAN_BIND", "127.0.0.1:8600")
workers = int(os.environ.get("SUIJIAN_WORKERS", "2"))
worker_class = "gthread"
threads = 4
# The application is built once and the web processes are forked from it: half the time to start, less memory.
# It must hold no open connection by then (tests/app/test_factory.py).
preload_app = True
timeout = 60
graceful_timeout = 20
keepalive = 15
max_requests = 20_000
max_requests_jitter = 2_000
accesslog = None
certfile = os.environ.get("SUIJIAN_TLS_CERT") or None
keyfile = os.environ.get("SUIJIAN_TLS_KEY") or None


def on_starting(_server: Any) -> None:
    """Counters of an earlier run would be added to those of this one; no web process has been forked yet."""
    shutil.rmtree(_metrics, ignore_errors=True)
    _metrics.mkdir(parents=True)


def when_ready(_server: Any) -> None:
    """What stands before the fork is never garbage: a collection in a web process would only copy its pages."""
    gc.freeze()


def child_exit(_server: Any, worker: Any) -> None:
    """Take the gauges of a dead worker out of the sum."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)
