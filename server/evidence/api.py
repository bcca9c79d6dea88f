"""The wire of evidence: tus 1.0 (creation, creation-with-upload, checksum, expiration, termination), and reading.

A body is streamed to the disk in 256 KiB pieces. A phone that stops talking is cut off after STALL_SECONDS, so
that a dead connection frees its thread and the upload's lock; what has arrived stays and is resumed from.
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from typing import Any

from flask import Response, g, request, send_file
from flask_smorest import Blueprint
from werkzeug.exceptions import ClientDisconnected

from server.audit import operations as audit
from server.evidence import domain, operations
from server.evidence.domain import TusContentType, TusRefused, TusVersion
from server.evidence.media import MAX_PHOTO_BYTES
from server.evidence.uploads import Checksum, Upload
from server.platform import clock
from server.platform.access import PUBLIC, access, body_limit

blp = Blueprint("evidence", "evidence", url_prefix="/evidence", description="Uploads (tus 1.0), derivatives, originals")

STALL_SECONDS = 20.0
LEAST_BYTES_PER_SECOND = 512
TUS = "1.0.0"
HELD = "held-"
ALGORITHMS = {"sha1": 20, "sha256": 32}
OFFSET_TYPE = "application/offset+octet-stream"
READERS = ("inspector", "reviewer", "auditor")


@blp.after_request
def speak_tus(answer: Response) -> Response:
    """Every answer names the protocol version, refusals too."""
    answer.headers["Tus-Resumable"] = TUS
    return answer


@blp.route("/uploads", methods=["OPTIONS"], provide_automatic_options=False)
@access(PUBLIC)
@blp.response(204)
def capabilities() -> Response:
    """What this tus server can do."""
    return Response(
        status=204,
        headers={
            "Tus-Version": TUS,
            "Tus-Extension": "creation,creation-with-upload,checksum,expiration,termination",
            "Tus-Max-Size": str(MAX_PHOTO_BYTES),
            "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
        },
    )


@blp.route("/uploads", methods=["POST"], provide_automatic_options=False)
@access("inspector", even_revoked=True)
@body_limit(MAX_PHOTO_BYTES + 1)
@blp.response(201)
def create() -> Response:
    """Announce a file (``Upload-Length``, ``Upload-Metadata: sha256, mime, insp``), with or without its bytes.

    A blob that is already kept answers ``Upload-Offset`` = length and a Location that needs no byte.
    """
    _speaks_tus()
    meta = _metadata(request.headers.get("Upload-Metadata", ""))
    length = _number("Upload-Length")
    with_bytes = request.mimetype == OFFSET_TYPE
    in_one_go = with_bytes and request.content_length == length
    what = operations.Announcement(
        # A lost phone that comes back may bring the bytes its signed events name, and nothing else.
        enrolled=bool(g.actor.dev) and not g.actor.dev_revoked, owner=g.actor.dev or g.actor.user_id,
        agency_id=operations.keeper_of(g.actor, meta.get("insp", "")),
        sha256=meta.get("sha256", ""), length=length, mime=meta.get("mime", ""), insp=meta.get("insp", ""),
    )  # fmt: skip
    upload = operations.announce(what, in_one_go=in_one_go)
    if upload is None:
        return _created(f"{HELD}{what.sha256}", length, None)
    offset = 0
    if with_bytes:
        with _body() as read:
            offset = operations.receive(upload, 0, read, _checksum(), in_one_go=in_one_go)
    return _created(upload.id, offset, upload)


@blp.route("/uploads/<upload_id>", methods=["HEAD"], provide_automatic_options=False)
@access("inspector", even_revoked=True)
@blp.response(200)
def offset_of(upload_id: str) -> Response:
    """How much has arrived."""
    _speaks_tus()
    length, upload = _find(upload_id)
    offset = length if upload is None else operations.arrived(upload)
    answer = Response(status=200, headers={"Upload-Offset": str(offset), "Upload-Length": str(length)})
    return _expiring(answer, upload)


@blp.route("/uploads/<upload_id>", methods=["PATCH"], provide_automatic_options=False)
@access("inspector", even_revoked=True)
@body_limit(MAX_PHOTO_BYTES + 1)
@blp.response(204)
def append(upload_id: str) -> Response:
    """One piece at ``Upload-Offset``. 409 with the right offset, 423 while another connection writes, 460 for a
    wrong checksum (the piece is undone) or a wrong file hash (nothing is kept)."""
    _speaks_tus()
    if request.mimetype != OFFSET_TYPE:
        raise TusContentType()
    at = _number("Upload-Offset")
    length, upload = _find(upload_id)
    if upload is None:
        if at != length:
            raise domain.OffsetWrong(offset=length)
        offset = length
    else:
        with _body() as read:
            offset = operations.receive(upload, at, read, _checksum())
    return _expiring(Response(status=204, headers={"Upload-Offset": str(offset)}), upload)


@blp.route("/uploads/<upload_id>", methods=["DELETE"], provide_automatic_options=False)
@access("inspector", even_revoked=True)
@blp.response(204)
def terminate(upload_id: str) -> Response:
    """Give up an unfinished upload. A kept blob is not touched by this."""
    _speaks_tus()
    _, upload = _find(upload_id)
    if upload is not None and not upload.done:
        with operations.shelf().writing(upload):
            operations.shelf().discard(upload)
    return Response(status=204)


@blp.get("/<sha256>/view")
@access(*READERS)
@blp.response(200, content_type="image/jpeg")
def view(sha256: str) -> Response:
    """The re-encoded picture, at most 1600 px, without metadata."""
    return _picture(sha256, "view")


@blp.get("/<sha256>/thumb")
@access(*READERS)
@blp.response(200, content_type="image/jpeg")
def thumb(sha256: str) -> Response:
    """The re-encoded picture, at most 320 px, without metadata."""
    return _picture(sha256, "thumb")


@blp.get("/<sha256>/original")
@access(*READERS)
@blp.response(200, content_type="application/octet-stream")
def original(sha256: str) -> Response:
    """The original bytes, only ever as a download, and the download is on record."""
    path = operations.original_path(operations.reader_of(g.actor, sha256), sha256)
    audit.record_read(g.actor, "evidence.original", "blob", sha256)
    answer = send_file(path, mimetype="application/octet-stream", as_attachment=True, download_name=sha256)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _picture(sha256: str, which: str) -> Response:
    path = operations.derivative_path(operations.reader_of(g.actor, sha256), sha256, which)
    answer = send_file(path, mimetype="image/jpeg")
    # Content-addressed and never changed, but only for this person: no shared cache may keep it.
    answer.headers["Cache-Control"] = "private, max-age=86400, immutable"
    return answer


def _created(upload_id: str, offset: int, upload: Upload | None) -> Response:
    location = f"{request.path.rstrip('/')}/{upload_id}"
    return _expiring(Response(status=201, headers={"Location": location, "Upload-Offset": str(offset)}), upload)


def _expiring(answer: Response, upload: Upload | None) -> Response:
    if upload is not None:
        answer.headers["Upload-Expires"] = formatdate(upload.expires_ms / 1000, usegmt=True)
    return answer


def _find(upload_id: str) -> tuple[int, Upload | None]:
    """(length, upload) of the caller's own upload; None for the upload of a blob already kept."""
    if upload_id.startswith(HELD):
        return operations.blob(g.actor.agency_id, upload_id.removeprefix(HELD)).size, None
    upload = operations.shelf().load(g.actor.dev or g.actor.user_id, upload_id, clock.now_ms())
    return upload.length, upload


@contextmanager
def _body() -> Iterator[Callable[[int], bytes]]:
    """A reader of the request's body that raises OSError when the sender is gone, silent, or hardly dripping."""
    sock: Any = request.environ.get("gunicorn.socket")
    before = sock.gettimeout() if sock is not None else None
    if sock is not None:
        sock.settimeout(STALL_SECONDS)
    began, got = time.monotonic(), 0

    def read(size: int) -> bytes:
        nonlocal got
        try:
            piece = request.stream.read(size)
        except ClientDisconnected as gone:
            raise ConnectionError("the sender is gone") from gone
        got += len(piece)
        # One byte every few seconds never times out on the socket and would hold the thread for days.
        waited = time.monotonic() - began
        if waited > STALL_SECONDS and got < waited * LEAST_BYTES_PER_SECOND:
            raise TimeoutError("the sender is hardly sending")
        return piece

    try:
        yield read
    except OSError:
        g.sender_is_gone = True
        raise
    finally:
        if sock is not None:
            sock.settimeout(before)


def _speaks_tus() -> None:
    if request.headers.get("Tus-Resumable") != TUS:
        raise TusVersion()


def _number(name: str) -> int:
    text = request.headers.get(name, "")
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise TusRefused(f"{name} 应为非负整数")
    return int(text)


def _metadata(header: str) -> dict[str, str]:
    """``key base64,key base64`` → texts. Raises TusRefused. Unknown keys (file names) are ignored."""
    found = {}
    for pair in header.split(",") if header else ():
        key, _, value = pair.strip().partition(" ")
        try:
            found[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError) as wrong:
            raise TusRefused("Upload-Metadata 不是有效的 base64") from wrong
    return found


def _checksum() -> Checksum | None:
    header = request.headers.get("Upload-Checksum")
    if header is None:
        return None
    algorithm, _, value = header.partition(" ")
    if algorithm not in ALGORITHMS:
        raise TusRefused("不支持的校验和算法")
    try:
        digest = base64.b64decode(value, validate=True)
    except binascii.Error as wrong:
        raise TusRefused("校验和不是有效的 base64") from wrong
    if len(digest) != ALGORITHMS[algorithm]:
        raise TusRefused("校验和长度不对")
    return Checksum(algorithm, digest)
