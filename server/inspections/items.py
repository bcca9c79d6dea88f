"""Checklist items of a visit: which apply, which sheets exist, what an answer means in words."""

import re
from typing import Any, Final

from server.inspections.fold_parts import Entry, Visit

VERDICT_ZH: Final = {"pass": "符合", "fail": "不符合", "na": "不适用", "neutral": "已记录"}
_BREAKS: Final = re.compile("[\u0000-\u001f\u007f\u0085\u2028\u2029]+")


def one_line(value: object) -> str:
    """A value as one line: control characters and line breaks become one space.

    Only text, whole numbers and yes/no have words; anything else is empty.
    """
    if isinstance(value, bool):
        value = "是" if value else "否"
    if not isinstance(value, str | int):
        return ""
    return _BREAKS.sub(" ", str(value)).strip(" \u3000")


def sheets_of(visit: Visit, checklist: dict[str, Any]) -> list[int]:
    """The sheets of a checklist, ascending: always 0; further ones exist once something names them."""
    if not checklist.get("repeatable"):
        return [0]
    name = checklist["id"]
    found = {0}
    for item in visit["answers"].values():
        head = item["heads"][0]
        if head["checklist"] == name:
            found.add(head["sheet"])
    for thing in [*visit["samples"], *visit["photos"]]:
        if thing.get("checklist") == name and "sheet" in thing:
            found.add(thing["sheet"])
    return sorted(found)


def applies(visit: Visit, item: dict[str, Any]) -> bool:
    """Whether the item is shown: only a fact known to be ``no`` hides it (D-25)."""
    return all(visit["facts"].get(fact) != "no" for fact in item.get("applies_when") or [])


def entries(visit: Visit, pack: dict[str, Any]) -> list[Entry]:
    """Every item of every sheet in printing order: ``{checklist, title, repeatable, sheet, section,
    item, key, visible, same_as}``.

    Checklists merged into one visit often share bank items. The later occurrence of an item with
    the same text and answer points to the first by ``same_as`` and is answered there.
    """
    found: list[Entry] = []
    first: dict[tuple[str, ...], str] = {}
    for checklist in pack["checklists"]:
        for sheet in sheets_of(visit, checklist):
            for section in checklist["sections"]:
                for item in section["items"]:
                    key = f"{checklist['id']}/{sheet}/{item['id']}"
                    same_as = ""
                    if not checklist.get("repeatable"):
                        same_as = first.setdefault(_identity(item), key)
                    found.append(
                        {
                            "checklist": checklist["id"],
                            "title": checklist["title"],
                            "repeatable": bool(checklist.get("repeatable")),
                            "sheet": sheet,
                            "section": section["title"],
                            "item": item,
                            "key": key,
                            "visible": applies(visit, item),
                            "same_as": "" if same_as == key else same_as,
                        }
                    )
    return found


def _identity(item: dict[str, Any]) -> tuple[str, ...]:
    answer = item["answer"]
    codes = [choice["code"] for choice in answer.get("choices", [])]
    return (item["id"], item["text"], answer["type"], *codes)


def visible_items(visit: Visit, pack: dict[str, Any]) -> list[Entry]:
    """The entries a person has to answer: visible and not answered through another checklist."""
    return [entry for entry in entries(visit, pack) if entry["visible"] and not entry["same_as"]]


def answer_of(visit: Visit, entry: Entry) -> Entry | None:
    """``{heads, conflict}`` of an entry, its own first, else that of the item it repeats."""
    found: Entry | None = visit["answers"].get(entry["key"])
    if found is None and entry["same_as"]:
        found = visit["answers"].get(entry["same_as"])
    return found


def verdict_of(item: dict[str, Any], answer: dict[str, Any]) -> str:
    """The verdict an answer's content demands, ``""`` when the person decides.

    For choices (D-25) any ``fail`` fails, any ``pass`` passes, only ``na`` is not applicable, the
    rest is neutral. A quiz passes when everybody asked was right.
    """
    kind = item["answer"]["type"]
    if kind in ("choice", "multi"):
        verdicts = {choice["code"]: choice["verdict"] for choice in item["answer"]["choices"]}
        chosen = [verdicts.get(code, "neutral") for code in answer.get("choice", [])]
        if not chosen:
            return ""
        if "fail" in chosen:
            return "fail"
        if "pass" in chosen:
            return "pass"
        return "na" if all(verdict == "na" for verdict in chosen) else "neutral"
    if kind == "quiz" and "asked" in answer and "correct" in answer:
        if answer["asked"] == 0:
            return "na"
        return "pass" if answer["correct"] >= answer["asked"] else "fail"
    return ""


def has_value(item: dict[str, Any], answer: dict[str, Any]) -> bool:
    """Whether the main field of the item's answer type is filled in (``na`` needs none)."""
    if answer["val"] == "na":
        return True
    match item["answer"]["type"]:
        case "choice" | "multi":
            return bool(answer.get("choice"))
        case "number":
            return bool(answer.get("nums"))
        case "date":
            return bool(answer.get("dates"))
        case "text":
            return one_line(answer.get("text", "")) != "" or bool(answer.get("texts"))
        case "quiz":
            return "asked" in answer and "correct" in answer
        case _:
            return True


def to_laboratory(item: dict[str, Any], answer: dict[str, Any]) -> bool:
    """Whether the on-site judgement sends the product to a laboratory (需送检, FP-13)."""
    choices = item["answer"].get("choices", [])
    return any(choice["code"] in answer.get("choice", []) and "送检" in choice["text"] for choice in choices)


def photos_of(visit: Visit, checklist: str, item: str, sheet: int) -> list[Entry]:
    """The photos that stand for an item, supplements too: not withdrawn and not a derived copy."""
    return [
        photo
        for photo in [*visit["photos"], *visit["supplements"]]
        if photo["void"] is None
        and photo["purpose"] != "derived"
        and photo.get("item") == item
        and photo.get("checklist", checklist) == checklist
        and photo.get("sheet", sheet) == sheet
    ]


def sheet_words(entry: Entry) -> str:
    """``第2张`` for the items of a repeatable checklist, else nothing."""
    return f"第{entry['sheet'] + 1}张" if entry["repeatable"] else ""
