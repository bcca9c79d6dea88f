"""The difference between two versions of the rules, in sentences for the people who must approve it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from server.rules import listing
from server.rules.domain import AgencyRules, Data, Library
from server.rules.resolve import say

ITEM_FIELDS = {
    "text": "内容",
    "answer": "答案类型",
    "extra": "附加栏",
    "evidence": "证据要求",
    "applies_when": "适用条件",
    "basis": "法律依据",
    "guidance": "指引",
    "star": "必查标记",
}
PHOTO = {"never": "不要求照片", "on_fail": "不符合时拍照", "always": "每次拍照"}
ANSWERS = {
    "c3": "符合／不符合／不适用", "choice": "单选", "multi": "多选", "number": "数字",
    "text": "文字", "date": "日期", "quiz": "抽查提问",
}  # fmt: skip
VERDICTS = {"pass": "符合", "fail": "不符合", "na": "不适用", "neutral": "不评判"}


def library_diff(old: Library, new: Library, labels: Mapping[str, str]) -> list[str]:
    """Every agency that came, went or changed. Empty list: nothing a person would notice."""
    lines: list[str] = []
    for agency in sorted({*old.agencies, *new.agencies}):
        if agency not in new.agencies:
            lines.append(f"机关 {agency} 被删去")
        elif agency not in old.agencies:
            lines.append(f"新增机关 {new.agency(agency).agency['name']}")
        else:
            before, after = old.agency(agency), new.agency(agency)
            lines += [f"{after.agency['name']}：{line}" for line in rules_diff(before, after, labels)]
    return lines


def rules_diff(old: AgencyRules, new: AgencyRules, labels: Mapping[str, str]) -> list[str]:
    """Sentences on profile, item list, checklists and texts, in this order."""
    texts = sorted(key for key in {*old.texts, *new.texts} if old.texts.get(key) != new.texts.get(key))
    return [
        *_profile(old.profile, new.profile, labels),
        *listing.changes(old.item_list, new.item_list),
        *_checklists(old.checklists, new.checklists),
        *(f"文字模板“{key}”有改动" for key in texts),
    ]


def _profile(old: Mapping[str, Data], new: Mapping[str, Data], labels: Mapping[str, str]) -> Iterator[str]:
    for key in sorted({*old, *new}):
        name = labels.get(key, key)
        if key not in new:
            yield f"不再规定“{name}”"
        elif key not in old:
            yield f"新规定“{name}”：{say(new[key]['value'])}（{new[key]['article']}）"
        elif old[key]["value"] != new[key]["value"]:
            yield f"“{name}”由“{say(old[key]['value'])}”改为“{say(new[key]['value'])}”（{new[key]['article']}）"
        elif (old[key]["article"], old[key]["quote"]) != (new[key]["article"], new[key]["quote"]):
            yield f"“{name}”的值不变，出处或引文有改动（{new[key]['article']}）"


def _checklists(old: Mapping[str, Data], new: Mapping[str, Data]) -> Iterator[str]:
    for name in sorted({*old, *new}):
        if name not in old:
            yield f"新增检查表“{new[name]['title']}”，共{len(_items(new[name]))}项"
        elif name not in new:
            yield f"删去检查表“{old[name]['title']}”"
        else:
            yield from (f"检查表“{new[name]['title']}”{line}" for line in checklist_diff(old[name], new[name]))


def checklist_diff(old: Data, new: Data) -> Iterator[str]:
    """What changed between two versions of one checklist."""
    before, after = _items(old), _items(new)
    if old["title"] != new["title"]:
        yield f"标题由“{old['title']}”改为“{new['title']}”"
    for position, (name, item) in enumerate(after.items(), start=1):
        if name not in before:
            yield f"新增第{position}项 {name}“{item['text']}”（{_basis(item['basis'])}）"
        else:
            yield from (f"第{position}项 {name}{line}" for line in _item(before[name], item))
    yield from (f"删去 {name}“{item['text']}”" for name, item in before.items() if name not in after)
    kept = [name for name in before if name in after]
    if kept != [name for name in after if name in before]:
        yield "检查项的顺序有改动"


def _item(old: Data, new: Data) -> Iterator[str]:
    for key, label in ITEM_FIELDS.items():
        if old.get(key) != new.get(key):
            yield f"“{new['text']}”的{label}由“{_part(key, old.get(key))}”改为“{_part(key, new.get(key))}”"


def _part(key: str, value: Any) -> str:
    if key == "basis":
        return _basis(value or [])
    if key == "answer":
        choices = "、".join(f"{c['text']}＝{VERDICTS[c['verdict']]}" for c in value.get("choices", []))
        return ANSWERS[value["type"]] + (f"（{choices}）" if choices else "")
    if key == "evidence":
        more = [word for name, word in (("document", "要文件"), ("mark", "要录像标记")) if value[name]]
        return "，".join([PHOTO[value["photo"]], *more])
    if key == "extra":
        return "、".join(part["label"] for part in value or []) or "无"
    return say(value)


def _basis(basis: list[Data]) -> str:
    return "；".join(part["text"] for part in basis) or "无"


def _items(checklist: Data) -> dict[str, Data]:
    return {item["id"]: item for section in checklist["sections"] for item in section["items"]}
