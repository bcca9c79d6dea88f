"""From the lines of the record text to the blocks of the printed form.

Lines are only *cut*, never written anew: all pieces put together again are the text that was signed (D-7), so
whatever this module guesses wrong can look plain but can never say something else."""

from __future__ import annotations

import re
from typing import Any, Final

from server.inspections.items import one_line

HEADING: Final = re.compile("^[一二三四五六七八九十]、")
NUMBERED: Final = re.compile(r"^\d+\. ")
LABEL_LENGTH, SHORT_VALUE = 15, 12
VERDICTS: Final = {"不符合": "fail", "符合": "pass", "不适用": "na"}
RESULTS, LISTS, WORDS = "检查内容和情况", ("发现的问题", "抽样情况"), ("被检查单位陈述意见",)

Block = dict[str, Any]


def blocks(text: str, item_texts: list[str]) -> list[Block]:
    """The text without its three title lines as blocks: heading, fields, results, list, text.

    ``item_texts``: the words of the checklist items, to find where the question ends and the answer begins."""
    lines = text.removesuffix("\n").split("\n")[3:]
    found: list[Block] = []
    for title, body in _parts(lines):
        name = title.split("、", 1)[-1]
        if title:
            found.append({"kind": "heading", "text": title})
        if name == RESULTS:
            found.append({"kind": "results", "rows": _results(body, sorted(item_texts, key=len, reverse=True))})
        elif name in LISTS or title.startswith("附："):
            found.append({"kind": "list", "rows": [list(_numbered(line)) for line in body]})
        elif name in WORDS or not title:
            found += [{"kind": "text", "text": line} for line in body]
        else:
            found.append({"kind": "fields", "rows": _fields(body)})
    return found


def pieces(found: list[Block]) -> str:
    """All pieces in printing order without line ends; what ``blocks`` was given, without line ends."""
    words: list[str] = []
    for block in found:
        if "text" in block:
            words.append(block["text"])
        for row in block.get("rows", []):
            words += row["pieces"] if isinstance(row, dict) else row
    return "".join(words)


def _parts(lines: list[str]) -> list[tuple[str, list[str]]]:
    """(heading or "", body lines). A heading follows an empty line, which no line of a person can be."""
    parts: list[tuple[str, list[str]]] = []
    after_gap = False
    for line in lines:
        if not line:
            after_gap = True
        elif after_gap and (HEADING.match(line) or line.startswith("附：")):
            parts.append((line, []))
            after_gap = False
        elif after_gap or not parts:
            parts.append(("", [line]))
            after_gap = False
        else:
            parts[-1][1].append(line)
    return parts


def _results(body: list[str], item_texts: list[str]) -> list[Block]:
    rows: list[Block] = []
    for line in body:
        if line.startswith("【"):
            rows.append({"kind": "title", "pieces": [line]})
        elif line.startswith("（") and line.endswith("）"):
            rows.append({"kind": "section", "pieces": [line]})
        else:
            number, rest = _numbered(line)
            question = next((text for text in item_texts if rest.startswith(f"{text}：")), "")
            cut = len(question) + 1 if question else 0
            said = rest[cut:]
            tick = next((code for words, code in VERDICTS.items() if cut and re.match(f"{words}(；|$)", said)), "")
            rows.append({"kind": "item", "pieces": [number, rest[:cut], said], "tick": tick})
    return rows


def _numbered(line: str) -> tuple[str, str]:
    found = NUMBERED.match(line)
    return (line[: found.end()], line[found.end() :]) if found else ("", line)


def _fields(body: list[str]) -> list[list[str]]:
    """Rows of ``[label：, value]``; two short ones share a row of four; a sentence is a row of one."""
    rows: list[list[str]] = []
    for line in body:
        label, colon, value = line.partition("：")
        if not colon or len(label) > LABEL_LENGTH:
            rows.append([line])
        elif rows and len(rows[-1]) == 2 and len(rows[-1][1]) <= SHORT_VALUE and len(value) <= SHORT_VALUE:
            rows[-1] += [label + colon, value]
        else:
            rows.append([label + colon, value])
    return rows


def item_texts(pack: dict[str, Any]) -> list[str]:
    """The words of every item of the pack, as the record prints them."""
    return [one_line(item["text"]) for checklist in pack["checklists"] for section in checklist["sections"] for item in section["items"]]
