"""What everybody reads of draws, without a script and without a login: announcements, voids, results, odds, the transcript.

The pages lie outside the API: they are for people, old phones, screen readers and printers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, json, make_response, render_template, request

from server.accounts import operations as accounts
from server.draw import odds, operations, reading, rulebook
from server.draw.refusals import DrawUnknown
from server.draw.tables import DrawRow
from server.draw.voiding import CAUSES
from server.kernel.moments import local_date, to_ms, zh_minute
from server.platform import clock
from server.platform.access import PUBLIC, access

blp = Blueprint("open_draws", __name__, url_prefix="/open/draws", template_folder="templates")

CSP = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
VERIFIER = "/draw-verifier.html"
STYLE = Path(__file__).with_name("templates") / "open-draws.css"
PURPOSES = {
    "annual": "年度抽取", "monthly": "月度批次", "campaign": "专项检查", "joint": "联合抽查", "replacement": "更换检查人员",
    "large_event": "大型活动", "key_supervision": "重点监管", "credit_triggered": "信用监管检查", "complaint_check": "举报投诉核查",
    "pre_opening_check": "投入使用、营业前检查", "superior_supervised": "上级督办核查", "other": "其他检查",
}
PARTIES = {"official_a": "抽取人员A（承诺随机数）", "dice": "抽取人员B（掷骰）", "superior": "上级人员"}
STATES = {"open": "已公布，等待掷骰", "rolled": "已掷骰，等待揭示", "drawn": "已抽取，名单保密", "published": "已公开", "void": "已作废"}
MODES = {"directed": "定向", "undirected": "不定向"}


def _page(template: str, status: int = 200, **values: Any) -> Response:
    words = {"purposes": PURPOSES, "parties": PARTIES, "states": STATES, "modes": MODES, "causes": CAUSES, "strata": rulebook.STRATUM_WORDS, "reasons": {**rulebook.EXCLUDED_WORDS, **rulebook.FORCE_REASONS}, "when": _when}
    answer = make_response(render_template(template, verifier=VERIFIER, **words, **values), status)
    answer.headers["Content-Security-Policy"] = CSP
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _when(moment: Any) -> str:
    """A moment as a clock in China shows it."""
    return zh_minute(to_ms(moment)) if moment else "—"


@blp.get("")
@access(PUBLIC)
def listing() -> Response:
    """Every draw from its announcement on, voids included, and each agency's count of changes."""
    agency = request.args.get("agency", "")[:64]
    draws = operations.public_draws(agency)
    year = local_date(clock.now_ms()).year
    named = [one for one in accounts.agencies() if one.name in {draw.agency for draw in draws}]
    return _page("open-draws.html", draws=draws, counts=[(one, operations.counts(one.id, year)) for one in named], year=year)


@blp.get("/style.css")
@access(PUBLIC)
def style() -> Response:
    return Response(STYLE.read_bytes(), content_type="text/css; charset=utf-8")


@blp.get("/<draw_id>")
@access(PUBLIC)
def one(draw_id: str) -> Response:
    try:
        draw, row = operations.public_draw(draw_id)
    except DrawUnknown:
        return _page("open-draws.html", 404, draws=[], counts=[], year=0, missing=True)
    transcript = operations.public_transcript(row) if row.state == "published" else None
    about = draw.intent.get("about", {})
    # Named apart: in a template ``about.items`` would be the method of the dictionary.
    return _page("open-draw.html", draw=draw, about=about, matters=about.get("items", []), transcript=transcript, odds=_odds(row, transcript))


def _odds(row: DrawRow, transcript: dict[str, Any] | None) -> list[tuple[str, int, int, str]]:
    """(stratum, weight, units, chance) of a published draw: weight is not odds (3.4)."""
    if transcript is None or row.kind != "draw":
        return []
    rule = reading.rule(transcript["intent"]["rule"])
    units = reading.units(transcript["units"], rule.w_max)
    chances = odds.expected_odds(rule, units)
    return [
        (st, w, sum(1 for unit in units if unit.st == st and unit.w == w and unit.excluded(rule) is None), f"{chance * 100:.1f}%")
        for st, by_weight in chances.items() for w, chance in by_weight.items()
    ]


@blp.get("/<draw_id>/intent.json")
@access(PUBLIC)
def intent(draw_id: str) -> Response:
    """The announcement as it stands in the public log."""
    return _json(_known(draw_id)[0].intent, f"intent-{draw_id}.json")


@blp.get("/<draw_id>/transcript.json")
@access(PUBLIC)
def transcript(draw_id: str) -> Response:
    """Everything that is needed to draw again; only once the list is public."""
    row = _known(draw_id)[1]
    if row.state != "published":
        abort(404)
    return _json(operations.public_transcript(row), f"draw-{draw_id}.json")


def _known(draw_id: str) -> Any:
    try:
        return operations.public_draw(draw_id)
    except DrawUnknown:
        abort(404)


def _json(value: Any, name: str) -> Response:
    answer = Response(json.dumps(value, ensure_ascii=False), content_type="application/json; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer
