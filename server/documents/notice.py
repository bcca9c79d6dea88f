"""行政检查通知书 with its blank receipt, made at preparation and carried to the unit (WG-10.4b, documents.md 3.2)."""

from __future__ import annotations

from typing import Any

from server.documents import fonts, people
from server.documents.domain import TITLES
from server.documents.pack import MODE_WORDS
from server.documents.record import draft_mark, names
from server.documents.render import Sheet, to_pdf
from server.kernel.moments import local_date, zh_date

TITLE = TITLES["notice"]
PARTS = (
    ("检查要求", "notice_requirements"), ("权利告知", "notice_rights"), ("义务告知", "notice_obligations"), ("廉洁纪律告知", "integrity_statement"),
)


def render(pack: dict[str, Any], number: str) -> bytes:
    """The notice of a pack under its reserved number, as PDF bytes that are the same every time.

    Raises FontLacksCharacter when a registered name cannot be printed."""
    return to_pdf(sheet(pack, number))


def sheet(pack: dict[str, Any], number: str) -> Sheet:
    """The fields in the order of the form of the Ministry of Justice (2025)."""
    fonts.check_names(names(pack))
    day = local_date(pack["created_ms"])
    texts = {key: value for key, value in pack["texts"].items() if isinstance(value, str)}
    unit, phone = pack["unit"], str(pack["agency"].get("phone", ""))
    told = pack["texts"].get("told")
    data = {
        "created_ms": pack["created_ms"], "agency": pack["agency"], "title": texts.get("notice_title") or TITLE, "number": number, "foot": "", "mark": draft_mark(pack) if any(one.get("draft") for one in pack["checklists"]) else "",
        "unit": unit["name"],
        "body": texts.get("notice_body", "").removeprefix(f"{unit['name']}："),
        "rows": [
            ["检查依据", "；".join(pack["bases"])],
            ["检查事项", _items(pack)],
            ["检查内容", str(told.get("content", "")).removeprefix("检查内容：") if isinstance(told, dict) else ""],
            ["检查方式", MODE_WORDS[pack["mode"]]],
            ["检查时间", f"{zh_date(day)}至{_zh(pack['inspect_by'])}期间，以到场之日为准"],
            ["检查地点", unit["address"]],
            ["检查人员", people.inspectors_line(pack)],
            ["协助检查人员", "无"],
            ["本年度频次", _visits(pack)],
        ],
        "parts": [[title, texts[key]] for title, key in PARTS if texts.get(key)],
        "recusal": texts.get("recusal_question") or "你单位对检查人员是否申请回避？如申请，请说明理由。",
        "date": zh_date(day), "phone": phone,
        "receipt": [
            ["送达文书", f"{TITLE}{number}"], ["受送达人", unit["name"]], ["送达地点", unit["address"]], ["送达方式", "□直接送达　□留置送达　□其他："],
            ["签收人（签名）", ""], ["职务", ""], ["电话", ""], ["签收日期", "　　　　年　　月　　日"], ["拒收情形和原因", ""], ["见证人（签名）", ""],
            ["送达人（签名）", ""],
        ],
    }
    return Sheet("notice", data)


def _items(pack: dict[str, Any]) -> str:
    """Each item once, with its code in the item list and the batch it was drawn in."""
    seen: dict[str, None] = {}
    for one in pack["assignments"]:
        batch = one.get("foreign_batch_no") or one.get("batch_no") or ""
        seen[f"{one['item_name']}（清单编号 {one['item_code']}{f'，抽查批次 {batch}' if batch else ''}）"] = None
    return "；".join(seen)


def _visits(pack: dict[str, Any]) -> str:
    cap = pack["max_per_year"]
    return f"本年度第 {pack['visits_this_year'] + 1} 次" + (f"，年度上限 {cap} 次" if cap is not None else "，年度上限：未规定")


def _zh(iso: str) -> str:
    year, month, day = (int(part) for part in iso.split("-"))
    return f"{year}年{month}月{day}日"
