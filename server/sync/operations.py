"""Use cases of sync: what changed for this person, and which file or pack a phone may fetch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.accounts.domain import Actor
from server.evidence import operations as evidence
from server.evidence.domain import EvidenceUnknown
from server.inspections import operations as inspections
from server.platform import clock, feed

PAGE = 200
SNAPSHOT_STATES = ("assigned", "prepared", "in_progress", "attested", "awaiting_second", "sealed")
OPEN_STATES = frozenset({"in_progress", "attested", "awaiting_second"})
SNAPSHOT_MS = 90 * 24 * 3600 * 1000
"""A new phone gets what is open, and what was made in the last 90 days."""


@dataclass(frozen=True, slots=True)
class Change:
    """One line for the phone: ``put`` with data, or ``del``."""

    kind: str
    id: str
    op: str
    data: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Page:
    cursor: str
    more: bool
    changes: list[Change]


def changes(actor: Actor, cursor: str) -> Page:
    """What this person may see and has not seen. A cursor of another epoch, or none, starts from a snapshot."""
    after = _position(cursor)
    if after is None:
        return _snapshot(actor)
    lines = feed.page(actor.agency_id, actor.user_id, after, PAGE)
    if not lines:
        return Page(cursor, False, [])
    # Several lines about one object tell one truth: the present one. Each batch of events is its own object.
    newest = {(line.kind, line.object_id): line for line in lines}
    found = []
    for (kind, object_id), line in newest.items():
        data = inspections.described(actor, kind, object_id) if line.op == "put" else None
        if data is not None:
            found.append(Change(kind, object_id, "put", data))
        elif line.op == "del" or kind == "visit":
            found.append(Change(kind, object_id, "del", None))
    return Page(_cursor(lines[-1].seq), len(lines) == PAGE, found)


def _snapshot(actor: Actor) -> Page:
    """Everything current, and the cursor from which it is continued.

    The cursor is read first: what changes meanwhile comes a second time and never not at all.
    """
    cursor = _cursor(feed.head(actor.agency_id))
    since = clock.now_ms() - SNAPSHOT_MS
    found = []
    for view in inspections.visits_of(actor.user_id, SNAPSHOT_STATES):
        if view.state == "sealed" and view.created_ms < since:
            continue
        card = inspections.visit_card(view.id, actor.user_id)
        if card is not None:
            found.append(Change("visit", view.id, "put", card))
        # Who has to confirm a signature must be able to read what was signed.
        asked = card is not None and any(one["user"] == actor.user_id for one in card["confirm"])
        if asked or view.state in OPEN_STATES or view.report_state == "returned":
            data = inspections.described(actor, "events", f"{view.id}/")
            if data is not None:
                found.append(Change("events", f"{view.id}/", "put", data))
    for kind, object_id in inspections.current_objects(actor):
        data = inspections.described(actor, kind, object_id)
        if data is not None:
            found.append(Change(kind, object_id, "put", data))
    return Page(cursor, False, found)


def blob_for(actor: Actor, sha256: str) -> tuple[Path, str]:
    """(path, mime) of a document or drawn ink of one of the caller's visits. Raises EvidenceUnknown.

    Photos and sound are not served here: people see derivatives of them.
    """
    for agency_id in (actor.agency_id, *inspections.lent_to(actor.user_id)):
        for insp in sorted(evidence.inspections_naming(agency_id, sha256)):
            kind = evidence.named_in(agency_id, insp).get(sha256)
            if kind in ("document", "ink", "strokes") and inspections.is_member(insp, actor.user_id):
                return evidence.original_path(agency_id, sha256), evidence.blob(agency_id, sha256).mime
    raise EvidenceUnknown()


def _cursor(seq: int) -> str:
    return f"{feed.epoch()}.{seq}"


def _position(cursor: str) -> int | None:
    """The change number of a cursor of this epoch, else None."""
    epoch, dot, seq = cursor.partition(".")
    if not dot or not seq.isascii() or not seq.isdigit() or epoch != str(feed.epoch()):
        return None
    return int(seq)
