"""The capabilities' blueprints under ``/api/v1``, and the OpenAPI document they add up to."""

from __future__ import annotations

import importlib
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_cls
from flask import Flask
from flask_smorest import Api, Blueprint
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest

from server.platform.access import PUBLIC, access

PREFIX = "/api/v1"

# Each module exports ``blp``, a flask-smorest Blueprint with url_prefix "/<capability>".
MODULES = [
    "server.app.api",
    "server.accounts.api",
    "server.accounts.recovery_api",
    "server.audit.api",
    "server.audit.log_api",
    "server.rules.api",
    "server.registry.api",
    "server.registry.api_imports",
    "server.registry.api_people",
    "server.draw.api",
    "server.plans.api",
    "server.plans.documents_api",
    "server.plans.monthly_api",
    "server.plans.changes_api",
    "server.reports.api",
    "server.evidence.api",
    "server.inspections.api",
    "server.inspections.record_code",
    "server.sync.api",
]

# Pages for everybody, outside the API: each exports ``blp``, a plain Flask Blueprint.
PAGES = ["server.platform.pages", "server.audit.pages", "server.draw.pages", "server.inspections.code_pages"]


class JsonParser(FlaskParser):
    """The reader of JSON bodies. A number of ten thousand digits is a ValueError that webargs lets through as 500."""

    def _raw_load_json(self, req: Any) -> Any:
        try:
            return super()._raw_load_json(req)
        except ValueError as broken:
            raise BadRequest from broken


def register(app: Flask) -> None:
    """Register every blueprint. The document lies at ``/api/v1/openapi.json``."""
    Blueprint.ARGUMENTS_PARSER = JsonParser()
    app.config.update(
        API_TITLE="Suijian 随检",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
    )
    api = Api(app, spec_kwargs={"marshmallow_plugin": MarshmallowPlugin(_Names())})
    api.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    for name in MODULES:
        blp: Blueprint = importlib.import_module(name).blp
        api.register_blueprint(blp, url_prefix=PREFIX + (blp.url_prefix or ""))
    for name in PAGES:
        app.register_blueprint(importlib.import_module(name).blp)
    # flask-smorest makes this view itself; the document names no secrets and no people.
    app.view_functions["api-docs.openapi_json"] = access(PUBLIC)(
        app.view_functions["api-docs.openapi_json"]
    )


class _Names:
    """Names of the document's schemas: the class's own, with the capability in front when two share it.

    apispec would number the second one, and the clients' types would change with the order of imports."""

    def __init__(self) -> None:
        self._taken: dict[str, Any] = {}

    def __call__(self, schema: Any) -> str:
        found = resolve_schema_cls(schema)
        kind = found[0] if isinstance(found, list) else found
        name = kind.__name__
        if self._taken.setdefault(name, kind) is not kind:
            name = kind.__module__.split(".")[1].title() + name
            self._taken.setdefault(name, kind)
        return str(name)
