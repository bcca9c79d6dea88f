"""Health and metrics: what an operator and a load balancer ask."""

from __future__ import annotations

from flask import Response, current_app
from flask_smorest import Blueprint
from sqlalchemy import text

from server.platform import clock, feed, metrics
from server.platform.access import OPERATOR, PUBLIC, access
from server.platform.db import session
from server.platform.schemas import Schema, StrictInstant, StrictInt, StrictStr

blp = Blueprint("app", "app", url_prefix="", description="Health and metrics")


class HealthOut(Schema):
    status = StrictStr(required=True)
    epoch = StrictInt(required=True)
    now = StrictInstant(required=True)
    database = StrictStr(required=True)


@blp.get("/health")
@access(PUBLIC)
@blp.response(200, HealthOut)
def health() -> dict[str, object]:
    """Whether the server can read its database. 500 when it cannot."""
    session().execute(text("SELECT 1"))
    settings = current_app.extensions["suijian-settings"]
    return {
        "status": "ok",
        "epoch": feed.epoch(),
        "now": clock.now(),
        "database": "sqlite" if settings.sqlite else "postgresql",
    }


@blp.get("/metrics")
@access(OPERATOR)
@blp.response(200, content_type="text/plain")
def show_metrics() -> Response:
    """Prometheus text; only for the metrics token or for this very machine."""
    return Response(metrics.exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")
