"""Pictures of a document: derivatives of the evidence, or an honest box that says why there is none.

Nothing here decodes an original: photos and ink come as the copies that the confined child has made (D-21)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from server.inspections.fold_parts import Entry, Visit
from server.inspections.items import one_line
from server.inspections.record_tail import PURPOSES, item_names
from server.inspections.wording import clock_zh, date_iso, day_zh

Find = Callable[[str, str], Path | str]
"""``find(sha256, "view" | "thumb")``: where the derivative lies, or in Chinese why there is none."""

SOURCE_WORDS = {"inapp": "应用内拍摄", "system": "系统相机", "import": "导入"}
NO_PICTURES: dict[str, Path | bytes] = {}


class Album:
    """Collects the files of one document; the same picture is kept once."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self.files: dict[str, Path | bytes] = {}

    def add(self, sha256: object, which: str = "view") -> dict[str, str]:
        """``{"file": name}`` of a picture, else ``{"why": words}``; no hash: nothing to show."""
        if not isinstance(sha256, str):
            return {"why": ""}
        found = self._find(sha256, which)
        if isinstance(found, str):
            return {"why": found}
        name = f"{which}-{sha256}.jpg"
        self.files[name] = found
        return {"file": name}

    def put(self, name: str, data: bytes) -> str:
        """A picture made here (the code as QR)."""
        self.files[name] = data
        return name


def _caption(photo: Entry, words: str, items: dict[str, str], takers: dict[str, str]) -> dict[str, str]:
    title = [PURPOSES[photo["purpose"]], one_line(photo.get("caption"))]
    if "item" in photo:
        title.append(items.get(photo["item"], photo["item"]))
    when = f"{day_zh(date_iso(photo['wall']))} {clock_zh(photo['wall'])}"
    facts = [when, takers.get(photo["by"], ""), SOURCE_WORDS[photo["src"]], "已去除位置信息" if photo.get("stripped") else "", f"摘要 {photo['sha256'][:12]}"]
    return {"number": words, "title": "；".join(filter(None, title)), "facts": "；".join(filter(None, facts))}


def photo_cells(visit: Visit, pack: dict[str, Any], album: Album, which: str = "view") -> list[dict[str, str]]:
    """The photos in the order and with the numbers of the record text; marked copies follow their photo.

    A withdrawn photo keeps its place as a box with the reason."""
    items, takers = item_names(pack), {member["user"]: one_line(member["name"]) for member in pack["team"]}
    originals = [photo for photo in visit["photos"] if photo["purpose"] != "derived"]
    numbers = {photo["sha256"]: number for number, photo in enumerate(originals, 1)}
    cells = []
    for photo in originals:
        copies = [one for one in visit["photos"] if one["purpose"] == "derived" and one.get("of") == photo["sha256"]]
        for index, one in enumerate([photo, *copies]):
            words = f"照片{numbers[photo['sha256']]}" + (f"（标注副本{index if len(copies) > 1 else ''}）" if index else "")
            cells.append({**_caption(one, words, items, takers), **_shown(one, album, which)})
    return cells


def supplement_cells(visit: Visit, pack: dict[str, Any], album: Album) -> list[dict[str, str]]:
    """Photos added in answer to a return; they belong to the annex (D-10)."""
    items, takers = item_names(pack), {member["user"]: one_line(member["name"]) for member in pack["team"]}
    return [
        {**_caption(photo, f"补充照片{number}", items, takers), **_shown(photo, album, "view")}
        for number, photo in enumerate(visit["supplements"], 1)
    ]


def _shown(photo: Entry, album: Album, which: str) -> dict[str, str]:
    if photo["void"] is not None:
        return {"why": f"已作废：{one_line(photo['void']['reason']) or '未写明原因'}"}
    return album.add(photo["sha256"], which)
