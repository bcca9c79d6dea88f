"""The wire shapes of the registries."""

from __future__ import annotations

from marshmallow import fields, validate

from server.platform.schemas import Schema, StrictBool, StrictDate, StrictInstant, StrictInt, StrictStr, StrictUUID


class UnitOut(Schema):
    id = StrictStr(required=True)
    name = StrictStr(required=True)
    entity_name = StrictStr(required=True)
    address = StrictStr(required=True)
    uscc = StrictStr(required=True)
    registration_no = StrictStr(required=True)
    details = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    facts = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    blacklisted = StrictBool(required=True)


class UnitsOut(Schema):
    units = fields.List(fields.Nested(UnitOut), required=True)


class UnitQuery(Schema):
    text = StrictStr(most=80, load_default="")
    limit = fields.Integer(validate=validate.Range(1, 200), load_default=50)
    offset = fields.Integer(validate=validate.Range(0, 1_000_000), load_default=0)


class RowErrorOut(Schema):
    row = StrictInt(required=True)
    column = StrictStr(required=True)
    text = StrictStr(required=True)
    code = StrictStr(required=True)


class UnitImportOut(Schema):
    total = StrictInt(required=True)
    added = StrictInt(required=True)
    updated = StrictInt(required=True)
    unchanged = StrictInt(required=True)
    errors = fields.List(fields.Nested(RowErrorOut), required=True)


class InspectorOut(Schema):
    user_id = StrictStr(required=True)
    name = StrictStr(required=True)
    certificate_no = StrictStr(required=True)
    valid_to = StrictDate(required=True)
    days_left = StrictInt(required=True)
    details = fields.Dict(keys=fields.String(), required=True)


class InspectorsOut(Schema):
    inspectors = fields.List(fields.Nested(InspectorOut), required=True)


class InspectorIn(Schema):
    name = StrictStr(most=80, least=1, required=True)
    certificate_no = StrictStr(most=40, least=1, required=True)
    valid_to = StrictDate(required=True)
    gender = StrictStr(most=8)
    position = StrictStr(most=80)
    post = StrictStr(most=80)
    title_class = StrictStr(most=80)
    years_of_service = StrictInt(low=0, high=80)
    sector_groups = fields.List(StrictStr(most=80))
    qualifications = fields.List(StrictStr(most=80))


class HeaderOut(Schema):
    key = StrictStr(required=True)
    label = StrictStr(required=True)
    required = StrictBool(required=True)


class HeadersOut(Schema):
    columns = fields.List(fields.Nested(HeaderOut), required=True)
    facts = fields.List(fields.Nested(HeaderOut), required=True)


class ConflictOut(Schema):
    user_id = StrictStr(required=True)
    unit_id = StrictStr(required=True)
    unit_name = StrictStr(required=True)
    reason = StrictStr(required=True)
    recorded_at = StrictInstant(required=True)


class ConflictsOut(Schema):
    conflicts = fields.List(fields.Nested(ConflictOut), required=True)


class ConflictIn(Schema):
    user_id = StrictUUID(required=True)
    unit_id = StrictUUID(required=True)
    reason = StrictStr(most=300, least=1, required=True)


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


class MappingIn(Schema):
    mapping = fields.Dict(keys=StrictStr(most=200), values=StrictStr(most=48), required=True, validate=validate.Length(max=300))


class DecisionsIn(Schema):
    """``row:field`` or ``*`` for all → file | kept."""

    decisions = fields.Dict(keys=StrictStr(most=64), values=fields.String(validate=validate.OneOf(["file", "kept"])), required=True, validate=validate.Length(1, 5000))


class ReasonIn(Schema):
    reason = StrictStr(most=300, least=1, required=True)
