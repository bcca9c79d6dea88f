"""What an import would change, field by field, before anything is written. Pure.

A blank cell changes nothing. A value that a person entered or a visit established is never overwritten by a table: where
the two differ somebody decides (WC-9c), and what was turned down once is not asked again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from server.registry.domain import Draft
from server.registry.fields import EXTERNAL, FACT, ITEMS

PERSON = frozenset({"desk", "visit", "merge"})
"""Origins that a table does not overwrite by itself."""
SEPARATORS = "、,，;；/|"


@dataclass
class Known:
    """One unit, inspector or member as the registry holds it: all fields as text, and where those came from that were changed since its making."""

    unit_id: str
    values: dict[str, str]
    origins: dict[str, list[str]] = field(default_factory=dict)
    merged: bool = False


@dataclass(frozen=True)
class Change:
    field: str
    old: str
    new: str


@dataclass(frozen=True)
class Conflict:
    """A table says something else than a person did. ``how``, ``day`` and ``source`` are of the value that stands;
    ``unit_id`` and ``unit_name`` of the record that the line means, whatever registry it is of."""

    row: int
    unit_id: str
    unit_name: str
    field: str
    old: str
    new: str
    how: str
    day: str
    source: str


@dataclass
class RowPlan:
    """What one line does. ``known`` is None for a new unit; ``kept`` are values the clerk turned down."""

    draft: Draft
    known: Known | None
    changes: list[Change] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    kept: list[Change] = field(default_factory=list)
    blacklist_kept: bool = False


def key_of(row: int, name: str) -> str:
    return f"{row}:{name}"


def draft_values(draft: Draft) -> dict[str, str]:
    """All that the line says, facts included, without blanks."""
    values = {name: text for name, text in draft.values.items() if text}
    if values.get(ITEMS):
        values[ITEMS] = join_items(split_items(values[ITEMS]))
    return values | {FACT + fact: value for fact, value in draft.facts.items()}


def split_items(text: str) -> list[str]:
    for one in SEPARATORS[1:]:
        text = text.replace(one, SEPARATORS[0])
    return [one.strip() for one in text.split(SEPARATORS[0]) if one.strip()]


def join_items(codes: list[str]) -> str:
    return SEPARATORS[0].join(sorted(set(codes)))


def match(draft: Draft, premises: list[Known], drafts_of_entity: int) -> Known | None:
    """The unit that a line means among the premises of its enterprise: same name and address; else, when registry and
    table both have exactly one premises of it, the one whose name or address is the same (it was renamed or has moved)."""
    name, address = draft.values["name"], draft.values["address"]
    exact = next((one for one in premises if (one.values["name"], one.values["address"]) == (name, address)), None)
    standing = [one for one in premises if not one.merged]
    if exact is not None or len(standing) != 1 or drafts_of_entity != 1:
        return exact
    only = standing[0]
    return only if name == only.values["name"] or address == only.values["address"] else None


def plan_row(draft: Draft, known: Known | None, decisions: Mapping[str, str]) -> RowPlan:
    """Changes, conflicts and values turned down of one line. ``decisions``: ``row:field`` or ``*`` → file | kept."""
    plan = RowPlan(draft, known)
    if known is None or known.merged:
        return plan
    for name, new in draft_values(draft).items():
        if name == "uscc":
            continue
        old = known.values.get(name, "")
        if new == old or (name == "blacklisted" and _yes(new) == _yes(old)) or (name.startswith(FACT) and new == "unknown"):
            continue
        if name == "blacklisted" and _yes(old):
            plan.blacklist_kept = True
            continue
        origin = known.origins.get(name)
        if origin and origin[0] in PERSON and old:
            if len(origin) > 3 and origin[3] == new:
                continue
            decided = decisions.get(key_of(draft.row, name)) or decisions.get("*")
            if decided == "kept":
                plan.kept.append(Change(name, old, new))
                continue
            if decided != "file":
                plan.conflicts.append(Conflict(draft.row, known.unit_id, known.values["name"], name, old, new, origin[0], origin[1], origin[2]))
                continue
        plan.changes.append(Change(name, old, "yes" if name == "blacklisted" else new))
    return plan


def _yes(text: str) -> bool:
    return text.strip().lower() in ("是", "有", "√", "y", "yes", "1", "true")


def undo_faults(changed: Mapping[tuple[str, str], str], now: Mapping[tuple[str, str], str]) -> list[tuple[str, str]]:
    """(unit, field) whose value is no longer what the import wrote: something later depends on it."""
    return sorted(key for key, new in changed.items() if now.get(key, "") != new)


def external(fields: Mapping[str, str]) -> dict[str, str]:
    return {name.removeprefix(EXTERNAL): value for name, value in fields.items() if name.startswith(EXTERNAL) and value}
