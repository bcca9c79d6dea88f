"""The record text 笔录文字 (D-7): plain UTF-8 lines composed from the fold.

It is what people read on the screen, what ``text`` hashes and what the PDF sets. It holds no
signature, no record code and no coordinates, and nothing that is not content (apart from the
annex): signing a text must not change it. Field order: documents.md 3.4 and 3.5. The twin is
``pwa/src/core/recordText.ts``; one vector binds both.
"""

from typing import Any, Final

from server.inspections.fold_parts import Entry, Visit
from server.inspections.items import one_line
from server.inspections.record_results import findings, results, samples
from server.inspections.record_tail import annex, evidence, statement
from server.inspections.steps import TOLD_ZH, told_keys
from server.inspections.wording import clock_zh, minute_zh

BLANK: Final = "／"
TITLES: Final = {
    "fire_record": "消防监督检查记录",
    "onsite_record": "现场检查笔录",
    "sampling_sheet": "消防产品监督检查记录",
    "not_possible": "现场检查记录（未能实施检查）",
    "refused_entry": "现场检查记录（拒绝检查）",
}
MODES: Final = {
    "on_site": "现场检查",
    "document_review": "书面检查",
    "network_monitoring": "网络监测",
}
REASONS: Final = {
    "closed": "停业、关门",
    "moved": "已搬迁",
    "not_found": "查无此地址",
    "no_business": "未开展业务活动",
}
NOTICE_MODES: Final = {"received": "签收", "refused": "拒收", "left": "留置送达"}
NUMERALS: Final = "一二三四五六七八九十"


def kind_of(visit: Visit, pack: dict[str, Any]) -> str:
    """Which template: the outcome when nothing was checked, else the strongest checklist kind."""
    outcome = visit["outcome"]
    if outcome is not None and outcome["kind"] != "completed":
        return str(outcome["kind"])
    kinds = [checklist["record_kind"] for checklist in pack["checklists"]]
    for kind in ("fire_record", "onsite_record", "sampling_sheet"):
        if kind in kinds:
            return kind
    return "onsite_record"


def record_text(visit: Visit, pack: dict[str, Any], *, with_annex: bool = True) -> str:
    """The text of the record as it stands, lines ended by LF.

    ``with_annex=False`` leaves out the corrections of later rounds (更正说明, D-10): that is the
    text the party signed.
    """
    kind = kind_of(visit, pack)
    lines = [pack["agency"]["name"], TITLES[kind], f"编号：{one_line(pack['number'])}"]
    parts: list[tuple[str, list[str]]] = [
        ("被检查单位", _unit(pack, kind)),
        ("检查基本情况", _basics(visit, pack)),
    ]
    if kind in ("not_possible", "refused_entry"):
        parts.append(("未能检查的情形", _outcome(visit)))
    else:
        parts.append(("告知和送达", _told(visit, pack)))
        parts.append(("检查内容和情况", results(visit, pack)))
        parts.append(("发现的问题", findings(visit, pack)))
        if visit["samples"]:
            parts.append(("抽样情况", samples(visit)))
    parts.append(("照片和证据目录", evidence(visit, pack)))
    if kind != "not_possible":
        parts.append(("被检查单位陈述意见", statement(visit)))
    for index, (title, body) in enumerate(parts):
        lines += ["", f"{NUMERALS[index]}、{title}", *body]
    lines += ["", f"核对：{_read_back(pack, kind)}"]
    if with_annex:
        lines += annex(visit, pack)
    return "\n".join(line.rstrip(" ") for line in lines) + "\n"


def field(label: str, value: object) -> str:
    """``label：value``; a blank cell is crossed out."""
    return f"{label}：{one_line(value) or BLANK}"


def _read_back(pack: dict[str, Any], kind: str) -> str:
    if kind == "not_possible":
        return "以上记录由检查人员核对，与实际相符。"
    texts = pack.get("texts", {})
    return one_line(texts.get("read_back")) or "以上笔录已阅，与实际相符。"


def _person(value: object) -> str:
    if not isinstance(value, dict):
        return one_line(value)
    phone = one_line(value.get("phone"))
    return one_line(value.get("name")) + (f"（电话 {phone}）" if phone else "")


def _first(*values: object) -> str:
    return next(filter(None, map(_person, values)), "")


def _unit(pack: dict[str, Any], kind: str) -> list[str]:
    unit = pack["unit"]
    masked = set(pack.get("profile", {}).get("secrecy.fields_masked") or [])

    def known(name: str) -> object:
        return "（依规定不记载）" if name in masked else unit.get(name)

    lines = [
        field("单位（场所）名称", unit.get("name")),
        field("地址", unit.get("address")),
        field("统一社会信用代码（注册号）", _first(known("uscc"), known("registration_no"))),
        field("法定代表人（主要负责人）", _first(known("principal"), known("legal_rep"), known("responsible_person"))),
    ]
    if kind != "fire_record":
        return lines
    return [
        *lines,
        field("消防安全责任人", _person(known("responsible_person"))),
        field("消防安全管理人", _person(known("safety_manager"))),
        field("单位性质", known("unit_type")),
        field("使用的建筑面积（㎡）", known("floor_area")),
        field("使用的建筑层数", known("floors")),
        field("所在建筑高度（m）", _first(known("building_height"), known("height"))),
    ]


def _team(pack: dict[str, Any]) -> str:
    return "、".join(
        f"{one_line(member['name'])}（执法证号 {one_line(member['certificate_no']) or BLANK}"
        f"{'，组长' if member.get('lead') else ''}）"
        for member in pack["team"]
    )


def _basics(visit: Visit, pack: dict[str, Any]) -> list[str]:
    span = visit["span"]
    lines = [
        field("检查机关", pack["agency"]["name"]),
        field("检查方式", MODES.get(visit["mode"], "")),
        field("检查时间", f"{minute_zh(span['from'])}至{minute_zh(span['to'])}"),
        field("检查人员", _team(pack)),
    ]
    for assignment in pack["assignments"]:
        batch = one_line(assignment.get("batch_no"))
        name = one_line(assignment.get("item_name"))
        lines.append(field("检查事项", f"{name}（抽查批次 {batch}）" if batch else name))
    for person in visit["assistants"]:
        where = "，".join(filter(None, (one_line(person["org"]), one_line(person["scope"]))))
        lines.append(field("协助检查人员", f"{one_line(person['name'])}（{where or BLANK}）"))
    if visit["mode"] == "on_site":
        lines.append(field("执法记录仪", _recorders(visit)))
        lines += _gaps(visit)
    return lines


def _recorders(visit: Visit) -> str:
    started = [session for session in visit["recorder"] if session["started"] is not None]
    return "；".join(
        f"{one_line(session['device_no'])}（{one_line(session['wearer'])}佩戴，"
        f"{clock_zh(session['started'])}开启）"
        for session in started
    )


GAP_REASONS: Final = {
    "battery": "电量不足",
    "storage_full": "存储已满",
    "fault": "设备故障",
    "weather": "天气或环境",
    "classified_area": "涉密区域",
    "party_privacy": "涉及隐私",
    "safety_explosive_atmosphere": "爆炸危险场所",
    "other": "其他",
}


def _gaps(visit: Visit) -> list[str]:
    lines = []
    for session in visit["recorder"]:
        for gap in session["gaps"]:
            note = one_line(gap.get("note"))
            reason = GAP_REASONS[gap["reason"]] + (f"，{note}" if note else "")
            lines.append(field("记录中断", f"{clock_zh(gap['from'])}至{clock_zh(gap['to'])}，{reason}"))
    return lines


def _told(visit: Visit, pack: dict[str, Any]) -> list[str]:
    lines = []
    shown: Entry | None = visit["credentials"]
    if shown is not None:
        people = "、".join(
            f"{one_line(person['name'])}（{one_line(person['certificate_no']) or BLANK}）"
            for person in shown["inspectors"]
        )
        party = one_line(shown.get("party_name"))
        whom = f"，向{party}出示" if party else ""
        lines.append(field("出示执法证件", f"{clock_zh(shown['wall'])}，{people}{whom}"))
    sentence = one_line(pack.get("texts", {}).get("credentials_sentence"))
    if shown is not None and sentence:
        lines.append(sentence)
    notice: Entry | None = visit["notice"]
    if notice is not None:
        who = [one_line(notice.get("receiver")), one_line(notice.get("role"))]
        why = one_line(notice.get("reason"))
        served = "，".join(filter(None, [NOTICE_MODES[notice["mode"]], *who, why]))
        lines.append(field("检查通知书", f"{one_line(notice['number'])}，{clock_zh(notice['wall'])}{served}"))
    order = told_keys(pack.get("profile", {}))
    keys = [key for key in order if key in visit["told"]]
    keys += sorted(key for key in visit["told"] if key not in order)
    if keys:
        lines.append(field("已告知", "、".join(TOLD_ZH.get(key, key) for key in keys)))
    for entry in visit["recusals"]:
        if entry["kind"] == "request":
            lines.append(field("回避申请", f"{one_line(entry['party_name'])}：{one_line(entry['reason'])}"))
    return lines or [BLANK]


def _outcome(visit: Visit) -> list[str]:
    outcome = visit["outcome"]
    refused = outcome["kind"] == "refused_entry"
    lines = [
        field("情形", "拒绝、阻碍检查" if refused else REASONS.get(outcome.get("reason", ""))),
        field("说明", outcome.get("note")),
    ]
    shown = visit["credentials"]
    if shown is not None:
        people = "、".join(one_line(person["name"]) for person in shown["inspectors"])
        lines.append(field("出示执法证件", f"{clock_zh(shown['wall'])}，{people}"))
    return lines
