"""The fold 折叠: the set of events of one inspection read as one visit.

Pure, total and order-free: any set of syntactically valid events gives a visit, in whatever order
they came; what cannot be read is listed, never dropped. The same fold runs on the phone
(``pwa/src/core/fold.ts``); ``tests/vectors/fold-*.json`` bind the two. Rules: ``docs/events.md``.
"""

from collections.abc import Iterable
from typing import Any

from server.inspections import attest
from server.inspections.events import check_body, is_known
from server.inspections.fold_order import Ev, Sorted, order, sort_out
from server.inspections.fold_parts import REDUCERS, Visit, answers, entry, void_photos


def fold(events: Iterable[Any], pack: dict[str, Any]) -> Visit:
    """The visit that a set of events ``[{h, header, body|null}]`` tells of.

    ``pack`` is the inspection's pack (contract "Pack"); events of other inspections are ignored.
    """
    placed, unusable = order(events, pack["insp"])
    readable: list[Ev] = []
    unknown, erased = list(unusable), []
    for event in placed:
        if event.body is None:
            erased.append(event.h)
        elif not is_known(event.t) or check_body(event.t, event.body, strict=False):
            unknown.append(event.h)
        else:
            readable.append(event)
    team = {member["user"] for member in pack.get("team", [])}
    seals = [event for event in readable if event.t == "seal" and event.by in team]
    first = next((event for event in seals if "prev_seal" not in event.body), None)
    parts = sort_out(placed, unusable, first)
    flagged = {event.h for event in parts.after_seal}
    accepted = [event for event in readable if event.h not in flagged]

    visit = _empty(pack)
    for event in accepted:
        reducer = REDUCERS.get(event.t)
        if reducer is not None:
            reducer(visit, event)
    visit["answers"] = answers(accepted)
    void_photos(visit, [event for event in accepted if event.t == "photo.void"])
    if geotag_off(pack):
        # A fix that should not exist (D-22) is not shown anywhere; the signed event stays.
        visit["geo_refused"] = [fix["h"] for fix in visit["fixes"]]
        visit["fixes"] = []
    visit["span"] = _span(visit, parts)
    visit["chains"] = attest.content_chains(parts.content)
    _procedure(visit, accepted, seals, first, team)
    visit["ended_at"] = _ended_at(accepted, first)
    visit["after_seal"] = [event.h for event in parts.events if event.h in flagged]
    visit["late"] = sorted(event.h for event in parts.late)
    visit["unknown"], visit["erased"] = sorted(unknown), sorted(erased)
    _close(visit, pack, parts)
    return visit


def geotag_off(pack: dict[str, Any]) -> bool:
    """Whether the profile forbids positions (D-22)."""
    return pack.get("profile", {}).get("secrecy.geotag") in ("off", False)


def _empty(pack: dict[str, Any]) -> Visit:
    lists = (
        "takeovers recusals marks recorder proposals photos audio docs notes interviews samples "
        "assistants fixes attests seals replies supplements opinions late_additions corrections "
        "correction_approvals objections geo_refused"
    )
    nothing = "opened pack outcome credentials notice statement party"
    return {
        "insp": pack["insp"],
        "mode": pack.get("mode", "on_site"),
        "pin": pack.get("pin", ""),
        "assignments": [assignment["id"] for assignment in pack.get("assignments", [])],
        "told": {},
        "facts": dict(pack.get("facts", {})),
        **{name: [] for name in lists.split()},
        **dict.fromkeys(nothing.split()),
    }


def _span(visit: Visit, parts: Sorted) -> dict[str, int | None]:
    """From the arrival (or the opening) to the last content event; the times the record prints.

    Only content counts, so that signing does not change the text that is signed.
    """
    moments = [event.wall for event in parts.content if event.t != "supplement.photo"]
    arrival = [mark["wall"] for mark in visit["marks"] if mark["mark"] == "arrival"]
    opened = visit["opened"]
    start = arrival[0] if arrival else (opened["wall"] if opened is not None else None)
    return {"from": start, "to": max(moments, default=None)}


def _procedure(visit: Visit, accepted: list[Ev], seals: list[Ev], first: Ev | None, team: set[str]) -> None:
    """Attestations, the party's signature and the chain of seals."""
    confirmed = {(e.by, e.body["d"]) for e in accepted if e.t == "attest.late"}
    for event in accepted:
        if event.t == "attest":
            stands = (
                event.by in team
                and event.body["pin"] == visit["pin"]
                and event.body["chains"] == visit["chains"]
            )
            visit["attests"].append(
                {
                    **entry(event),
                    "stands": stands,
                    "confirmed": (event.by, event.body["d"]) in confirmed,
                    "via": event.via,
                }
            )
    linked: list[str] = []
    if first is not None:
        following: Ev | None = first
        while following is not None:
            linked.append(following.h)
            named = [e for e in seals if e.body.get("prev_seal") == linked[-1]]
            following = next((e for e in named if e.h not in linked), None)
    for event in accepted:
        if event.t == "seal":
            prev = event.body.get("prev_seal")
            visit["seals"].append({**entry(event), "prev_seal": prev, "linked": event.h in linked})
    visit["seals"].sort(key=lambda seal: linked.index(seal["h"]) if seal["linked"] else len(linked))
    texts = {a["text"] for a in visit["attests"] if a["stands"]}
    if first is not None:
        texts = {first.body["text"]}
    for event in accepted:
        if event.t == "sign.party":
            visit["party"] = {**entry(event), "stands": event.body["text"] in texts}


def _ended_at(accepted: list[Ev], first: Ev | None) -> int | None:
    """D-14: the last signature or attestation before the first seal; None until sealed."""
    if first is None:
        return None
    moments = [
        event.wall
        for event in accepted
        if event.t in ("attest", "sign.party")
        and (event.n < first.n if event.dev == first.dev else event.eff <= first.eff)
    ]
    return max(moments, default=first.wall)


def _close(visit: Visit, pack: dict[str, Any], parts: Sorted) -> None:
    """The open round, the state of D-3 and the counts."""
    place = {event.h: index for index, event in enumerate(parts.events)}
    chain_of = {event.h: (event.dev, event.n) for event in parts.events}
    linked = [seal for seal in visit["seals"] if seal["linked"]]
    visit["sealed"] = bool(linked)
    visit["open_round"] = False
    if linked:
        last = linked[-1]
        dev, n = chain_of[last["h"]]
        for addition in [*visit["replies"], *visit["supplements"]]:
            own_dev, own_n = chain_of[addition["h"]]
            later = own_n > n if own_dev == dev else place[addition["h"]] > place[last["h"]]
            visit["open_round"] = visit["open_round"] or later
        if visit["supplements"] and last["chains"] != visit["chains"]:
            visit["open_round"] = True
    enough = len(attest.agreed(visit)) >= min_team(pack)
    if linked and not visit["open_round"]:
        visit["state"] = "sealed" if enough else "awaiting_second"
    elif enough:
        visit["state"] = "attested"
    else:
        visit["state"] = "assigned" if visit["opened"] is None else "in_progress"
    heads = [item["heads"][0] for item in visit["answers"].values() if len(item["heads"]) == 1]
    visit["counts"] = {
        "events": len(parts.events),
        "content": len(parts.content),
        "photos": len([photo for photo in visit["photos"] if photo["void"] is None]),
        "audio": len(visit["audio"]),
        "answered": len(visit["answers"]),
        "fails": len([head for head in heads if head["val"] == "fail"]),
        "conflicts": len([item for item in visit["answers"].values() if item["conflict"]]),
    }


def min_team(pack: dict[str, Any]) -> int:
    """How many inspectors must attest: never fewer than two, whatever a profile says."""
    value = pack.get("profile", {}).get("team.min")
    return value if isinstance(value, int) and value > 2 else 2
