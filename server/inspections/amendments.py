"""更正与补充 after the seal (record-log 2.8): annotations beside the record, never a change of it. Pure.

A correction names the event it is about, a path in it, and the hash of the value it found there: only what was really
written can be corrected. Made after the publication it stands only once a second person has approved it. The old
value stays where it is, for auditors and for everybody who reads the record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from server.inspections.event_words import event_words
from server.inspections.items import one_line
from server.inspections.wording import minute_zh
from server.kernel import b64url, chain

FIELD_WORDS = {
    "text": "内容", "note": "问题描述", "part": "部位", "measure": "措施", "caption": "照片说明", "title": "名称",
    "source": "来源", "reason": "理由", "name": "姓名", "role": "身份", "product": "产品", "seal_no": "封样编号",
}  # fmt: skip


def corrections(
    visit: Mapping[str, Any], received: Mapping[str, int], published_ms: int | None
) -> list[dict[str, Any]]:
    """Every correction with its state: ``stands``, ``waits`` (for the second person), or ``void`` (its base is wrong).

    ``received``: when each event arrived here (ms); ``published_ms``: since when a correction needs two people."""
    entries = dict(_entries(visit))
    found = []
    for one in visit["corrections"]:
        target = entries.get(one["target"])
        old = _value(target, one["path"])
        sound = old is not None and b64url.encode(chain.value_hash(old)) == one["old"]
        second = next(
            (a for a in visit["correction_approvals"] if a["correct"] == one["h"] and a["by"] != one["by"]), None
        )
        needs = published_ms is not None and received.get(one["h"], published_ms) >= published_ms
        state = "void" if not sound else "waits" if needs and second is None else "stands"
        found.append(
            {
                "h": one["h"], "by": one["by"], "at_ms": one["wall"], "target": one["target"], "path": one["path"],
                "field": FIELD_WORDS.get(one["path"].rsplit(".", 1)[-1], one["path"]),
                "about": _about(target), "old": old if isinstance(old, str) else "", "new": one["new"],
                "reason": one["reason"], "needs_second": needs, "approved_by": second["by"] if second else "",
                "approved_ms": second["wall"] if second else None, "state": state,
            }
        )  # fmt: skip
    return found


def _entries(visit: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Everything in a visit that an event has put there, by the hash of that event."""
    pending: list[Any] = [value for key, value in visit.items() if key not in ("corrections", "correction_approvals")]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if isinstance(value.get("h"), str):
                yield value["h"], value
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)


def _value(target: Mapping[str, Any] | None, path: str) -> object | None:
    """The value at a dotted path of an event's body; what was left empty counts as an empty text."""
    value: object = target
    for key in path.split("."):
        if not isinstance(value, Mapping) or key in ("h", "by", "dev", "wall"):
            return None
        value = value.get(key, "")
    return value


def _about(target: Mapping[str, Any] | None) -> str:
    """What a correction is about, for a person: the item, or the words of what was corrected."""
    if target is None:
        return ""
    if isinstance(target.get("item"), str):
        return f"检查项 {target['item']}"
    return one_line(str(target.get("text") or target.get("caption") or target.get("title") or ""))[:30]


def broken(visit: Mapping[str, Any]) -> bool:
    """Whether a correction names a value that is not there (F_CORRECT_BASE)."""
    return any(one["state"] == "void" for one in corrections(visit, {}, None))


def lines(visit: Mapping[str, Any], made: list[dict[str, Any]], names: Mapping[str, str]) -> list[str]:
    """What is printed after the record and its annex; empty when nothing was added after the seal.

    No attestation covers it and none needs to: each line is an event signed by whoever says it."""
    told = [_correction(one, names) for one in made if one["state"] != "void"]
    for one in visit["late_additions"]:
        who = names.get(one["by"], one["by"])
        what = one_line(one["text"]) if one["t"] == "late.note" else f"照片，摘要 {one['sha256'][:12]}；{one_line(one.get('caption')) or '无说明'}"
        told.append(f"{minute_zh(one['wall'])}，{who}，{event_words(one['t'])}：{what}")
    if not told:
        return []
    head = ["", "附：更正与事后补充", "以下内容在封存之后作出，不改变被检查单位已签名的记录；原文保留。"]
    return head + [f"{number}. {text}" for number, text in enumerate(told, 1)]


def _correction(one: Mapping[str, Any], names: Mapping[str, str]) -> str:
    who = names.get(one["by"], one["by"])
    second = f"，{names.get(one['approved_by'], one['approved_by'])}确认" if one["approved_by"] else "，等待第二人确认，尚未生效" if one["state"] == "waits" else ""
    about = one_line(one["about"]) or "记录"
    return f"{minute_zh(one['at_ms'])}，{who}更正（{about}，{one['field']}）：“{one_line(one['old']) or '／'}”应为“{one_line(one['new'])}”；理由：{one_line(one['reason'])}{second}"
