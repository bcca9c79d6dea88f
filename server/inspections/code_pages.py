"""The page that answers for a record code, for whoever holds one: no script, no login, no content."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request

from server.inspections.record_code import LIMIT, answer
from server.kernel import chain, moments
from server.platform.access import PUBLIC, access
from server.platform.limits import limiter
from server.platform.pages import page

blp = Blueprint("record-code-pages", __name__)

WORDS = {
    "unchanged": ("good", "记录原样保存，未发现改动", "您手中的记录码与服务器保存的封存记录一致。"),
    "supplemented": ("attention", "原记录未改动，后有补正", "签名时的记录原样保存；之后经两名检查人员核验补充过材料，补充内容另附。"),
    "corrected": ("attention", "原记录未改动，后有更正", "签名时的记录原样保存；之后作过更正，更正经第二人同意，原来的内容仍可查阅。"),
    "damaged": ("bad", "服务器保存的记录与记录码不符", "请保留好您手中的记录和记录码，并向该机关的上级反映。"),
    "unknown": ("attention", "没有查到这个记录码", "可能输错，或检查人员的手机还没有联网上传。请过一两天再查；仍查不到的，请向该机关询问。"),
}


@blp.get("/r")
@access(PUBLIC)
@limiter.limit(LIMIT)
def form() -> Response:
    """Where the code is typed; a code in the query is answered under its own address."""
    typed = request.args.get("code", "")[:64]
    if not typed:
        return page("record_code.html", typed="")
    try:
        return redirect(f"/r/{chain.read_record_code(typed)}", 303)
    except ValueError:
        return page("record_code.html", typed=typed, wrong=True)


@blp.get("/r/<typed>")
@access(PUBLIC)
@limiter.limit(LIMIT)
def shown(typed: str) -> Response:
    """The answer for people."""
    try:
        found = answer(chain.read_record_code(typed[:64]))
    except ValueError:
        return page("record_code.html", typed=typed[:64], wrong=True)
    tone, verdict, words = WORDS[found.state]
    told = {
        "code": f"{found.code[:5]} {found.code[5:]}", "tone": tone, "verdict": verdict, "words": words,
        "sealed": _when(found.sealed), "received": _when(found.received),
        "index": "—" if found.index < 0 else f"第 {found.index} 条",
    }
    return page("record_code.html", typed=f"{found.code[:5]} {found.code[5:]}", answer=told)


def _when(ms: int) -> str:
    return "—" if ms < 0 else moments.zh_minute(ms)
