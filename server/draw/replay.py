"""Any draw again from its transcript: `replay`, and the bytes that other capabilities need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from server.draw import joint, odds, reading, replacement, steps, tickets
from server.draw.domain import FormWrong

uid, commitment = tickets.uid, tickets.commitment
table_root, transcript_hash = tickets.table_root, tickets.transcript_hash
inclusion_odds = odds.inclusion_odds

KINDS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "draw": steps.ordinary, "objects": steps.objects, "joint": joint.replay, "people": replacement.people, "unit": replacement.units,
}  # fmt: skip
"""`intent.kind` and who replays it; an intent without a kind is an ordinary draw."""


def replay(transcript: Mapping[str, Any]) -> dict[str, Any]:
    """The `want` object of a transcript {intent, units, people, reveals}; a DrawFault names the first step that fails."""
    intent = reading.mapping(transcript.get("intent"), "intent")
    kind = intent.get("kind", "draw")
    if intent.get("v") != 1 or not isinstance(kind, str) or kind not in KINDS:
        raise FormWrong("不认识这种抽取或版本")
    return KINDS[kind](transcript)
