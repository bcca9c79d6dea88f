"""A forgotten PIN over HTTP: the phone asks, the administrator answers, the phone fetches its own key."""

from __future__ import annotations

from typing import Any

from flask import g
from flask_smorest import Blueprint
from marshmallow import fields

from server.accounts import recovery
from server.platform.access import SIGNED_IN, access
from server.platform.limits import by_device, limiter
from server.platform.schemas import B64Url, Schema, StrictInstant, StrictStr

blp = Blueprint("recovery", "recovery", url_prefix="/accounts/recovery", description="A forgotten PIN")


class BoxIn(Schema):
    epk = B64Url(most=122, least=122, required=True)
    iv = B64Url(most=16, least=16, required=True)
    ct = B64Url(most=64, least=64, required=True)


class RecoveryIn(Schema):
    sealed = fields.Nested(BoxIn, required=True)
    key = B64Url(most=122, least=122, required=True)
    sig = B64Url(most=86, least=86, required=True)


class ReleaseIn(Schema):
    check = StrictStr(most=6, least=6, pattern=r"[0-9]{6}", required=True)
    reason = StrictStr(most=200, least=1, required=True)


class RefuseIn(Schema):
    reason = StrictStr(most=200, least=1, required=True)


class RecoveryOut(Schema):
    id = StrictStr(required=True)
    state = StrictStr(required=True)
    dev = StrictStr(required=True)
    user = StrictStr(required=True)
    user_name = StrictStr(required=True)
    label = StrictStr(required=True)
    asked_at = StrictInstant(required=True)
    expires_at = StrictInstant(required=True)
    answered_at = StrictInstant(required=True, allow_none=True)
    reason = StrictStr(required=True)
    released = fields.Dict(keys=StrictStr(), values=StrictStr(), required=True)


class RecoveriesOut(Schema):
    requests = fields.List(fields.Nested(RecoveryOut), required=True)


@blp.post("")
@access(SIGNED_IN)
@limiter.limit("10/hour", key_func=by_device)
@blp.arguments(RecoveryIn)
@blp.response(201, RecoveryOut)
def ask(body: dict[str, Any]) -> recovery.Recovery:
    """Ask for the own vault key, from the enrolled phone, right after signing in with the password."""
    return recovery.ask(g.actor, body["sealed"], body["key"], body["sig"])


@blp.get("")
@access("administrator", "auditor")
@blp.response(200, RecoveriesOut)
def requests() -> dict[str, Any]:
    """The agency's requests of the last day. Keys are not among what is told."""
    return {"requests": recovery.waiting(g.actor.agency_id)}


@blp.get("/<string:request_id>")
@access(SIGNED_IN)
@blp.response(200, RecoveryOut)
def mine(request_id: str) -> recovery.Recovery:
    """How the own request stands; once released, the vault key sealed to this phone."""
    return recovery.mine(g.actor, request_id)


@blp.post("/<string:request_id>/release")
@access("administrator")
@blp.arguments(ReleaseIn)
@blp.response(200, RecoveryOut)
def release(body: dict[str, Any], request_id: str) -> recovery.Recovery:
    """Give the key back, with the check number the person read out and a reason."""
    return recovery.release(g.actor, request_id, body["check"], body["reason"])


@blp.post("/<string:request_id>/refuse")
@access("administrator")
@blp.arguments(RefuseIn)
@blp.response(200, RecoveryOut)
def refuse(body: dict[str, Any], request_id: str) -> recovery.Recovery:
    """Say no, with a reason the person reads."""
    return recovery.refuse(g.actor, request_id, body["reason"])


@blp.post("/<string:request_id>/done")
@access(SIGNED_IN)
@blp.response(204)
def done(request_id: str) -> None:
    """The phone has its new PIN."""
    recovery.done(g.actor, request_id)
