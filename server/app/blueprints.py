"""The capabilities' blueprints under ``/api/v1``, and the OpenAPI document they add up to."""

from __future__ import annotations

import importlib

from flask import Flask
from flask_smorest import Api, Blueprint

from server.platform.access import PUBLIC, access

PREFIX = "/api/v1"

# Each module exports ``blp``, a flask-smorest Blueprint with url_prefix "/<capability>".
MODULES = [
    "server.app.api",
    "server.accounts.api",
    "server.audit.api",
    "server.registry.api",
    "server.plans.api",
]


def register(app: Flask) -> None:
    """Register every blueprint. The document lies at ``/api/v1/openapi.json``."""
    app.config.update(
        API_TITLE="Suijian 随检",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
    )
    api = Api(app)
    api.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    for name in MODULES:
        blp: Blueprint = importlib.import_module(name).blp
        api.register_blueprint(blp, url_prefix=PREFIX + (blp.url_prefix or ""))
    # flask-smorest makes this view itself; the document names no secrets and no people.
    app.view_functions["api-docs.openapi_json"] = access(PUBLIC)(
        app.view_functions["api-docs.openapi_json"]
    )
