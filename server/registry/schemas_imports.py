"""The wire shapes of imports."""

from __future__ import annotations

from marshmallow import fields, validate

from server.platform.schemas import Schema, StrictBool, StrictInstant, StrictInt, StrictStr
from server.registry.import_kinds import KINDS
from server.registry.schemas import HeaderOut, RowErrorOut


class ImportConflictOut(Schema):
    row = StrictInt(required=True)
    unit_id = StrictStr(required=True)
    unit_name = StrictStr(required=True)
    field = StrictStr(required=True)
    label = StrictStr(required=True)
    old = StrictStr(most=5000, required=True)
    new = StrictStr(most=5000, required=True)
    how = StrictStr(required=True)
    day = StrictStr(required=True)
    source = StrictStr(required=True)
    decided = StrictStr(required=True)


class ImportHeaderOut(Schema):
    header = StrictStr(required=True)
    field = StrictStr(required=True)
    sample = fields.List(fields.String(), required=True)


class ImportLineOut(Schema):
    """One import in the list of imports."""

    id = StrictStr(required=True)
    kind = StrictStr(required=True)
    file_name = StrictStr(required=True)
    state = StrictStr(required=True)
    done = StrictInt(required=True)
    total = StrictInt(required=True)
    rows = StrictInt(required=True)
    added = StrictInt(required=True)
    updated = StrictInt(required=True)
    unchanged = StrictInt(required=True)
    left = StrictInt(required=True)
    wrong = StrictInt(required=True)
    by = StrictStr(required=True)
    at = StrictInstant(required=True)
    stored_at = StrictInstant(required=True, allow_none=True)
    undone_at = StrictInstant(required=True, allow_none=True)
    undone_reason = StrictStr(required=True)
    trouble = StrictStr(required=True)
    again = StrictBool(required=True)
    """Writing broke off for good and may be begun again."""


class ImportOut(ImportLineOut):
    headers = fields.List(fields.Nested(ImportHeaderOut), required=True)
    lacking = fields.List(fields.String(), required=True)
    errors = fields.List(fields.Nested(RowErrorOut), required=True)
    error_count = StrictInt(required=True)
    notes = fields.List(fields.Nested(RowErrorOut), required=True)
    conflicts = fields.List(fields.Nested(ImportConflictOut), required=True)
    conflict_count = StrictInt(required=True)


class ImportsOut(Schema):
    imports = fields.List(fields.Nested(ImportLineOut), required=True)


class ImportsQuery(Schema):
    of = fields.String(validate=validate.OneOf(["units", "people"]), load_default="units")


class KindQuery(Schema):
    kind = fields.String(validate=validate.OneOf(list(KINDS)), required=True)


class ColumnsOut(Schema):
    columns = fields.List(fields.Nested(HeaderOut), required=True)


class MappingIn(Schema):
    mapping = fields.Dict(keys=StrictStr(most=200), values=StrictStr(most=48), required=True, validate=validate.Length(max=300))


class DecisionsIn(Schema):
    """``row:field`` or ``*`` for all → file | kept."""

    decisions = fields.Dict(keys=StrictStr(most=64), values=fields.String(validate=validate.OneOf(["file", "kept"])), required=True, validate=validate.Length(1, 5000))
