"""送达回执 of the visit's notice, completed from what was done on site (documents.md 3.2)."""

from __future__ import annotations

from typing import Any

from server.documents import fonts, people
from server.documents.domain import TITLES, DocumentNotReady
from server.documents.pictures import Album, Find
from server.documents.record import names
from server.documents.render import Sheet
from server.inspections.fold_parts import Visit
from server.inspections.items import one_line
from server.inspections.wording import date_iso, day_zh, minute_zh


def sheet(visit: Visit, pack: dict[str, Any], find: Find) -> Sheet:
    """The receipt after service. Raises DocumentNotReady while nothing was served, FontLacksCharacter."""
    served = visit["notice"]
    if served is None:
        raise DocumentNotReady("通知书尚未送达，没有回执")
    fonts.check_names(names(pack))
    album = Album(find)
    refused = served["mode"] != "received"
    who = {member["user"]: one_line(member["name"]) for member in pack["team"]}
    data = {
        "created_ms": served["wall"], "agency": pack["agency"], "title": TITLES["receipt"], "number": one_line(served["number"]), "foot": "", "mark": "",
        "rows": [
            ["送达文书", f"{TITLES['notice']}{one_line(served['number'])}"],
            ["文书摘要", served["doc"]],
            ["受送达人", one_line(pack["unit"]["name"])],
            ["送达地点", one_line(pack["unit"].get("address"))],
            ["送达方式", people.SERVED[served["mode"]]],
            ["送达时间", minute_zh(served["wall"])],
        ],
        "mode": served["mode"],
        "receiver": [["签收人", one_line(served.get("receiver"))], ["职务", one_line(served.get("role"))], ["电话", one_line(served.get("phone"))]],
        "ink": album.add(served.get("ink")),
        "signed_on": day_zh(date_iso(served["wall"])),
        "refusal": (one_line(served.get("reason")) or "未写明原因") if refused else "",
        "witness": people.witness(served, album),
        "servers": people.inspectors_line(pack),
        "by": who.get(served["by"], ""),
    }
    return Sheet("receipt", data, album.files)
