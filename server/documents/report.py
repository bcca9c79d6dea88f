"""检查报告 of one inspection: the union of the parts of WG-10.4g and WS-4.3e (documents.md 3.9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from server.documents import fonts, people
from server.documents.domain import TITLES, DocumentNotReady
from server.documents.pack import MODE_WORDS
from server.documents.pictures import Album, Find, photo_cells
from server.documents.record import check_link, code_of, draft_mark, names, qr
from server.documents.render import Sheet
from server.inspections import attest
from server.inspections.fold_parts import Visit
from server.inspections.items import answer_of, one_line, visible_items
from server.inspections.record_results import findings
from server.inspections.record_tail import evidence
from server.inspections.record_text import TITLES as RECORD_TITLES
from server.inspections.record_text import kind_of, record_text
from server.inspections.wording import clock_zh, date_iso, day_zh, minute_zh

STATES = {"draft": "起草中，尚未审核", "submitted": "已提交，尚未审核", "held": "审核暂缓", "returned": "已退回补充"}
MARKS = {
    "arrival": "到达现场", "scan_in": "扫码入企", "spoken_notice": "宣读告知语", "unit_checked": "核对单位信息", "test_performed": "进行功能测试",
    "party_statement": "听取陈述意见", "read_through": "当场阅读笔录",
}


@dataclass(frozen=True)
class Opinion:
    """The latest revision of 评价、处理意见和建议 (D-11)."""

    rev: int
    author: str
    evaluation: str
    handling: str
    advice: str
    at_ms: int


@dataclass(frozen=True)
class ReportFacts:
    """What reports know and documents may not ask for. ``decision_note`` is the reviewer's opinion."""

    insp: str
    state: str
    created_ms: int
    due_on: str
    opinion: Opinion | None
    reviewer: str
    decision_note: str
    clock_reason: str
    decided_ms: int | None
    returns: int


@dataclass(frozen=True)
class Draw:
    """How one assignment was chosen: batch, source, when this server learned of it."""

    item: str
    code: str
    batch_no: str
    foreign_batch_no: str
    how: str
    when: str


def sheet(visit: Visit, pack: dict[str, Any], facts: ReportFacts, number: str, draws: list[Draw], find: Find) -> Sheet:
    """The report as it stands. Raises DocumentNotReady, FontLacksCharacter."""
    if not visit["sealed"]:
        raise DocumentNotReady("检查记录尚未封存，还没有检查报告")
    fonts.check_names(names(pack))
    album = Album(find)
    signed = record_text(visit, pack, with_annex=False)
    code = code_of(visit, signed)
    unit, approved, opinion = pack["unit"], facts.state == "approved", facts.opinion
    data = {
        "created_ms": facts.decided_ms if approved and facts.decided_ms else facts.created_ms,
        "agency": pack["agency"], "title": TITLES["report"], "number": number, "foot": f"检查编号 {one_line(pack['number'])}",
        "mark": draft_mark(pack) if approved else "报告草稿，未经审核",
        "approved": approved,
        "unit": [
            ["被检查单位：", one_line(unit["name"])], ["统一社会信用代码：", one_line(unit.get("uscc")) or one_line(unit.get("registration_no"))],
            ["地址：", one_line(unit.get("address"))], ["检查时间：", f"{minute_zh(visit['span']['from'])}至{minute_zh(visit['span']['to'])}"],
            ["签名结束时间：", minute_zh(visit["ended_at"])], ["检查方式：", MODE_WORDS.get(visit["mode"], "")],
            ["检查人员：", people.inspectors_line(pack)], ["报告期限：", day_zh(facts.due_on)],
        ],
        "draws": [[draw.code, draw.item, draw.batch_no + (f"\n来源系统批次 {draw.foreign_batch_no}" if draw.foreign_batch_no else ""), draw.how, draw.when] for draw in draws],
        "method": _method(visit),
        "outcome": _outcome(visit, pack),
        "counts": _counts(visit, pack),
        "findings": _numbered(findings(visit, pack)) if _completed(visit) else [],
        "attachment": [
            ["附件一：", f"{RECORD_TITLES[kind_of(visit, pack)]}（编号 {one_line(pack['number'])}，记录码 {code}）"],
            ["记录文字摘要：", attest.text_hash(signed)],
            ["当事人签名：", _party_words(visit)],
        ],
        "evidence": evidence(visit, pack),
        "photos": photo_cells(visit, pack, album, "thumb"),
        "recorder": people.recorder_rows(visit),
        "audio": [f"录音{number}：{clock_zh(one['wall'])}，{one['duration_ms'] // 1000}秒，摘要 {one['sha256'][:12]}" for number, one in enumerate(visit["audio"], 1)],
        "opinion": [["对被检查人的评价", opinion.evaluation], ["处理意见", opinion.handling], ["建议", opinion.advice]] if opinion else [],
        "author": f"第 {opinion.rev} 稿，{opinion.author}，{minute_zh(opinion.at_ms)}" if opinion else "",
        "inspectors": people.attested(visit, pack, next(seal["d"] for seal in visit["seals"] if seal["linked"])),
        "returns": f"曾退回 {facts.returns} 次，答复见附件一“更正说明”。" if facts.returns else "",
        "review": {
            "words": (one_line(facts.decision_note) or "同意。") if approved else STATES.get(facts.state, "尚未审核"),
            "name": facts.reviewer if approved else "", "date": day_zh(date_iso(facts.decided_ms)) if approved and facts.decided_ms else "",
            "clock": f"检查结束时间的确认依据：{one_line(facts.clock_reason)}" if approved and facts.clock_reason else "",
        },
        "code": code, "qr": album.put("code.svg", qr(check_link(code))),
    }
    return Sheet("report", data, album.files)


def _completed(visit: Visit) -> bool:
    return visit["outcome"] is None or visit["outcome"]["kind"] == "completed"


def _numbered(lines: list[str]) -> list[list[str]]:
    """``1. words`` as number and words."""
    return [[number + dot, rest] if dot and number.isdigit() else ["", line] for line in lines for number, dot, rest in [line.partition(". ")]]


def _method(visit: Visit) -> list[list[str]]:
    """方法步骤: what was done, in its order, from the marks and acts of the record."""
    steps: list[tuple[int, str]] = []
    seen: set[str] = set()
    for mark in visit["marks"]:
        if mark["mark"] in MARKS and mark["mark"] not in seen:
            seen.add(mark["mark"])
            steps.append((mark["wall"], MARKS[mark["mark"]]))
    for name, words in (("credentials", "出示执法证件"), ("notice", "送达行政检查通知书"), ("statement", "记录被检查单位陈述意见")):
        if visit[name] is not None:
            steps.append((visit[name]["wall"], words))
    if visit["told"]:
        steps.append((min(visit["told"].values()), "告知检查依据、内容、人员、权利义务等事项"))
    answered = [head["wall"] for found in visit["answers"].values() for head in found["heads"]]
    if answered:
        steps.append((min(answered), f"按检查表逐项检查（{len(visit['answers'])} 项，{clock_zh(min(answered))}至{clock_zh(max(answered))}）"))
    if visit["photos"]:
        steps.append((visit["photos"][0]["wall"], f"现场拍照取证（{visit['counts']['photos']} 张）"))
    if visit["samples"]:
        steps.append((visit["samples"][0]["wall"], f"抽样（{len(visit['samples'])} 件）"))
    if visit["attests"]:
        steps.append((visit["attests"][0]["wall"], "检查人员核验同一份记录"))
    if visit["party"] is not None:
        steps.append((visit["party"]["wall"], f"被检查单位{people.PARTY_MODES[visit['party']['mode']]}"))
    steps += [(session["started"], f"开启执法记录仪 {one_line(session['device_no'])}") for session in visit["recorder"] if session["started"] is not None]
    return [[clock_zh(at), words] for at, words in sorted(steps)]


def _outcome(visit: Visit, pack: dict[str, Any]) -> str:
    if _completed(visit):
        return ""
    note = one_line(visit["outcome"].get("note"))
    return RECORD_TITLES[kind_of(visit, pack)] + (f"：{note}" if note else "")


def _counts(visit: Visit, pack: dict[str, Any]) -> list[list[str]]:
    """Per section: items, passed, failed, not applicable, noted; the last row is the sum."""
    if not _completed(visit):
        return []
    sections: dict[str, list[int]] = {}
    for entry in visible_items(visit, pack):
        sheet_words = f"第{entry['sheet'] + 1}张" if entry["repeatable"] else ""
        row = sections.setdefault(f"{one_line(entry['title'])}{sheet_words}·{one_line(entry['section'])}", [0, 0, 0, 0, 0])
        row[0] += 1
        found = answer_of(visit, entry)
        if found is not None:
            place = {"pass": 1, "fail": 2, "na": 3}.get(found["heads"][0]["val"], 4)
            row[place] += 1
    total = [sum(column) for column in zip(*sections.values(), strict=True)] if sections else [0] * 5
    return [[name, *map(str, row)] for name, row in sections.items()] + [["合计", *map(str, total)]]


def _party_words(visit: Visit) -> str:
    signed = visit["party"]
    if signed is None:
        return "无"
    who = "，".join(filter(None, [one_line(signed.get("name")), one_line(signed.get("role")), one_line(signed.get("reason"))]))
    return people.PARTY_MODES[signed["mode"]] + (f"（{who}）" if who else "")
