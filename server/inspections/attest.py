"""Attestation 双人核验: the content chains, the digest D of D-6, and who stands behind it."""

from collections.abc import Iterable, Mapping
from typing import Any

from server.inspections.fold_order import Ev
from server.kernel import b64url, chain


def content_chains(content: Iterable[Ev]) -> list[dict[str, Any]]:
    """``[{dev, n, root}]`` sorted by dev: per enrolment the RFC 6962 root over its content's H."""
    hashes: dict[str, list[bytes]] = {}
    for event in sorted(content, key=lambda ev: (ev.dev, ev.n, ev.h)):
        hashes.setdefault(event.dev, []).append(hash_bytes(event.h))
    return [
        {
            "dev": dev,
            "n": len(leaves),
            "root": b64url.encode(chain.chain_root(leaves)),
        }
        for dev, leaves in sorted(hashes.items())
    ]


def hash_bytes(h: str) -> bytes:
    """The 32 bytes of an H; any other spelling counts as its UTF-8, so a fold cannot fail on it."""
    try:
        return b64url.decode(h)
    except ValueError:
        return h.encode("utf-8", "surrogatepass")


def text_hash(text: str) -> str:
    """b64url of the SHA-256 of a record text (the ``text`` of attest, sign.party and seal)."""
    return b64url.encode(chain.text_hash(text))


def pin_of(pack: dict[str, Any]) -> str:
    """The pin of a pack: checklists, item list and rules by hash, as b64url."""
    hashes = pack["hashes"]
    return b64url.encode(
        chain.pin_hash(hashes["checklists"].values(), hashes["item_list"], hashes["profile"])
    )


def digest(visit: dict[str, Any], text: str) -> str:
    """D of D-6 as b64url: what both inspectors attest for this visit and this record text."""
    return b64url.encode(chain.attested_digest(visit["insp"], visit["pin"], text_hash(text), visit["chains"]))


def signed_digest(visit: dict[str, Any], signed_text: str) -> str:
    """The D behind the party's record code (D-9): that of the first seal, which later rounds keep.

    ``signed_text`` is the record text without the annex; it is used until there is a seal.
    """
    first = next((seal for seal in visit["seals"] if seal["linked"]), None)
    return str(first["d"]) if first is not None else digest(visit, signed_text)


def attestation(visit: dict[str, Any], text: str, level: str) -> dict[str, Any]:
    """The body (without salt) of an ``attest`` for the visit as it is now."""
    return {
        "d": digest(visit, text),
        "text": text_hash(text),
        "pin": visit["pin"],
        "chains": visit["chains"],
        "level": level,
    }


def standing(visit: dict[str, Any], d: str = "", text: str = "") -> list[str]:
    """The inspectors (user ids, sorted) whose attestation stands; with ``d`` and ``text``, of that digest and text."""
    return sorted(
        {
            entry["by"]
            for entry in visit["attests"]
            if entry["stands"] and d in ("", entry["d"]) and text in ("", entry["text"])
        }
    )


def agreed(visit: dict[str, Any]) -> list[str]:
    """The largest set of inspectors who attest one and the same digest of one and the same text.

    The text stands in the digest; who names the one with another of the other has only copied it.
    When the record is sealed only the digest of the latest seal counts (D-8).
    """
    linked = [seal for seal in visit["seals"] if seal["linked"]]
    if linked and not visit["open_round"]:
        return standing(visit, linked[-1]["d"], linked[-1]["text"])
    after = linked[-1]["d"] if linked else ""
    groups = [
        standing(visit, d, text)
        for d, text in sorted({(entry["d"], entry["text"]) for entry in visit["attests"] if entry["stands"]})
        if d != after
    ]
    return max(groups, key=len, default=[])


def seen_levels(visit: dict[str, Any], devices: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """The visit with the levels that were reached, whatever the phones claim. ``devices``: dev → {user, installation}.

    Who attests on an installation that somebody else of this visit uses as well has reached A1. Two phones have
    attested each other (A2) when one carried the other's attestation by code; otherwise each came by itself (A3).
    The level is that of the pair: who holds the record is as well attested as the other's phone made it."""
    users: dict[str, set[str]] = {}
    for device in devices.values():
        users.setdefault(device["installation"], set()).add(device["user"])
    shared = {dev for dev, device in devices.items() if len(users[device["installation"]]) > 1}
    met = {(act["d"], act["text"]) for act in visit["attests"] if act["via"] and act["dev"] not in shared}
    people: dict[tuple[str, str], set[str]] = {}
    for act in visit["attests"]:
        people.setdefault((act["d"], act["text"]), set()).add(act["by"])

    def level(act: dict[str, Any]) -> str:
        pair = (act["d"], act["text"])
        if act["dev"] in shared:
            return "A1"
        if pair in met:
            return "A2"
        # The holder of the record says A1 for want of a second phone: with one it was more.
        return "A3" if act["level"] == "A2" or len(people[pair]) > 1 else str(act["level"])

    return {**visit, "attests": [{**act, "level": level(act)} for act in visit["attests"]]}


def digest_problems(visit: dict[str, Any], text: str, body: dict[str, Any]) -> list[str]:
    """Why an attestation does not belong to this visit and text; empty when it does."""
    problems = []
    if body.get("pin") != visit["pin"]:
        problems.append("核验所据的规则版本与本次检查不一致")
    if body.get("chains") != visit["chains"]:
        problems.append("核验之后记录内容有变化")
    if body.get("text") != text_hash(text):
        problems.append("核验的笔录文字与当前笔录不一致")
    if not problems and body.get("d") != digest(visit, text):
        problems.append("核验摘要不正确")
    return problems
