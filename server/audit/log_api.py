"""The public log for machines: checkpoints, proofs, leaves, keys, and the witness (docs/log.md).

All of it is public: leaves are blinded, and a proof is made of hashes only."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_smorest import Blueprint

from server.audit import checkpoints, domain, log_keys, proofs, public_log, witness
from server.audit.log_schemas import (
    MOST_LEAVES,
    CheckpointsOut,
    ConsistencyIn,
    ConsistencyOut,
    InclusionIn,
    InclusionOut,
    LeavesIn,
    LeavesOut,
    LogKeysOut,
)
from server.kernel import b64url
from server.platform import feed
from server.platform.access import PUBLIC, access, body_limit
from server.platform.keys import LOG_NAME
from server.platform.limits import limiter

blp = Blueprint("log", "log", url_prefix="/log", description="The public log: checkpoints, proofs, witnesses")
PLAIN = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"


@blp.get("/checkpoint")
@access(PUBLIC)
@limiter.limit("60 per minute")
@blp.response(200, content_type="text/plain")
def newest_checkpoint() -> Response:
    """The signed head of the log as it is now (C2SP tlog-checkpoint)."""
    return Response(proofs.head(), content_type=PLAIN)


@blp.get("/checkpoints")
@access(PUBLIC)
@limiter.limit("60 per minute")
@blp.response(200, CheckpointsOut)
def stored_checkpoints() -> dict[str, Any]:
    """The newest hundred checkpoints that were given out, with every signature they have."""
    return {"checkpoints": [_issued(one) for one in checkpoints.issued()]}


@blp.get("/consistency")
@access(PUBLIC)
@limiter.limit("120 per minute")
@blp.arguments(ConsistencyIn, location="query")
@blp.response(200, ConsistencyOut)
def consistency(asked: dict[str, int]) -> dict[str, Any]:
    """That the log of ``from`` leaves is the beginning of the log of ``to`` leaves (RFC 6962)."""
    proof = proofs.consistency(asked["older"], asked["newer"])
    return {
        "epoch": feed.epoch(), "older": asked["older"], "newer": asked["newer"],
        "proof": [b64url.encode(value) for value in proof],
        "branches": [
            {"epoch": one.epoch, "size": one.size, "root": b64url.encode(one.root), "at": one.at}
            for one in checkpoints.branches()
        ],
    }


@blp.get("/inclusion")
@access(PUBLIC)
@limiter.limit("120 per minute")
@blp.arguments(InclusionIn, location="query")
@blp.response(200, InclusionOut)
def inclusion(asked: dict[str, int]) -> dict[str, Any]:
    """That leaf ``index`` stands in the log of ``size`` leaves."""
    index, size = asked["index"], asked["size"]
    if not 0 <= index < size:
        raise domain.LogSizeUnknown(size=size)
    proof = proofs.inclusion(index, size)
    root = b64url.encode(proofs.root(size))
    return {"index": index, "size": size, "root": root, "proof": [b64url.encode(value) for value in proof]}


@blp.get("/leaves")
@access(PUBLIC)
@limiter.limit("60 per minute")
@blp.arguments(LeavesIn, location="query")
@blp.response(200, LeavesOut)
def leaves(asked: dict[str, int]) -> dict[str, Any]:
    """Up to 500 leaf hashes from ``from`` on; public ones with salt and entry, so that anybody can make them again."""
    found = public_log.some(asked["first"], MOST_LEAVES)
    return {"size": proofs.size(), "leaves": [_leaf(one) for one in found]}


@blp.get("/keys")
@access(PUBLIC)
@limiter.limit("60 per minute")
@blp.response(200, LogKeysOut)
def keys() -> dict[str, Any]:
    """The log's key, the keys it had before, each with the note in which it names its successor."""
    return {
        "origin": LOG_NAME, "vkey": public_log.note_key().vkey, "witness": witness.key().vkey,
        "older": log_keys.old_keys(),
    }


@blp.post("/witness/add-checkpoint")
@access(PUBLIC)
@body_limit(65_536)
@limiter.limit("60 per minute")
@blp.response(200, content_type="text/plain")
def add_checkpoint() -> Response:
    """C2SP tlog-witness: cosign a newer head of a log this server watches."""
    try:
        line = witness.add_checkpoint(request.get_data(cache=False))
    except domain.WitnessConflict as conflict:
        # The one answer whose body the protocol fixes: the size this witness has last cosigned.
        return Response(f"{conflict.facts['size']}\n", 409, content_type=SIZE)
    return Response(line, content_type=PLAIN)


def _leaf(one: public_log.Stored) -> dict[str, Any]:
    told = {"index": one.index, "leaf": b64url.encode(one.leaf), "public": one.public}
    return told | ({"salt": b64url.encode(one.salt), "entry": one.entry.decode()} if one.public else {})


def _issued(one: checkpoints.Issued) -> dict[str, Any]:
    return {
        "id": one.id, "epoch": one.epoch, "size": one.size, "root": b64url.encode(one.root),
        "issued_at": one.issued_at, "note": one.whole_note,
        "cosigned": [
            {"witness": name, "kind": kind, "at": at, "value": value}
            for name, (kind, value, at) in sorted(one.cosigned.items())
        ],
    }
