"""The life of a report and its deadline. Pure.

Sources: WS-4.3d/e (five working days from the end of the inspection; its parts), WG-10.4g (parts, review before publication),
D-3 (states), D-8 (two attestations), D-10 (returned report), D-11 (opinion), D-14 (what the deadline runs from)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from server.kernel.errors import DomainError
from server.kernel.moments import local_date
from server.kernel.workdays import Calendar

DEFAULT_WORKDAYS = 5
LEAD_TARGET_WORKDAYS = 3
CLOCK_FLAGS = frozenset({"F_CLOCK_BACK", "F_BEFORE_ANCHOR", "F_FUTURE"})


class ReportUnknown(DomainError):
    code = "E_REPORT_UNKNOWN"


class TwoRequired(DomainError):
    """检查人员不得少于两人：两名检查人员须核验同一份记录."""

    code = "E_TWO_REQUIRED"
    article = "文昌湖工作指引 第十八条；行政处罚法 第四十二条"


class ReportIncomplete(DomainError):
    """Something that the profile demands is missing; ``facts.missing`` says what."""

    code = "E_REPORT_INCOMPLETE"


class WrongState(DomainError):
    """The report is not in a state in which this can be done."""

    code = "E_REPORT_STATE"


class NotYours(DomainError):
    """Only the lead hands the report in, and nobody reviews a visit of their own."""

    code = "E_REPORT_ROLE"


class ClockNeedsReason(DomainError):
    """The phone's clock was in doubt: the reviewer confirms the end time with a reason (D-14)."""

    code = "E_CLOCK_REASON"


class ReasonsMissing(DomainError):
    """A report is returned with at least one reason."""

    code = "E_RETURN_REASONS"


@dataclass(frozen=True)
class Deadline:
    """When the report is due. ``counted_from`` is the day of the signed end time, not of the sync."""

    due_on: date
    provisional: bool
    lead_target: date
    workdays: int
    counted_from: date
    calendar_version: str
    clamped: bool


def counted_end(ended_ms: int, anchor_ms: int | None, received_ms: int, flags: Sequence[str]) -> tuple[int, bool]:
    """The moment the deadline runs from, and whether it was moved. With a clock flag the claimed end is
    clamped into what is certain: not before the anchor, not after the receipt (D-14)."""
    if not CLOCK_FLAGS & set(flags):
        return ended_ms, False
    clamped = min(ended_ms, received_ms) if anchor_ms is None else max(anchor_ms, min(ended_ms, received_ms))
    return clamped, clamped != ended_ms


def deadline(ended_ms: int, clamped: bool, profile: Mapping[str, Any], calendar: Calendar) -> Deadline:
    """``report.inspection_deadline_wd`` working days after the day of the end; that day itself is day 0."""
    count = int(profile.get("report.inspection_deadline_wd") or DEFAULT_WORKDAYS)
    start = local_date(ended_ms)
    due = calendar.add_workdays(start, count)
    target = calendar.add_workdays(start, min(LEAD_TARGET_WORKDAYS, count))
    return Deadline(due.due_on, due.provisional, target.due_on, count, start, calendar.version, clamped)


def days_left(today: date, due_on: date, calendar: Calendar) -> int:
    """Working days still to come until the due date, today not counted; negative: days overdue."""
    if today <= due_on:
        return calendar.workdays_between(today, due_on)
    return -calendar.workdays_between(due_on, today)


ALLOWED: Mapping[str, frozenset[str]] = {
    "submit": frozenset({"draft", "returned"}),
    "hold": frozenset({"submitted"}),
    "return": frozenset({"submitted", "held"}),
    "approve": frozenset({"submitted", "held"}),
    "opinion": frozenset({"draft", "returned", "submitted", "held"}),
}
STATE_WORDS: Mapping[str, str] = {"draft": "起草中", "submitted": "待审核", "held": "审核暂缓", "returned": "已退回", "approved": "已通过"}


def require(act: str, state: str) -> None:
    """Raises ``WrongState`` when ``act`` cannot be done to a report in ``state``."""
    if state not in ALLOWED[act]:
        raise WrongState(f"报告现在是“{STATE_WORDS[state]}”，不能进行这个操作", state=state, act=act)


def opinion_gaps(opinion: Mapping[str, str] | None, parts: Sequence[str]) -> list[dict[str, str]]:
    """What the lead has not written yet, of the parts the profile asks for (WS-4.3e, WG-10.4g)."""
    wanted = [("evaluation", "evaluation", "对被检查人的评价"), ("advice", "handling", "处理意见和建议")]
    return [
        {"code": "M_OPINION", "text": f"缺少{words}"}
        for part, name, words in wanted
        if (not parts or part in parts) and not (opinion or {}).get(name, "").strip()
    ]


def clash(base: int, latest: int) -> bool:
    """Two people wrote from the same revision: both are kept and a person decides (D-11)."""
    return base != latest
