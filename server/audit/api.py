"""What the auditor reads: facts of the own agency, and whether their chain is whole."""

from __future__ import annotations

from typing import Any

from flask import g
from flask_smorest import Blueprint
from marshmallow import fields, validate

from server.audit import operations
from server.platform.access import access
from server.platform.schemas import Schema, StrictInstant, StrictInt, StrictStr

blp = Blueprint("audit", "audit", url_prefix="/audit", description="Facts, hash-chained")


class FactsIn(Schema):
    before = fields.Integer(load_default=None)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 500))
    object_kind = StrictStr(most=32, load_default="")
    object_id = StrictStr(most=96, load_default="")
    user = StrictStr(most=64, load_default="")
    verb = StrictStr(most=64, load_default="")


class FactOut(Schema):
    seq = StrictInt(required=True)
    at = StrictInstant(required=True)
    user = StrictStr(attribute="user_id", required=True)
    verb = StrictStr(required=True)
    object_kind = StrictStr(required=True)
    object_id = StrictStr(required=True)
    facts = fields.Dict(required=True)


class FactsOut(Schema):
    facts = fields.List(fields.Nested(FactOut), required=True)


class CheckOut(Schema):
    length = StrictInt(required=True)
    head = StrictStr(required=True)
    fault = StrictInt(required=True, allow_none=True)


@blp.get("/facts")
@access("auditor")
@blp.arguments(FactsIn, location="query")
@blp.response(200, FactsOut)
def facts(query: dict[str, Any]) -> dict[str, Any]:
    """Facts of the own agency, newest first. Reading them is a fact as well."""
    found = operations.listing(
        g.actor.agency_id,
        before=query["before"], limit=query["limit"], object_kind=query["object_kind"],
        object_id=query["object_id"], user_id=query["user"], verb=query["verb"],
    )
    operations.record_read(g.actor, "audit.read", "audit", g.actor.agency_id, count=len(found))
    return {"facts": found}


@blp.get("/verify")
@access("auditor")
@blp.response(200, CheckOut)
def verify() -> operations.ChainCheck:
    """Compute the own agency's chain again."""
    return operations.verify(g.actor.agency_id)
