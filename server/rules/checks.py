"""What a schema cannot see: references, legal bases, choices that cannot be failed, unknown placeholders.

Every check speaks to the clerk who wrote the line, names the item and says what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from server.kernel.workdays import local_days
from server.rules.domain import AgencyRules, Data, Document, Fault, Layer, Path

PLACEHOLDERS = frozenset({
    "agency", "unit", "inspectors", "date", "items", "basis", "inspect_by", "phone", "visits", "max", "number",
    "address", "mode",
})  # fmt: skip
KINDS = {
    "law": "法律",
    "regulation": "行政法规",
    "rule": "部门规章",
    "local_regulation": "地方性法规",
    "local_rule": "地方政府规章",
    "normative": "规范性文件",
    "standard": "标准",
}


def profile_faults(layer: Layer) -> Iterator[Fault]:
    """Quotes, dates, and the agency's own name."""
    doc = layer.profile
    if doc is None:
        return
    data = doc.data
    for key, entry in data["values"].items():
        if not entry["quote"] and not entry.get("note"):
            yield doc.fault(("values", key), f"{key} 没有引文，请在 note 里写明由谁确定、依据什么")
    for name in ("valid_from", "valid_to"):
        if name in data and not _is_date(data[name]):
            yield doc.fault((name,), f"“{data[name]}”不是一个日期")
    if data.get("valid_to", "9999-12-31") < data["valid_from"]:
        yield doc.fault(("valid_to",), "失效日期早于生效日期")
    path: Path = ("values", "calendar.local_holidays")
    try:
        local_days(data["values"].get(path[1], {}).get("value", []))
    except ValueError as error:
        yield doc.fault(path, f"地方放假、调休日写得不对（{error}）")
    if "agency" in data and data["agency"]["id"] != layer.name:
        yield doc.fault(("agency", "id"), f"agency.id 是“{data['agency']['id']}”，应当与文件夹同名：{layer.name}")


def bank_faults(layer: Layer, laws: Mapping[str, Data], facts: Mapping[str, str]) -> Iterator[Fault]:
    """Items of the banks, and whatever overrides change of them."""
    for doc in layer.banks:
        for position, item in enumerate(doc.data["items"]):
            yield from _item_faults(doc, ("items", position), item, laws, facts)
    changed = [doc for doc in (layer.overrides, *layer.checklists) if doc is not None]
    for doc in changed:
        for position, change in enumerate(doc.data.get("overrides", [])):
            yield from _item_faults(doc, ("overrides", position), change, laws, facts)


def _item_faults(
    doc: Document, path: Path, item: Data, laws: Mapping[str, Data], facts: Mapping[str, str]
) -> Iterator[Fault]:
    number = path[-1]
    name = f"第{number + 1 if isinstance(number, int) else number}项“{item.get('text') or item.get('item', '')}”"
    for key in ("basis", "add_basis"):
        yield from _basis_faults(doc, (*path, key), name, item.get(key, []), laws)
    for position, fact in enumerate(item.get("applies_when", [])):
        if fact not in facts:
            yield doc.fault((*path, "applies_when", position), f"{name}的适用条件“{fact}”不在 schema/facts.yaml 里")
    if "answer" in item:
        yield from _answer_faults(doc, (*path, "answer"), name, item)
    seen: set[str] = set()
    for position, more in enumerate(item.get("extra", [])):
        if more["key"] in seen:
            yield doc.fault((*path, "extra", position), f"{name}的附加栏“{more['key']}”写了两遍")
        if (more["type"] == "choice") != ("choices" in more):
            sentence = f"{name}的附加栏“{more['label']}”：choice 要有 choices，其他类型不要有"
            yield doc.fault((*path, "extra", position), sentence)
        seen.add(more["key"])


def _basis_faults(doc: Document, path: Path, name: str, basis: list[Data], laws: Mapping[str, Data]) -> Iterator[Fault]:
    for position, entry in enumerate(basis):
        law = laws.get(entry["law"])
        here = (*path, position)
        if law is None:
            yield doc.fault(here, f"{name}引用的依据“{entry['law']}”不在 bases/laws.yaml 里")
        elif law["status"] == "superseded":
            yield doc.fault(here, f"{name}引用的{law['short']}已被替代，请改用{law.get('superseded_by', '新的依据')}")
        elif law["level"] == "unconfirmed" and entry.get("status") != "M":
            yield doc.fault(here, f"{name}的依据待核，核对状态只能写 M")
        elif entry.get("status") == "L" and law.get("read") in ("M", "W"):
            yield doc.fault(here, f"{name}：{law['short']}的条文没有逐字读过，核对状态不能写 L")


def _answer_faults(doc: Document, path: Path, name: str, item: Data) -> Iterator[Fault]:
    answer = item["answer"]
    choices = answer.get("choices", [])
    if (answer["type"] in ("choice", "multi")) != bool(choices):
        yield doc.fault(path, f"{name}：单选、多选要列出选项，其他类型不要有选项")
    codes = [choice["code"] for choice in choices]
    if len(codes) != len(set(codes)):
        yield doc.fault(path, f"{name}的选项代号有重复")
    demands = item.get("evidence", {}).get("photo") == "on_fail"
    can_fail = answer["type"] in ("c3", "quiz", "number") or any(c["verdict"] == "fail" for c in choices)
    if demands and not can_fail:
        yield doc.fault(path, f"{name}要求不符合时拍照，但没有一个选项算不符合")
    if answer["type"] == "number" and not answer.get("unit"):
        yield doc.fault(path, f"{name}填数字，要写明单位（unit）")


def listing_faults(layer: Layer, rules: AgencyRules | None, laws: Mapping[str, Data]) -> Iterator[Fault]:
    """凡法律法规规章没有规定的，一律不得擅自开展检查 (偃师方案二（一）): a basis of an allowed kind per item."""
    allowed = rules.value("basis.kinds_allowed") if rules else None
    for doc in layer.items.values():
        for position, item in enumerate(doc.data["items"]):
            name, path = f"第{position + 1}项“{item['item']}”", ("items", position, "bases")
            yield from _basis_faults(doc, path, name, item["bases"], laws)
            kinds = {laws[basis["law"]]["level"] for basis in item["bases"] if basis["law"] in laws}
            if allowed is not None and not kinds & set(allowed):
                words = "、".join(KINDS[kind] for kind in allowed)
                yield doc.fault(path, f"{name}没有本机关允许的依据（{words}），不得列入清单")
        taken = rules.items if rules and allowed is not None and "parent" in doc.data else []
        for item in taken:
            kinds = {laws[basis["law"]]["level"] for basis in item["bases"] if basis["law"] in laws}
            if item.get("origin") == "inherited" and not kinds & set(allowed or ()):
                yield doc.fault(("parent",), f"上级清单的事项“{item['item']}”没有本机关允许的依据，请在 left_out 里写明不沿用的理由")


def text_faults(layer: Layer) -> Iterator[Fault]:
    """Placeholders must be ones the pack builder fills: an unfilled brace would be printed."""
    if layer.texts is None:
        return
    for path, text in _strings(layer.texts.data["texts"], ("texts",)):
        for name in re.findall(r"[{｛]([^}｝]*)[}｝]?", text):
            if name not in PLACEHOLDERS:
                yield layer.texts.fault(path, f"文字里的占位符“{{{name}}}”不认识，可用的见 README 第五节")


def _strings(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _strings(part, (*path, key))
    elif isinstance(value, list):
        for position, part in enumerate(value):
            yield from _strings(part, (*path, position))


def law_faults(doc: Document) -> Iterator[Fault]:
    """Each law once; a superseded one names its successor."""
    known: set[str] = set()
    for position, law in enumerate(doc.data["laws"]):
        if law["id"] in known:
            yield doc.fault(("laws", position), f"法律依据代号 {law['id']} 重复")
        known.add(law["id"])
    for position, law in enumerate(doc.data["laws"]):
        successor = law.get("superseded_by")
        if law["status"] == "superseded" and not successor:
            yield doc.fault(("laws", position), f"{law['short']}已被替代，请写明 superseded_by")
        if successor and successor not in known:
            yield doc.fault(("laws", position), f"{law['short']}的替代依据 {successor} 不在依据库里")


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
