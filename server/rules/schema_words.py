"""What a JSON Schema finds wrong, said to a clerk: which item, what is missing, what may be written."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

import jsonschema_rs

from server.rules.domain import Document, Fault, Path
from server.rules.resolve import say

FIELD_NAMES = {
    "basis": "法律依据",
    "bases": "检查依据",
    "text": "内容（text）",
    "answer": "答案类型（answer）",
    "evidence": "证据要求（evidence）",
    "photo": "拍照要求（photo）",
    "document": "文件要求（document）",
    "mark": "录像标记要求（mark）",
    "choices": "选项（choices）",
    "verdict": "选项是否合格（verdict）",
    "law": "依据代号（law）",
    "status": "核对状态（status）",
    "article": "出处（article）",
    "quote": "引文（quote）",
    "value": "值（value）",
    "id": "编号（id）",
    "code": "编号（code）",
    "title": "标题（title）",
    "item": "事项（item）",
    "items": "检查项（items）",
    "sections": "分节（sections）",
    "subject": "检查主体（subject）",
    "target": "检查对象（target）",
    "methods": "检查方式（methods）",
    "ratio": "抽查比例（ratio）",
    "frequency": "抽查频次（frequency）",
    "content": "检查内容（content）",
    "max_per_year": "年度上限（max_per_year）",
    "checklists": "检查表（checklists）",
    "valid_from": "生效日期（valid_from）",
    "source_doc": "来源文件（source_doc）",
    "certificate_no": "执法证号（certificate_no）",
    "valid_to": "有效期至（valid_to）",
    "unit": "单位（unit）",
    "label": "名称（label）",
}
UNITS = {
    "items": "项",
    "overrides": "项",
    "laws": "项",
    "facts": "项",
    "people": "人",
    "basis": "条依据",
    "choices": "个选项",
    "sections": "节",
    "extra": "个附加栏",
}
TYPES = {
    "integer": "整数",
    "boolean": "true 或 false",
    "string": "文字（数字、日期请加引号）",
    "array": "列表，写成 [甲, 乙]",
    "object": "由“栏目: 内容”组成的一组",
}


def named(field: Any) -> str:
    """A field as people call it."""
    return FIELD_NAMES.get(str(field), f"“{field}”")


def place(doc: Document, path: Path, labels: Mapping[str, str]) -> str:
    """Where in the document, in words: 第12项“…”, “检查人员最少人数”, 第2节“…”."""
    here = doc.data
    words = ""
    for position, step in enumerate(path):
        parent = path[position - 1] if position else ""
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            break
        if parent in UNITS and isinstance(step, int):
            titles = (here[name] for name in ("text", "item", "title", "label", "name") if name in here)
            title = next(titles, "") if isinstance(here, dict) else here
            words += f"第{step + 1}{UNITS[str(parent)]}" + (f"“{title}”" if title else "")
        elif parent == "values":
            words += f"“{labels.get(str(step), step)}”（{step}）"
    return words


def schema_faults(doc: Document, validator: Any, labels: Mapping[str, str]) -> list[Fault]:
    """Everything the schema finds, one sentence each, on the line where it stands."""
    faults = []
    for error in validator.iter_errors(doc.data):
        path = tuple(error.instance_path)
        sentence = _sentence(doc, path, error, labels)
        where = place(doc, path, labels)
        faults.append(doc.fault(_pointed(path, error), f"{where}{sentence}"))
    return sorted(set(faults))


def validator(schema: Any) -> Any:
    return jsonschema_rs.validator_for(schema)


def _pointed(path: Path, error: Any) -> Path:
    """The path of the offending key itself where the schema only names its parent."""
    if error.kind.name == "additionalProperties" and error.kind.unexpected:
        return (*path, error.kind.unexpected[0])
    return path


def _sentence(doc: Document, path: Path, error: Any, labels: Mapping[str, str]) -> str:
    kind = error.kind
    last = next((step for step in reversed(path) if isinstance(step, str)), "")
    what = named(last) if last not in labels else ""
    value = _at(doc.data, path)
    if kind.name == "required":
        return f"缺少{named(kind.property)}"
    if kind.name == "additionalProperties":
        unknown = str(kind.unexpected[0])
        close = difflib.get_close_matches(unknown, [*labels, *FIELD_NAMES], n=1)
        return f"有不认识的栏目“{unknown}”" + (f"，是不是“{close[0]}”" if close else "")
    if kind.name == "propertyNames":
        return f"有不认识的栏目：{kind.error.message.split()[0]}"
    if kind.name == "enum":
        return f"{what}写成了“{say(value)}”，只能写：{'、'.join(say(option) for option in kind.options)}"
    if kind.name == "type":
        wanted = "或".join(TYPES.get(str(t), str(t)) for t in _types(kind))
        return f"{what}应当是{wanted}，现在是“{say(value)}”"
    if kind.name in ("minItems", "minLength"):
        return f"缺少{what}" if last == "basis" or not value else f"{what}太短"
    if kind.name == "pattern":
        return f"{what}“{value}”的格式不对"
    if kind.name in ("minimum", "maximum"):
        return f"{what}“{say(value)}”超出范围"
    if kind.name == "uniqueItems":
        return f"{what}有重复的内容"
    return f"{what}“{say(value)}”写得不对"


def _types(kind: Any) -> list[str]:
    found = kind.types if hasattr(kind, "types") else [kind.value]
    return [str(t) for t in found] if isinstance(found, list | tuple) else [str(found)]


def _at(data: Any, path: Path) -> Any:
    for step in path:
        data = data[step]
    return data
