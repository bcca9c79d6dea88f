"""The wire shapes of item lists."""

from __future__ import annotations

from marshmallow import fields, validate

from server.platform.schemas import Schema, StrictBool, StrictDate, StrictInstant, StrictInt, StrictStr


class ItemVersionOut(Schema):
    hash = StrictStr(required=True)
    title = StrictStr(required=True)
    starts = StrictDate(required=True)
    state = StrictStr(required=True)
    reason = StrictStr(required=True)
    source_doc = StrictStr(required=True)
    note = StrictStr(required=True)
    parent = StrictStr(required=True)
    items = StrictInt(required=True)
    inherited = StrictInt(required=True)
    published_at = StrictInstant(required=True, allow_none=True)


class ItemVersionsOut(Schema):
    versions = fields.List(fields.Nested(ItemVersionOut), required=True)


class ColumnOut(Schema):
    key = StrictStr(required=True)
    label = StrictStr(required=True)


class ItemRowOut(Schema):
    code = StrictStr(required=True)
    origin = StrictStr(required=True)
    deviation = StrictStr(required=True)
    active = StrictBool(required=True)
    cells = fields.List(StrictStr(), required=True)


class LeftOutOut(Schema):
    code = StrictStr(required=True)
    reason = StrictStr(required=True)


class ItemListOut(Schema):
    version = fields.Nested(ItemVersionOut, required=True)
    agency = StrictStr(required=True)
    columns = fields.List(fields.Nested(ColumnOut), required=True)
    rows = fields.List(fields.Nested(ItemRowOut), required=True)
    left_out = fields.List(fields.Nested(LeftOutOut), required=True)


class ItemChangesOut(Schema):
    lines = fields.List(StrictStr(), required=True)


class SchemeIn(Schema):
    items = fields.List(StrictStr(validate=validate.Length(1, 80)), required=True, validate=validate.Length(1, 50))
    checklists = fields.List(StrictStr(validate=validate.Length(1, 80)), validate=validate.Length(1, 50))
    deviation = StrictStr(validate=validate.Length(0, 500))


class SchemeFactOut(Schema):
    label = StrictStr(required=True)
    text = StrictStr(required=True)


class SchemeItemOut(Schema):
    code = StrictStr(required=True)
    name = StrictStr(required=True)
    facts = fields.List(fields.Nested(SchemeFactOut), required=True)


class SchemeChecklistOut(Schema):
    id = StrictStr(required=True)
    title = StrictStr(required=True)
    generated = StrictBool(required=True)
    count = StrictInt(required=True)


class OtherChecklistOut(Schema):
    id = StrictStr(required=True)
    title = StrictStr(required=True)
    count = StrictInt(required=True)


class SchemeOut(Schema):
    id = StrictStr(required=True)
    items = fields.List(fields.Nested(SchemeItemOut), required=True)
    checklists = fields.List(fields.Nested(SchemeChecklistOut), required=True)
    others = fields.List(fields.Nested(OtherChecklistOut), required=True)
    deviation = StrictStr(required=True)
