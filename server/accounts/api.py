"""Login, enrolment, people and devices over HTTP."""

from __future__ import annotations

from typing import Any

from flask import g
from flask_smorest import Blueprint

from server.accounts import operations, schemas
from server.accounts.enrolment import Enrolled
from server.accounts.policy import device_policy
from server.accounts.sessions import SignedIn
from server.kernel import b64url
from server.platform import feed
from server.platform.access import PUBLIC, SIGNED_IN, access
from server.platform.keys import LOG_NAME, server_keys
from server.platform.limits import by_device, by_login, limiter

blp = Blueprint("accounts", "accounts", url_prefix="/accounts", description="People, devices, sessions")



def _tokens(signed_in: SignedIn) -> dict[str, Any]:
    tokens = signed_in.tokens
    user = operations.full_person(signed_in.person_id)
    return {
        "access": tokens.access, "refresh": tokens.refresh, "expires_in": tokens.expires_in,
        "dev": signed_in.dev, "user": user, "policy": device_policy(user["agency"]),
    }


def _failed(answer: Any) -> bool:
    """Only refused attempts count against a limit: nobody is locked out by working."""
    return bool(answer.status_code >= 400)


@blp.post("/login")
@access(PUBLIC)
@limiter.limit("20/minute", deduct_when=_failed)
@limiter.limit("5/minute", key_func=by_login, deduct_when=_failed)
@blp.arguments(schemas.LoginIn)
@blp.response(200, schemas.TokensOut)
def login(body: dict[str, Any]) -> dict[str, Any]:
    """Sign in with login and password; the session is bound to the key sent along."""
    return _tokens(operations.login(body["login"], body["password"], body["spki"]))


@blp.post("/refresh")
@access(PUBLIC)
@limiter.limit("60/minute", deduct_when=_failed)
@blp.arguments(schemas.RefreshIn)
@blp.response(200, schemas.TokensOut)
def refresh(body: dict[str, Any]) -> dict[str, Any]:
    """Exchange a refresh token, signed by the bound key, for the next one."""
    return _tokens(operations.refresh(body["refresh"], body["sig"]))


@blp.post("/logout")
@access(SIGNED_IN, even_revoked=True)
@blp.response(204)
def logout() -> None:
    """End this session on the server."""
    operations.logout(g.actor)


@blp.get("/me")
@access(SIGNED_IN, even_revoked=True)
@blp.response(200, schemas.MeOut)
def me() -> dict[str, Any]:
    """Who I am, on which device, in which epoch of the server."""
    return {
        "user": operations.full_person(g.actor.user_id), "dev": g.actor.dev,
        "dev_revoked": g.actor.dev_revoked, "epoch": feed.epoch(),
    }


@blp.post("/password")
@access(SIGNED_IN)
@limiter.limit("5/minute", key_func=by_device, deduct_when=_failed)
@blp.arguments(schemas.PasswordIn)
@blp.response(204)
def change_password(body: dict[str, Any]) -> None:
    """Set my own password; every session ends."""
    operations.change_own_password(g.actor, body["old"], body["new"])


@blp.get("/people")
@access("administrator", "plan_officer", "reviewer", "auditor")
@blp.response(200, schemas.PeopleOut)
def people() -> dict[str, Any]:
    """The people of the own agency."""
    return {"people": operations.people(g.actor.agency_id)}


@blp.post("/people")
@access("administrator")
@blp.arguments(schemas.PersonIn)
@blp.response(201, schemas.PersonOut)
def add_person(body: dict[str, Any]) -> operations.PersonView:
    """Add a person to the own agency."""
    return operations.add_person(
        g.actor, g.actor.agency_id, body["login"], body["name"], body["roles"], body["password"]
    )


@blp.patch("/people/<string:person_id>")
@access("administrator")
@blp.arguments(schemas.PersonChangeIn)
@blp.response(200, schemas.PersonOut)
def change_person(body: dict[str, Any], person_id: str) -> operations.PersonView:
    """Name, roles, open or closed, password reset."""
    return operations.change_person(g.actor, person_id, **body)


@blp.post("/people/<string:person_id>/enrolment-codes")
@access("administrator")
@blp.response(201, schemas.CodeOut)
def enrolment_code(person_id: str) -> Any:
    """A one-time code for one person, shown once, good for ten minutes."""
    return operations.issue_codes(g.actor, [person_id])[0]


@blp.post("/enrolment-codes")
@access("administrator")
@blp.arguments(schemas.CodesIn)
@blp.response(201, schemas.CodesOut)
def enrolment_codes(body: dict[str, Any]) -> dict[str, Any]:
    """One-time codes for many people at once; all or none."""
    return {"codes": operations.issue_codes(g.actor, body["people"])}


@blp.post("/enrol")
@access(PUBLIC)
@limiter.limit("20/minute", deduct_when=_failed)
@blp.arguments(schemas.EnrolIn)
@blp.response(201, schemas.EnrolledOut)
def enrol(body: dict[str, Any]) -> dict[str, Any]:
    """Enrol a phone with a one-time code; the code stands for the login."""
    done = operations.enrol(
        body["code"], body["spki"], body["installation"], body["sig"], body["label"], body["self_test"]
    )
    return _enrolled(done)


def _enrolled(done: Enrolled) -> dict[str, Any]:
    user = operations.full_person(done.person_id)
    return {
        "dev": done.dev, "user": user, "agency": operations.agency(user["agency"]),
        "access": done.tokens.access, "refresh": done.tokens.refresh, "expires_in": done.tokens.expires_in,
        "epoch": feed.epoch(), "policy": device_policy(user["agency"]),
        "log": {"name": LOG_NAME, "key": b64url.encode(server_keys().log_public)},
    }


@blp.get("/devices")
@access(SIGNED_IN)
@blp.response(200, schemas.DevicesOut)
def devices() -> dict[str, Any]:
    """My devices; for an administrator or auditor those of the agency."""
    return {"devices": operations.list_devices(g.actor)}


@blp.post("/devices/<string:dev>/revoke")
@access(SIGNED_IN)
@blp.arguments(schemas.RevokeIn)
@blp.response(200, schemas.DeviceOut)
def revoke(body: dict[str, Any], dev: str) -> Any:
    """Revoke a lost phone: mine, or as administrator one of the agency's. ``lost_at``: since when it was lost."""
    return operations.revoke_device(g.actor, dev, body["reason"], body["lost_at"])


@blp.post("/devices/<string:dev>/loss")
@access("administrator")
@blp.arguments(schemas.LossIn)
@blp.response(200, schemas.DeviceOut)
def correct_loss(body: dict[str, Any], dev: str) -> Any:
    """Correct since when a revoked phone was lost; its events are judged again."""
    return operations.correct_loss(g.actor, dev, body["lost_at"], body["reason"])


@blp.post("/devices/<string:dev>/story")
@access("inspector")
@blp.arguments(schemas.StoryIn)
@blp.response(200, schemas.DeviceOut)
def tell_story(body: dict[str, Any], dev: str) -> Any:
    """Say what became of an older phone of mine."""
    return operations.tell_story(g.actor, dev, body["story"], body["note"])


@blp.post("/rotated")
@access(PUBLIC)
@limiter.limit("20/minute", deduct_when=_failed)
@blp.arguments(schemas.RotatedIn)
@blp.response(201, schemas.EnrolledOut)
def rotated(body: dict[str, Any]) -> dict[str, Any]:
    """A session for the key that an enrolled key has named in a signed event; the new key's signature is the login."""
    return _enrolled(operations.take_over(body["event"], body["spki"], body["sig"]))
