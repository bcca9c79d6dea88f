"""Replacements after a draw (draw.md 3.5, D-28). Pure.

People: a new small ceremony among the remaining candidates, with fresh randomness: a reserve order would show a leader
whether one more "illness" brings the favourite. Units: the next ticket of the same stratum, which nobody can choose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.draw import reading, steps, tickets
from server.draw.domain import ForerunnerDiffers, FormWrong, NotDrawn, Unit
from server.draw.teams import Roster
from server.kernel import b64url

STREAM = "replace"


def people(transcript: Mapping[str, Any]) -> dict[str, Any]:
    """New members for the units listed. A row carries `keep` (who stays) and `gone` (who cannot); neither is a candidate.

    Units come in the order of their uid bytes. As many are drawn as are gone; with fewer candidates nobody is.
    """
    intent, rows, roster_rows = steps.tables(transcript)
    reading.text(reading.mapping(intent.get("of"), "of"), "hash")
    seed = steps.opened(intent, transcript.get("reveals"))
    bal_max = reading.number(reading.mapping(intent.get("rule"), "rule"), "bal_max", 1)
    roster, key = Roster(reading.people(roster_rows)), tickets.stream(seed, STREAM)
    selected = []
    for unit in sorted((reading.unit({"w": 1, "visits": 0, **row}, 1) for row in rows), key=lambda unit: unit.raw):
        gone = reading.idents(unit.more.get("gone"), "gone")
        if not gone or len(set(gone)) != len(gone):
            raise FormWrong("gone 应写明被更换的人员，每人一次")
        staying = reading.idents(unit.more.get("keep"), "keep")
        selected.append(roster.pick(key, unit, len(gone), bal_max, {*gone, *staying}).row())
    return {"seed": b64url.encode(seed), "selected": selected}


def units(transcript: Mapping[str, Any]) -> dict[str, Any]:
    """New units for those that turned out closed, moved or merged: the next tickets of the same stratum.

    The transcript holds the first draw whole (`first`, and its tables and reveals); `intent.gone` lists every unit
    replaced so far, in order. The team goes along where every member may visit the new unit; otherwise the team is
    empty and people are replaced in a ceremony of their own. An exhausted stratum answers the empty uid.
    """
    intent = reading.mapping(transcript.get("intent"), "intent")
    first = reading.mapping(transcript.get("first"), "first")
    if first.get("kind", "draw") != "draw":
        raise FormWrong("只有普通抽取才按顺序递补单位")
    reveals = transcript.get("reveals")
    want = steps.ordinary({**transcript, "intent": first})
    of = reading.mapping(intent.get("of"), "of")
    if of.get("draw") != first.get("draw") or of.get("hash") != b64url.encode(tickets.transcript_hash(first, reveals or [], want)):
        raise ForerunnerDiffers()
    rule, seed = reading.rule(first["rule"]), b64url.decode(want["seed"])
    pool, _ = steps.eligible(rule, reading.units(transcript["units"], rule.w_max))
    queues = {name: steps.first(seed, name, found, len(found)) for name, found in pool.items()}
    roster = Roster(reading.people(transcript["people"]))
    standing = {uid: (st, tuple(team)) for st, uid, team, _ in want["selected"]}
    taken = dict(want["quotas"])
    selected: list[list[Any]] = []
    for entry in reading.rows(intent.get("gone"), "gone"):
        reading.name(entry.get("reason"), "reason")
        reading.text(entry, "evidence")
        st, team = standing.pop(reading.text(entry, "uid"), ("", ()))
        if not st:
            raise NotDrawn("要更换的单位不在抽中名单里")
        successor = next(iter(queues[st][taken[st] :]), None)
        taken[st] += 1
        if successor is None:
            selected.append([st, "", [], 0])
            continue
        kept, candidates = _along(roster, successor, team)
        standing[successor.uid] = (st, kept)
        selected.append([st, successor.uid, list(kept), candidates])
    return {"seed": want["seed"], "selected": selected}


def _along(roster: Roster, unit: Unit, team: tuple[str, ...]) -> tuple[tuple[str, ...], int]:
    """The old team if all of it may visit the new unit, and how many people may."""
    fit = {person.pid for person in roster.candidates(unit)}
    return (team if team and fit.issuperset(team) else ()), len(fit)
