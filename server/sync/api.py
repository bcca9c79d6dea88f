"""The wire of sync: push events, ask what lacks, pull changes, fetch packs and files."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response, current_app, g, request, send_file
from flask_smorest import Blueprint
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnprocessableEntity

from server.accounts.secrecy import counts, secret
from server.evidence import operations as evidence
from server.inspections import operations as inspections
from server.inspections.operations import Result
from server.platform import clock, feed
from server.platform.access import access, body_limit
from server.platform.limits import by_device, limiter
from server.sync import domain, operations
from server.sync.schemas import (
    MAX_BODY,
    MAX_EVENTS,
    ChangesIn,
    ChangesOut,
    EventsIn,
    EventsOut,
    LacksIn,
    LacksOut,
    gate,
)

blp = Blueprint("sync", "sync", url_prefix="/sync", description="Push events, pull changes (docs/sync.md)")


@blp.before_request
def check_client() -> None:
    """An app that is too old is told so before it sends or learns anything. Files it may still upload: bytes are bytes."""
    domain.check_client(request.headers.get(domain.HEADER), current_app.config.get("SYNC_OLDEST_PROTOCOL", domain.OLDEST_PROTOCOL))


@blp.post("/events")
@access("inspector", even_revoked=True)
@body_limit(MAX_BODY)
@limiter.limit("60 per minute", key_func=by_device)
@blp.doc(requestBody={"required": True, "content": {"application/json": {"schema": EventsIn}}})
@blp.response(200, EventsOut)
def push_events() -> Response:
    """Take a batch in. One result per event; "stored" means committed and durable."""
    events = _envelope(request.get_data(cache=False))["events"]
    outcome = inspections.take_in(g.actor, events) if events else inspections.standing(g.actor)
    return _answer(
        {
            "epoch": feed.epoch(),
            "now": clock.now_ms(),
            "results": [_result(result) for result in outcome.results],
            "receipt": outcome.receipt,
            "receipts": outcome.receipts,
            "next": outcome.next,
            "lacks": outcome.lacks,
        }
    )


@blp.post("/lacks")
@access("inspector", even_revoked=True)
@blp.arguments(LacksIn)
@blp.response(200, LacksOut)
def ask_lacks(asked: dict[str, list[str]]) -> dict[str, object]:
    """Which of these blobs must still be uploaded."""
    return {"epoch": feed.epoch(), "lacks": evidence.lacking_for(g.actor, asked["sha256"])}


@blp.get("/changes")
@access("inspector")
@blp.arguments(ChangesIn, location="query")
@blp.response(200, ChangesOut)
@secret("visits", why="sync")
def pull_changes(asked: dict[str, str]) -> Response:
    """What changed for this person since ``cursor``, in commit order."""
    page = operations.changes(g.actor, asked["cursor"])
    counts(sum(1 for change in page.changes if change.kind == "visit" and change.op == "put"))
    return _answer(
        {
            "epoch": feed.epoch(),
            "now": clock.now_ms(),
            "cursor": page.cursor,
            "more": page.more,
            "changes": [_change(change) for change in page.changes],
        }
    )


@blp.get("/packs/<sha256>")
@access("inspector", "reviewer")
@blp.response(200, content_type="application/json")
@secret("pack", of="sha256", why="sync")
def fetch_pack(sha256: str) -> Response:
    """The bytes of a pack; their SHA-256 is its name, and the phone checks it."""
    answer = Response(inspections.pack_for(g.actor, sha256), content_type="application/json")
    answer.headers["Cache-Control"] = "private, max-age=86400, immutable"
    return answer


@blp.get("/blobs/<sha256>")
@access("inspector")
@blp.response(200, content_type="application/octet-stream")
@secret("paper", of="sha256", why="sync")
def fetch_blob(sha256: str) -> Response:
    """A document or ink of one of the caller's visits, as a download."""
    path, mime = operations.blob_for(g.actor, sha256)
    answer = send_file(path, mimetype="application/octet-stream", as_attachment=True, download_name=sha256)
    answer.headers["X-Suijian-Mime"] = mime
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _envelope(data: bytes) -> Any:
    """The parsed envelope: 400 when it is no JSON, 413 for too many events, 422 when it does not fit the schema."""
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError as broken:
        raise BadRequest from broken
    if gate()(body):
        return body
    if isinstance(body, dict) and isinstance(body.get("events"), list) and len(body["events"]) > MAX_EVENTS:
        raise RequestEntityTooLarge
    refusal = UnprocessableEntity()
    refusal.data = {"messages": EventsIn().validate(body)}
    raise refusal


def _result(result: Result) -> dict[str, object]:
    told: dict[str, object] = {"h": result.h, "status": result.status}
    if result.code:
        told["code"] = result.code
    if result.detail:
        told["detail"] = result.detail
    if result.flags:
        told["flags"] = result.flags
    return told


def _change(change: operations.Change) -> dict[str, object]:
    told: dict[str, object] = {"kind": change.kind, "id": change.id, "op": change.op}
    return told if change.data is None else {**told, "data": change.data}


def _answer(body: dict[str, object]) -> Response:
    return Response(orjson.dumps(body), content_type="application/json")
