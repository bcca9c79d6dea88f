"""The composition root: makes the application out of the capabilities, and the operators' commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from server.platform.settings import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """The whole server. Refuses to start when a route does not say who may call it.

    Imported only when called: a command such as ``workdays add`` must not pay for the web server."""
    from server.app.factory import build

    return build(settings)
