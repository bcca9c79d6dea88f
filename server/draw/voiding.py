"""Abort: asked for with its cause, approved by the superior agency, public, and named by the next intent (3.2, 3.9)."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from server.accounts import operations as accounts
from server.accounts.domain import Actor
from server.audit import operations as audit
from server.audit import public_log
from server.draw import overview
from server.draw.refusals import NotYourPart, ProposalWrong, StepNotDue, VoidUnknown
from server.draw.tables import DrawRow, DrawVoidRow
from server.platform import clock, feed
from server.platform.db import session, unit_of_work
from server.rules import operations as rules

CAUSES = {
    "browser_lost": "保存随机数的浏览器或电脑无法使用", "official_absent": "抽取人员不能继续参加", "witness_objects": "见证人对过程提出异议",
    "wrong_proposal": "抽取方案有误", "power_or_network": "停电或网络中断", "root_changed": "抽取范围被改动", "other": "其他",
}
BEFORE_PLAN = ("open", "rolled", "drawn")
"""From the intent on, until the result is published, a draw can only end by a void."""

Heard = Callable[[Actor | None, overview.Draw], None]
_heard: list[Heard] = []


def on_void(listener: Heard) -> None:
    """Tell ``listener(actor, draw)`` inside the unit of work in which a void is asked for or decided; without an actor the
    server has ended the draw by itself."""
    if listener not in _heard:
        _heard.append(listener)


@unit_of_work
def ask(actor: Actor, draw_id: str, cause: str, reason: str) -> overview.Draw:
    """Ask for a draw to be void. Where the profile demands nobody's approval it is void at once; it is public either way."""
    row = overview.row_for(actor, draw_id, lock=True)
    if row.agency_id != actor.agency_id and actor.user_id not in overview.hands_in(row):
        raise NotYourPart("作废须由组织抽取的机关申请")
    known = session().get(DrawVoidRow, row.id)
    if known is not None and known.state != "refused":
        return overview.view(row)
    if row.state not in BEFORE_PLAN:
        raise StepNotDue("公布之前的抽取可以直接放弃；名单公开之后不能作废", state=row.state)
    if cause not in CAUSES or cause == "root_changed" or not reason.strip():
        raise ProposalWrong("请选择作废的原因并写明情况")
    way = rules.rules_for(row.agency_id).values.get("draw.void_approval", "superior")
    parent = accounts.agency(row.agency_id).parent_id
    to_agency = parent if way == "superior" and parent else row.agency_id
    void = known or DrawVoidRow(draw_id=row.id, agency_id=row.agency_id)
    void.to_agency, void.cause, void.reason, void.state = to_agency, cause, reason, "asked"
    void.asked_by, void.asked_at, void.decided_by, void.decided_at, void.note = actor.user_id, clock.now(), "", None, ""
    session().add(void)
    audit.record(actor, "draw.void_asked", "draw", row.id, row.agency_id, {"cause": cause, "to": to_agency, "state": row.state})
    if way == "none":
        void.state, void.decided_at = "granted", clock.now()
        _end(row, void)
    return _tell(actor, row, void)


@unit_of_work
def decide(actor: Actor, draw_id: str, granted: bool, note: str) -> overview.Draw:
    """Grant or refuse a void, once. Raises ``VoidUnknown`` for everybody it was not addressed to, ``NotYourPart`` for who asked,
    ``ProposalWrong`` for a refusal without its reason."""
    void = session().scalar(select(DrawVoidRow).where(DrawVoidRow.draw_id == draw_id).with_for_update())
    if void is None or void.to_agency != actor.agency_id or not _may_decide(actor, void):
        raise VoidUnknown("没有向您申请的作废事项")
    row = session().get_one(DrawRow, draw_id, with_for_update=True)
    if void.state != "asked":
        return overview.view(row)
    if actor.user_id in {void.asked_by, *overview.hands_in(row)}:
        raise NotYourPart("申请人和参加抽取的人员不能批准作废")
    if granted and row.state not in BEFORE_PLAN:
        raise StepNotDue("名单公开之后不能作废", state=row.state)
    if not granted and not note.strip():
        raise ProposalWrong("不同意作废须写明理由")
    void.state, void.decided_by, void.decided_at, void.note = "granted" if granted else "refused", actor.user_id, clock.now(), note
    audit.record(actor, "draw.void_granted" if granted else "draw.void_refused", "draw", row.id, row.agency_id)
    if granted:
        _end(row, void)
    return _tell(actor, row, void)


def _may_decide(actor: Actor, void: DrawVoidRow) -> bool:
    """The superior agency's people where it was asked; the agency's own head where the profile (or a missing superior) says so."""
    return actor.has("reviewer" if void.to_agency == void.agency_id else "superior")


def void_by_server(row: DrawRow, cause: str, reason: str) -> None:
    """A draw that cannot be valid any more; nobody is asked. Part of the caller's unit of work."""
    now = clock.now()
    void = session().get(DrawVoidRow, row.id) or DrawVoidRow(draw_id=row.id, agency_id=row.agency_id)
    void.to_agency, void.cause, void.reason, void.state, void.asked_at, void.decided_at = row.agency_id, cause, reason, "granted", now, now
    session().add(void)
    audit.record(None, "draw.void_by_server", "draw", row.id, row.agency_id, {"cause": cause})
    _end(row, void)
    _tell(None, row, void)


def _end(row: DrawRow, void: DrawVoidRow) -> None:
    """The public end. The reason's words stay inside the agency until the draw's page is published; its cause is a code."""
    was, row.state = row.state, "void"
    entry = {"v": 1, "k": "draw.void", "draw": row.id, "cause": void.cause, "stage": was, "approved": bool(void.decided_by)}
    void.leaf = public_log.append(entry, public=True).index


def _tell(actor: Actor | None, row: DrawRow, void: DrawVoidRow) -> overview.Draw:
    feed.stamp(row.agency_id, "draw", row.id)
    if void.to_agency != row.agency_id:
        feed.stamp(void.to_agency, "draw", row.id)
    session().flush()
    told = overview.view(row)
    for listener in _heard:
        listener(actor, told)
    return told


def waiting_for(actor: Actor) -> list[overview.Draw]:
    """Voids that this person may decide."""
    asked = session().scalars(select(DrawVoidRow).where(DrawVoidRow.to_agency == actor.agency_id, DrawVoidRow.state == "asked"))
    ids = [void.draw_id for void in asked if _may_decide(actor, void)]
    return overview.views(list(session().scalars(select(DrawRow).where(DrawRow.id.in_(ids)).order_by(DrawRow.created_at)))) if ids else []
