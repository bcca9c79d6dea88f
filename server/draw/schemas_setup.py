"""The wire shapes around a draw: what the proposal form offers, and what a lending agency is told."""

from __future__ import annotations

from marshmallow import fields

from server.platform.schemas import Schema, StrictBool, StrictInstant, StrictInt, StrictStr


class OfficialOut(Schema):
    id = StrictStr(required=True)
    name = StrictStr(required=True)
    roles = fields.List(StrictStr(), required=True)
    superior = StrictBool(required=True)


class ItemOut(Schema):
    code = StrictStr(required=True)
    item = StrictStr(required=True)
    section = StrictStr(required=True)


class ReasonOut(Schema):
    code = StrictStr(required=True)
    words = StrictStr(required=True)


class RegisterOut(Schema):
    id = StrictStr(required=True)
    name = StrictStr(required=True)


class LentPersonOut(Schema):
    name = StrictStr(required=True)
    units = StrictInt(required=True)


class LentDrawOut(Schema):
    """A superior's draw with this agency's inspectors (``pool``) or units (``register``) in the urn; ``people`` and ``units`` that
    were drawn are empty until it is published."""

    draw_id = StrictStr(required=True)
    number = StrictStr(required=True)
    title = StrictStr(required=True)
    agency_name = StrictStr(required=True)
    state = StrictStr(required=True)
    intent_at = StrictInstant(required=True, allow_none=True)
    drawn_at = StrictInstant(required=True, allow_none=True)
    published_at = StrictInstant(required=True, allow_none=True)
    pool = StrictInt(required=True)
    register = StrictInt(required=True)
    units = fields.List(StrictStr(), required=True)
    people = fields.List(fields.Nested(LentPersonOut), required=True)


class LentDrawsOut(Schema):
    draws = fields.List(fields.Nested(LentDrawOut), required=True)


class WorkloadOut(Schema):
    """``number`` units a month, ``permille`` of the registry; ``floor``: units per inspector and year."""

    heads = StrictInt(required=True)
    floor = StrictInt(required=True)
    number = StrictInt(required=True)
    permille = StrictInt(required=True)


class SetupOut(Schema):
    """What the proposal form offers, from the agency's own rules."""

    items = fields.List(fields.Nested(ItemOut), required=True)
    sections = fields.List(StrictStr(), required=True)
    officials = fields.List(fields.Nested(OfficialOut), required=True)
    purposes = fields.List(StrictStr(), required=True)
    fixed = fields.List(StrictStr(), required=True)
    modes = fields.List(StrictStr(), required=True)
    outs = fields.List(fields.Nested(ReasonOut), required=True)
    forces = fields.List(fields.Nested(ReasonOut), required=True)
    causes = fields.List(fields.Nested(ReasonOut), required=True)
    team = StrictInt(required=True)
    general_min_permille = StrictInt(required=True)
    skip = StrictStr(required=True)
    max_visits = StrictInt(required=True, allow_none=True)
    workload = fields.Nested(WorkloadOut, required=True, allow_none=True)
    source = StrictStr(required=True)
    formula = StrictStr(most=500, required=True)
    registers = fields.List(fields.Nested(RegisterOut), required=True)
    districts = fields.List(fields.Nested(RegisterOut), required=True)
    publish_with_plan = StrictBool(required=True)
