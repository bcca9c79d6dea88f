"""Pages for the public: plain HTML without script, from the templates in ``server/templates``."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, current_app, has_app_context, render_template

from server.platform.access import PUBLIC, access
from server.platform.settings import ROOT, Settings

CSP = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
TEMPLATES = ROOT / "server" / "templates"

blp = Blueprint("public", __name__)


def page(template: str, **told: object) -> Response:
    """A page under a policy that allows nothing but its style sheet and its own form."""
    answer = Response(render_template(template, **told), content_type="text/html; charset=utf-8")
    answer.headers["Content-Security-Policy"] = CSP
    return answer


def public_address() -> str:
    """Where the public reaches this server (``https://name``), "" while only this machine or this network does.

    A sheet that is set without any server (the form by itself) has no such address either."""
    if not has_app_context():
        return ""
    settings: Settings = current_app.extensions["suijian-settings"]
    return settings.public_url if settings.public_url.startswith("https://") else ""


@blp.get("/public.css")
@access(PUBLIC)
def style() -> Response:
    """The style sheet of the public pages."""
    return _file(TEMPLATES / "public.css", "text/css; charset=utf-8")


def _file(path: Path, kind: str) -> Response:
    answer = Response(path.read_bytes(), content_type=kind)
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer
