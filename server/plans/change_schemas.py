"""The wire shapes of replacements, undrawn inspections and the month's calendar."""

from __future__ import annotations

from marshmallow import fields, validate

from server.plans.plan_schemas import MONTH_RE, NamedIdOut
from server.platform.schemas import Schema, StrictBool, StrictDate, StrictInstant, StrictInt, StrictStr, StrictUUID


class MonthQuery(Schema):
    month = StrictStr(7, 7, pattern=MONTH_RE, required=True)


class YearQuery(Schema):
    year = fields.Integer(required=True, validate=validate.Range(2000, 2099))


class ReplacementIn(Schema):
    id = StrictUUID(required=True)
    visit = StrictUUID(required=True)
    kind = StrictStr(validate=validate.OneOf(["inspector", "unit"]), required=True)
    out = StrictUUID(required=True)
    reason = StrictStr(24, 1, required=True)
    note = StrictStr(300, 1, required=True)
    evidence = StrictStr(100, load_default="")


class OfficialsIn(Schema):
    """Who makes and who rolls; both empty for a unit, whose successor is the next ticket of its draw."""

    official_a = StrictStr(36, load_default="")
    official_b = StrictStr(36, load_default="")
    witness_name = StrictStr(60, load_default="")


class ReplacementOut(Schema):
    id = StrictStr(required=True)
    visit_group = StrictStr(required=True)
    kind = StrictStr(required=True)
    out_name = StrictStr(required=True)
    unit_name = StrictStr(required=True)
    reason = StrictStr(required=True)
    note = StrictStr(required=True)
    state = StrictStr(required=True)
    asked_by = StrictStr(required=True)
    asked_at = StrictInstant(required=True)
    decision = StrictStr(required=True)
    filing_no = StrictStr(required=True)
    filing_state = StrictStr(required=True)
    draw_id = StrictStr(required=True)
    in_name = StrictStr(required=True)
    done_at = StrictInstant(required=True, allow_none=True)


class ReplacementsOut(Schema):
    replacements = fields.List(fields.Nested(ReplacementOut), required=True)
    reasons = fields.Dict(keys=StrictStr(), values=StrictStr(), required=True)
    unit_reasons = fields.Dict(keys=StrictStr(), values=StrictStr(), required=True)
    approval = StrictStr(required=True)


class NamedCountOut(Schema):
    name = StrictStr(required=True)
    number = StrictInt(required=True)


class ReplacementCountOut(Schema):
    year = StrictInt(required=True)
    visits = StrictInt(required=True)
    replaced = StrictInt(required=True)
    permille = StrictInt(required=True)
    red = StrictBool(required=True)
    by_reason = fields.Dict(keys=StrictStr(), values=StrictInt(), required=True)
    by_leader = fields.List(fields.Nested(NamedCountOut), required=True)
    by_inspector = fields.List(fields.Nested(NamedCountOut), required=True)
    by_unit = fields.List(fields.Nested(NamedCountOut), required=True)


class UndrawnIn(Schema):
    id = StrictUUID(required=True)
    type = StrictStr(40, 1, pattern="[a-z_]+", required=True)
    unit_ids = fields.List(StrictUUID(), validate=validate.Length(1, 200), required=True)
    item_codes = fields.List(StrictStr(40, 1), validate=validate.Length(1, 20), required=True)
    source_name = StrictStr(200, 1, required=True)
    source_no = StrictStr(80, load_default="")
    source_date = StrictDate(required=True)
    reason = StrictStr(300, 1, required=True)
    mode = StrictStr(validate=validate.OneOf(["on_site", "document_review", "network_monitoring"]), load_default="on_site")
    inspect_by = StrictDate(required=True)
    inspectors = fields.List(StrictUUID(), validate=validate.Length(0, 10), load_default=list)
    official_a = StrictStr(36, load_default="")
    official_b = StrictStr(36, load_default="")
    witness_name = StrictStr(60, load_default="")


class UndrawnOut(Schema):
    id = StrictStr(required=True)
    type = StrictStr(required=True)
    drawn = StrictStr(required=True)
    state = StrictStr(required=True)
    number = StrictStr(required=True)
    unit_names = fields.List(StrictStr(), required=True)
    item_codes = fields.List(StrictStr(), required=True)
    source_name = StrictStr(required=True)
    source_no = StrictStr(required=True)
    source_date = StrictDate(required=True)
    reason = StrictStr(required=True)
    mode = StrictStr(required=True)
    inspect_by = StrictDate(required=True)
    created_at = StrictInstant(required=True)
    draw_id = StrictStr(required=True)
    batch_id = StrictStr(required=True)


class UndrawnListOut(Schema):
    undrawn = fields.List(fields.Nested(UndrawnOut), required=True)
    types = fields.Dict(keys=StrictStr(), values=StrictStr(), required=True)
    items = fields.Dict(keys=StrictStr(), values=StrictStr(), required=True)


class ShareOut(Schema):
    year = StrictInt(required=True)
    drawn = StrictInt(required=True)
    undrawn = StrictInt(required=True)
    permille = StrictInt(required=True)
    by_type = fields.Dict(keys=StrictStr(), values=StrictInt(), required=True)


class EntryOut(Schema):
    id = StrictStr(required=True)
    number = StrictStr(required=True)
    unit_name = StrictStr(required=True)
    team = fields.List(StrictStr(), required=True)
    source = StrictStr(required=True)
    inspect_by = StrictDate(required=True)
    planned_on = StrictDate(required=True, allow_none=True)
    state = StrictStr(required=True)
    done = StrictBool(required=True)
    overdue = StrictBool(required=True)
    may_move = StrictBool(required=True)


class BoardDayOut(Schema):
    day = StrictDate(required=True)
    workday = StrictBool(required=True)
    planned = StrictInt(required=True)
    due = StrictInt(required=True)
    room = StrictInt(required=True, allow_none=True)


class TeamFiguresOut(Schema):
    team = fields.List(StrictStr(), required=True)
    planned = StrictInt(required=True)
    done = StrictInt(required=True)
    overdue = StrictInt(required=True)


class BoardOut(Schema):
    month = StrictStr(required=True)
    planned = StrictInt(required=True)
    done = StrictInt(required=True)
    overdue = StrictInt(required=True)
    elapsed_permille = StrictInt(required=True)
    done_permille = StrictInt(required=True)
    per_day = StrictInt(required=True, allow_none=True)
    days = fields.List(fields.Nested(BoardDayOut), required=True)
    entries = fields.List(fields.Nested(EntryOut), required=True)
    teams = fields.List(fields.Nested(TeamFiguresOut), required=True)


class OpenVisitOut(Schema):
    id = StrictStr(required=True)
    number = StrictStr(required=True)
    unit_id = StrictStr(required=True)
    unit_name = StrictStr(required=True)
    inspect_by = StrictDate(required=True)
    team = fields.List(fields.Nested(NamedIdOut), required=True)


class OpenVisitsOut(Schema):
    visits = fields.List(fields.Nested(OpenVisitOut), required=True)


class DayIn(Schema):
    day = StrictDate(required=True)


class DayOut(Schema):
    day = StrictDate(required=True)
