"""The capabilities' blueprints under ``/api/v1``, and the OpenAPI document they add up to."""

from __future__ import annotations

import importlib
from threading import Lock
from typing import Any

import flask_smorest
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_cls
from flask import Flask, json
from flask_smorest import Blueprint
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


class Api(flask_smorest.Api):
    """Describes the routes when the document is asked for: at every start of a process that took a third of a second
    which no request, no command and no job needs."""

    def __init__(self, app: Flask, **more: Any) -> None:
        self._undescribed: list[tuple[str, Blueprint]] = []
        self._describing = Lock()
        self._text = ""
        super().__init__(app, **more)

    def register_blueprint(self, blp: Blueprint, *, parameters: Any = None, **options: Any) -> None:
        """What flask-smorest does, without the description."""
        assert self._app is not None and parameters is None
        name = options.get("name", blp.name)
        self._app.extensions["flask-smorest"]["blp_name_to_api"][name] = self
        self._app.register_blueprint(blp, **options)
        self._undescribed.append((name, blp))

    def document(self) -> dict[str, Any]:
        """The OpenAPI document of every route."""
        with self._describing:
            while self._undescribed:
                name, blp = self._undescribed[0]
                blp.register_views_in_doc(self, self._app, self.spec, name=name, parameters=None)
                self.spec.tag({"name": name, "description": blp.description})
                del self._undescribed[0]
            found: dict[str, Any] = self.spec.to_dict()
            return found

    def _openapi_json(self) -> Any:
        assert self._app is not None
        # A third of a megabyte, and the same for everybody until the program is another one.
        self._text = self._text or json.dumps(self.document(), indent=2, sort_keys=False)
        return self._app.response_class(self._text, mimetype="application/json")


def document(app: Flask) -> dict[str, Any]:
    """The OpenAPI document of the application."""
    api: Api = app.extensions["flask-smorest"]["apis"][""]["ext_obj"]
    return api.document()


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
