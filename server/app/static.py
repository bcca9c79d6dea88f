"""Serve the built web application: hashed assets for ever, entry pages never from a cache.

The service worker and the two pages are asked for on every start; everything else carries its hash in
its name. A path without a file and without a dot is a screen of the application."""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, abort, request, send_from_directory
from werkzeug.utils import safe_join

from server.app.wire import CSP_DESK, CSP_FIELD
from server.draw import verifier_page
from server.platform.access import PUBLIC, access
from server.platform.settings import Settings

FOR_EVER = "public, max-age=31536000, immutable"
ASK_ALWAYS = "no-cache"
PACKABLE = (".js", ".mjs", ".css", ".html", ".json", ".svg", ".wasm", ".webmanifest", ".txt")
NOT_BUILT = "网页尚未构建：请先运行 ./manage.py run（会自动构建），或在 pwa/ 中运行 npm run build。"


def configure(app: Flask, settings: Settings) -> None:
    """Add the routes of the pages. They come last; the API's own routes are more special."""

    @app.get("/draw-verifier.html")
    @access(PUBLIC)
    def draw_verifier() -> Response:
        """The page with which anybody runs a draw again; it is meant to be saved."""
        answer = Response(verifier_page.PAGE.read_bytes(), content_type="text/html; charset=utf-8")
        answer.headers["Content-Security-Policy"] = verifier_page.CONTENT_SECURITY_POLICY
        answer.headers["Cache-Control"] = ASK_ALWAYS
        return answer

    @app.get("/")
    @app.get("/<path:path>")
    @access(PUBLIC)
    def page(path: str = "") -> Response:
        if path == "api" or path.startswith("api/"):
            abort(404)
        found = _file_for(settings.pwa, path)
        if found is None:
            is_screen = "." not in path.rsplit("/", 1)[-1] or path.endswith(".html")
            if is_screen and not (settings.pwa / "index.html").exists():
                return Response(NOT_BUILT, 503, content_type="text/plain; charset=utf-8")
            abort(404)
        return _send(settings.pwa, found)


def _file_for(root: Path, path: str) -> str | None:
    """The file that answers ``path``, relative to ``root``; None when there is none."""
    wanted = safe_join(str(root), path) if path else None
    if wanted is not None and Path(wanted).is_file():
        return path
    if "." in path.rsplit("/", 1)[-1]:
        return None
    entry = "desk.html" if path == "desk" or path.startswith("desk/") else "index.html"
    return entry if (root / entry).is_file() else None


def _send(root: Path, path: str) -> Response:
    answer = send_from_directory(root, path, conditional=True)
    answer.headers["Cache-Control"] = FOR_EVER if path.startswith("assets/") else ASK_ALWAYS
    if path.endswith(".html"):
        answer.headers["Content-Security-Policy"] = CSP_DESK if path == "desk.html" else CSP_FIELD
    elif path.endswith((".js", ".mjs")):
        # A worker is ruled by the policy of its own answer, not by the page's.
        answer.headers["Content-Security-Policy"] = CSP_FIELD
    if path.endswith(PACKABLE):
        answer.headers["Vary"] = "Accept-Encoding"
        if answer.status_code == 200 and "gzip" in request.accept_encodings:
            file = root / path
            answer.direct_passthrough = False
            answer.set_data(_packed(file, file.stat().st_mtime_ns))
            answer.headers["Content-Encoding"] = "gzip"
    return answer


@lru_cache(maxsize=256)
def _packed(file: Path, _changed: int) -> bytes:
    """The file in gzip, packed once per process and version; phones pay per byte."""
    return gzip.compress(file.read_bytes(), 9, mtime=0)
