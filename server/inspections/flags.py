"""Flags: what is odd about an event or a visit, said beside it, never instead of it (record-log 2.4, 2.11).

``event_flags`` looks at one device's run in order; ``visit_flags`` looks at the folded visit. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.inspections import amendments, attest
from server.inspections.events import check_body, is_content
from server.inspections.verify import Event
from server.kernel import b64url, chain, merkle

CLOCK_BEHIND_MS = 2_000
FUTURE_MS = 5 * 60_000
ANCHOR_TOLERANCE_MS = 2_000

Anchor = tuple[int, bytes]
"""(receive time in ms, root) of the log at some size."""


@dataclass(frozen=True, slots=True)
class LogView:
    """What the public log says to a batch: (receive time, root) by size, the newest receipted counter by device,
    and the size the log was restored to each time it came back from a backup."""

    anchors: Mapping[int, Anchor]
    heads: Mapping[str, int]
    restored: tuple[int, ...] = ()


def event_flags(event: Event, before: Event | None, rx: int, log: LogView) -> list[str]:
    """Flags of one event that is new here, given the one before it on the same device and the log."""
    found = []
    if before is not None and _clock_went_back(before.header, event.header):
        found.append("F_CLOCK_BACK")
    log_flag = _log_flag(event, log)
    if log_flag:
        found.append(log_flag)
    seen = event.header.get("seen")
    if seen is not None and not log_flag and event.claimed < log.anchors[seen[0]][0] - ANCHOR_TOLERANCE_MS:
        found.append("F_BEFORE_ANCHOR")
    if event.claimed > rx + FUTURE_MS:
        found.append("F_FUTURE")
    if check_body(event.t, event.body, strict=False):
        found.append("F_BODY_SHAPE")
    return found


def _log_flag(event: Event, log: LogView) -> str:
    """F_LOG_EQUIVOCATION when the phone knows another log than ours, or brings again what it has a receipt for and
    we have lost; F_LOG_RESTORED when a restore explains that its head is none of ours."""
    if event.n <= log.heads.get(event.dev, -1) or _reports_another_log(event):
        return "F_LOG_EQUIVOCATION"
    seen = event.header.get("seen")
    if seen is None:
        return ""
    anchor = log.anchors.get(seen[0])
    if anchor is not None and b64url.encode(anchor[1]) == seen[1]:
        return ""
    return "F_LOG_RESTORED" if any(seen[0] > size for size in log.restored) else "F_LOG_EQUIVOCATION"


def _reports_another_log(event: Event) -> bool:
    """A ``dev.health`` in which the phone says that the server could not prove its log."""
    test = event.body.get("self_test") if event.t == "dev.health" else None
    return isinstance(test, dict) and isinstance(test.get("log"), dict)


def _clock_went_back(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Wall time behind the monotonic clock by more than two seconds, or going back between events.

    The monotonic clock stops while a phone sleeps, so wall time running ahead of it is normal.
    """
    wall = int(after["wall"]) - int(before["wall"])
    if before["boot"] == after["boot"]:
        return wall - (int(after["mono"]) - int(before["mono"])) < -CLOCK_BEHIND_MS
    return wall < -CLOCK_BEHIND_MS


def seal_fits(seal: Event, own: Sequence[str]) -> bool:
    """Does the seal's count and root name exactly the events ``own`` (H in chain order) of its inspection?

    ``own`` are all events of the inspection on the sealing device that come before the seal.
    """
    leaves = [merkle.leaf_hash(b64url.decode(h)) for h in own]
    return seal.body.get("count") == len(own) and seal.body.get("root") == b64url.encode(merkle.root(leaves))


def visit_flags(
    visit: Mapping[str, Any], enough: bool, content: Mapping[str, list[str]], devices: Mapping[str, Mapping[str, str]]
) -> list[str]:
    """Flags of a folded visit.

    ``content``: per device the H of its content events in chain order; ``devices``: dev → {user, installation}.
    """
    found = set()
    if visit["sealed"] and not enough:
        found.add("F_ONE_ATTEST")
    for act in [*visit["attests"], *visit["seals"]]:
        found.update(_witness_flags(act["chains"], content))
        if act["d"] != _digest(visit, act):
            found.add("F_DIGEST")
    found.update(_device_flags(visit["attests"], content, devices))
    if visit["after_seal"]:
        found.add("F_AFTER_SEAL")
    if visit["unknown"]:
        found.add("F_UNKNOWN_TYPE")
    if visit["corrections"] and amendments.broken(visit):
        found.add("F_CORRECT_BASE")
    return sorted(found)


def text_flags(visit: Mapping[str, Any], text: str) -> list[str]:
    """F_TEXT when people attest other words than the record now gives (``text``): a phone that composes the record
    differently, or one that shows something else than it hashes.

    While a round is open the words of the record run ahead of the last seal, so nothing can be said then."""
    if visit["open_round"]:
        return []
    linked = [seal for seal in visit["seals"] if seal["linked"]]
    acts = [act for act in visit["attests"] if act["stands"] and (not linked or act["d"] == linked[-1]["d"])]
    expected = attest.text_hash(text)
    return ["F_TEXT"] if any(act["text"] != expected for act in [*acts, *linked[-1:]]) else []


def gist_flags(visit: Mapping[str, Any], gist: Mapping[str, Any]) -> list[str]:
    """F_GIST when somebody attested by code after having been shown something else than the record says (``gist``)."""
    shown = [act["gist"] for act in visit["attests"] if act["stands"] and "gist" in act]
    return ["F_GIST"] if any(one != gist for one in shown) else []


def _digest(visit: Mapping[str, Any], act: Mapping[str, Any]) -> str:
    """D as the act itself claims it; an act whose parts do not give its own digest is not one."""
    try:
        pin = str(act.get("pin", visit["pin"]))
        return b64url.encode(chain.attested_digest(visit["insp"], pin, act["text"], act["chains"]))
    except ValueError:
        return ""


def _witness_flags(chains: Sequence[Mapping[str, Any]], content: Mapping[str, list[str]]) -> set[str]:
    """A signed head names more events than have come (F_TAIL_MISSING), or others (F_FORK_WITNESSED)."""
    found = set()
    for head in chains:
        have = content.get(head["dev"], [])
        if len(have) < head["n"]:
            found.add("F_TAIL_MISSING")
            continue
        leaves = [merkle.leaf_hash(attest.hash_bytes(h)) for h in have[: head["n"]]]
        if b64url.encode(merkle.root(leaves)) != head["root"]:
            found.add("F_FORK_WITNESSED")
    return found


def _device_flags(
    attests: Sequence[Mapping[str, Any]], content: Mapping[str, list[str]], devices: Mapping[str, Mapping[str, str]]
) -> set[str]:
    """Two people attesting on one installation (A1), or one person attesting one digest with two keys (does not count
    twice): two phones, or a key and the one that replaced it. To attest anew what has changed since is no doubt."""
    found = set()
    users: dict[str, set[str]] = {}
    signed: dict[tuple[str, str], set[str]] = {}
    for act in attests:
        device = devices.get(act["dev"])
        if device is None:
            continue
        users.setdefault(device["installation"], set()).add(act["by"])
        signed.setdefault((device["user"], act["d"]), set()).add(act["dev"])
        recorders = {
            devices[dev]["user"]
            for dev in content
            if dev in devices and devices[dev]["installation"] == device["installation"]
        }
        users[device["installation"]] |= recorders
    if any(len(people) > 1 for people in users.values()):
        found.add("F_ATTEST_SAME_DEVICE")
    if any(len(devs) > 1 for devs in signed.values()):
        found.add("F_ATTEST_SAME_USER")
    return found


def content_by_device(events: Sequence[Any], of: Callable[[Any], tuple[str, int, str, str]]) -> dict[str, list[str]]:
    """dev → H of content events in chain order; ``of`` gives (dev, n, h, t) of an event."""
    found: dict[str, list[str]] = {}
    for dev, _n, h, t in sorted(of(event) for event in events):
        if is_content(t):
            found.setdefault(dev, []).append(h)
    return found
