"""The wire shapes of inspectors, interests, training, leave, the leading group and proposals."""

from __future__ import annotations

from marshmallow import fields, validate

from server.platform.schemas import Schema, StrictBool, StrictDate, StrictInstant, StrictInt, StrictStr, StrictUUID
from server.registry.pools import LEAVE_KINDS
from server.registry.schemas import FieldChangeOut


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
    unit = StrictStr(most=120)
    section = StrictStr(most=80)
    position = StrictStr(most=80)
    post = StrictStr(most=80)
    title_class = StrictStr(most=80)
    years_of_service = StrictInt(low=0, high=80)
    sector_groups = fields.List(StrictStr(most=80))
    qualifications = fields.List(StrictStr(most=80))


class ConflictOut(Schema):
    id = StrictStr(required=True)
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


class GapOut(Schema):
    user_id = StrictStr(required=True)
    name = StrictStr(required=True)
    lacking = fields.List(fields.String(), required=True)


class EndingOut(Schema):
    user_id = StrictStr(required=True)
    name = StrictStr(required=True)
    valid_to = StrictDate(required=True)
    days_left = StrictInt(required=True)
    urgent = StrictBool(required=True)


class RemindersOut(Schema):
    reminders = fields.List(fields.Nested(EndingOut), required=True)


class OutsideOut(Schema):
    id = StrictStr(required=True)
    name = StrictStr(required=True)


class CompletenessOut(Schema):
    unregistered = fields.List(fields.Nested(OutsideOut), required=True)
    incomplete = fields.List(fields.Nested(GapOut), required=True)
    expired = fields.List(fields.String(), required=True)
    ending = fields.List(fields.Nested(EndingOut), required=True)
    without_sector = fields.List(fields.String(), required=True)


class AvailableOut(Schema):
    user_id = StrictStr(required=True)
    name = StrictStr(required=True)
    available = StrictBool(required=True)
    hindrances = fields.List(fields.String(), required=True)
    training_hours = fields.Float(required=True)


class AvailabilityOut(Schema):
    inspectors = fields.List(fields.Nested(AvailableOut), required=True)


class DayQuery(Schema):
    on = StrictDate(required=True)


class DaysQuery(Schema):
    from_day = StrictDate(required=True)
    to_day = StrictDate(required=True)


class LeaveIn(Schema):
    user_id = StrictUUID(required=True)
    kind = fields.String(validate=validate.OneOf(list(LEAVE_KINDS)), required=True)
    from_day = StrictDate(required=True)
    to_day = StrictDate(required=True)
    note = StrictStr(most=200, load_default="")


class LeaveOut(Schema):
    id = StrictStr(required=True)
    user_id = StrictStr(required=True)
    kind = StrictStr(required=True)
    from_day = StrictDate(required=True)
    to_day = StrictDate(required=True)
    note = StrictStr(required=True)


class LeavesOut(Schema):
    leaves = fields.List(fields.Nested(LeaveOut), required=True)


class TrainingIn(Schema):
    user_ids = fields.List(StrictUUID(), required=True, validate=validate.Length(1, 300))
    held_on = StrictDate(required=True)
    subject = StrictStr(most=120, least=1, required=True)
    half_hours = StrictInt(low=1, high=400, required=True)
    note = StrictStr(most=200, load_default="")


class TrainingOut(Schema):
    user_id = StrictStr(required=True)
    held_on = StrictDate(required=True)
    subject = StrictStr(required=True)
    half_hours = StrictInt(required=True)
    note = StrictStr(required=True)


class TrainingsOut(Schema):
    trainings = fields.List(fields.Nested(TrainingOut), required=True)
    gate_hours = fields.Float(required=True)


class AddedOut(Schema):
    added = StrictInt(required=True)


class GateIn(Schema):
    half_hours = StrictInt(low=0, high=400, required=True)


class LeaderIn(Schema):
    place = fields.String(validate=validate.OneOf(["head", "deputy", "member", "office"]), required=True)
    name = StrictStr(most=80, least=1, required=True)
    post = StrictStr(most=120, load_default="")
    duty = StrictStr(most=200, load_default="")
    from_day = StrictDate(required=True)


class LeaderOut(Schema):
    id = StrictStr(required=True)
    place = StrictStr(required=True)
    name = StrictStr(required=True)
    post = StrictStr(required=True)
    duty = StrictStr(required=True)
    from_day = StrictDate(required=True)
    to_day = StrictDate(required=True, allow_none=True)


class LeadersOut(Schema):
    members = fields.List(fields.Nested(LeaderOut), required=True)


class LeaderEndIn(Schema):
    to_day = StrictDate(required=True)


class FieldChangesOut(Schema):
    history = fields.List(fields.Nested(FieldChangeOut), required=True)


class ProposalOut(Schema):
    id = StrictStr(required=True)
    kind = StrictStr(required=True)
    unit_id = StrictStr(required=True, allow_none=True)
    unit_name = StrictStr(required=True)
    insp = StrictStr(required=True)
    field = StrictStr(required=True)
    label = StrictStr(required=True)
    old = StrictStr(required=True)
    now = StrictStr(required=True)
    new = StrictStr(required=True)
    source = StrictStr(required=True)
    details = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    by = StrictStr(required=True)
    at = StrictInstant(required=True)
    state = StrictStr(required=True)
    reason = StrictStr(required=True)


class ProposalsOut(Schema):
    proposals = fields.List(fields.Nested(ProposalOut), required=True)
    open = StrictInt(required=True)


class ProposalQuery(Schema):
    state = fields.String(validate=validate.OneOf(["open", "accepted", "rejected"]), load_default="open")


class ProposalDecisionIn(Schema):
    accept = StrictBool(required=True)
    reason = StrictStr(most=300, least=1, required=True)
    values = fields.Dict(keys=StrictStr(most=48), values=StrictStr(most=1000), load_default=dict, validate=validate.Length(max=60))


class ReportUnitIn(Schema):
    id = StrictUUID(load_default=None, allow_none=True)
    """Made by the phone, so that a report sent twice is told once."""
    name = StrictStr(most=200, least=1, required=True)
    address = StrictStr(most=300, least=1, required=True)
    uscc = StrictStr(most=18, load_default="")
    sector = StrictStr(most=80, load_default="")
    note = StrictStr(most=500, load_default="")
