"""What goes over the wire of accounts."""

from __future__ import annotations

from marshmallow import fields, validate

from server.accounts.domain import LOGIN, ROLES, STORIES
from server.platform.schemas import B64Url, Schema, StrictBool, StrictInstant, StrictInt, StrictStr

SPKI = {"most": 122, "least": 122}
SIGNATURE = {"most": 86, "least": 86}


def roles(**kwargs: object) -> fields.List:
    """A list of roles of the closed list."""
    one = StrictStr(most=20, validate=validate.OneOf(sorted(ROLES), error="不是规定的角色"))
    return fields.List(one, validate=validate.Length(1, 6), **kwargs)


class LoginIn(Schema):
    login = StrictStr(most=64, least=1, required=True)
    password = StrictStr(most=200, least=1, required=True)
    spki = B64Url(**SPKI, required=True)


class RefreshIn(Schema):
    refresh = StrictStr(most=200, least=1, required=True)
    sig = B64Url(**SIGNATURE, required=True)


class UserOut(Schema):
    """A person about themselves; the registry adds certificate, groups and qualifications."""

    id = StrictStr(required=True)
    login = StrictStr(required=True)
    name = StrictStr(required=True)
    roles = fields.List(StrictStr(), required=True)
    agency = StrictStr(required=True)
    agency_name = StrictStr(required=True)
    certificate_no = StrictStr()
    certificate_valid_to = StrictStr(allow_none=True)
    sector_groups = fields.List(StrictStr())
    qualifications = fields.List(StrictStr())


class PolicyOut(Schema):
    """What the agency's rules ask of the device itself."""

    idle_lock_minutes = StrictInt(required=True)
    watermark = StrictBool(required=True)
    recovery_key = StrictStr(required=True, metadata={"description": "P-256 SPKI, b64url: vault keys are sealed to it"})


class TokensOut(Schema):
    access = StrictStr(required=True)
    refresh = StrictStr(required=True)
    expires_in = StrictInt(required=True)
    dev = StrictStr(required=True)
    user = fields.Nested(UserOut, required=True)
    policy = fields.Nested(PolicyOut, required=True)


class MeOut(Schema):
    user = fields.Nested(UserOut, required=True)
    dev = StrictStr(required=True)
    dev_revoked = StrictBool(required=True)
    epoch = StrictInt(required=True)


class PasswordIn(Schema):
    old = StrictStr(most=200, least=1, required=True)
    new = StrictStr(most=200, least=1, required=True)


class PersonIn(Schema):
    login = StrictStr(most=64, pattern=LOGIN, required=True)
    name = StrictStr(most=60, least=1, required=True)
    roles = roles(required=True)
    password = StrictStr(most=200, least=1, required=True)


class PersonChangeIn(Schema):
    name = StrictStr(most=60, least=1)
    roles = roles()
    active = StrictBool()
    password = StrictStr(most=200, least=1)


class PersonOut(Schema):
    id = StrictStr(required=True)
    login = StrictStr(required=True)
    name = StrictStr(required=True)
    roles = fields.List(StrictStr(), required=True)
    active = StrictBool(required=True)


class PeopleOut(Schema):
    people = fields.List(fields.Nested(PersonOut), required=True)


class CodesIn(Schema):
    people = fields.List(StrictStr(most=36), required=True, validate=validate.Length(1, 200))


class CodeOut(Schema):
    person = StrictStr(attribute="person_id", required=True)
    name = StrictStr(attribute="person_name", required=True)
    code = StrictStr(required=True)
    expires_at = StrictInstant(required=True)


class CodesOut(Schema):
    codes = fields.List(fields.Nested(CodeOut), required=True)


class EnrolIn(Schema):
    code = StrictStr(most=20, least=10, required=True)
    spki = B64Url(**SPKI, required=True)
    installation = StrictStr(most=64, least=8, pattern=r"[A-Za-z0-9_-]+", required=True)
    sig = B64Url(**SIGNATURE, required=True)
    label = StrictStr(most=80, load_default="")
    self_test = fields.Dict(keys=StrictStr(most=40), load_default=dict, validate=validate.Length(max=40))


class LogOut(Schema):
    name = StrictStr(required=True)
    key = StrictStr(required=True, metadata={"description": "Ed25519 public key, b64url, 32 bytes"})


class AgencyOut(Schema):
    id = StrictStr(required=True)
    name = StrictStr(required=True)
    short = StrictStr(required=True)
    kind = StrictStr(required=True)
    phone = StrictStr(required=True)


class EnrolledOut(Schema):
    dev = StrictStr(required=True)
    user = fields.Nested(UserOut, required=True)
    agency = fields.Nested(AgencyOut, required=True)
    access = StrictStr(required=True)
    refresh = StrictStr(required=True)
    expires_in = StrictInt(required=True)
    epoch = StrictInt(required=True)
    policy = fields.Nested(PolicyOut, required=True)
    log = fields.Nested(LogOut, required=True)


class DeviceOut(Schema):
    dev = StrictStr(required=True)
    user = StrictStr(attribute="user_id", required=True)
    user_name = StrictStr(required=True)
    installation = StrictStr(required=True)
    label = StrictStr(required=True)
    enrolled_at = StrictInstant(required=True)
    revoked_at = StrictInstant(required=True, allow_none=True)
    revoke_reason = StrictStr(required=True)
    self_test = fields.Dict(keys=StrictStr(), required=True)
    last_contact = StrictInstant(required=True, allow_none=True)
    lost_at = StrictInstant(required=True, allow_none=True, metadata={"description": "lost since; null: the revocation counts"})
    follows = StrictStr(required=True, metadata={"description": "the older key that named this one, or empty"})
    replaced_by = StrictStr(required=True)
    replaced_at = StrictInstant(required=True, allow_none=True)
    story = StrictStr(required=True, metadata={"description": "in_use, reinstalled, replaced, lost, or empty"})
    story_note = StrictStr(required=True)
    story_at = StrictInstant(required=True, allow_none=True)


class DevicesOut(Schema):
    devices = fields.List(fields.Nested(DeviceOut), required=True)


class RevokeIn(Schema):
    reason = StrictStr(most=200, least=1, required=True)
    lost_at = StrictInstant(load_default=None, allow_none=True)


class LossIn(Schema):
    lost_at = StrictInstant(required=True)
    reason = StrictStr(most=200, least=1, required=True)


class StoryIn(Schema):
    story = StrictStr(most=12, required=True, validate=validate.OneOf(STORIES))
    note = StrictStr(most=300, load_default="")


class RotatedIn(Schema):
    event = B64Url(most=43, least=43, required=True)
    spki = B64Url(**SPKI, required=True)
    sig = B64Url(**SIGNATURE, required=True)
