"""What goes to the superior agency and what it answers (C22): reports, filings 备案, permissions 审批.

A filing tells, a permission decides: they are two different things (C8). The superior sees the letter and the
summary made when it was sent, never evidence, and only what is addressed to it (D-4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from server.accounts import operations as accounts
from server.accounts.domain import Actor
from server.audit import operations as audit
from server.kernel.moments import local_date
from server.plans.domain import Answered, PlanRefused, PlanUnknown
from server.plans.tables import UpwardRow
from server.platform import clock
from server.platform.db import session, unit_of_work
from server.platform.ids import new_id
from server.rules import operations as rules

ACTS = {"annual_plan": "report", "progress": "report", "reassignment": "file", "unit_registry": "file", "plan_change": "approve", "monthly_plan": "file", "draw_void": "approve"}
"""What each object asks of the superior where the profile says nothing else."""
ANSWERS = {"report": ("received", "returned"), "file": ("received", "returned"), "approve": ("granted", "refused")}
ANSWER_WORDS = {"received": "收到", "returned": "退回", "granted": "同意", "refused": "不同意"}
WORDS = {"report": "报字", "file": "备字", "approve": "请字"}


@dataclass(frozen=True)
class Letter:
    """One act upward as both sides see it."""

    id: str
    agency_id: str
    agency_name: str
    to_agency: str
    recipient: str
    object: str
    object_id: str
    round: int
    act: str
    number: str
    title: str
    summary: list[list[str]]
    document: str
    sent_at: datetime
    state: str
    answer_no: str
    answer_on: date | None
    answer: str
    answered_at: datetime | None


Listener = Callable[[Actor, Letter], None]
_listeners: dict[str, list[Listener]] = {}


def on_answered(object_kind: str, listener: Listener) -> None:
    """Tell ``listener(actor, letter)`` inside the unit of work that answers a letter about ``object_kind``."""
    known = _listeners.setdefault(object_kind, [])
    if listener not in known:
        known.append(listener)


Decide = Callable[[Actor, "Letter", bool, str], None]
_deciders: dict[str, Decide] = {}


def decided_by(object_kind: str, decide: Decide) -> None:
    """Permissions about ``object_kind`` are decided where the thing itself stands: the inbox calls ``decide(actor, letter,
    granted, reason)`` and that place settles the letter, whoever decides there (one thing in one place, once)."""
    _deciders[object_kind] = decide


def send_up(actor: audit.Who | None, agency_id: str, object_kind: str, object_id: str, title: str, summary: Sequence[Sequence[str]], document: str = "") -> Letter:
    """Write to the superior, as part of the caller's unit of work. A second time while the first waits gives the first."""
    session().flush()
    rounds = list(session().scalars(select(UpwardRow).where(UpwardRow.agency_id == agency_id, UpwardRow.object == object_kind, UpwardRow.object_id == object_id).order_by(UpwardRow.round)))
    if rounds and rounds[-1].state == "sent":
        return _letter(rounds[-1])
    own, at = accounts.agency(agency_id), clock.now()
    listed = next((one for one in rules.rules_for(agency_id).values.get("upward") or [] if one["object"] == object_kind), None)
    act = str(listed["act"]) if listed else ACTS[object_kind]
    superior = accounts.agency(own.parent_id) if own.parent_id else None
    year = local_date(clock.now_ms()).year
    row = UpwardRow(
        id=new_id(), agency_id=agency_id, to_agency=superior.id if superior else "", recipient=superior.name if superior else str(listed["recipient"] if listed else "上级机关"),
        object=object_kind, object_id=object_id, round=len(rounds) + 1, act=act, number=_number(agency_id, own.short or own.name, act, year), title=title,
        summary=[list(pair) for pair in summary], document=document, sent_by=actor.user_id if actor else "", sent_at=at, state="sent",
    )
    session().add(row)
    session().flush()
    audit.record(actor, "plans.sent_up", object_kind, object_id, agency_id, {"letter": row.id, "number": row.number, "act": act, "to": row.to_agency})
    return _letter(row)


def _number(agency_id: str, short: str, act: str, year: int) -> str:
    """（简称）备字〔2026〕第3号. The unique key refuses a number that two letters took at the same moment."""
    head = f"（{short}）{WORDS[act]}〔{year}〕第"
    count = session().scalar(select(func.count()).select_from(UpwardRow).where(UpwardRow.agency_id == agency_id, UpwardRow.number.startswith(head, autoescape=True)))
    return f"{head}{int(count or 0) + 1}号"


@unit_of_work
def answer(actor: Actor, letter_id: str, state: str, reason: str, number: str = "", on: date | None = None) -> Letter:
    """The superior's answer from its own inbox. The same answer again changes nothing. Raises PlanUnknown, Answered, PlanRefused."""
    row = _addressed(actor, letter_id)
    decide = _deciders.get(row.object)
    if decide is None:
        return _answer(actor, _addressed(actor, letter_id, lock=True), state, reason, number, on)
    # The thing is locked before the letter, as by whoever decides at the thing: the other order would be a deadlock.
    _check(row, state, reason)
    waiting = row.state == "sent"
    if waiting:
        decide(actor, _letter(row), state == "granted", reason)
    row = _addressed(actor, letter_id, lock=True)
    if (row.state, row.answer, row.answered_by) != (state, reason, actor.user_id):
        raise Answered("这份文件已经答复，答复不能更改")
    if waiting and number.strip():
        row.answer_no = number
    return _letter(row)


def settle(actor: Actor | None, letter_id: str, state: str, reason: str) -> Letter:
    """What was decided where the thing itself stands, as the letter's answer; by nobody when the server has. Part of the
    caller's unit of work; an answered letter stays as it is."""
    row = session().get_one(UpwardRow, letter_id, with_for_update=True)
    return _write(actor, row, state, reason, "", None) if row.state == "sent" else _letter(row)


@unit_of_work
def record_answer(actor: Actor, letter_id: str, state: str, reason: str, number: str, on: date) -> Letter:
    """The answer of a superior that is not in this system, from its letter with number and date."""
    row = session().get(UpwardRow, letter_id, with_for_update=True)
    if row is None or row.agency_id != actor.agency_id:
        raise PlanUnknown("没有这份上行文")
    if row.to_agency:
        raise Answered("上级机关在本系统中，由其在收文箱答复，不能代为登记")
    if not number.strip():
        raise PlanRefused("请填写上级复文的文号")
    if on > local_date(clock.now_ms()):
        raise PlanRefused("复文日期不能晚于今天")
    return _answer(actor, row, state, reason, number, on)


def _check(row: UpwardRow, state: str, reason: str) -> None:
    if state not in ANSWERS[row.act]:
        raise PlanRefused(f"对这类文件只能答复：{'、'.join(ANSWER_WORDS[one] for one in ANSWERS[row.act])}")
    if state in ("returned", "refused") and not reason.strip():
        raise PlanRefused("退回或不同意须写明理由")


def _answer(actor: Actor, row: UpwardRow, state: str, reason: str, number: str, on: date | None) -> Letter:
    _check(row, state, reason)
    if row.state != "sent":
        if (row.state, row.answer, row.answered_by) == (state, reason, actor.user_id):
            return _letter(row)
        raise Answered("这份文件已经答复，答复不能更改")
    letter = _write(actor, row, state, reason, number, on)
    for listener in _listeners.get(row.object, []):
        listener(actor, letter)
    return letter


def _write(actor: Actor | None, row: UpwardRow, state: str, reason: str, number: str, on: date | None) -> Letter:
    row.state, row.answer, row.answered_by, row.answered_at = state, reason, actor.user_id if actor else "", clock.now()
    row.answer_no, row.answer_on = number or f"{row.number}复", on or local_date(clock.now_ms())
    session().flush()
    audit.record(actor, "plans.answered", row.object, row.object_id, row.agency_id, {"letter": row.id, "answer": state, "number": row.answer_no})
    if actor and actor.agency_id != row.agency_id:
        audit.record(actor, "plans.answered", row.object, row.object_id, actor.agency_id, {"letter": row.id, "answer": state})
    return _letter(row)


def inbox(actor: Actor, waiting_only: bool = False) -> list[Letter]:
    """What is addressed to the caller's agency, what waits first."""
    query = select(UpwardRow).where(UpwardRow.to_agency == actor.agency_id)
    if waiting_only:
        query = query.where(UpwardRow.state == "sent")
    rows = session().scalars(query.order_by(UpwardRow.sent_at.desc(), UpwardRow.id).limit(500))
    return sorted((_letter(row) for row in rows), key=lambda one: one.state != "sent")


def addressed(actor: Actor, letter_id: str) -> Letter:
    """One letter of the inbox. Another superior's does not exist."""
    return _letter(_addressed(actor, letter_id))


def sent(agency_id: str) -> list[Letter]:
    """What the agency has sent up, newest first."""
    return [_letter(row) for row in session().scalars(select(UpwardRow).where(UpwardRow.agency_id == agency_id).order_by(UpwardRow.sent_at.desc(), UpwardRow.id).limit(500))]


def about(agency_id: str, object_kind: str, object_id: str) -> list[Letter]:
    """All letters about one thing, the first round first."""
    query = select(UpwardRow).where(UpwardRow.agency_id == agency_id, UpwardRow.object == object_kind, UpwardRow.object_id == object_id)
    return [_letter(row) for row in session().scalars(query.order_by(UpwardRow.round))]


def _addressed(actor: Actor, letter_id: str, lock: bool = False) -> UpwardRow:
    row = session().get(UpwardRow, letter_id, with_for_update=lock or None)
    if row is None or not row.to_agency or row.to_agency != actor.agency_id:
        raise PlanUnknown("没有这份来文")
    return row


def _letter(row: UpwardRow) -> Letter:
    fields: dict[str, Any] = {name: getattr(row, name) for name in Letter.__dataclass_fields__ if name != "agency_name"}
    return Letter(agency_name=accounts.agency(row.agency_id).name, **fields)
