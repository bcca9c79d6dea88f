"""The wire shapes of batches and assignments."""

from __future__ import annotations

from marshmallow import fields

from server.platform.schemas import Schema, StrictDate, StrictInstant, StrictInt, StrictStr


class RowErrorOut(Schema):
    row = StrictInt(required=True)
    column = StrictStr(required=True)
    text = StrictStr(required=True)
    code = StrictStr(required=True)


class BatchOutcomeOut(Schema):
    batch_ids = fields.List(StrictStr(), required=True)
    lines = StrictInt(required=True)
    visits = StrictInt(required=True)
    errors = fields.List(fields.Nested(RowErrorOut), required=True)


class BatchOut(Schema):
    id = StrictStr(required=True)
    batch_no = StrictStr(required=True)
    foreign_batch_no = StrictStr(required=True)
    source = StrictStr(required=True)
    file_name = StrictStr(required=True)
    imported_at = StrictInstant(required=True)
    assignments = StrictInt(required=True)


class BatchesOut(Schema):
    batches = fields.List(fields.Nested(BatchOut), required=True)


class AssignmentOut(Schema):
    id = StrictStr(required=True)
    visit_group = StrictStr(required=True)
    unit_id = StrictStr(required=True)
    unit_name = StrictStr(required=True)
    item_code = StrictStr(required=True)
    item_name = StrictStr(required=True)
    inspectors = fields.List(StrictStr(), required=True)
    lead = StrictStr(required=True, allow_none=True)
    inspect_by = StrictDate(required=True)
    mode = StrictStr(required=True)


class BatchDetailOut(Schema):
    batch = fields.Nested(BatchOut, required=True)
    assignments = fields.List(fields.Nested(AssignmentOut), required=True)
