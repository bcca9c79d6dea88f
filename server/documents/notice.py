"""行政检查通知书 with its blank receipt, made at preparation and carried to the unit (WG-10.4b, documents.md 3.2)."""

from __future__ import annotations

from typing import Any

from server.documents.pack import MODE_WORDS
from server.documents.render import to_pdf
from server.kernel.moments import local_date, zh_date

TITLE = "行政检查通知书"


def render(pack: dict[str, Any], number: str) -> bytes:
    """The notice of a pack under its reserved number, as PDF bytes that are the same every time."""
    day = local_date(pack["created_ms"])
    cap = pack["max_per_year"]
    nth = pack["visits_this_year"] + 1
    return to_pdf(
        "notice",
        {
            "created_ms": pack["created_ms"], "created_day": [day.year, day.month, day.day], "number": number,
            "agency": pack["agency"], "unit": {"name": pack["unit"]["name"], "address": pack["unit"]["address"]},
            "texts": {key: value for key, value in pack["texts"].items() if isinstance(value, str)},
            "basis": "；".join(pack["bases"]),
            "items": "、".join(dict.fromkeys(one["item_name"] for one in pack["assignments"])),
            "mode": MODE_WORDS[pack["mode"]],
            "period": f"{zh_date(day)}至{_zh(pack['inspect_by'])}期间，以到场之日为准",
            "inspectors": "、".join(f"{one['name']}（执法证号 {one['certificate_no']}）" for one in pack["team"]),
            "assistants": "无",
            "visits": f"本年度第 {nth} 次" + (f"，上限 {cap} 次" if cap is not None else ""),
            "date": zh_date(day),
        },
    )


def _zh(iso: str) -> str:
    year, month, day = (int(part) for part in iso.split("-"))
    return f"{year}年{month}月{day}日"
