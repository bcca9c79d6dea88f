"""The wire shapes of plan documents, monthly plans, changes and what goes upward."""

from __future__ import annotations

from marshmallow import fields, validate

from server.platform.schemas import (
    DATE_RE,
    Schema,
    StrictBool,
    StrictDate,
    StrictInstant,
    StrictInt,
    StrictStr,
    StrictUUID,
)

MONTH_RE = "20[0-9]{2}-(0[1-9]|1[0-2])"


class RosterIn(Schema):
    role = StrictStr(20, 1, required=True)
    name = StrictStr(60, 1, required=True)


class SectionIn(Schema):
    title = StrictStr(60, 1, required=True)
    text = StrictStr(4000, 1, required=True)


class PlanContent(Schema):
    title = StrictStr(200, required=True)
    period_from = StrictStr(10, 10, pattern=DATE_RE, required=True)
    period_to = StrictStr(10, 10, pattern=DATE_RE, required=True)
    source = StrictStr(validate=validate.OneOf(["superior", "local_government", "own"]), required=True)
    source_note = StrictStr(200, load_default="")
    item_codes = fields.List(StrictStr(40, 1), validate=validate.Length(1, 50), required=True)
    target_key = StrictInt(0, 1_000_000, load_default=0)
    target_general = StrictInt(0, 1_000_000, load_default=0)
    addressees = fields.List(StrictStr(120, 1), validate=validate.Length(0, 20), load_default=list)
    roster = fields.List(fields.Nested(RosterIn), validate=validate.Length(0, 40), load_default=list)
    sections = fields.List(fields.Nested(SectionIn), validate=validate.Length(0, 12), load_default=list)
    joint = StrictStr(300, load_default="")
    object_filter = StrictStr(300, load_default="")
    pool_filter = fields.Dict(keys=fields.String(), load_default=dict)
    """The registry's pool filter: what a draw of this scheme starts from."""
    pool_words = StrictStr(dump_only=True)
    ratio_permille = StrictInt(0, 1000, load_default=0)
    check_content = StrictStr(1000, load_default="")
    rides_along = StrictBool(load_default=False)


class DocumentIn(Schema):
    kind = StrictStr(validate=validate.OneOf(["annual", "scheme"]), required=True)
    year = StrictInt(2000, 2099, required=True)
    base = StrictInt(0, required=True)
    content = fields.Nested(PlanContent, required=True)


class PlanDocumentOut(Schema):
    id = StrictStr(required=True)
    kind = StrictStr(required=True)
    year = StrictInt(required=True)
    number = StrictStr(required=True)
    state = StrictStr(required=True)
    rev = StrictInt(required=True)
    title = StrictStr(required=True)
    signatory = StrictStr(required=True)
    issued_on = StrictDate(required=True, allow_none=True)
    created_at = StrictInstant(required=True)
    void_reason = StrictStr(required=True)
    content = fields.Nested(PlanContent, required=True)


class SnapshotOut(Schema):
    on = StrictDate(required=True)
    count = StrictInt(required=True)
    root = StrictStr(required=True)
    leaf = StrictInt(required=True)


class NamedChangesOut(Schema):
    count = StrictInt(required=True)
    names = fields.List(StrictStr(), required=True)


class SinceOut(Schema):
    snapshot = fields.Nested(SnapshotOut, required=True)
    now = StrictInt(required=True)
    added = fields.Nested(NamedChangesOut, required=True)
    removed = fields.Nested(NamedChangesOut, required=True)
    changed = fields.Nested(NamedChangesOut, required=True)


class RegistrySinceOut(Schema):
    since = fields.Nested(SinceOut, required=True, allow_none=True)


class CapacityOut(Schema):
    headcount = StrictInt(required=True)
    each = StrictInt(required=True)
    least = StrictInt(required=True)
    most = StrictInt(required=True)
    per_day = StrictInt(required=True)


class LetterOut(Schema):
    id = StrictStr(required=True)
    agency_name = StrictStr(required=True)
    recipient = StrictStr(required=True)
    to_agency = StrictStr(required=True)
    object = StrictStr(required=True)
    object_id = StrictStr(required=True)
    act = StrictStr(required=True)
    number = StrictStr(required=True)
    title = StrictStr(required=True)
    summary = fields.List(fields.List(StrictStr(4000)), required=True)
    document = StrictStr(required=True)
    sent_at = StrictInstant(required=True)
    state = StrictStr(required=True)
    answer_no = StrictStr(required=True)
    answer_on = StrictDate(required=True, allow_none=True)
    answer = StrictStr(required=True)


class LettersOut(Schema):
    letters = fields.List(fields.Nested(LetterOut), required=True)


class PlanDocumentsOut(Schema):
    documents = fields.List(fields.Nested(PlanDocumentOut), required=True)
    capacity = fields.Nested(CapacityOut, required=True, allow_none=True)
    items = fields.Dict(keys=StrictStr(), values=StrictStr(), required=True)


class PlanDocumentDetailOut(Schema):
    document = fields.Nested(PlanDocumentOut, required=True)
    warnings = fields.List(StrictStr(), required=True)
    letters = fields.List(fields.Nested(LetterOut), required=True)


class CampaignOut(Schema):
    id = StrictStr(required=True)
    number = StrictStr(required=True)
    title = StrictStr(required=True)
    period_from = StrictStr(required=True)
    period_to = StrictStr(required=True)
    items = fields.List(StrictStr(), required=True)
    filter = fields.Dict(keys=fields.String(), required=True)
    words = StrictStr(required=True)
    objects = StrictStr(required=True)
    ratio_permille = StrictInt(required=True)
    check_content = StrictStr(required=True)
    rides_along = StrictBool(required=True)
    units = StrictInt(required=True)
    n = StrictInt(required=True)


class CampaignsOut(Schema):
    campaigns = fields.List(fields.Nested(CampaignOut), required=True)


class PlanReasonIn(Schema):
    reason = StrictStr(300, 1, required=True)


class ProgressIn(Schema):
    words = StrictStr(2000, 1, required=True)
    question = StrictStr(1000, load_default="")


class AnswerIn(Schema):
    state = StrictStr(validate=validate.OneOf(["received", "returned", "granted", "refused"]), required=True)
    reason = StrictStr(1000, load_default="")
    number = StrictStr(80, load_default="")


class OutsideAnswerIn(AnswerIn):
    number = StrictStr(80, 1, required=True)
    on = StrictDate(required=True)


class MonthsQuery(Schema):
    start = StrictStr(7, 7, pattern=MONTH_RE, required=True)
    count = fields.Integer(load_default=6, validate=validate.Range(1, 24))


class MonthOut(Schema):
    month = StrictStr(required=True)
    what = StrictStr(required=True)
    last_day = StrictDate(required=True, allow_none=True)
    remind_on = StrictDate(required=True, allow_none=True)
    standing = StrictStr(required=True)
    quota = StrictInt(required=True, allow_none=True)
    late = StrictBool(required=True)
    late_note = StrictStr(required=True)
    plans = StrictInt(required=True)


class MonthsOut(Schema):
    months = fields.List(fields.Nested(MonthOut), required=True)


class QuotaIn(Schema):
    month = StrictStr(7, 7, pattern=MONTH_RE, required=True)
    quota = StrictInt(1, 100_000, required=True)
    note = StrictStr(300, load_default="")


class MonthlyPlanOut(Schema):
    id = StrictStr(required=True)
    month = StrictStr(required=True)
    seq = StrictInt(required=True)
    title = StrictStr(required=True)
    state = StrictStr(required=True)
    late = StrictBool(required=True)
    late_note = StrictStr(required=True)
    merges = StrictBool(required=True)
    source = StrictStr(required=True)
    created_at = StrictInstant(required=True)
    approved_at = StrictInstant(required=True, allow_none=True)
    number = StrictStr(required=True)
    signatory = StrictStr(required=True)
    released_at = StrictInstant(required=True, allow_none=True)
    published_at = StrictInstant(required=True, allow_none=True)
    version = StrictInt(required=True)
    lines = StrictInt(required=True)


class MonthlyPlansOut(Schema):
    plans = fields.List(fields.Nested(MonthlyPlanOut), required=True)


class PlanVersionOut(Schema):
    version = StrictInt(required=True)
    rows = fields.List(fields.Dict(keys=StrictStr(), values=StrictStr(2000)), required=True)
    sha256 = StrictStr(required=True)
    reason = StrictStr(required=True)
    published_at = StrictInstant(required=True)


class AmendmentOut(Schema):
    id = StrictStr(required=True)
    state = StrictStr(required=True)
    changes = fields.List(fields.Dict(keys=StrictStr(), values=fields.Raw()), required=True)
    reason = StrictStr(required=True)
    asked_at = StrictInstant(required=True)
    decision = StrictStr(required=True)
    version = StrictInt(required=True)
    way = StrictStr(required=True)


class PlanRulesOut(Schema):
    amend = StrictStr(required=True)
    before_visit = StrictBool(required=True)
    public = StrictBool(required=True)
    hides_inspectors = StrictBool(required=True)


class MonthlyDetailOut(Schema):
    plan = fields.Nested(MonthlyPlanOut, required=True)
    rules = fields.Nested(PlanRulesOut, required=True)
    versions = fields.List(fields.Nested(PlanVersionOut), required=True)
    amendments = fields.List(fields.Nested(AmendmentOut), required=True)


class NamedIdOut(Schema):
    id = StrictStr(required=True)
    name = StrictStr(required=True)


class PlaceOut(NamedIdOut):
    address = StrictStr(required=True)


class PlanLineOut(Schema):
    id = StrictStr(required=True)
    unit_id = StrictStr(required=True)
    unit_name = StrictStr(required=True)
    address = StrictStr(required=True)
    premises = fields.List(fields.Nested(PlaceOut), required=True)
    """Of a drawn market entity (D-2); empty where a premises was drawn."""
    item_codes = fields.List(StrictStr(), required=True)
    team = fields.List(fields.Nested(NamedIdOut), required=True)
    inspect_by = StrictDate(required=True)
    mode = StrictStr(required=True)
    draw_no = StrictStr(required=True)
    stratum = StrictStr(required=True)
    candidates = StrictInt(required=True)
    visit_group = StrictStr(required=True)
    withdrawn = StrictStr(required=True)


class PlanLinesOut(Schema):
    lines = fields.List(fields.Nested(PlanLineOut), required=True)


class LimitIn(Schema):
    line = StrictUUID(required=True)
    inspect_by = StrictDate(required=True)


class PremisesIn(Schema):
    line = StrictUUID(required=True)
    unit = StrictUUID(required=True)


class DraftIn(Schema):
    premises = fields.List(fields.Nested(PremisesIn), validate=validate.Length(0, 2000), load_default=list)
    limits = fields.List(fields.Nested(LimitIn), validate=validate.Length(0, 2000), load_default=list)
    merges = StrictBool(load_default=None, allow_none=True)


class ApprovePlanIn(Schema):
    note = StrictStr(300, load_default="")


class ChangeIn(Schema):
    line = StrictUUID(required=True)
    inspect_by = StrictDate()
    withdraw = StrictBool(validate=validate.Equal(True))


class AmendmentIn(Schema):
    id = StrictUUID(required=True)
    changes = fields.List(fields.Nested(ChangeIn), validate=validate.Length(1, 500), required=True)
    reason = StrictStr(300, 1, required=True)


class DecideIn(Schema):
    granted = StrictBool(required=True)
    decision = StrictStr(300, load_default="")
