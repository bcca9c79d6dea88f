"""What every request and answer passes: gzip bodies within bounds, size limits, headers, log line, metrics."""

from __future__ import annotations

import io
import time
import zlib

import structlog
from flask import Flask, Response, g, request
from werkzeug.exceptions import BadRequest, NotFound, RequestEntityTooLarge, UnsupportedMediaType

from server.app.access import view_of
from server.platform import metrics
from server.platform.settings import Settings

log = structlog.get_logger("http")

# A page may only do what the field app and the desk need. 'wasm-unsafe-eval' is the QR reader's, and
# "vue" is the Trusted Types policy Vue registers for itself, "default" ours: own-origin workers only.
_COMMON = (
    "default-src 'none'; script-src 'self'{wasm}; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types vue default"
)
CSP_FIELD = _COMMON.format(wasm=" 'wasm-unsafe-eval'")
CSP_DESK = _COMMON.format(wasm="")
CSP_API = "default-src 'none'; frame-ancestors 'none'; sandbox"

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(self), payment=(), usb=()",
}


REST_BYTES, REST_SECONDS = 4 << 20, 5.0
"""How much of a body that nobody wants is still read, and how long it is waited for, so that its sender hears the answer."""


def configure(app: Flask, settings: Settings) -> None:
    """Install the hooks, before the access check so that refused requests are logged as well."""
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body
    app.config["MAX_FORM_MEMORY_SIZE"] = settings.max_body

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()
        if any("\0" in str(value) for value in (request.view_args or {}).values()):
            # No name of anything contains NUL, and PostgreSQL would refuse the question itself.
            raise NotFound
        if request.url_rule is not None:
            view = view_of(app, request.url_rule.endpoint, request.method)
            most = getattr(view, "_body_limit", settings.max_body)
            request.max_content_length = most
            _open_gzip(most)

    @app.after_request
    def finish(answer: Response) -> Response:
        for name, value in HEADERS.items():
            answer.headers.setdefault(name, value)
        answer.headers.setdefault("Content-Security-Policy", CSP_API)
        answer.headers.setdefault("Cache-Control", "no-store")
        if request.is_secure:
            answer.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        _hear_out()
        _count(answer)
        return answer


def _open_gzip(most: int) -> None:
    """Replace a gzip body by its content. Raises 413 when it is larger than ``most``, 400 when broken."""
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding == "identity":
        return
    if encoding != "gzip":
        raise UnsupportedMediaType
    unpacker = zlib.decompressobj(wbits=31)
    try:
        # One byte more than allowed is enough to know; a bomb is never unpacked further.
        body = unpacker.decompress(request.stream.read(), most + 1)
    except zlib.error as broken:
        raise BadRequest from broken
    if len(body) > most:
        raise RequestEntityTooLarge
    if not unpacker.eof or unpacker.unused_data:
        raise BadRequest
    request.environ["wsgi.input"] = io.BytesIO(body)
    request.environ["CONTENT_LENGTH"] = str(len(body))
    request.environ.pop("HTTP_CONTENT_ENCODING")
    request.environ.pop("HTTP_TRANSFER_ENCODING", None)
    for name in ("stream", "content_length"):
        request.__dict__.pop(name, None)


def _hear_out() -> None:
    """Read the rest of a body that was answered early: a refusal, or a file that is already kept.

    gunicorn resets a connection on which more than 64 KiB wait unread. A phone that is still sending would see a dead
    network instead of its answer, and try an expired login again for ever."""
    sock = request.environ.get("gunicorn.socket")
    if sock is None or not request.environ.get("CONTENT_LENGTH") or g.get("sender_is_gone"):
        return
    body, before = request.environ["wsgi.input"], sock.gettimeout()
    left, until = REST_BYTES, time.monotonic() + REST_SECONDS
    try:
        while left > 0 and (wait := until - time.monotonic()) > 0:
            sock.settimeout(wait)
            piece = body.read(min(left, 1 << 16))
            if not piece:
                break
            left -= len(piece)
    except OSError:
        # Silent or gone: there is nobody to hear the answer.
        return
    finally:
        sock.settimeout(before)


def _count(answer: Response) -> None:
    began = g.pop("began", None)
    seconds = 0.0 if began is None else time.perf_counter() - began
    route = request.url_rule.rule if request.url_rule else "unknown"
    metrics.REQUESTS.labels(request.method, route, answer.status_code).inc()
    metrics.SECONDS.labels(route).observe(seconds)
    actor = g.get("actor")
    log.info(
        "request",
        method=request.method,
        route=route,
        status=answer.status_code,
        ms=round(seconds * 1000, 1),
        user=actor.user_id if actor else "",
    )
