"""Item lists 随机抽查事项清单: inherited, versioned, printed as one table, compared in words. Pure.

YS-3.3a–c 偃师方案三（三）, WC-7a/b 文昌湖 第七条, WS-3.2a–e 乌审旗方案三（二）; C16: every agency prints its own columns,
C24: what may stand as a basis. A list is a file of ``checklists/``; a later one says why it was made."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from server.kernel.errors import DomainError
from server.rules.domain import AgencyRules, Data, Document, Fault, Layer

INHERITED, CHANGED, OWN = "inherited", "changed", "own"
ORIGINS = {INHERITED: "沿用上级清单", CHANGED: "在上级清单上调整", OWN: "本级增加"}
COLUMNS = {
    "seq": "序号", "category": "抽查类别", "item": "抽查事项", "target": "检查对象", "item_class": "事项类别", "methods": "检查方式",
    "subject": "检查主体", "bases": "检查依据", "content": "检查内容", "requirement": "检查要求", "ratio": "抽查比例", "frequency": "抽查频次",
    "max_per_year": "年度上限", "power_code": "权力清单编码", "duty_code": "责任清单编码", "supervision_item_code": "监管事项编码",
    "section": "责任股室", "sector_groups": "人员分组", "qualifications": "人员资格", "checklists": "检查表", "active": "有效", "draft": "待核",
    "note": "说明", "code": "事项编号", "origin": "来源", "deviation": "调整理由",
}  # fmt: skip
CLASSES = {"general": "一般检查事项", "key": "重点检查事项"}


class DeviationNeedsReason(DomainError):
    """检查表与事项清单不一致，须写明特殊要求"""

    code = "E_SCHEME_DEVIATES"
    article = "偃师方案三（三）"


class ItemUnknown(DomainError):
    """事项不在清单里或已停用，不得开展检查"""

    code = "E_ITEM_UNKNOWN"
    article = "偃师方案二（一）"


@dataclass(frozen=True)
class Table:
    """One list as a single table: the columns the agency prints and a row of texts per item."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[Data, ...]


@dataclass(frozen=True)
class Scheme:
    """A checking scheme 检查方案 made from items: what is checked, by whom, on what basis, with which checklists."""

    items: tuple[Data, ...]
    checklists: tuple[Data, ...]
    others: tuple[Data, ...]
    deviation: str


def inherited(doc: Document, starts: date, layers: Mapping[str, Layer]) -> tuple[Data, list[Fault]]:
    """The list of a file with the parent agency's items in it (WC-7a), each marked with where it comes from.

    An own item of the same code takes the place of the parent's and says why (``deviation``); what is not taken over
    stands in ``left_out`` with its reason. Without ``parent`` the list stays byte for byte what the file says.
    """
    listing: Data = copy.deepcopy(doc.data)
    name = listing.get("parent")
    if name is None:
        return listing, []
    parents = layers[name].items if name in layers else {}
    day = max((day for day in parents if day <= starts), default=None)
    if day is None:
        return listing, [doc.fault(("parent",), f"上级清单“{name}”没有在{starts.isoformat()}生效的版本")]
    theirs = {item["code"]: item for item in copy.deepcopy(parents[day].data["items"])}
    faults = list(_left_out_faults(doc, theirs))
    gone = {entry["code"] for entry in listing.get("left_out", [])}
    own = {item["code"]: item for item in listing["items"]}
    merged: list[Data] = []
    for code, item in theirs.items():
        if code in own:
            merged.append({**own[code], "origin": CHANGED})
        elif code not in gone:
            merged.append({**item, "origin": INHERITED})
    merged += [{**item, "origin": OWN} for code, item in own.items() if code not in theirs]
    for position, item in enumerate(listing["items"]):
        if item["code"] in theirs and not item.get("deviation"):
            faults.append(doc.fault(("items", position), f"事项“{item['item']}”与上级清单不同，缺少调整理由（deviation）"))
    listing["items"] = [{**item, "seq": number} for number, item in enumerate(merged, start=1)]
    listing["parent"] = {"layer": name, "title": parents[day].data["title"], "starts": day.isoformat()}
    return listing, faults


def _left_out_faults(doc: Document, theirs: Mapping[str, Data]) -> Iterator[Fault]:
    for position, entry in enumerate(doc.data.get("left_out", [])):
        if entry["code"] not in theirs:
            yield doc.fault(("left_out", position), f"上级清单里没有事项 {entry['code']}")


def table(rules: AgencyRules) -> Table:
    """YS-3.3b 切实做到一张表格管检查: the columns of the profile (C16), and the origin where the list is inherited."""
    return table_of(rules.item_list, rules.value("item.columns_printed"))


def table_of(listing: Data, printed: Sequence[str]) -> Table:
    """The same for a version whose rules are no longer on the disk."""
    names = [*printed, *(["origin"] if "parent" in listing else [])]
    rows = tuple(
        {
            "code": item["code"], "origin": item.get("origin", OWN), "deviation": item.get("deviation", ""),
            "active": item.get("active", True), "cells": [cell(name, item.get(name)) for name in names],
        }
        for item in listing["items"]
    )  # fmt: skip
    return Table(tuple((name, COLUMNS.get(name, name)) for name in names), rows)


def cell(name: str, value: Any) -> str:
    """One value as it is printed."""
    if value is None:
        return ""
    if name == "bases":
        return "；".join(basis["text"] for basis in value)
    if name == "item_class":
        return CLASSES.get(value, value)
    if name == "origin":
        return ORIGINS.get(value, value)
    if isinstance(value, bool):
        return "是" if value else "否"
    return "、".join(str(part) for part in value) if isinstance(value, list) else str(value)


def changes(old: Data, new: Data) -> Iterator[str]:
    """What changed between two versions of a list, in sentences a leader can approve (WC-7b)."""
    before = {item["code"]: item for item in old["items"]}
    after = {item["code"]: item for item in new["items"]}
    for code in [*after, *(code for code in before if code not in after)]:
        if code not in before:
            yield f"事项清单新增 {code}“{after[code]['item']}”（{cell('bases', after[code]['bases'])}）"
        elif code not in after:
            reasons = {entry["code"]: entry["reason"] for entry in new.get("left_out", [])}
            yield f"事项清单删去 {code}“{before[code]['item']}”" + (f"（{reasons[code]}）" if code in reasons else "")
        else:
            yield from item_changes(before[code], after[code])
    if [code for code in before if code in after] != [code for code in after if code in before]:
        yield "事项的顺序有改动"


def item_changes(old: Data, new: Data) -> Iterator[str]:
    """The fields of one item that read differently; its place in the list is no field."""
    for name in [name for name in COLUMNS if name not in ("seq", "code", "deviation")]:
        was, is_now = cell(name, old.get(name)), cell(name, new.get(name))
        if was != is_now:
            why = f"（{new['deviation']}）" if new.get("deviation") and new.get("deviation") != old.get("deviation") else ""
            yield f"事项清单 {new['code']}“{new['item']}”的{COLUMNS[name]}由“{was or '无'}”改为“{is_now or '无'}”{why}"


def scheme(rules: AgencyRules, codes: Sequence[str], checklists: Sequence[str] | None, deviation: str) -> Scheme:
    """YS-3.3c 除有特殊要求外，均应当按照随机事项抽查清单制作执法检查方案和检查表: generated; another choice needs its reason."""
    items = [item for code in dict.fromkeys(codes) if (item := rules.item(code)) and item.get("active", True)]
    if not items or len(items) < len(set(codes)):
        raise ItemUnknown(items=sorted(set(codes) - {item["code"] for item in items}))
    made = rules.checklists_for([item["code"] for item in items])
    chosen = made if checklists is None else list(dict.fromkeys(checklists))
    unknown = [name for name in chosen if name not in rules.checklists]
    if unknown:
        raise ItemUnknown(f"没有检查表 {'、'.join(unknown)}", checklists=unknown)
    if set(chosen) != set(made) and not deviation.strip():
        raise DeviationNeedsReason(made=made, chosen=chosen)
    columns = [column for column in table(rules).columns if column[0] not in ("seq", "item")]
    facts = [
        {"code": item["code"], "name": item["item"], "facts": [{"label": label, "text": cell(name, item.get(name))} for name, label in columns]}
        for item in items
    ]
    kept = [{**_checklist(rules, name), "generated": name in made} for name in chosen]
    others = [_checklist(rules, name) for name in rules.checklists if name not in chosen]
    return Scheme(tuple(facts), tuple(kept), tuple(others), deviation.strip() if set(chosen) != set(made) else "")


def _checklist(rules: AgencyRules, name: str) -> Data:
    found = rules.checklists[name]
    return {"id": name, "title": found["title"], "count": sum(len(section["items"]) for section in found["sections"])}
