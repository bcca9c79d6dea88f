"""What the public log's endpoints accept and answer."""

from __future__ import annotations

from marshmallow import fields, validate

from server.platform.schemas import B64Url, Schema, StrictBool, StrictInstant, StrictInt, StrictStr

MOST_LEAVES = 500
SIZES = validate.Range(0, 1 << 53)


class BranchOut(Schema):
    epoch = StrictInt(required=True)
    size = StrictInt(required=True, metadata={"description": "leaves the restored log had"})
    root = B64Url(required=True)
    at = StrictInstant(required=True)


class ConsistencyIn(Schema):
    older = fields.Integer(data_key="from", required=True, validate=SIZES)
    newer = fields.Integer(data_key="to", required=True, validate=SIZES)


class ConsistencyOut(Schema):
    epoch = StrictInt(required=True)
    older = StrictInt(data_key="from", required=True)
    newer = StrictInt(data_key="to", required=True)
    proof = fields.List(B64Url(), required=True)
    branches = fields.List(fields.Nested(BranchOut), required=True)


class InclusionIn(Schema):
    index = fields.Integer(required=True, validate=SIZES)
    size = fields.Integer(required=True, validate=SIZES)


class InclusionOut(Schema):
    index = StrictInt(required=True)
    size = StrictInt(required=True)
    root = B64Url(required=True)
    proof = fields.List(B64Url(), required=True)


class LeavesIn(Schema):
    first = fields.Integer(data_key="from", load_default=0, validate=SIZES)


class LeafOut(Schema):
    index = StrictInt(required=True)
    leaf = B64Url(required=True)
    public = StrictBool(required=True)
    salt = B64Url(metadata={"description": "of public leaves only"})
    entry = StrictStr(metadata={"description": "SJ-JSON, of public leaves only"})


class LeavesOut(Schema):
    size = StrictInt(required=True)
    leaves = fields.List(fields.Nested(LeafOut), required=True)


class CosignedOut(Schema):
    witness = StrictStr(required=True)
    kind = StrictStr(required=True)
    at = StrictInstant(required=True)
    value = StrictStr(most=65536, required=True)


class CheckpointOut(Schema):
    id = StrictStr(required=True)
    epoch = StrictInt(required=True)
    size = StrictInt(required=True)
    root = B64Url(required=True)
    issued_at = StrictInstant(required=True)
    note = StrictStr(most=65536, required=True)
    cosigned = fields.List(fields.Nested(CosignedOut), required=True)


class CheckpointsOut(Schema):
    checkpoints = fields.List(fields.Nested(CheckpointOut), required=True)


class LogKeyOut(Schema):
    vkey = StrictStr(required=True)
    changed_at = StrictInstant(required=True)
    statement = StrictStr(most=4096, required=True)


class LogKeysOut(Schema):
    origin = StrictStr(required=True)
    vkey = StrictStr(required=True)
    witness = StrictStr(required=True, metadata={"description": "the key with which this server cosigns others"})
    older = fields.List(fields.Nested(LogKeyOut), required=True)
