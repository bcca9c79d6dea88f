"""The wire shapes of reports."""

from __future__ import annotations

from marshmallow import fields, validate

from server.platform.schemas import Schema, StrictBool, StrictDate, StrictInstant, StrictInt, StrictStr


class QueueQuery(Schema):
    queue = fields.String(load_default="due", validate=validate.OneOf(["due", "review", "approved"]))


class LineOut(Schema):
    id = StrictStr(required=True)
    insp = StrictStr(required=True)
    number = StrictStr(required=True)
    unit_name = StrictStr(required=True)
    state = StrictStr(required=True)
    state_words = StrictStr(required=True)
    round = StrictInt(required=True)
    due_on = StrictDate(required=True)
    provisional = StrictBool(required=True)
    days_left = StrictInt(required=True)
    lead_target = StrictDate(required=True)
    counted_from = StrictDate(required=True)
    clamped = StrictBool(required=True)
    ended_ms = StrictInt(required=True)
    team = fields.List(StrictStr(), required=True)
    lead = StrictStr(required=True, metadata={"description": "user id of the lead, empty when nobody is"})
    inspection_state = StrictStr(required=True)
    flags = fields.List(StrictStr(), required=True)
    counts = fields.Dict(required=True)
    submitted_at = StrictInstant(required=True, allow_none=True)
    verdict = StrictStr(required=True, metadata={"description": "the integrity verdict in one sentence"})


class QueueOut(Schema):
    reports = fields.List(fields.Nested(LineOut), required=True)


class OpinionOut(Schema):
    rev = StrictInt(required=True)
    base = StrictInt(required=True)
    clash = StrictBool(required=True)
    author = StrictStr(required=True)
    from_phone = StrictBool(required=True)
    evaluation = StrictStr(required=True)
    handling = StrictStr(required=True)
    advice = StrictStr(required=True)
    at = StrictInstant(required=True)


class ReturnOut(Schema):
    id = StrictStr(required=True)
    round = StrictInt(required=True)
    note = StrictStr(required=True)
    at = StrictInstant(required=True)
    answered_at = StrictInstant(required=True, allow_none=True)
    reasons = fields.List(fields.Dict(), required=True)
    replies = fields.List(fields.Dict(), required=True)


class DetailOut(LineOut):
    """The parts that mirror the fold are documented in ``docs/events.md`` and passed through as they are."""

    agency_name = StrictStr(required=True)
    agency_kind = StrictStr(required=True)
    unit = fields.Dict(required=True)
    assignments = fields.List(fields.Dict(), required=True)
    deadline = fields.Dict(required=True)
    record_text = StrictStr(required=True)
    record_code = StrictStr(required=True)
    sections = fields.List(fields.Dict(), required=True)
    photos = fields.List(fields.Dict(), required=True)
    timeline = fields.List(fields.Dict(), required=True)
    attestations = fields.List(fields.Dict(), required=True)
    party = fields.Dict(required=True, allow_none=True)
    notice = fields.Dict(required=True, allow_none=True)
    recorder = fields.List(fields.Dict(), required=True)
    samples = fields.List(fields.Dict(), required=True)
    outcome = fields.Dict(required=True, allow_none=True)
    integrity = fields.Dict(required=True, metadata={"description": "sentence, level, acts with intervals, findings; docs/keys.md"})
    flag_words = fields.List(fields.Dict(), required=True)
    clock_in_doubt = StrictBool(required=True)
    gaps = fields.List(fields.Dict(), required=True)
    opinions = fields.List(fields.Nested(OpinionOut), required=True)
    returns = fields.List(fields.Nested(ReturnOut), required=True)
    decision_note = StrictStr(required=True)
    clock_reason = StrictStr(required=True)
    may = fields.Dict(required=True)


class OpinionIn(Schema):
    base = StrictInt(low=0, high=1_000_000, required=True)
    evaluation = StrictStr(most=4000, required=True)
    handling = StrictStr(most=4000, required=True)
    advice = StrictStr(most=4000, load_default="")


class RevisionOut(Schema):
    rev = StrictInt(required=True)


class NoteIn(Schema):
    note = StrictStr(most=2000, load_default="")


class ApproveIn(NoteIn):
    clock_reason = StrictStr(most=1000, load_default="")


class ReasonIn(Schema):
    checklist = StrictStr(most=64, load_default="")
    item = StrictStr(most=64, load_default="")
    text = StrictStr(most=2000, least=1, required=True)


class ReturnIn(NoteIn):
    reasons = fields.List(fields.Nested(ReasonIn), required=True, validate=validate.Length(1, 200))


class ReturnIdOut(Schema):
    id = StrictStr(required=True)


class ProblemOut(Schema):
    text = StrictStr(most=5000, required=True)
    checklist = StrictStr(required=True)
    count = StrictInt(required=True)


class ItemFiguresOut(Schema):
    code = StrictStr(required=True)
    name = StrictStr(required=True)
    checked = StrictInt(required=True)
    failed = StrictInt(required=True)
    checked_year = StrictInt(required=True)
    failed_year = StrictInt(required=True)
    worst = fields.List(fields.Nested(ProblemOut), required=True)


class FindingsOut(Schema):
    since = StrictDate(required=True)
    inspections = StrictInt(required=True)
    items = fields.List(fields.Nested(ItemFiguresOut), required=True)
    without_item = fields.List(fields.Nested(ProblemOut), required=True)
