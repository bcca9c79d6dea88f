"""A draw that may be void only with the superior's permission stands in the superior's inbox (draw.md 3.2, C22).

The void itself lives with the draw. Its letter is written when it is asked for and settled by its decision, wherever that is
given: at the draw or in the inbox it is one act."""

from __future__ import annotations

from server.accounts.domain import Actor
from server.draw import operations as draws
from server.plans import upward

OBJECT = "draw_void"
STAGES = {"open": "已公布抽取公告，尚未掷骰", "rolled": "已掷骰，尚未揭示", "drawn": "已抽取，名单未公开"}


def heard(actor: Actor | None, draw: draws.Draw) -> None:
    """A void was asked for or decided. Inside the unit of work of the draw."""
    void = draw.void
    if void is None or void.to_agency == draw.agency_id and void.state == "asked":
        return
    if void.state == "asked":
        # The title of a replacement names the unit; the superior decides without it (D-4).
        title = "更换检查人员" if draw.purpose == "replacement" else draw.title
        upward.send_up(actor, draw.agency_id, OBJECT, draw.id, f"关于作废第{draw.number}号抽取的请示", [
            ["抽取", f"{title}（{draw.number}）"], ["进度", STAGES.get(draw.state, draw.state)], ["原因", draws.CAUSES[void.cause]], ["情况", void.reason],
        ])
        return
    for letter in upward.about(draw.agency_id, OBJECT, draw.id):
        if letter.state == "sent":
            upward.settle(actor, letter.id, void.state, void.note or ("" if actor else "抽取范围被改动，程序已自动作废"))


def _from_inbox(actor: Actor, letter: upward.Letter, granted: bool, reason: str) -> None:
    draws.decide(actor, letter.object_id, granted, reason)


upward.decided_by(OBJECT, _from_inbox)
