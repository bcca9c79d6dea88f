"""Draws over HTTP: propose, look before, the ceremony step by step, look after, publish."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Response, g, request
from flask_smorest import Blueprint

from server.accounts import operations as accounts
from server.draw import operations, schemas, schemas_setup
from server.draw.pages import VERIFIER
from server.draw.photos import MOST
from server.draw.refusals import PhotoWrong
from server.draw.setup import setup
from server.kernel.moments import local_date
from server.platform import clock
from server.platform.access import access, body_limit

blp = Blueprint("draw", "draw", url_prefix="/draws", description="抽取：方案、仪式、结果、公开")

OFFICIALS = ("plan_officer", "reviewer")
WATCHERS = (*OFFICIALS, "auditor", "superior")


@blp.get("")
@access(*WATCHERS)
@blp.response(200, schemas.DrawsOut)
def list_draws() -> dict[str, Any]:
    """Draws the caller may know of, and voids that wait for the caller's decision."""
    return {"draws": operations.listing(g.actor), "voids": operations.waiting_for(g.actor)}


@blp.get("/setup")
@access(*OFFICIALS)
@blp.response(200, schemas_setup.SetupOut)
def get_setup() -> dict[str, Any]:
    return setup(g.actor.agency_id)


@blp.get("/counts")
@access(*OFFICIALS, "auditor")
@blp.arguments(schemas.YearQuery, location="query")
@blp.response(200, schemas.DrawCountsOut)
def get_counts(query: dict[str, Any]) -> Any:
    return operations.counts(g.actor.agency_id, query["year"] or local_date(clock.now_ms()).year)


@blp.post("")
@access("plan_officer")
@blp.arguments(schemas.WishIn)
@blp.response(201, schemas.DrawOut)
def post_draw(body: dict[str, Any]) -> operations.Draw:
    return operations.propose(g.actor, g.actor.agency_id, operations.wish_from(body))


@blp.get("/partners")
@access("plan_officer")
@blp.response(200, schemas.PartnersOut)
def list_partners() -> dict[str, Any]:
    """Agencies that may be asked to a joint draw, and who could act for them."""
    return {"partners": operations.partners(g.actor.agency_id)}


@blp.get("/lent")
@access(*OFFICIALS, "auditor")
@blp.response(200, schemas_setup.LentDrawsOut)
def list_lent() -> dict[str, Any]:
    """Superiors' draws with inspectors (WG-5b) or units (WC-13c) of this agency in the urn; who and what was drawn, once a draw is published."""
    return {"draws": operations.lent(g.actor)}


@blp.post("/joint")
@access("plan_officer")
@blp.arguments(schemas.JointIn)
@blp.response(201, schemas.DrawOut)
def post_joint(body: dict[str, Any]) -> operations.Draw:
    asked = tuple(operations.Partner(one["agency_id"], one["official"]) for one in body.pop("partners"))
    return operations.propose_joint(g.actor, g.actor.agency_id, operations.wish_from({**body, "purpose": "joint"}), asked)


@blp.post("/<draw_id>/join")
@access(*OFFICIALS)
@blp.arguments(schemas.JoinIn)
@blp.response(200, schemas.DrawOut)
def join(body: dict[str, Any], draw_id: str) -> operations.Draw:
    """A department of a joint draw freezes its own tables."""
    return operations.join(g.actor, draw_id, tuple(body["items"]), body["team"])


@blp.post("/<draw_id>/submit")
@access(*OFFICIALS)
@blp.response(200, schemas.DrawOut)
def submit(draw_id: str) -> operations.Draw:
    """A district's agency lets its register into one draw of the agency above (WC-13c)."""
    return operations.submit(g.actor, draw_id)


@blp.get("/<draw_id>")
@access(*WATCHERS)
@blp.response(200, schemas.DrawOut)
def one_draw(draw_id: str) -> operations.Draw:
    """How far the draw is. Officials' pages ask this every few seconds; it never holds the list."""
    return operations.view(operations.row_seen(g.actor, draw_id))


@blp.get("/<draw_id>/wish")
@access(*OFFICIALS, "auditor")
@blp.response(200)
def one_wish(draw_id: str) -> dict[str, Any]:
    """The proposal as it was made, to be shown and changed."""
    return operations.wish_from(operations.row_for(g.actor, draw_id).proposal).data()


@blp.put("/<draw_id>")
@access("plan_officer")
@blp.arguments(schemas.WishIn)
@blp.response(200, schemas.DrawOut)
def put_draw(body: dict[str, Any], draw_id: str) -> operations.Draw:
    return operations.change(g.actor, draw_id, operations.wish_from(body))


@blp.post("/<draw_id>/discard")
@access("plan_officer")
@blp.response(204)
def discard_draw(draw_id: str) -> None:
    operations.discard(g.actor, draw_id)


@blp.get("/<draw_id>/feasibility")
@access(*OFFICIALS, "auditor")
@blp.arguments(schemas.FateQuery, location="query")
@blp.response(200, schemas.FeasibilityOut)
def get_feasibility(query: dict[str, Any], draw_id: str) -> dict[str, Any]:
    found = operations.feasibility(g.actor, draw_id)
    lines = [line for line in found.lines if query["text"] in line.name]
    absent = [{"unit_id": unit, "name": name, "code": code, "why": why} for unit, name, code, why in found.absent if query["text"] in name]
    page = slice(query["offset"], query["offset"] + query["limit"])
    hindered = [{"name": name, "why": why} for _user, name, why in found.hindered]
    names = {one.id: one.name for one in accounts.agencies()}
    hands = [{**asdict(hand), "home": names.get(hand.home, "") if hand.home != g.actor.agency_id else ""} for hand in found.hands]
    return {**asdict(found), "lines": lines[page], "absent": absent[page], "hands": hands, "hindered": hindered, "total": len(lines)}


@blp.post("/<draw_id>/freeze")
@access(*OFFICIALS)
@blp.response(200, schemas.DrawOut)
def freeze_draw(draw_id: str) -> operations.Draw:
    return operations.freeze(g.actor, draw_id)


@blp.post("/<draw_id>/commit")
@access(*OFFICIALS, "superior")
@blp.arguments(schemas.CommitIn)
@blp.response(200, schemas.DrawOut)
def commit(body: dict[str, Any], draw_id: str) -> operations.Draw:
    return operations.commit(g.actor, draw_id, body["commitment"])


@blp.post("/<draw_id>/intent")
@access(*OFFICIALS)
@blp.response(200, schemas.DrawOut)
def announce(draw_id: str) -> operations.Draw:
    return operations.announce(g.actor, draw_id)


@blp.post("/<draw_id>/witness")
@access(*WATCHERS)
@blp.response(200, schemas.DrawOut)
def attend(draw_id: str) -> operations.Draw:
    return operations.attend(g.actor, draw_id)


@blp.post("/<draw_id>/testimony")
@access(*WATCHERS)
@blp.arguments(schemas.WordIn)
@blp.response(200, schemas.DrawOut)
def testify(body: dict[str, Any], draw_id: str) -> operations.Draw:
    return operations.testify(g.actor, draw_id, body["word"])


@blp.post("/<draw_id>/photo")
@access(*OFFICIALS)
@body_limit(MOST + 64 * 1024)
@blp.response(200, schemas.PhotoOut)
def post_photo(draw_id: str) -> dict[str, str]:
    """multipart: ``file``, the photo of the dice on the table."""
    file = request.files.get("file")
    if file is None:
        operations.row_for(g.actor, draw_id)
        raise PhotoWrong("没有收到照片")
    return {"sha256": operations.keep_photo(g.actor, draw_id, file.read(MOST + 1))}


@blp.get("/<draw_id>/photo")
@access(*WATCHERS)
def get_photo(draw_id: str) -> Response:
    data, kind = operations.photo_for(g.actor, draw_id)
    return Response(data, content_type=kind)


@blp.post("/<draw_id>/dice")
@access(*OFFICIALS)
@blp.arguments(schemas.DiceIn)
@blp.response(200, schemas.DrawOut)
def roll(body: dict[str, Any], draw_id: str) -> operations.Draw:
    return operations.roll(g.actor, draw_id, body["digits"], body["kind"], body["photo"])


@blp.post("/<draw_id>/reveal")
@access(*OFFICIALS, "superior")
@blp.arguments(schemas.RevealIn)
@blp.response(200, schemas.DrawOut)
def reveal(body: dict[str, Any], draw_id: str) -> operations.Draw:
    return operations.reveal(g.actor, draw_id, body["value"])


@blp.post("/<draw_id>/void")
@access(*OFFICIALS)
@blp.arguments(schemas.VoidIn)
@blp.response(200, schemas.DrawOut)
def ask_void(body: dict[str, Any], draw_id: str) -> operations.Draw:
    return operations.ask(g.actor, draw_id, body["cause"], body["reason"])


@blp.post("/voids/<void_id>/decision")
@access("reviewer", "superior")
@blp.arguments(schemas.DecisionIn)
@blp.response(200, schemas.DrawOut)
def decide_void(body: dict[str, Any], void_id: str) -> operations.Draw:
    return operations.decide(g.actor, void_id, body["granted"], body["note"])


@blp.get("/<draw_id>/result")
@access("inspector", *WATCHERS)
@blp.arguments(schemas.FateQuery, location="query")
@blp.response(200, schemas.ResultOut)
def get_result(query: dict[str, Any], draw_id: str) -> dict[str, Any]:
    """The list with every unit's fate. Secret until published: each reading is a fact, each refusal as well."""
    row = operations.list_for(g.actor, draw_id, "result")
    found = [fate for fate in operations.fates(row, g.actor.agency_id) if query["text"] in fate.name]
    want = row.want or {}
    page = slice(query["offset"], query["offset"] + query["limit"])
    return {"draw": operations.view(row), "quotas": want.get("quotas", {}), "excluded": want.get("excluded", {}), "seed": want.get("seed", ""), "total": len(found), "fates": found[page]}


@blp.get("/<draw_id>/transcript")
@access(*OFFICIALS, "auditor")
@blp.response(200)
def get_transcript(draw_id: str) -> dict[str, Any]:
    return operations.transcript_for(g.actor, draw_id)


@blp.get("/<draw_id>/openings/<unit_id>")
@access(*OFFICIALS)
@blp.response(200, schemas.OpeningOut)
def one_opening(draw_id: str, unit_id: str) -> dict[str, Any]:
    """What a unit needs to find itself in the published draw; 404 before publication."""
    return {**operations.opening(g.actor, draw_id, unit_id), "page": f"/open/draws/{draw_id}", "verifier": VERIFIER}


@blp.post("/<draw_id>/publish")
@access("plan_officer")
@blp.response(200, schemas.DrawOut)
def publish(draw_id: str) -> operations.Draw:
    return operations.publish_after_visits(g.actor, draw_id)
