"""The part of the record text that tells what was found: results, findings, samples."""

from typing import Any

from server.inspections.fold_parts import Entry, Visit
from server.inspections.items import VERDICT_ZH, answer_of, entries, one_line, sheet_words
from server.inspections.wording import day_zh

BLANK = "／"


def results(visit: Visit, pack: dict[str, Any]) -> list[str]:
    """Every visible item, and hidden ones that were answered, grouped by checklist and section."""
    lines: list[str] = []
    heading = section = ""
    number = 0
    for entry in entries(visit, pack):
        found = answer_of(visit, entry)
        if not entry["visible"] and entry["key"] not in visit["answers"]:
            continue
        title = f"【{one_line(entry['title'])}】{sheet_words(entry)}"
        if title != heading:
            heading, section, number = title, "", 0
            lines.append(title)
        if entry["section"] != section:
            section = entry["section"]
            lines.append(f"（{one_line(section)}）")
        number += 1
        lines.append(f"{number}. {one_line(entry['item']['text'])}：{_said(entry, found)}")
    return lines or [BLANK]


def _said(entry: Entry, found: Entry | None) -> str:
    if found is None:
        return BLANK
    if found["conflict"]:
        each = " 或 ".join(answer_words(entry["item"], head) for head in found["heads"])
        return f"有冲突，待选定（{each}）"
    return answer_words(entry["item"], found["heads"][0])


def answer_words(item: dict[str, Any], head: Entry) -> str:
    """One answer in words: verdict, choices, numbers, quiz, further fields, remark."""
    answer = item["answer"]
    words = [] if head["val"] == "neutral" else [VERDICT_ZH[head["val"]]]
    choices = {choice["code"]: one_line(choice["text"]) for choice in answer.get("choices", [])}
    if head.get("choice"):
        words.append("、".join(choices.get(code, code) for code in head["choice"]))
    if "asked" in head and "correct" in head:
        words.append(f"抽查{head['asked']}人，合格{head['correct']}人")
    text = one_line(head.get("text"))
    if text:
        words.append(text)
    extra = {field["key"]: field for field in item.get("extra", [])}
    main = {"label": answer.get("label", ""), "unit": answer.get("unit", "")}
    for name in ("nums", "dates", "texts"):
        for key, value in sorted(head.get(name, {}).items()):
            words.append(_labelled(extra.get(key, main), name, value))
    if head["val"] != "fail" and one_line(head.get("note")):
        words.append(f"说明：{one_line(head['note'])}")
    if one_line(head.get("reason")):
        words.append(f"原因：{one_line(head['reason'])}")
    if head.get("gate"):
        words.append("门外补记")
    return "；".join(words) or VERDICT_ZH["neutral"]


def _labelled(field: dict[str, Any], kind: str, value: str) -> str:
    shown = day_zh(value) if kind == "dates" else one_line(value) + one_line(field.get("unit"))
    label = one_line(field.get("label"))
    return f"{label}：{shown}" if label else shown


def findings(visit: Visit, pack: dict[str, Any]) -> list[str]:
    """The numbered problems: where, what, corrected on the spot, measure, legal basis."""
    lines: list[str] = []
    for entry in entries(visit, pack):
        found = visit["answers"].get(entry["key"])
        for head in found["heads"] if found is not None else []:
            if head["val"] == "fail":
                lines.append(f"{len(lines) + 1}. {_finding(entry, head)}")
    return lines or ["未发现问题。"]


def _finding(entry: Entry, head: Entry) -> str:
    item = entry["item"]
    sheet = sheet_words(entry)
    words = [
        one_line(item["text"]) + (f"（{sheet}）" if sheet else ""),
        f"部位：{one_line(head.get('part')) or BLANK}",
        f"具体问题：{one_line(head.get('note')) or BLANK}",
    ]
    if "fixed" in head:
        words.append("当场改正：" + ("是" if head["fixed"] else "否"))
    if one_line(head.get("measure")):
        words.append(f"拟采取的措施：{one_line(head['measure'])}")
    basis = "、".join(
        one_line(law["text"]) + ("（待核）" if law.get("status") == "M" else "")
        for law in item.get("basis", [])
    )
    if basis:
        words.append(f"依据：{basis}")
    return "；".join(words)


def samples(visit: Visit) -> list[str]:
    """The samples taken: product, model, quantity, seal number, party."""
    return [
        f"{number}. "
        + "；".join(
            [
                f"第{sample['sheet'] + 1}张",
                f"产品：{one_line(sample['product'])}",
                f"型号规格：{one_line(sample.get('model')) or BLANK}",
                f"数量：{one_line(sample['quantity'])}",
                f"封样编号：{one_line(sample['seal_no'])}",
                f"被检查单位人员：{one_line(sample['party_name']) or BLANK}",
            ]
        )
        for number, sample in enumerate(visit["samples"], 1)
    ]
