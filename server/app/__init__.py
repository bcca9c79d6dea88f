"""The composition root: makes the application out of the capabilities."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from server.app import access, blueprints, problems, static, wire
from server.platform import blobs, db, jobs, keys, limits, logs
from server.platform.settings import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """The whole server. Refuses to start when a route does not say who may call it."""
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
    blueprints.register(app)
    # After flask-smorest, whose own error answers would otherwise win.
    problems.configure(app)
    static.configure(app, settings)
    access.require_declarations(app)
    return app
