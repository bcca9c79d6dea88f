"""Rate limits: one limiter for the application, counting in the table of ``counters``."""

from __future__ import annotations

from flask import Flask, g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from server.platform import clock
from server.platform.counters import CounterStorage
from server.platform.settings import Settings

limiter = Limiter(key_func=get_remote_address, default_limits=[])


def configure(app: Flask, settings: Settings) -> None:
    """Turn the limiter on; with ``settings.limits`` off nothing is counted and nothing refused."""
    app.config["RATELIMIT_ENABLED"] = settings.limits
    app.config["RATELIMIT_STORAGE_URI"] = f"{CounterStorage.STORAGE_SCHEME[0]}://"
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {
        "database_url": settings.database_url,
        "folder": str(settings.data),
    }
    app.config["RATELIMIT_STRATEGY"] = "fixed-window"
    limiter.init_app(app)


def seconds_to_wait() -> int:
    """How long the refused caller should wait, in whole seconds, at least one."""
    broken = limiter.current_limit
    return 60 if broken is None else max(1, broken.reset_at - clock.now_ms() // 1000)


def forget_expired() -> int:
    """Remove the counters whose window has run out; answers how many."""
    storage = limiter.storage
    return storage.forget_expired() if isinstance(storage, CounterStorage) else 0


def by_device() -> str:
    """Key: the enrolled device of the caller, else the person, else the address."""
    actor = getattr(g, "actor", None)
    if actor is None:
        return f"ip:{get_remote_address()}"
    return f"dev:{actor.dev}" if actor.dev else f"user:{actor.user_id}"


def by_login() -> str:
    """Key: the account somebody tries to enter, whether it exists or not."""
    body = request.get_json(silent=True)
    login = body.get("login") if isinstance(body, dict) else None
    return f"login:{login[:64].lower()}" if isinstance(login, str) else f"ip:{get_remote_address()}"
