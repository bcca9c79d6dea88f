"""The integrity verdict 完整性结论: one plain sentence about a record, and every doubt with what to do about it.

A sentence for a reviewer who is no cryptographer. It says what was checked and what was not found; the audit run
(``cli record audit``) is what proves it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import select

from server.audit import public_log
from server.inspections import amendments, attest, interval
from server.inspections.event_words import event_words
from server.inspections.flag_words import FLAG_HELP, FLAG_WORDS, doubts
from server.inspections.interval import Interval
from server.inspections.tables import EventRow, InspectionRow
from server.platform.db import session

LEVEL_WORDS: Final = {"": "尚未双人核验", "A1": "同机确认", "A2": "双机互签", "A3": "双机分别上传"}
MOST_EVENTS = 20


@dataclass(frozen=True, slots=True)
class About:
    """One event a doubt speaks of."""

    h: str
    words: str
    name: str
    at_ms: int
    received_ms: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One doubt: what was expected, what was seen, what to do, and which events it speaks of. ``more`` are left out."""

    code: str
    text: str
    expected: str
    seen: str
    todo: str
    doubt: bool
    events: list[About]
    more: int


Published = Callable[[str], int | None]
_published: list[Published] = []


def published_is(source: Published) -> None:
    """Let ``source(insp)`` say since when (ms) a record is published: from then on a correction needs two people."""
    _published[:] = [source]


def amended(insp: str, visit: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The corrections of a record, each with its state (``amendments.corrections``)."""
    made = visit["corrections"]
    if not made:
        return []
    rows = session().execute(select(EventRow.h, EventRow.rx).where(EventRow.h.in_([one["h"] for one in made])))
    since = _published[0](insp) if _published else None
    return amendments.corrections(visit, {row.h: row.rx for row in rows}, since)


def level_of(visit: Mapping[str, Any]) -> str:
    """How far the two-person rule is proved (record-log 2.6); "" while fewer than two stand behind one digest.

    ``visit`` has levels that were reached (``attest.seen_levels``), whatever the phones claim."""
    people = attest.agreed(dict(visit))
    if len(people) < 2:
        return ""
    return str(min(max(act["level"] for act in visit["attests"] if act["by"] == person and act["stands"]) for person in people))


def proof_of(visit: Mapping[str, Any], events: Iterable[Mapping[str, Any]], received: Mapping[str, int]) -> dict[str, Any]:
    """What the list needs of a sealed visit, kept in its row: the level, and anchor and receipt of its end."""
    last = interval.ending_act(visit)
    h = str(last["h"]) if last is not None else ""
    seen = next((event["header"].get("seen") for event in events if event["h"] == h), None)
    return {"level": level_of(visit), "anchor": seen[0] if seen else 0, "received_ms": received.get(h, 0)}


def of(insps: Sequence[str]) -> dict[str, str]:
    """The verdict of many inspections by their ids."""
    return sentences(list(session().scalars(select(InspectionRow).where(InspectionRow.id.in_(insps)))))


def sentences(rows: Sequence[InspectionRow]) -> dict[str, str]:
    """The verdict of many inspections from their rows; one statement for all of them."""
    anchors = public_log.tail({row.proof["anchor"] for row in rows if row.proof.get("anchor")}).anchors
    found = {}
    for row in rows:
        span = None
        if row.proof.get("received_ms"):
            known = anchors.get(row.proof["anchor"])
            span = Interval(known[0] if known else None, row.proof["received_ms"])
        found[row.id] = sentence(row.counts, row.proof.get("level", ""), span, row.flags)
    return found


def sentence(counts: Mapping[str, int], level: str, span: Interval | None, flags: Iterable[str]) -> str:
    """「完整：212 个事件，43 张照片，双机互签，时间区间 2 小时（强）」."""
    found = doubts(flags)
    words = [f"{counts.get('events', 0)} 个事件", f"{counts.get('photos', 0)} 张照片", LEVEL_WORDS.get(level, level)]
    words.append(span.words if span is not None else "尚未封存")
    if not found:
        return "完整：" + "，".join(words)
    return f"有 {len(found)} 处需要核对：" + "；".join(FLAG_WORDS.get(flag, flag) for flag in found) + f"（{'，'.join(words)}）"


def whole(insp: str, visit: Mapping[str, Any], flags: Sequence[str], team: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Everything the review screen shows of a record's integrity."""
    names = {str(member["user"]): str(member["name"]) for member in team}
    acts = interval.acts_of(visit)
    doors = [photo for photo in visit["photos"] if photo["purpose"] == "door"]
    carriers = {act["h"]: act["via"] for _, act in acts if act.get("via")}
    end = interval.ending_act(visit)
    spans = interval.of_events([*(str(act["h"]) for _, act in acts), *carriers.values(), *(photo["h"] for photo in doors), *([str(end["h"])] if end else [])])
    span_of = {h: spans.get(carriers.get(h, h)) or spans.get(h) for h in [*(act["h"] for _, act in acts), *([end["h"]] if end else [])]}
    level, span = level_of(visit), span_of.get(end["h"]) if end else None
    return {
        "sentence": sentence(visit["counts"], level, span, flags), "complete": not doubts(flags),
        "level": level, "level_words": LEVEL_WORDS[level],
        "acts": [_act(words, act, span_of[act["h"]], names) for words, act in acts],
        "findings": [asdict(one) for one in findings(insp, visit, flags, names)],
        "live_codes": {photo["sha256"]: code for photo in doors if photo["h"] in spans and (code := spans[photo["h"]].live_code(insp))},
        "seal": _counts(visit),
        "corrections": [{**one, "name": names.get(one["by"], one["by"]), "approved_name": names.get(one["approved_by"], "")} for one in amended(insp, visit)],
        "added": [{**one, "name": names.get(one["by"], one["by"])} for one in visit["late_additions"]],
    }  # fmt: skip


def _act(words: str, act: Mapping[str, Any], span: Interval | None, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "words": words, "name": names.get(act["by"], act["by"]), "at_ms": act["wall"],
        "interval": span.words if span else "还没有收到原事件", "strength": span.strength if span else "weak",
        "anchor_ms": span.anchor_ms if span else None, "received_ms": span.received_ms if span else None,
    }  # fmt: skip


def _counts(visit: Mapping[str, Any]) -> dict[str, int]:
    """Both versions of the count: what the seal covers, and what is outside of it (record-log 2.8)."""
    outside = len(visit["after_seal"])
    return {
        "covered": visit["counts"]["content"], "after": outside, "late": len(visit["late"]),
        "added": len(visit["late_additions"]), "corrections": len(visit["corrections"]),
    }  # fmt: skip


def findings(
    insp: str, visit: Mapping[str, Any], flags: Sequence[str], names: Mapping[str, str]
) -> list[Finding]:
    """One finding per flag, with the events it stands on."""
    rows = session().execute(
        select(EventRow.h, EventRow.header, EventRow.rx, EventRow.flags, EventRow.status, EventRow.code).where(
            EventRow.insp == insp, (EventRow.flags != "") | (EventRow.status == "quarantined") | EventRow.h.in_([*visit["after_seal"], *visit["unknown"]])
        )
    ).all()
    by_flag: dict[str, list[About]] = {}
    for row in rows:
        header = json.loads(bytes(row.header))
        about = About(
            row.h, event_words(header["t"]), names.get(header["by"], header["by"]), header["wall"] + header["off"], row.rx
        )
        marks = set(row.flags.split())
        if row.status == "quarantined":
            marks = {"F_QUARANTINE"}
        if row.h in visit["after_seal"]:
            marks.add("F_AFTER_SEAL")
        if row.h in visit["unknown"]:
            marks.add("F_UNKNOWN_TYPE")
        for mark in marks:
            by_flag.setdefault(mark, []).append(about)
    wanted = set(doubts(flags))
    made = []
    for flag in flags:
        expected, seen, todo = FLAG_HELP.get(flag, ("", "", "请联系管理员"))
        about_all = sorted(by_flag.get(flag, []), key=lambda one: one.received_ms)
        made.append(
            Finding(flag, FLAG_WORDS.get(flag, flag), expected, _seen(flag, seen, visit, about_all, names), todo,
                    flag in wanted, about_all[:MOST_EVENTS], max(0, len(about_all) - MOST_EVENTS))
        )
    return made


def _seen(
    flag: str, words: str, visit: Mapping[str, Any], about: Sequence[About], names: Mapping[str, str]
) -> str:
    """What was seen, with the numbers of this visit where there are any."""
    if flag == "F_AFTER_SEAL":
        return f"封存之外有 {len(visit['after_seal'])} 条，其中 {len(visit['late'])} 条自称记于封存之前"
    if flag == "F_TAIL_MISSING":
        have = {one["dev"]: one["n"] for one in visit["chains"]}
        short = {
            one["dev"]: one["n"] for act in [*visit["attests"], *visit["seals"]] for one in act["chains"] if one["n"] > have.get(one["dev"], 0)
        }
        return "；".join(f"手机 {dev[:8]}：核验时见过 {n} 条，收到 {have.get(dev, 0)} 条" for dev, n in sorted(short.items())) or words
    if flag == "F_ONE_ATTEST":
        who = "、".join(names.get(user, user) for user in attest.agreed(dict(visit)))
        return f"只有{who or '没有人'}核验"
    return f"{words}（{len(about)} 条）" if about else words
