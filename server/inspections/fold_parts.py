"""The reducers of the fold: what each accepted event adds to the visit.

Every reducer may rely on ``check_body`` having passed, so it reads required fields plainly.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from server.inspections.fold_order import Ev

Visit = dict[str, Any]
Entry = dict[str, Any]
ANSWERS: Final = frozenset({"check.answer", "check.change", "item.na"})


def entry(event: Ev) -> Entry:
    """The body without its salt, with who, where and when; ``wall`` is the claimed moment in ms."""
    fields = {key: value for key, value in event.body.items() if key != "salt"}
    return {**fields, "h": event.h, "by": event.by, "dev": event.dev, "wall": event.wall}


def _append(name: str) -> Callable[[Visit, Ev], None]:
    def reduce(visit: Visit, event: Ev) -> None:
        visit[name].append(entry(event))

    return reduce


def _latest(name: str) -> Callable[[Visit, Ev], None]:
    def reduce(visit: Visit, event: Ev) -> None:
        visit[name] = entry(event)

    return reduce


def _open(visit: Visit, event: Ev) -> None:
    # A second opening is a take-over (接手): the first one fixes pack, pin and start.
    if visit["opened"] is not None:
        visit["takeovers"].append({"h": event.h, "by": event.by, "dev": event.dev, "wall": event.wall})
        return
    body = event.body
    visit["opened"] = {"h": event.h, "by": event.by, "dev": event.dev, "wall": event.wall}
    visit["mode"], visit["pack"], visit["pin"] = body["mode"], body["pack"], body["pin"]
    # Named by the pack; older events say them once more.
    visit["assignments"] = list(body["assignments"]) or visit["assignments"]


def _recusal(visit: Visit, event: Ev) -> None:
    kind = "request" if event.t == "recusal.request" else "declare"
    visit["recusals"].append({**entry(event), "kind": kind})


def _told(visit: Visit, event: Ev) -> None:
    visit["told"].setdefault(event.body["key"], event.wall)


def _fact(visit: Visit, event: Ev) -> None:
    visit["facts"][event.body["fact"]] = event.body["value"]


def _session(visit: Visit, session: str) -> Entry:
    sessions: list[Entry] = visit["recorder"]
    for found in sessions:
        if found["session"] == session:
            return found
    fresh: Entry = {"session": session, "started": None, "stopped": None, "gaps": []}
    sessions.append(fresh)
    return fresh


def _rec_start(visit: Visit, event: Ev) -> None:
    session = _session(visit, event.body["session"])
    if session["started"] is None:
        session.update(entry(event))
        session["started"] = event.wall


def _rec_stop(visit: Visit, event: Ev) -> None:
    session = _session(visit, event.body["session"])
    if session["stopped"] is None:
        session["stopped"] = event.wall
        if "storage" in event.body:
            session["storage"] = event.body["storage"]


def _rec_gap(visit: Visit, event: Ev) -> None:
    gap = {key: value for key, value in entry(event).items() if key != "session"}
    _session(visit, event.body["session"])["gaps"].append(gap)


def _photo(visit: Visit, event: Ev) -> None:
    visit["photos"].append({**entry(event), "void": None})


def _supplement(visit: Visit, event: Ev) -> None:
    visit["supplements"].append({**entry(event), "void": None})


def _late(visit: Visit, event: Ev) -> None:
    visit["late_additions"].append({**entry(event), "t": event.t})


REDUCERS: Final[dict[str, Callable[[Visit, Ev], None]]] = {
    "insp.open": _open,
    "recusal.declare": _recusal,
    "recusal.request": _recusal,
    "rec.mark": _append("marks"),
    "outcome": _latest("outcome"),
    "id.show": _latest("credentials"),
    "notice.give": _latest("notice"),
    "told.tick": _told,
    "rec.start": _rec_start,
    "rec.stop": _rec_stop,
    "rec.gap": _rec_gap,
    "unit.propose": _append("proposals"),
    "unit.fact": _fact,
    "photo.add": _photo,
    "audio.add": _append("audio"),
    "doc.add": _append("docs"),
    "note.add": _append("notes"),
    "interview.add": _append("interviews"),
    "sample.add": _append("samples"),
    "assist.add": _append("assistants"),
    "party.statement": _latest("statement"),
    "supplement.photo": _supplement,
    "reply": _append("replies"),
    "report.opinion": _append("opinions"),
    "late.note": _late,
    "late.photo": _late,
    "correct": _append("corrections"),
    "correct.approve": _append("correction_approvals"),
    "objection": _append("objections"),
    "gps.fix": _append("fixes"),
}


def answers(events: Iterable[Ev]) -> dict[str, Entry]:
    """Per item the answers nobody has replaced: ``{"CL/sheet/item": {heads, conflict}}``.

    An answer is replaced when another answer of the same item names it in ``over``, or when the
    same enrolment later answers the item again without ``over``. Nothing is decided by the clock:
    two heads are a conflict that a person resolves with a ``check.change`` naming both.
    """
    by_item: dict[str, list[Ev]] = {}
    for event in events:
        if event.t in ANSWERS:
            body = event.body
            key = f"{body['checklist']}/{body['sheet']}/{body['item']}"
            by_item.setdefault(key, []).append(event)
    return {key: _heads(group) for key, group in sorted(by_item.items())}


def _heads(group: list[Ev]) -> Entry:
    replaced: set[str] = set()
    for event in group:
        if event.t == "check.change":
            replaced.update(h for h in event.body["over"] if h != event.h)
        else:
            replaced.update(
                earlier.h for earlier in group if earlier.dev == event.dev and earlier.n < event.n
            )
    heads = []
    for event in group:
        if event.h not in replaced:
            head = entry(event)
            if event.t == "item.na":
                head["val"] = "na"
            heads.append(head)
    return {"heads": heads, "conflict": len(heads) > 1}


def void_photos(visit: Visit, voids: Iterable[Ev]) -> None:
    """Mark photos withdrawn by ``photo.void``; the file and the event stay."""
    reasons: dict[str, Entry] = {}
    for event in voids:
        void = {"reason": event.body["reason"], "h": event.h, "by": event.by, "wall": event.wall}
        reasons.setdefault(event.body["sha256"], void)
    for photo in [*visit["photos"], *visit["supplements"]]:
        photo["void"] = reasons.get(photo["sha256"])
