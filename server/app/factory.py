"""Puts the application together, in the one order that works."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from server.app import access, blueprints, problems, static, wire, wiring
from server.platform import blobs, db, jobs, keys, limits, logs
from server.platform.settings import Settings


def build(settings: Settings | None = None) -> Flask:
    """See ``server.app.create_app``. Raises Undeclared."""
    settings = settings or Settings.from_env()
    settings.data.mkdir(parents=True, exist_ok=True)
    logs.configure(quiet=settings.testing)
    app = Flask("server", static_folder=None)
    app.config["TESTING"] = settings.testing
    app.json.ensure_ascii = False
    app.extensions["suijian-settings"] = settings
    app.extensions["suijian-state"] = {}
    app.extensions["suijian-blobs"] = blobs.BlobStore(settings.data / "blobs")
    app.extensions["suijian-keys"] = keys.load_or_create(settings.data / "keys")
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies)
    db.configure(app, settings)
    db.load_tables()
    jobs.configure(app, settings)
    wire.configure(app, settings)
    access.configure(app)
    # After the access check, so that a limit can be counted per device.
    limits.configure(app, settings)
    wiring.connect()
    blueprints.register(app)
    # After flask-smorest, whose own error answers would otherwise win.
    problems.configure(app)
    static.configure(app, settings)
    access.require_declarations(app)
    return app
