"""What a person is told about one inspection."""

from __future__ import annotations

from marshmallow import fields

from server.platform.schemas import Schema, StrictDate, StrictInt, StrictStr


class MemberOut(Schema):
    user = StrictStr(required=True)
    name = StrictStr()
    certificate_no = StrictStr()
    lead = fields.Boolean()


class InspectionOut(Schema):
    """``flags`` are F_ codes; ``visit`` is the fold of all events (docs/events.md)."""

    id = StrictStr(required=True)
    number = StrictStr(required=True)
    unit_id = StrictStr(required=True)
    unit_name = StrictStr(required=True)
    address = StrictStr(required=True)
    mode = StrictStr(required=True)
    state = StrictStr(required=True)
    inspect_by = StrictDate(allow_none=True)
    due_on = StrictDate(allow_none=True)
    report_state = StrictStr(required=True)
    team = fields.List(fields.Dict(), required=True)
    counts = fields.Dict(required=True)
    ended_at = StrictInt(allow_none=True)
    sealed_at = StrictInt(allow_none=True)
    code = StrictStr(required=True)
    flags = fields.List(StrictStr(), required=True)
    visit = fields.Dict(allow_none=True)
    media = fields.Dict(keys=StrictStr(), values=StrictStr(), required=True)
