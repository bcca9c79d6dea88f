"""Use cases of reports: draft, opinion, hand in, hold, return, approve. Each is one unit of work with its audit fact."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from server.accounts.domain import Actor
from server.audit import operations as audit
from server.documents import numbers
from server.evidence import operations as evidence
from server.inspections import interval, needs
from server.inspections import operations as inspections
from server.inspections.fold import min_team
from server.kernel.moments import local_date
from server.kernel.workdays import Calendar
from server.platform import clock, feed
from server.platform.db import db, unit_of_work
from server.platform.ids import new_id
from server.reports import domain, findings
from server.reports.tables import OpinionRow, ReportRow, ReturnRow
from server.rules import operations as rules

Visit = dict[str, Any]
SAYS_SOMETHING = frozenset({"reply", "supplement.photo", "report.opinion", "attest", "seal", "late.note", "late.photo", "correct"})
"""What a reviewer would have wanted to see before the approval."""
Approved = Callable[[str], None]
_approved: list[Approved] = []


def on_approved(fn: Approved) -> Approved:
    """Register ``fn(report id)``: called in the unit of work that approves a report."""
    if fn not in _approved:
        _approved.append(fn)
    return fn


# --- what the record tells reports (inside the unit of work that brought the events) -------------------------------


def sealed(insp: str, visit: Visit) -> None:
    """A seal arrived: the report drafts itself, or an answered return goes back to the reviewer."""
    report = _of_inspection(insp)
    if report is None:
        _draft(insp, visit)
        folded(insp, visit, frozenset({"attest"}))
    elif report.state == "returned" and visit["state"] == "sealed" and not visit["open_round"]:
        _answered(report)


def folded(insp: str, visit: Visit, types: frozenset[str]) -> None:
    """Opinions written on the phone become revisions (D-11); the first one of a complete visit hands the report in."""
    report = _of_inspection(insp)
    if report is None:
        return
    if report.state == "approved":
        # What was approved stays as it was: a later opinion is kept in the log and seen, and is no revision.
        if types & SAYS_SOMETHING:
            inspections.keep_flag(insp, "approved", "F_AFTER_APPROVAL")
        return
    _date_again(report, visit)
    known = set(db.session.scalars(select(OpinionRow.event).where(OpinionRow.report_id == report.id, OpinionRow.event.is_not(None))))
    fresh = [one for one in visit["opinions"] if one["h"] not in known]
    for one in fresh:
        _add_opinion(report, one["by"], one["base"], one, event=one["h"])
    if report.state == "draft" and visit["state"] == "sealed" and _latest(report.id) is not None and (fresh or "attest" in types):
        _hand_in(report, None)


def _draft(insp: str, visit: Visit) -> None:
    view = inspections.inspection(insp)
    ended, due = _due(view, visit)
    now = clock.now()
    report = ReportRow(
        id=new_id(), agency_id=view.agency_id, insp=insp, state="draft", round=0, ended_ms=ended, counted_from=due.counted_from, due_on=due.due_on,
        provisional=due.provisional, clamped=due.clamped, lead_target=due.lead_target, calendar_version=due.calendar_version, computed_at=now, created_at=now,
    )
    db.session.add(report)
    db.session.flush()
    numbers.reserve(view.agency_id, str(rules.rules_for(view.agency_id).agency["short"]), "report", insp)
    audit.record(None, "reports.drafted", "report", report.id, view.agency_id, {"due_on": due.due_on.isoformat(), "calendar": due.calendar_version, "clamped": due.clamped})
    _tell(report)


def _due(view: inspections.InspectionView, visit: Visit) -> tuple[int, domain.Deadline]:
    """(signed end in ms, the deadline from it) by what is known of the visit now."""
    span = interval.of_end(visit)
    ended = view.ended_at or clock.now_ms()
    received = span.received_ms if span else clock.now_ms()
    # A phone that never met this server has no anchor; but nothing ends before it has been planned.
    anchor = max(view.created_ms, span.anchor_ms if span and span.anchor_ms is not None else 0)
    counted, clamped = domain.counted_end(ended, anchor, received, view.flags)
    return ended, domain.deadline(counted, clamped, _profile(view), rules.calendar_for(view.agency_id))


def _date_again(report: ReportRow, visit: Visit) -> None:
    """A signature made before the seal, or a doubt about the clock, may arrive after the draft (D-14): the deadline
    is what follows from everything known, until the report is approved. Every move is a fact of the audit."""
    ended, due = _due(inspections.inspection(report.insp), visit)
    known = (report.ended_ms, report.due_on, report.clamped, report.counted_from)
    if known == (ended, due.due_on, due.clamped, due.counted_from):
        return
    before = report.due_on
    report.ended_ms, report.counted_from, report.due_on = ended, due.counted_from, due.due_on
    report.provisional, report.clamped, report.lead_target = due.provisional, due.clamped, due.lead_target
    report.calendar_version, report.computed_at = due.calendar_version, clock.now()
    audit.record(None, "reports.dated_again", "report", report.id, report.agency_id, {"from": before.isoformat(), "to": due.due_on.isoformat(), "calendar": due.calendar_version, "clamped": due.clamped})
    _tell(report)


def _answered(report: ReportRow) -> None:
    for row in db.session.scalars(select(ReturnRow).where(ReturnRow.report_id == report.id, ReturnRow.answered_at.is_(None))):
        row.answered_at = clock.now()
    _hand_in(report, None)


def _hand_in(report: ReportRow, actor: Actor | None) -> None:
    report.state, report.submitted_at, report.submitted_by = "submitted", clock.now(), actor.user_id if actor else ""
    audit.record(actor, "reports.submitted", "report", report.id, report.agency_id, {"round": report.round})
    _tell(report)


# --- acts of people -------------------------------------------------------------------------------------------------


@unit_of_work
def write_opinion(actor: Actor, report_id: str, base: int, opinion: Mapping[str, str]) -> int:
    """A new revision of evaluation, handling and advice by a member of the team; answers its number.

    ``base`` is the revision the author saw; writing over a newer one keeps both and marks the clash (D-11)."""
    report = _held(actor, report_id)
    domain.require("opinion", report.state)
    _require_member(actor, report)
    row = _add_opinion(report, actor.user_id, base, opinion, event=None)
    audit.record(actor, "reports.opinion", "report", report.id, report.agency_id, {"rev": row.rev, "clash": row.clash})
    return row.rev


@unit_of_work
def submit(actor: Actor, report_id: str) -> None:
    """The lead hands the report in. Raises TwoRequired, ReportIncomplete, WrongState, NotYours."""
    report = _held(actor, report_id)
    domain.require("submit", report.state)
    _require_member(actor, report)
    seen = inspections.visit(report.insp)
    _require_two(seen)
    gaps = [*needs.missing(seen.visit, seen.pack), *_opinion_gaps(report, seen)]
    if gaps:
        raise domain.ReportIncomplete("；".join(str(gap["text"]) for gap in gaps), missing=gaps)
    _hand_in(report, actor)


@unit_of_work
def hold(actor: Actor, report_id: str, note: str) -> None:
    """暂缓: the reviewer keeps the report and says what they wait for; the deadline goes on."""
    report = _reviewable(actor, report_id, "hold")
    if not note.strip():
        raise domain.ReasonsMissing("请写明暂缓的原因")
    report.state, report.decision_note = "held", note.strip()
    _decided(actor, report, "reports.held")


@unit_of_work
def give_back(actor: Actor, report_id: str, reasons: Sequence[Mapping[str, str]], note: str) -> str:
    """退回 with reasons per item; the phone of the team learns of it by the change feed. Answers the return's id."""
    report = _reviewable(actor, report_id, "return")
    kept = [{key: str(one[key]) for key in ("checklist", "item", "text") if one.get(key)} for one in reasons if str(one.get("text", "")).strip()]
    if not kept:
        raise domain.ReasonsMissing("退回时至少写明一条理由")
    report.state, report.round, report.decision_note = "returned", report.round + 1, note.strip()
    row = ReturnRow(id=new_id(), report_id=report.id, round=report.round, reasons=kept, note=note.strip(), by=actor.user_id, at=clock.now(), answered_at=None)
    db.session.add(row)
    db.session.flush()
    inspections.tell_team(report.insp, "return", row.id)
    _decided(actor, report, "reports.returned")
    return row.id


@unit_of_work
def approve(actor: Actor, report_id: str, note: str = "", clock_reason: str = "") -> None:
    """审核通过. Blocked while anything demanded is missing (``ReportIncomplete`` says what) or fewer than two attest."""
    # Before the state: a report that one person has attested cannot have been handed in, and that is the reason (D-8).
    seen = inspections.visit(_held(actor, report_id).insp)
    _require_two(seen)
    report = _reviewable(actor, report_id, "approve")
    gaps = gaps_of(report, seen)
    if gaps:
        raise domain.ReportIncomplete("；".join(str(gap["text"]) for gap in gaps), missing=gaps)
    if domain.CLOCK_FLAGS & set(seen.inspection.flags) and not (clock_reason or report.clock_reason).strip():
        raise domain.ClockNeedsReason("手机时间有疑问，请写明确认检查结束时间的依据")
    report.state, report.decision_note = "approved", note.strip()
    report.clock_reason = clock_reason.strip() or report.clock_reason
    for kind in ("notice", "report"):
        numbers.mark_used(report.insp, kind)
    _decided(actor, report, "reports.approved")
    findings.keep(report, seen)
    for told in _approved:
        told(report.id)


def _decided(actor: Actor, report: ReportRow, verb: str) -> None:
    report.decided_at, report.decided_by = clock.now(), actor.user_id
    audit.record(actor, verb, "report", report.id, report.agency_id, {"round": report.round})
    _tell(report)


# --- what is demanded ------------------------------------------------------------------------------------------------


def gaps_of(report: ReportRow, seen: inspections.VisitView) -> list[dict[str, Any]]:
    """Everything demanded and not there: of the visit, of the files the server lacks, of the opinion."""
    found: list[dict[str, Any]] = list(needs.missing(seen.visit, seen.pack))
    lacking = evidence.lacks(report.agency_id, inspections.files_of(report.insp))
    if lacking:
        found.append({"code": "M_FILES", "text": f"还有 {len(lacking)} 个照片或签名文件没有上传完"})
    return found + _opinion_gaps(report, seen)


def _opinion_gaps(report: ReportRow, seen: inspections.VisitView) -> list[dict[str, Any]]:
    latest = _latest(report.id)
    words = {"evaluation": latest.evaluation, "handling": latest.handling} if latest else None
    gaps: list[dict[str, Any]] = list(domain.opinion_gaps(words, seen.pack["profile"].get("report.parts") or []))
    if latest is not None and latest.clash:
        gaps.append({"code": "M_OPINION_CLASH", "text": "两人同时写了评价意见，请在最新一版上合并保存"})
    return gaps


def _require_two(seen: inspections.VisitView) -> None:
    state = seen.visit["state"]
    if state != "sealed":
        standing = sorted({one["by"] for one in seen.visit["attests"] if one["stands"]})
        names = "、".join(str(member["name"]) for member in seen.inspection.team if member["user"] in standing)
        done = f"已核验：{names}" if names else "尚无人核验"
        raise domain.TwoRequired(f"须有 {min_team(seen.pack)} 名检查人员核验同一份记录（{done}），请等对方手机上传后再办理", state=state)


def _require_member(actor: Actor, report: ReportRow) -> None:
    """The lead if there is one, else anybody of the team (C17)."""
    view = inspections.inspection(report.insp)
    if not inspections.is_member(report.insp, actor.user_id):
        raise domain.ReportUnknown("没有这份报告")
    if view.lead and actor.user_id != view.lead:
        raise domain.NotYours("评价、处理意见由检查组长填写并提交")


def _reviewable(actor: Actor, report_id: str, act: str) -> ReportRow:
    report = _held(actor, report_id)
    if inspections.is_member(report.insp, actor.user_id):
        raise domain.NotYours("不能审核本人参加的检查")
    domain.require(act, report.state)
    return report


# --- rows ------------------------------------------------------------------------------------------------------------


def _add_opinion(report: ReportRow, author: str, base: int, words: Mapping[str, Any], event: str | None) -> OpinionRow:
    latest = _latest(report.id)
    last = latest.rev if latest else 0
    row = OpinionRow(
        id=new_id(), report_id=report.id, rev=last + 1, base=base, clash=domain.clash(base, last), author=author, event=event,
        evaluation=_storable(words, "evaluation"), handling=_storable(words, "handling"), advice=_storable(words, "advice"), at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    return row


def _storable(words: Mapping[str, Any], name: str) -> str:
    """The text without NUL, which PostgreSQL cannot hold; the signed event keeps it as it came."""
    return str(words.get(name, "")).replace("\0", "")


def _latest(report_id: str) -> OpinionRow | None:
    return db.session.scalars(select(OpinionRow).where(OpinionRow.report_id == report_id).order_by(OpinionRow.rev.desc()).limit(1)).first()


def _report(actor: Actor, report_id: str) -> ReportRow:
    """A report of the agency, or of a visit the caller is drawn for: a lent inspector writes at the other's (WG-5b)."""
    row = db.session.get(ReportRow, report_id)
    if row is None or (row.agency_id != actor.agency_id and not inspections.is_member(row.insp, actor.user_id)):
        raise domain.ReportUnknown("没有这份报告")
    return row


def _held(actor: Actor, report_id: str) -> ReportRow:
    """The report for whoever decides about it: nobody else decides, and no event is folded, until the commit."""
    inspections.hold(_report(actor, report_id).insp)
    return db.session.get_one(ReportRow, report_id, with_for_update=True)


def _of_inspection(insp: str) -> ReportRow | None:
    return db.session.scalars(select(ReportRow).where(ReportRow.insp == insp)).first()


def _profile(view: inspections.InspectionView) -> Mapping[str, Any]:
    """The profile the visit is pinned to (a running inspection keeps its version)."""
    assert view.pack_sha is not None, "a sealed visit has a pack"
    profile: Mapping[str, Any] = inspections.load_pack(view.pack_sha)["profile"]
    return profile


def _tell(report: ReportRow) -> None:
    inspections.set_report(report.insp, report.state, report.due_on)
    feed.stamp(report.agency_id, "report", report.id)


def today_and_calendar(agency_id: str) -> tuple[Any, Calendar]:
    """Today in China and the agency's working days."""
    return local_date(clock.now_ms()), rules.calendar_for(agency_id)
