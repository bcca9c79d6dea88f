"""The wire shapes of the registries."""

from __future__ import annotations

from marshmallow import fields, validate

from server.platform.schemas import Schema, StrictBool, StrictDate, StrictInstant, StrictInt, StrictStr, StrictUUID
from server.registry.pools import MARKS


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


class UnitLineOut(UnitOut):
    state = StrictStr(required=True)
    percent = StrictInt(required=True)
    verified_on = StrictDate(required=True, allow_none=True)
    stale = StrictBool(required=True)


class UnitsOut(Schema):
    units = fields.List(fields.Nested(UnitLineOut), required=True)
    total = StrictInt(required=True)


class UnitQuery(Schema):
    text = StrictStr(most=80, load_default="")
    sector = StrictStr(most=80, load_default="")
    district = StrictStr(most=80, load_default="")
    grade = fields.String(validate=validate.OneOf(["", "A", "B", "C", "D"]), load_default="")
    state = fields.String(validate=validate.OneOf(["", "active", "closed", "merged", "below"]), load_default="active")
    mark = fields.String(validate=validate.OneOf(["", *MARKS]), load_default="")
    only = fields.String(validate=validate.OneOf(["", "incomplete", "stale", "duplicate"]), load_default="")
    sub_pool = StrictStr(most=36, load_default="")
    limit = fields.Integer(validate=validate.Range(1, 200), load_default=50)
    offset = fields.Integer(validate=validate.Range(0, 1_000_000), load_default=0)


class UnitFieldOut(Schema):
    key = StrictStr(required=True)
    label = StrictStr(required=True)
    value = StrictStr(required=True)
    required = StrictBool(required=True)
    how = StrictStr(required=True)
    day = StrictStr(required=True)
    source = StrictStr(required=True)


class MarkOut(Schema):
    id = StrictStr(required=True)
    kind = StrictStr(required=True)
    since = StrictDate(required=True)
    until = StrictDate(required=True, allow_none=True)
    reason = StrictStr(required=True)
    source = StrictStr(required=True)
    ended_reason = StrictStr(required=True)


class FieldChangeOut(Schema):
    at = StrictInstant(required=True)
    label = StrictStr(required=True)
    old = StrictStr(required=True)
    new = StrictStr(required=True)
    how = StrictStr(load_default="")
    source = StrictStr(load_default="")
    reason = StrictStr(load_default="")
    by = StrictStr(required=True)


class PremisesOut(Schema):
    id = StrictStr(required=True)
    name = StrictStr(required=True)
    address = StrictStr(required=True)
    state = StrictStr(required=True)


class UnitCardOut(Schema):
    id = StrictStr(required=True)
    name = StrictStr(required=True)
    state = StrictStr(required=True)
    merged_into = StrictStr(required=True, allow_none=True)
    blacklisted = StrictBool(required=True)
    values = fields.List(fields.Nested(UnitFieldOut), required=True)
    percent = StrictInt(required=True)
    lacking = fields.List(fields.String(), required=True)
    verified_on = StrictDate(required=True, allow_none=True)
    stale = StrictBool(required=True)
    marks = fields.List(fields.Nested(MarkOut), required=True)
    history = fields.List(fields.Nested(FieldChangeOut), required=True)
    premises = fields.List(fields.Nested(PremisesOut), required=True)
    duplicates = fields.List(fields.Nested(PremisesOut), required=True)


class UnitValuesIn(Schema):
    values = fields.Dict(keys=StrictStr(most=48), values=StrictStr(most=1000), required=True, validate=validate.Length(1, 60))
    reason = StrictStr(most=300, least=1, required=True)


class UnitMadeOut(Schema):
    id = StrictStr(required=True)


class UnitStateIn(Schema):
    state = fields.String(validate=validate.OneOf(["active", "closed"]), required=True)
    reason = StrictStr(most=300, least=1, required=True)


class MarkIn(Schema):
    kind = fields.String(validate=validate.OneOf(list(MARKS)), required=True)
    since = StrictDate(required=True)
    until = StrictDate(load_default=None, allow_none=True)
    reason = StrictStr(most=300, least=1, required=True)
    source = StrictStr(most=200, least=1, required=True)


class MergeIn(Schema):
    other = StrictUUID(required=True)
    reason = StrictStr(most=300, least=1, required=True)


class DuplicateOut(Schema):
    reason = StrictStr(required=True)
    unit_ids = fields.List(fields.String(), required=True)
    names = fields.List(fields.String(), required=True)


class DuplicatesOut(Schema):
    groups = fields.List(fields.Nested(DuplicateOut), required=True)


class CoverageCountOut(Schema):
    name = StrictStr(required=True)
    count = StrictInt(required=True)


class CoverageCellOut(Schema):
    sector = StrictStr(required=True)
    district = StrictStr(required=True)
    count = StrictInt(required=True)


class CoverageOut(Schema):
    total = StrictInt(required=True)
    sectors = fields.List(fields.Nested(CoverageCountOut), required=True)
    districts = fields.List(fields.Nested(CoverageCountOut), required=True)
    cells = fields.List(fields.Nested(CoverageCellOut), required=True)
    grades = fields.List(fields.Nested(CoverageCountOut), required=True)
    incomplete = StrictInt(required=True)
    stale = StrictInt(required=True)
    stale_days = StrictInt(required=True)
    blacklisted = StrictInt(required=True)
    without_item = StrictInt(required=True)


class ComparedOut(Schema):
    listed = StrictInt(required=True)
    found = StrictInt(required=True)
    missing = fields.List(fields.Dict(keys=fields.String(), values=fields.String()), required=True)
    only_here = fields.List(fields.String(), required=True)
    only_here_count = StrictInt(required=True)


class SubPoolIn(Schema):
    name = StrictStr(most=80, least=1, required=True)
    filter = fields.Dict(keys=fields.String(), required=True)


class SubPoolOut(Schema):
    id = StrictStr(required=True)
    name = StrictStr(required=True)
    filter = fields.Dict(keys=fields.String(), required=True)
    words = StrictStr(required=True)
    count = StrictInt(required=True)


class SubPoolsOut(Schema):
    sub_pools = fields.List(fields.Nested(SubPoolOut), required=True)


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


class HeaderOut(Schema):
    key = StrictStr(required=True)
    label = StrictStr(required=True)
    required = StrictBool(required=True)


class HeadersOut(Schema):
    columns = fields.List(fields.Nested(HeaderOut), required=True)
    facts = fields.List(fields.Nested(HeaderOut), required=True)
    sectors = fields.List(fields.String(), required=True)
    districts = fields.List(fields.String(), required=True)
    items = fields.List(fields.Nested(HeaderOut), required=True)


class RegistryReasonIn(Schema):
    reason = StrictStr(most=300, least=1, required=True)


class StalePeriodIn(Schema):
    days = StrictInt(low=30, high=3650, required=True)
