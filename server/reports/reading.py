"""What the desk reads: the queue by due date, and everything one review needs. Writes nothing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import or_, select

from server.accounts import operations as accounts
from server.accounts.domain import Actor
from server.evidence import operations as evidence
from server.inspections import levels, needs, record_text, verdict
from server.inspections import operations as inspections
from server.inspections.flag_words import FLAG_WORDS, doubts
from server.inspections.items import answer_of, photos_of, visible_items
from server.kernel.moments import zh_minute
from server.platform import clock
from server.platform.db import db
from server.reports import domain
from server.reports.operations import _report, gaps_of, today_and_calendar
from server.reports.tables import OpinionRow, ReportRow, ReturnRow

OPEN_STATES = ("submitted", "held", "draft", "returned")


def queue(actor: Actor, states: tuple[str, ...] = OPEN_STATES, limit: int = 200) -> list[dict[str, Any]]:
    """Reports by due date, the overdue first; finished ones only when asked for, newest first.

    Inspectors see those of their own visits, reviewers and auditors those of their agency."""
    mine = ReportRow.insp.in_([one.id for one in inspections.visits_of(actor.user_id)])
    may = or_(mine, ReportRow.agency_id == actor.agency_id) if actor.has("reviewer", "auditor") else mine
    query = select(ReportRow).where(ReportRow.state.in_(states), may)
    order = (ReportRow.decided_at.desc(),) if states == ("approved",) else (ReportRow.due_on, ReportRow.id)
    rows = list(db.session.scalars(query.order_by(*order).limit(limit)))
    told = verdict.of([row.insp for row in rows])
    # Each report is due by the working days of the agency whose visit it is.
    days = {agency_id: today_and_calendar(agency_id) for agency_id in {row.agency_id for row in rows}}
    return [{**_line(row, domain.days_left(days[row.agency_id][0], row.due_on, days[row.agency_id][1])), "verdict": told.get(row.insp, "")} for row in rows]


def _line(row: ReportRow, days_left: int) -> dict[str, Any]:
    view = inspections.inspection(row.insp)
    return {
        "id": row.id, "insp": row.insp, "number": view.number, "unit_name": view.unit_name, "state": row.state, "state_words": domain.STATE_WORDS[row.state], "round": row.round,
        "due_on": row.due_on, "provisional": row.provisional, "days_left": days_left, "lead_target": row.lead_target, "counted_from": row.counted_from, "clamped": row.clamped,
        "ended_ms": row.ended_ms, "team": [str(member["name"]) for member in view.team], "lead": view.lead, "inspection_state": view.state, "flags": doubts(view.flags),
        "counts": dict(view.counts), "submitted_at": row.submitted_at,
    }


def of_inspection(agency_id: str, insp: str) -> str | None:
    """The id of the report of an inspection of this agency, if it has been drafted."""
    return db.session.scalar(select(ReportRow.id).where(ReportRow.agency_id == agency_id, ReportRow.insp == insp))


def approved_ms(insp: str) -> int | None:
    """Since when the report of an inspection is approved: stands for its publication until that capability exists."""
    query = select(ReportRow.decided_at).where(ReportRow.insp == insp, ReportRow.state == "approved")
    decided = db.session.scalar(query)
    return None if decided is None else clock.to_ms(decided)


def detail(actor: Actor, report_id: str) -> dict[str, Any]:
    """Everything the review screen shows: record text, items, photos, process, attestations, gaps, history.

    Inspectors see the reports of their own visits only. Raises ReportUnknown."""
    row = _report(actor, report_id)
    if not actor.has("reviewer", "auditor") and not inspections.is_member(row.insp, actor.user_id):
        raise domain.ReportUnknown("没有这份报告")
    seen = inspections.visit(row.insp)
    today, calendar = today_and_calendar(row.agency_id)
    latest = _opinions(report_id)
    names = _names(seen, row)
    integrity: dict[str, Any] = verdict.whole(row.insp, seen.visit, seen.inspection.flags, seen.inspection.team)
    if seen.pack["profile"].get("onsite.live_code") is not True:
        integrity["live_codes"] = {}
    return {
        **_line(row, domain.days_left(today, row.due_on, calendar)),
        "agency_name": seen.pack["agency"]["name"], "unit": seen.pack["unit"], "assignments": seen.pack["assignments"], "agency_kind": seen.pack["agency"].get("kind", ""),
        "deadline": {"workdays": int(seen.pack["profile"].get("report.inspection_deadline_wd") or domain.DEFAULT_WORKDAYS), "means": seen.pack["profile"].get("report.deadline_means", "approved"), "calendar": row.calendar_version},
        "record_text": record_text.record_text(seen.visit, seen.pack), "record_code": seen.inspection.code,
        "sections": _sections(seen), "photos": _photos(row.agency_id, seen), "timeline": _timeline(seen, names),
        "attestations": _attestations(seen, names),
        "party": seen.visit["party"], "notice": seen.visit["notice"], "recorder": seen.visit["recorder"], "samples": seen.visit["samples"], "outcome": seen.visit["outcome"],
        "verdict": integrity["sentence"], "integrity": integrity, "flag_words": [{"code": flag, "text": FLAG_WORDS.get(flag, flag)} for flag in seen.inspection.flags],
        "clock_in_doubt": bool(domain.CLOCK_FLAGS & set(seen.inspection.flags)), "gaps": gaps_of(row, seen) if row.state != "approved" else [],
        "opinions": latest, "returns": _returns(report_id, seen, names), "decision_note": row.decision_note, "clock_reason": row.clock_reason,
        "may": _may(actor, row, seen),
    }


def _attestations(seen: inspections.VisitView, names: dict[str, str]) -> list[dict[str, Any]]:
    """Who attested what at which level. Who signed one record twice, because the first code was shown anew, has one line."""
    lines: dict[tuple[str, str, str], dict[str, Any]] = {}
    confirmed = {one.attest: _confirmation(one) for one in levels.confirmations(seen.inspection.id)}
    for one in seen.visit["attests"]:
        line = {"confirm": confirmed.get(one["h"]), "name": names.get(one["by"], one["by"]), "at_ms": one["wall"], "level": verdict.LEVEL_WORDS.get(one["level"], one["level"]), "stands": one["stands"]}
        if one["via"]:
            lines[one["by"], one["d"], one["text"]] = line
        else:
            lines.setdefault((one["by"], one["d"], one["text"]), line)
    return list(lines.values())


CONFIRM_WORDS = {
    "pending": "待本人在 {due} 前确认", "overdue": "逾期未由本人确认（应在 {due} 前）", "confirmed": "已由本人确认（{at}，{how}）", "confirmed_late": "本人逾期才确认（{at}，{how}）",
}


def _confirmation(one: levels.Confirmation) -> dict[str, Any]:
    """What became of a signature on a colleague's phone, in words."""
    at = zh_minute(clock.to_ms(one.confirmed_at)) if one.confirmed_at else ""
    words = CONFIRM_WORDS[one.state].format(due=zh_minute(clock.to_ms(one.due_at)), at=at, how="本人手机" if one.own_phone else "同一部手机")
    return {"state": one.state, "words": words}


def _names(seen: inspections.VisitView, row: ReportRow) -> dict[str, str]:
    names = {str(member["user"]): str(member["name"]) for member in seen.inspection.team}
    people = accounts.people_by_id([user for user in (row.submitted_by, row.decided_by) if user])
    return names | {user: person.name for user, person in people.items()}


def _opinions(report_id: str) -> list[dict[str, Any]]:
    rows = list(db.session.scalars(select(OpinionRow).where(OpinionRow.report_id == report_id).order_by(OpinionRow.rev.desc())))
    people = accounts.people_by_id([row.author for row in rows])
    return [
        {
            "rev": row.rev, "base": row.base, "clash": row.clash, "author": people[row.author].name if row.author in people else row.author, "from_phone": row.event is not None,
            "evaluation": row.evaluation, "handling": row.handling, "advice": row.advice, "at": row.at,
        }
        for row in rows
    ]


def _returns(report_id: str, seen: inspections.VisitView, names: dict[str, str]) -> list[dict[str, Any]]:
    rows = db.session.scalars(select(ReturnRow).where(ReturnRow.report_id == report_id).order_by(ReturnRow.round))
    replies = seen.visit["replies"]
    return [
        {
            "id": row.id, "round": row.round, "note": row.note, "at": row.at, "answered_at": row.answered_at, "reasons": row.reasons,
            "replies": [{"item": one["item"], "checklist": one.get("checklist", ""), "text": one["text"], "name": names.get(one["by"], one["by"]), "at_ms": one["wall"]} for one in replies if one["return_id"] == row.id],
        }
        for row in rows
    ]


def returned_note(actor: Actor, return_id: str) -> dict[str, Any] | None:
    """What a phone of the team is told of a return; None for others and for what no longer is."""
    row = db.session.get(ReturnRow, return_id)
    report = db.session.get(ReportRow, row.report_id) if row else None
    if row is None or report is None or not inspections.is_member(report.insp, actor.user_id):
        return None
    who = accounts.people_by_id([row.by]).get(row.by)
    return {
        "id": row.id, "insp": report.insp, "report": report.id, "round": row.round, "reasons": row.reasons, "note": row.note,
        "at": int(row.at.timestamp() * 1000), "by": who.name if who else "", "answered": row.answered_at is not None,
    }


def open_returns(actor: Actor) -> list[str]:
    """Ids of the returns that wait for an answer of this person's teams."""
    mine = [one.id for one in inspections.visits_of(actor.user_id)]
    query = select(ReturnRow.id).join(ReportRow, ReportRow.id == ReturnRow.report_id).where(ReportRow.insp.in_(mine), ReportRow.state == "returned", ReturnRow.answered_at.is_(None))
    return list(db.session.scalars(query.order_by(ReturnRow.round)))


def _sections(seen: inspections.VisitView) -> list[dict[str, Any]]:
    """Items with their answers in printing order, grouped as the record prints them."""
    sections: list[dict[str, Any]] = []
    for entry in visible_items(seen.visit, seen.pack):
        title = entry["section"] + (f"（第{entry['sheet'] + 1}张）" if entry["sheet"] else "")
        if not sections or (sections[-1]["checklist"], sections[-1]["title"]) != (entry["title"], title):
            sections.append({"checklist": entry["title"], "checklist_id": entry["checklist"], "title": title, "items": []})
        answer = answer_of(seen.visit, entry)
        item = entry["item"]
        head = answer["heads"][0] if answer else None
        photos = photos_of(seen.visit, checklist=entry["checklist"], item=item["id"], sheet=entry["sheet"])
        sections[-1]["items"].append(
            {
                "id": item["id"], "sheet": entry["sheet"], "text": item["text"], "star": bool(item.get("star")), "basis": [one["text"] for one in item.get("basis", [])],
                "val": head["val"] if head else "", "answer": head, "conflict": bool(answer and answer["conflict"]), "choices": {one["code"]: one["text"] for one in item["answer"].get("choices", [])},
                "extra": item.get("extra", []), "photos": [one["sha256"] for one in photos],
            }
        )
    return sections


def _photos(agency_id: str, seen: inspections.VisitView) -> list[dict[str, Any]]:
    shots = [*seen.visit["photos"], *seen.visit["supplements"]]
    states = evidence.states(agency_id, [one["sha256"] for one in shots])
    return [
        {
            "sha256": one["sha256"], "purpose": one["purpose"], "src": one["src"], "item": one.get("item", ""), "checklist": one.get("checklist", ""), "caption": one.get("caption", ""),
            "at_ms": one["wall"], "void": one["void"]["reason"] if one.get("void") else "", "state": states.get(one["sha256"], "missing"), "supplement": "return_id" in one, "of": one.get("of", ""),
        }
        for one in shots
    ]


def _timeline(seen: inspections.VisitView, names: dict[str, str]) -> list[dict[str, Any]]:
    """The process in its order, each line with the person and the moment."""
    visit = seen.visit
    lines: list[tuple[int, str, str]] = [(mark["wall"], mark["by"], MARK_WORDS.get(mark["mark"], mark["mark"])) for mark in visit["marks"]]
    for name, words in (("opened", "开始检查"), ("credentials", "出示执法证件"), ("notice", "送达检查通知书"), ("statement", "记录陈述意见"), ("party", "被检查单位签名或注明情形")):
        if visit[name]:
            lines.append((visit[name]["wall"], visit[name]["by"], words))
    lines += [(one["started"], one["by"], f"执法记录仪 {one.get('device_no', '')} 开始") for one in visit["recorder"] if one["started"] is not None]
    lines += [(one["stopped"], one.get("by", ""), f"执法记录仪 {one.get('device_no', '')} 停止") for one in visit["recorder"] if one["stopped"] is not None]
    lines += [(one["wall"], one["by"], "核验记录") for one in visit["attests"]]
    lines += [(one["wall"], one["by"], "封存") for one in visit["seals"]]
    return [{"at_ms": at, "name": names.get(by, by), "text": text} for at, by, text in sorted(lines)]


MARK_WORDS = {"arrival": "到场", "spoken_notice": "宣读告知语", "read_through": "当场阅读笔录", "unit_checked": "核对单位信息", "scan_in": "扫码入企", "item_checked": "检查项时间标记", "test_performed": "进行测试"}


def _may(actor: Actor, row: ReportRow, seen: inspections.VisitView) -> dict[str, bool]:
    """Which acts the screen offers this person; the operations check again."""
    member = inspections.is_member(row.insp, actor.user_id)
    leads = member and seen.inspection.lead in ("", actor.user_id)
    reviews = actor.has("reviewer") and not member
    acts = {act: row.state in states for act, states in domain.ALLOWED.items()}
    return {
        "opinion": acts["opinion"] and leads, "submit": acts["submit"] and leads and not needs.missing(seen.visit, seen.pack),
        "approve": acts["approve"] and reviews, "hold": acts["hold"] and reviews, "return": acts["return"] and reviews,
    }
