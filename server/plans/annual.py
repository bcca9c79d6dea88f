"""年度计划 and 方案: a numbered, signed document from draft to report (YS-0a, JD-0, JD-2.1, JD-3, JD-4, JD-6b, WC-5, WC-13).

A scheme 方案 is the same kind of document for a campaign 专项检查, with its object filter, ratio and content (WC-13b)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from server.accounts import operations as accounts
from server.accounts.domain import Actor
from server.audit import operations as audit
from server.kernel.moments import local_date
from server.plans import figures, workload
from server.plans.domain import OwnWork, PlanChanged, PlanRefused, PlanState, PlanUnknown
from server.plans.tables import PlanDocumentRow
from server.plans.upward import Letter, about, on_answered, send_up, sent
from server.platform import clock
from server.platform.db import session, unit_of_work
from server.platform.schemas import UUID_RE
from server.registry import operations as registry
from server.rules import operations as rules

TITLES = {"annual": "年度监督抽查计划", "scheme": "专项检查方案"}
SOURCES = {"superior": "上级机关部署", "local_government": "本级人民政府工作要求", "own": "本机关安排"}


@dataclass(frozen=True)
class Document:
    id: str
    agency_id: str
    kind: str
    year: int
    number: str
    state: str
    rev: int
    title: str
    content: Mapping[str, Any]
    signatory: str
    issued_on: date | None
    created_by: str
    created_at: datetime
    void_reason: str


Take = Callable[[str, str, int], int]
Printer = Callable[[Document], bytes]
_serials: list[Take] = []
_printers: list[Printer] = []


def numbers_come_from(take: Take) -> None:
    """``take(agency_id, kind, year)`` gives the next serial of a kind of document without gaps (D-26)."""
    _serials[:] = [take]


def next_serial(agency_id: str, kind: str, year: int) -> int:
    """The next serial of a kind of document of this year. Part of the caller's unit of work."""
    return _serials[0](agency_id, kind, year)


def printed_by(printer: Printer) -> None:
    _printers[:] = [printer]


@unit_of_work
def save(actor: Actor, document_id: str, kind: str, year: int, base: int, content: Mapping[str, Any]) -> Document:
    """Draw up or change a draft; ``base`` is the revision the author saw, 0 for a new one. The number is reserved with
    the first save. The same new document sent twice is one document. Raises PlanState, PlanChanged, PlanRefused."""
    if re.fullmatch(UUID_RE, document_id) is None:
        raise PlanUnknown("没有这份计划")
    row = session().get(PlanDocumentRow, document_id, with_for_update=True)
    if row is not None and row.agency_id != actor.agency_id:
        raise PlanUnknown("没有这份计划")
    if row is None and base:
        raise PlanUnknown("没有这份计划")
    _check(actor.agency_id, kind, content)
    if row is None:
        serial = next_serial(actor.agency_id, "plan", year)
        row = PlanDocumentRow(
            id=document_id, agency_id=actor.agency_id, kind=kind, year=year, serial=serial, number=f"（{accounts.agency(actor.agency_id).short}）计字〔{year}〕第{serial}号",
            state="draft", rev=0, title="", content={}, created_by=actor.user_id, created_at=clock.now(),
        )
        session().add(row)
    elif base == 0 and row.rev == 1 and row.content == dict(content) and row.created_by == actor.user_id:
        return _view(row)
    if row.state != "draft":
        raise PlanState("已经签发或者作废的计划不能修改")
    if row.rev != base:
        raise PlanChanged("别人刚刚保存过这份计划，请重新打开后再改", rev=row.rev)
    row.rev, row.title, row.content = base + 1, str(content.get("title") or f"{year}年{TITLES[kind]}"), dict(content)
    session().flush()
    audit.record(actor, "plans.document_saved", "plan_document", row.id, facts={"rev": row.rev, "number": row.number})
    return _view(row)


def _check(agency_id: str, kind: str, content: Mapping[str, Any]) -> None:
    for name in ("period_from", "period_to"):
        try:
            date.fromisoformat(content[name])
        except ValueError as wrong:
            raise PlanRefused("起止日期不正确") from wrong
    if content["period_to"] < content["period_from"]:
        raise PlanRefused("起止日期颠倒")
    known = {str(item["code"]) for item in rules.rules_for(agency_id).items}
    if content["source"] != "own" and not str(content.get("source_note") or "").strip():
        raise PlanRefused("上级机关部署或者本级人民政府要求的，须写明来文（WC-13c 第十三条）")
    strange = [code for code in content["item_codes"] if code not in known]
    if strange:
        raise PlanRefused(f"抽查事项{'、'.join(strange)}不在随机抽查事项清单内")
    if kind == "scheme" and not ((str(content.get("object_filter") or "").strip() or content.get("pool_filter")) and content.get("ratio_permille") and str(content.get("check_content") or "").strip()):
        raise PlanRefused("专项检查方案须写明检查对象、抽查比例、检查内容（WC-13b 第十三条第（二）项）")


@unit_of_work
def approve(actor: Actor, document_id: str) -> Document:
    """签发: the head signs; from here on the document does not change. Raises PlanState, OwnWork."""
    row = _row(actor.agency_id, document_id, lock=True)
    if row.state != "draft":
        if row.state in ("approved", "reported") and row.approved_by == actor.user_id:
            return _view(row)
        raise PlanState("只有起草中的计划可以签发")
    if row.created_by == actor.user_id:
        raise OwnWork("起草人不能签发自己起草的计划")
    row.state, row.approved_by, row.approved_at = "approved", actor.user_id, clock.now()
    row.signatory, row.issued_on = actor.name, local_date(clock.now_ms())
    facts: dict[str, Any] = {"number": row.number}
    if row.kind == "annual":
        # WS-3.4a: the plan's year begins with the registry of this day.
        taken = registry.take_snapshot(row.agency_id, row.id, row.number)
        facts |= {"units": taken.count, "root": taken.root}
    audit.record(actor, "plans.document_approved", "plan_document", row.id, facts=facts)
    return _view(row)


@unit_of_work
def discard(actor: Actor, document_id: str, reason: str) -> Document:
    """作废 of a draft: its number keeps its place in the sequence, with the reason (D-26)."""
    row = _row(actor.agency_id, document_id, lock=True)
    if row.state not in ("draft", "void"):
        raise PlanState("已经签发的计划不能作废")
    row.state, row.void_reason = "void", row.void_reason or reason
    audit.record(actor, "plans.document_voided", "plan_document", row.id, facts={"number": row.number})
    return _view(row)


@unit_of_work
def report(actor: Actor, document_id: str) -> Letter:
    """上报 (JD-0): the signed document goes to the superior; what it gave back may be sent once more."""
    row = _row(actor.agency_id, document_id, lock=True)
    if row.state not in ("approved", "reported"):
        raise PlanState("先由负责人签发，再上报")
    before = about(row.agency_id, "annual_plan", row.id)
    if before and before[-1].state != "returned":
        return before[-1]
    row.state = "reported"
    view = _view(row)
    return send_up(actor, row.agency_id, "annual_plan", row.id, f"关于{view.title}的报告", summary(view), document=row.id)


def returned(actor: Actor, letter: Letter) -> None:
    """The superior gave a report back: the document may be reported anew."""
    if letter.state == "returned":
        row = session().get_one(PlanDocumentRow, letter.object_id, with_for_update=True)
        row.state = "approved"


on_answered("annual_plan", returned)


@unit_of_work
def progress(actor: Actor, document_id: str, words: str, question: str) -> Letter:
    """进展报告 (JD-7.4a 及时报送工作进展情况，遇到新情况新问题，要向上级部门请示汇报): figures are counted, words are the author's.

    One a day; sent again it is the same one."""
    row = _row(actor.agency_id, document_id, lock=True)
    if row.state not in ("approved", "reported"):
        raise PlanState("计划签发后才能报告进展")
    view = _view(row)
    start, end = date.fromisoformat(view.content["period_from"]), date.fromisoformat(view.content["period_to"])
    seen, today = figures.between(row.agency_id, start, end), local_date(clock.now_ms())
    days = max(1, (end - start).days + 1)
    elapsed = min(1000, max(0, (today - start).days + 1) * 1000 // days)
    target = int(view.content.get("target_key", 0)) + int(view.content.get("target_general", 0))
    lines = [
        ["计划", f"{view.title}（{view.number}）"], ["截至", today.isoformat()], ["计划抽查", f"{target} 家"], ["已安排检查", f"{seen.planned} 次"],
        ["已完成", f"{seen.done} 次（计划的 {workload.progress_permille(seen.done, target) / 10:g}%）"], ["逾期未完成", f"{seen.overdue} 次"],
        ["时间进度", f"{elapsed / 10:g}%"], ["工作进展", words], *([["请示事项", question]] if question else []),
    ]
    return send_up(actor, row.agency_id, "progress", f"{row.id}/{today.isoformat()}", f"{view.title}进展报告（{today.isoformat()}）", lines)


def documents(agency_id: str) -> list[Document]:
    query = select(PlanDocumentRow).where(PlanDocumentRow.agency_id == agency_id).order_by(PlanDocumentRow.year.desc(), PlanDocumentRow.serial.desc())
    return [_view(row) for row in session().scalars(query.limit(500))]


def document(agency_id: str, document_id: str) -> Document:
    """Raises PlanUnknown, also for another agency's."""
    return _view(_row(agency_id, document_id))


def letters_of(found: Document) -> list[Letter]:
    """The reports of this document and of its progress."""
    return [one for one in sent(found.agency_id) if one.object in ("annual_plan", "progress") and one.object_id.startswith(found.id)]


def letter_document(letter: Letter) -> Document:
    """The document that goes with a letter, for the one it is addressed to."""
    if not letter.document:
        raise PlanUnknown("这份来文没有附件")
    return document(letter.agency_id, letter.document)


def registry_since(agency_id: str, document_id: str) -> registry.Since | None:
    """What the registry holds otherwise than when the plan was signed; None for drafts, schemes and older plans. Raises PlanUnknown."""
    return registry.changes_since(agency_id, _row(agency_id, document_id).id)


def pdf(found: Document) -> bytes:
    return _printers[0](found)


def warnings(found: Document) -> list[str]:
    """What does not fit together: plan, headcount, cap (JD-6b, C6)."""
    values = rules.rules_for(found.agency_id).values
    planned = int(found.content.get("target_key", 0)) + int(found.content.get("target_general", 0))
    return [] if found.kind == "scheme" else workload.warnings(planned, staff(found.agency_id), registry.count_units(found.agency_id), values.get("freq.max_per_year"))


def staff(agency_id: str) -> workload.Capacity | None:
    """Capacity of everybody whose certificate is valid today."""
    today = local_date(clock.now_ms())
    headcount = sum(one.certificate.valid_on(today) for one in registry.inspectors(agency_id))
    return workload.capacity(headcount, rules.rules_for(agency_id).values)


def summary(found: Document) -> list[list[str]]:
    """The plan in pairs of words: what the superior reads and what the printed form shows."""
    content = found.content
    names = {str(item["code"]): str(item["item"]) for item in rules.rules_for(found.agency_id).items}
    pairs = [
        ["文号", found.number], ["签发人", found.signatory], ["签发日期", found.issued_on.isoformat() if found.issued_on else ""],
        ["计划期间", f"{content['period_from']} 至 {content['period_to']}"], ["来源", SOURCES[content["source"]] + (f"：{content['source_note']}" if content.get("source_note") else "")],
        ["抽查事项", "；".join(f"{names.get(code, code)}（{code}）" for code in content["item_codes"])],
    ]
    if found.kind == "annual":
        pairs.append(["计划抽查数", f"重点单位 {content['target_key']} 家，一般单位 {content['target_general']} 家，共 {content['target_key'] + content['target_general']} 家"])
        capacity = staff(found.agency_id)
        if capacity is not None:
            pairs.append(["检查力量", f"执法人员 {capacity.headcount} 名，每人每年不少于 {capacity.each} 家，共不少于 {capacity.least} 家"])
    else:
        objects = "；".join(filter(None, (content["object_filter"], content.get("pool_words", ""))))
        pairs += [["检查对象", objects], ["抽查比例", f"{content['ratio_permille'] / 10:g}%"], ["检查内容", content["check_content"]],
                  ["实施方式", "结合月度监督抽查一并实施" if content.get("rides_along") else "单独实施"]]
    taken = registry.snapshot(found.agency_id, found.id)
    if taken is not None:
        pairs.append(["检查对象名录库", f"{taken.count} 家（{taken.on.isoformat()} 在册），校验值 {taken.root}"])
    if content.get("joint"):
        pairs.append(["联合检查", content["joint"]])
    return pairs


def _row(agency_id: str, document_id: str, lock: bool = False) -> PlanDocumentRow:
    row = session().get(PlanDocumentRow, document_id, with_for_update=lock or None)
    if row is None or row.agency_id != agency_id:
        raise PlanUnknown("没有这份计划")
    return row


def _view(row: PlanDocumentRow) -> Document:
    return Document(**{name: getattr(row, name) for name in Document.__dataclass_fields__})
