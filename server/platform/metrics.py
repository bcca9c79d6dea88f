"""Prometheus metrics of the web processes. Several processes share them through files in ``<data>/metrics``."""

from __future__ import annotations

import os

from prometheus_client import REGISTRY as ONE_PROCESS
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess

REQUESTS = Counter("suijian_requests_total", "Answered requests", ["method", "route", "status"])
SECONDS = Histogram(
    "suijian_request_seconds",
    "Time from the first byte of the request to the answer",
    ["route"],
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)


def exposition() -> bytes:
    """All metrics in the text format."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(ONE_PROCESS)
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    return generate_latest(registry)
