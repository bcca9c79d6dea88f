"""Laying the layers over one another: base_cn → sector → province → agency; later wins, floors hold.

Pure. Whoever calls gets the resolved rules and the faults found on the way; a faulty part is left out
rather than half resolved, so that one bad line never hides the other faults."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from server.kernel.workdays import local_days
from server.rules import listing as listing_rules
from server.rules.domain import AgencyRules, Data, Document, Fault, KeyRule, Layer, Path, content_hash

BASE = "base_cn"
# What an item looks like when its file leaves a field out: phones get every field.
DEFAULTS: Data = {"extra": [], "applies_when": [], "guidance": "", "star": False}
FIELDS = ("text", "answer", "extra", "evidence", "applies_when", "basis", "guidance", "star", "note")


@dataclass
class Resolution:
    """The rules of one agency by the day from which each of its item lists holds, and what stood in the way."""

    rules: dict[date, AgencyRules] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def weaker(rule: KeyRule, floor: Any, value: Any) -> bool:
    """Whether ``value`` is less strict than ``floor``; null means no demand, the weakest of all."""
    if value == floor or floor is None:
        return False
    if value is None:
        return True
    if rule.stronger == "true":
        return floor is True and value is not True
    if rule.stronger == "more":
        return bool(value < floor)
    if rule.stronger == "fewer":
        return bool(value > floor)
    if rule.stronger == "superset":
        return not set(floor) <= set(value)
    if isinstance(rule.stronger, tuple):
        return rule.stronger.index(value) < rule.stronger.index(floor)
    return True


def resolve_agency(agency: Layer, layers: Mapping[str, Layer], keys: Mapping[str, KeyRule]) -> Resolution:
    """Resolve one agency. Needs documents that passed their schemas."""
    out = Resolution()
    profile_doc = agency.profile
    if profile_doc is None:
        return out
    chain = _chain(agency, profile_doc, layers, out)
    profile = _profile(chain, keys, profile_doc, out)
    bank = _bank(chain, out)
    listings = _listings(agency, layers, out)
    checklists = _checklists(agency, bank, listings, out)
    texts = _texts(chain)
    data = profile_doc.data
    valid_to = data.get("valid_to")
    for starts, (doc, listing) in listings.items():
        for position, item in enumerate(listing["items"]):
            own = [name for name, checklist in checklists.items() if checklist["item_code"] == item["code"]]
            item["checklists"] = item.get("checklists") or own
            for name in item["checklists"]:
                if name not in checklists:
                    out.faults.append(
                        doc.fault(("items", position, "checklists"), f"事项“{item['item']}”引用的检查表 {name} 不存在")
                    )
        if not out.faults:
            out.rules[starts] = AgencyRules(
                agency=data["agency"],
                profile=profile,
                profile_hash=content_hash(profile),
                items=listing["items"],
                item_list=listing,
                item_list_hash=content_hash(listing),
                checklists=checklists,
                checklist_hashes={name: content_hash(content) for name, content in checklists.items()},
                texts=texts,
                texts_hash=content_hash(texts),
                local_days=local_days(profile["calendar.local_holidays"]["value"]),
                valid_from=date.fromisoformat(data["valid_from"]),
                valid_to=date.fromisoformat(valid_to) if valid_to else None,
            )
    if not listings:
        out.faults.append(profile_doc.fault((), "这个机关没有随机抽查事项清单 items-年份.yaml"))
    return out


def _chain(agency: Layer, doc: Document, layers: Mapping[str, Layer], out: Resolution) -> list[Layer]:
    names: list[str] = doc.data.get("inherits", [])
    chain = []
    if names[:1] != [BASE]:
        out.faults.append(doc.fault(("inherits",), f"inherits 的第一个必须是 {BASE}（全国层）"))
    for position, name in enumerate(names):
        if name in layers:
            chain.append(layers[name])
        else:
            out.faults.append(doc.fault(("inherits", position), f"没有名为“{name}”的层"))
    return [*chain, agency]


def _profile(chain: Sequence[Layer], keys: Mapping[str, KeyRule], own: Document, out: Resolution) -> dict[str, Data]:
    found: dict[str, Data] = {}
    for layer in chain:
        doc = layer.profile
        if doc is None:
            continue
        for key, entry in doc.data["values"].items():
            rule, path = keys[key], ("values", key)
            before = found.get(key)
            if entry.get("floor") and rule.stronger is None:
                out.faults.append(doc.fault(path, f"“{rule.label}”分不出宽严，不能设为底线"))
                continue
            if before and before.get("floor") and weaker(rule, before["value"], entry["value"]):
                out.faults.append(doc.fault(path, _floor_sentence(rule, before, entry["value"])))
                continue
            resolved = {name: entry[name] for name in ("value", "article", "quote")} | {"layer": layer.name}
            if entry.get("floor") or (before and before.get("floor")):
                resolved["floor"] = True
            if entry.get("note"):
                resolved["note"] = entry["note"]
            found[key] = resolved
    for key in keys.keys() - found.keys():
        out.faults.append(own.fault(("values",), f"没有任何一层给出“{keys[key].label}”（{key}）"))
    return found


def _floor_sentence(rule: KeyRule, before: Data, value: Any) -> str:
    quote = f"：“{before['quote']}”" if before["quote"] else ""
    return (
        f"“{rule.label}”不能由“{say(before['value'])}”放宽为“{say(value)}”："
        f"这是{before['layer']}层的底线（{before['article']}{quote}）"
    )


def say(value: Any) -> str:
    """A value as a clerk reads it."""
    if value is True:
        return "是"
    if value is False:
        return "否"
    if value is None:
        return "不作要求"
    if isinstance(value, list):
        return "、".join(say(part) for part in value) or "无"
    if isinstance(value, dict):
        return "，".join(f"{key}＝{say(part)}" for key, part in value.items()) or "无"
    return str(value)


def _bank(chain: Sequence[Layer], out: Resolution) -> dict[str, Data]:
    """{item id: item with every field}; overrides of a layer apply to what stands before it."""
    found: dict[str, Data] = {}
    for layer in chain:
        for doc in layer.banks:
            for position, item in enumerate(doc.data["items"]):
                if item["id"] in found:
                    sentence = f"检查项编号 {item['id']} 已经用过，请换一个编号"
                    out.faults.append(doc.fault(("items", position, "id"), sentence))
                    continue
                found[item["id"]] = {**copy.deepcopy(DEFAULTS), **copy.deepcopy(item)}
        if layer.overrides is not None:
            _override(found, layer.overrides, layer.overrides.data["overrides"], ("overrides",), out)
    return found


def _override(bank: dict[str, Data], doc: Document, changes: Sequence[Data], path: Path, out: Resolution) -> None:
    for position, change in enumerate(changes):
        item = bank.get(change["item"])
        if item is None:
            out.faults.append(doc.fault((*path, position, "item"), f"要调整的检查项 {change['item']} 不存在"))
            continue
        changed = {**item, **{name: change[name] for name in FIELDS if name in change}}
        changed["basis"] = [*changed["basis"], *change.get("add_basis", [])]
        bank[change["item"]] = changed


def _listings(agency: Layer, layers: Mapping[str, Layer], out: Resolution) -> dict[date, tuple[Document, Data]]:
    found: dict[date, tuple[Document, Data]] = {}
    for starts, doc in sorted(agency.items.items()):
        listing, faults = listing_rules.inherited(doc, starts, layers)
        out.faults += faults
        if listing["year"] != starts.year:
            out.faults.append(doc.fault(("year",), f"文件名是{starts.year}年，里面写的是{listing['year']}年"))
        if found and not listing.get("reason"):
            out.faults.append(doc.fault((), "新一版事项清单要写明调整原因（reason），如法律法规规章修订、机构职能转变"))
        if (starts.month, starts.day) != (1, 1):
            listing["starts"] = starts.isoformat()
        seen: set[str] = set()
        for position, item in enumerate(doc.data["items"]):
            if item["code"] in seen:
                out.faults.append(doc.fault(("items", position, "code"), f"事项编号 {item['code']} 重复"))
            seen.add(item["code"])
        found[starts] = (doc, listing)
    return found


def _checklists(
    agency: Layer, bank: dict[str, Data], listings: Mapping[int, tuple[Document, Data]], out: Resolution
) -> dict[str, Data]:
    codes = {item["code"] for _, listing in listings.values() for item in listing["items"]}
    found: dict[str, Data] = {}
    for doc in agency.checklists:
        data = doc.data
        if data["id"] in found:
            out.faults.append(doc.fault(("id",), f"检查表编号 {data['id']} 重复"))
        if codes and data["item_code"] not in codes:
            out.faults.append(doc.fault(("item_code",), f"事项清单里没有编号 {data['item_code']}，没有事项不得检查"))
        own = dict(bank)
        _override(own, doc, data.get("overrides", []), ("overrides",), out)
        sections, used = [], set[str]()
        for s, section in enumerate(data["sections"]):
            items = []
            for i, name in enumerate(section["items"]):
                path = ("sections", s, "items", i)
                if name in used:
                    out.faults.append(doc.fault(path, f"检查项 {name} 在这张表里出现了两次"))
                elif name not in own:
                    out.faults.append(doc.fault(path, f"检查项 {name} 不存在，请先写进 bank.yaml"))
                else:
                    items.append(own[name])
                used.add(name)
            sections.append({"title": section["title"], "items": items})
        resolved = {key: value for key, value in data.items() if key not in ("overrides", "sections")}
        found[data["id"]] = {"repeatable": False, **resolved, "sections": sections}
    return found


def _texts(chain: Sequence[Layer]) -> Data:
    found: Data = {}
    for layer in chain:
        if layer.texts is None:
            continue
        for key, value in layer.texts.data["texts"].items():
            if key == "told":
                found["told"] = {**found.get("told", {}), **value}
            elif key == "phrases":
                found["phrases"] = [*found.get("phrases", []), *value]
            else:
                found[key] = value
    return found
