"""What a person is told about one inspection."""

from __future__ import annotations

from marshmallow import fields, validate

from server.inspections.overview import WHICH
from server.platform.schemas import Schema, StrictBool, StrictDate, StrictInstant, StrictInt, StrictStr


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


class OverviewQuery(Schema):
    which = fields.String(load_default="open", validate=validate.OneOf(list(WHICH)))
    text = StrictStr(most=80, load_default="")
    ids = StrictStr(most=4000, load_default="")
    limit = fields.Integer(validate=validate.Range(1, 200), load_default=50)
    offset = fields.Integer(validate=validate.Range(0, 1_000_000), load_default=0)


class OverviewLineOut(Schema):
    """``days_left``: working days until ``inspect_by``, negative when overdue."""

    id = StrictStr(required=True)
    number = StrictStr(required=True)
    unit_name = StrictStr(required=True)
    address = StrictStr(required=True)
    mode = StrictStr(required=True)
    state = StrictStr(required=True)
    inspect_by = StrictDate(required=True, allow_none=True)
    days_left = StrictInt(required=True, allow_none=True)
    team = fields.List(StrictStr(), required=True)
    lead = StrictStr(required=True)
    prepared = StrictBool(required=True)
    events = StrictInt(required=True)
    files_lacking = StrictInt(required=True)
    may_cancel = StrictBool(required=True)
    report_state = StrictStr(required=True)
    due_on = StrictDate(required=True, allow_none=True)
    flags = fields.List(StrictStr(), required=True)
    verdict = StrictStr(required=True, metadata={"description": "the integrity verdict in one sentence; empty before anything came"})


class OverviewOut(Schema):
    inspections = fields.List(fields.Nested(OverviewLineOut), required=True)


class CancelIn(Schema):
    reason = StrictStr(most=300, least=1, required=True)


class ChainVisitOut(Schema):
    insp = StrictStr(required=True)
    number = StrictStr(required=True)
    unit_name = StrictStr(required=True)
    state = StrictStr(required=True)
    events = StrictInt(required=True)
    files_lacking = StrictInt(required=True)


class ChainOut(Schema):
    """``next_n``: the first counter that has not arrived; what lies beyond it only the phone knows."""

    dev = StrictStr(required=True)
    next_n = StrictInt(required=True)
    last_ms = StrictInt(required=True, allow_none=True)
    held = StrictInt(required=True)
    quarantined = StrictInt(required=True)
    open = fields.List(fields.Nested(ChainVisitOut), required=True)


class ChainsOut(Schema):
    chains = fields.List(fields.Nested(ChainOut), required=True)


class KeptOut(Schema):
    """``said`` is what the event says; empty for whoever is not a reviewer."""

    h = StrictStr(required=True)
    dev = StrictStr(required=True)
    user = StrictStr(required=True)
    user_name = StrictStr(required=True)
    insp = StrictStr(required=True)
    number = StrictStr(required=True)
    unit_name = StrictStr(required=True)
    t = StrictStr(required=True)
    code = StrictStr(required=True)
    reason = StrictStr(required=True)
    todo = StrictStr(required=True)
    received_ms = StrictInt(required=True)
    claimed_ms = StrictInt(required=True)
    releasable = StrictBool(required=True)
    decision = StrictStr(required=True)
    decision_reason = StrictStr(required=True)
    decided_by = StrictStr(required=True)
    decided_at = StrictInstant(required=True, allow_none=True)
    said = StrictStr(required=True)


class QuarantineOut(Schema):
    events = fields.List(fields.Nested(KeptOut), required=True)


class QuarantineDecisionIn(Schema):
    events = fields.List(StrictStr(most=43, least=43), required=True, validate=validate.Length(1, 500))
    decision = StrictStr(most=8, required=True, validate=validate.OneOf(["release", "keep"]))
    reason = StrictStr(most=300, least=1, required=True)


class QuarantineDecisionOut(Schema):
    released = fields.List(StrictStr(), required=True)


class LevelsQuery(Schema):
    """Both days belong to the period."""

    since = StrictDate(required=True)
    until = StrictDate(required=True)


class ShareOut(Schema):
    """One inspector; ``overdue`` were not confirmed within 48 hours, or later."""

    user = StrictStr(required=True)
    name = StrictStr(required=True)
    total = StrictInt(required=True)
    a1 = StrictInt(required=True)
    a2 = StrictInt(required=True)
    a3 = StrictInt(required=True)
    guest = StrictInt(required=True)
    confirmed = StrictInt(required=True)
    overdue = StrictInt(required=True)


class LevelsOut(Schema):
    inspectors = fields.List(fields.Nested(ShareOut), required=True)
