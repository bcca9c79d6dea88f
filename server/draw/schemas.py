"""The wire shapes of draws."""

from __future__ import annotations

from marshmallow import fields, validate

from server.draw.rulebook import FIXED_TYPES, PURPOSES
from server.platform.schemas import (
    B64Url,
    Schema,
    Sha256Hex,
    StrictBool,
    StrictDate,
    StrictInstant,
    StrictInt,
    StrictStr,
    StrictUUID,
)


class NamedIn(Schema):
    unit_id = StrictUUID(required=True)
    reason = StrictStr(most=24, load_default="")
    note = StrictStr(most=300, required=True)


class WishIn(Schema):
    title = StrictStr(most=200, least=1, required=True)
    purpose = StrictStr(most=24, required=True, validate=validate.OneOf([*(one for one in PURPOSES if one not in ("replacement", "joint")), *FIXED_TYPES]))
    period = StrictStr(most=7, required=True)
    items = fields.List(StrictStr(most=40, least=1), required=True, validate=validate.Length(1, 50))
    official_a = StrictUUID(required=True)
    official_b = StrictUUID(required=True)
    n = StrictInt(0, 100_000, load_default=0)
    mode = StrictStr(most=16, load_default="undirected")
    filter = fields.Dict(keys=fields.String(), load_default=dict)
    section = StrictStr(most=80, load_default="")
    source_doc = StrictStr(most=120, load_default="")
    team = StrictInt(1, 10, load_default=2)
    general_min_permille = StrictInt(0, 1000, load_default=None, allow_none=True)
    skip_visited = StrictBool(load_default=False)
    by_sector_group = StrictBool(load_default=False)
    exclusions = fields.List(fields.Nested(NamedIn), load_default=list)
    forces = fields.List(fields.Nested(NamedIn), load_default=list)
    objects = fields.List(fields.Nested(NamedIn), load_default=list)
    witness_name = StrictStr(most=80, least=1, required=True)
    witness_user = StrictStr(most=36, load_default="")
    superior = StrictStr(most=36, load_default="")
    prev_void = StrictStr(most=36, load_default="")
    districts = fields.List(StrictStr(most=64, least=1), load_default=list, validate=validate.Length(max=50))
    registers = fields.List(StrictStr(most=64, least=1), load_default=list, validate=validate.Length(max=50))


class PartnerIn(Schema):
    agency_id = StrictStr(most=64, least=1, required=True)
    official = StrictUUID(required=True)


class JointIn(Schema):
    title = StrictStr(most=200, least=1, required=True)
    period = StrictStr(most=7, required=True)
    source_doc = StrictStr(most=120, least=1, required=True)
    items = fields.List(StrictStr(most=40, least=1), required=True, validate=validate.Length(1, 50))
    official_a = StrictUUID(required=True)
    official_b = StrictUUID(required=True)
    n = StrictInt(1, 100_000, required=True)
    team = StrictInt(1, 10, load_default=2)
    section = StrictStr(most=80, load_default="")
    witness_name = StrictStr(most=80, least=1, required=True)
    witness_user = StrictStr(most=36, load_default="")
    prev_void = StrictStr(most=36, load_default="")
    partners = fields.List(fields.Nested(PartnerIn), required=True, validate=validate.Length(1, 20))


class JoinIn(Schema):
    items = fields.List(StrictStr(most=40, least=1), required=True, validate=validate.Length(1, 50))
    team = StrictInt(1, 10, required=True)


class PartnerPersonOut(Schema):
    id = StrictStr(required=True)
    name = StrictStr(required=True)


class PartnerOut(Schema):
    agency_id = StrictStr(required=True)
    name = StrictStr(required=True)
    officials = fields.List(fields.Nested(PartnerPersonOut), required=True)


class PartnersOut(Schema):
    partners = fields.List(fields.Nested(PartnerOut), required=True)


class CommitIn(Schema):
    commitment = B64Url(43, 43, required=True)


class RevealIn(Schema):
    value = B64Url(43, 43, required=True)


class DiceIn(Schema):
    digits = StrictStr(most=400, required=True)
    kind = StrictStr(most=4, load_default="d10", validate=validate.OneOf(["d10", "d6"]))
    photo = Sha256Hex(load_default="")


class WordIn(Schema):
    word = StrictStr(most=300, least=1, required=True)


class VoidIn(Schema):
    cause = StrictStr(most=24, required=True)
    reason = StrictStr(most=500, least=1, required=True)


class DecisionIn(Schema):
    granted = StrictBool(required=True)
    note = StrictStr(most=300, load_default="")


class PhotoOut(Schema):
    sha256 = Sha256Hex(required=True)


class PartyOut(Schema):
    party = StrictStr(required=True)
    user_id = StrictStr(required=True)
    name = StrictStr(required=True)
    agency_id = StrictStr(required=True)
    committed_at = StrictInstant(required=True, allow_none=True)
    revealed_at = StrictInstant(required=True, allow_none=True)


class DepartmentOut(Schema):
    agency_id = StrictStr(required=True)
    name = StrictStr(required=True)
    official = StrictStr(required=True)
    joined_at = StrictInstant(required=True, allow_none=True)


class VoidOut(Schema):
    draw_id = StrictStr(required=True)
    cause = StrictStr(required=True)
    reason = StrictStr(required=True)
    state = StrictStr(required=True)
    to_agency = StrictStr(required=True)
    asked_by = StrictStr(required=True)
    asked_at = StrictInstant(required=True)
    decided_by = StrictStr(required=True)
    decided_at = StrictInstant(required=True, allow_none=True)
    note = StrictStr(required=True)


class DrawOut(Schema):
    id = StrictStr(required=True)
    agency_id = StrictStr(required=True)
    number = StrictStr(required=True)
    kind = StrictStr(required=True)
    purpose = StrictStr(required=True)
    period = StrictStr(required=True)
    section = StrictStr(required=True)
    title = StrictStr(required=True)
    state = StrictStr(required=True)
    mode = StrictStr(required=True)
    items = fields.List(StrictStr(), required=True)
    n = StrictInt(required=True)
    deadline = StrictDate(required=True, allow_none=True)
    late = StrictBool(required=True)
    prev_void = StrictStr(required=True)
    witness_name = StrictStr(required=True)
    witness_user = StrictStr(required=True)
    witness_at = StrictInstant(required=True, allow_none=True)
    witness_word = StrictStr(required=True)
    created_by = StrictStr(required=True)
    created_at = StrictInstant(required=True)
    frozen_at = StrictInstant(required=True, allow_none=True)
    intent_at = StrictInstant(required=True, allow_none=True)
    rolled_at = StrictInstant(required=True, allow_none=True)
    drawn_at = StrictInstant(required=True, allow_none=True)
    published_at = StrictInstant(required=True, allow_none=True)
    dice = StrictStr(required=True)
    dice_photo = StrictStr(required=True)
    transcript_hash = StrictStr(required=True)
    intent_leaf = StrictInt(required=True, allow_none=True)
    result_leaf = StrictInt(required=True, allow_none=True)
    parties = fields.List(fields.Nested(PartyOut), required=True)
    departments = fields.List(fields.Nested(DepartmentOut), required=True)
    void = fields.Nested(VoidOut, required=True, allow_none=True)
    intent = fields.Dict(required=True, allow_none=True)


class DrawsOut(Schema):
    draws = fields.List(fields.Nested(DrawOut), required=True)
    voids = fields.List(fields.Nested(DrawOut), required=True)


class StratumOut(Schema):
    st = StrictStr(required=True)
    words = StrictStr(required=True)
    units = StrictInt(required=True)
    eligible = StrictInt(required=True)
    quota = StrictInt(required=True)


class OddsOut(Schema):
    st = StrictStr(required=True)
    w = StrictInt(required=True)
    units = StrictInt(required=True)
    chance = StrictInt(required=True)


class WarningOut(Schema):
    code = StrictStr(required=True)
    text = StrictStr(most=1000, required=True)


class PoolLineOut(Schema):
    id = StrictStr(required=True)
    name = StrictStr(required=True)
    st = StrictStr(required=True)
    w = StrictInt(required=True)
    parts = fields.List(fields.Tuple((StrictStr(), StrictStr(), StrictInt())), required=True)
    visits = StrictInt(required=True)
    candidates = StrictInt(required=True)
    out = StrictStr(required=True)
    force = StrictStr(required=True)
    note = StrictStr(required=True)


class HandOut(Schema):
    user_id = StrictStr(required=True)
    name = StrictStr(required=True)
    q = fields.List(StrictStr(), required=True)
    load = StrictInt(required=True)
    cap = StrictInt(required=True)
    home = StrictStr(required=True, metadata={"description": "agency that lends this inspector; empty: the own one"})


class HinderedOut(Schema):
    name = StrictStr(required=True)
    why = StrictStr(required=True)


class AbsentOut(Schema):
    unit_id = StrictStr(required=True)
    name = StrictStr(required=True)
    code = StrictStr(required=True)
    why = StrictStr(required=True)


class FeasibilityOut(Schema):
    strata = fields.List(fields.Nested(StratumOut), required=True)
    excluded = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    warnings = fields.List(fields.Nested(WarningOut), required=True)
    odds = fields.List(fields.Nested(OddsOut), required=True)
    lines = fields.List(fields.Nested(PoolLineOut), required=True)
    hands = fields.List(fields.Nested(HandOut), required=True)
    hindered = fields.List(fields.Nested(HinderedOut), required=True)
    absent = fields.List(fields.Nested(AbsentOut), required=True)
    formula = StrictStr(most=500, required=True)
    total = StrictInt(required=True)


class FateQuery(Schema):
    text = StrictStr(most=80, load_default="")
    # A query has no numbers of its own: the strict integer of a body would refuse every one.
    limit = fields.Integer(load_default=200, validate=validate.Range(1, 500))
    offset = fields.Integer(load_default=0, validate=validate.Range(0))


class FateOut(Schema):
    uid = StrictStr(required=True)
    subject_id = StrictStr(required=True)
    name = StrictStr(required=True)
    st = StrictStr(required=True)
    w = StrictInt(required=True)
    fate = StrictStr(required=True)
    reason = StrictStr(required=True)
    place = StrictInt(required=True)
    ticket = StrictStr(required=True)
    cut = StrictStr(required=True)
    team = fields.List(StrictStr(), required=True)
    candidates = StrictInt(required=True)


class ResultOut(Schema):
    draw = fields.Nested(DrawOut, required=True)
    quotas = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    excluded = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    seed = StrictStr(required=True)
    total = StrictInt(required=True)
    fates = fields.List(fields.Nested(FateOut), required=True)


class OpeningOut(Schema):
    draw = StrictStr(required=True)
    number = StrictStr(required=True)
    uid = StrictStr(required=True)
    salt = StrictStr(required=True)
    id = StrictStr(required=True)
    name = StrictStr(required=True)
    leaf = fields.Dict(keys=fields.String(), required=True)
    page = StrictStr(required=True)
    verifier = StrictStr(required=True)


class DrawCountsOut(Schema):
    year = StrictInt(required=True)
    drawn = StrictInt(required=True)
    voids = StrictInt(required=True)
    people = StrictInt(required=True)
    units = StrictInt(required=True)
    by_cause = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    most_per_unit = StrictInt(required=True)
    most_per_leader = StrictInt(required=True)
    most_per_inspector = StrictInt(required=True)
    red = StrictBool(required=True)


class YearQuery(Schema):
    year = fields.Integer(load_default=None, validate=validate.Range(2020, 2099))
