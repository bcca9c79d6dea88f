"""What phones are told: visit cards, events on the wire, and the registry of other capabilities' changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import or_, select

from server.accounts import operations as accounts
from server.accounts.domain import Actor
from server.evidence import operations as evidence
from server.inspections import levels
from server.inspections.domain import NAMING_EVENTS, PackUnknown, blobs_of
from server.inspections.members import is_member, tell_member
from server.inspections.tables import EventRow, InspectionMember, InspectionPack, InspectionRow
from server.kernel import b64url
from server.platform import clock
from server.platform.blobs import blobs
from server.platform.db import session


def files_of(insp_id: str) -> list[str]:
    """SHA-256 of every file that the record itself names: those of quarantined events, of strangers and of lost
    phones, are kept as evidence of what happened and are not part of what the visit needs."""
    table = EventRow.__table__
    query = select(table.c.t, table.c.body).where(
        table.c.insp == insp_id, table.c.status == "stored", table.c.t.in_(NAMING_EVENTS), table.c.body.is_not(None)
    )
    return sorted({blob.sha256 for t, body in session().execute(query) for blob in blobs_of(t, json.loads(body))})


def visit_card(insp_id: str, user_id: str) -> dict[str, Any] | None:
    """What the list on a member's phone shows of a visit; None when it is gone, and for everybody else."""
    row = session().get(InspectionRow, insp_id)
    if row is None or row.state == "cancelled" or not is_member(insp_id, user_id):
        return None
    return {
        "insp": row.id,
        "number": row.number,
        "unit_name": row.unit_name,
        "address": row.address,
        "inspect_by": row.inspect_by.isoformat() if row.inspect_by else None,
        "state": row.state,
        "report_state": row.report_state,
        "lead": _lead(row),
        "team": list(row.team),
        "phones": _phones(row),
        "pack": row.pack_sha,
        "files": evidence.documents_of(row.agency_id, insp_id),
        "due_on": row.due_on.isoformat() if row.due_on else None,
        "confirm": _to_confirm(row),
        "flags": list(row.flags),
    }


def _phones(row: InspectionRow) -> list[dict[str, Any]]:
    """The team's enrolments with their public keys: without a network the one phone knows the other's signature (A2)."""
    return [
        {"user": one.user_id, "dev": one.dev, "spki": b64url.encode(one.spki), "installation": one.installation,
         "revoked": one.revoked_at is not None}
        for one in accounts.devices_of([str(member["user"]) for member in row.team])
    ]  # fmt: skip


def _to_confirm(row: InspectionRow) -> list[dict[str, Any]]:
    """Signatures on a colleague's phone that their persons have not confirmed yet."""
    if not row.seals:
        return []
    return [
        {"user": one.user, "d": one.d, "attest": one.attest, "due_ms": clock.to_ms(one.due_at)}
        for one in levels.confirmations(row.id)
        if one.confirmed_at is None
    ]


def phones_changed(_agency_id: str, user_id: str) -> None:
    """A member's phone was enrolled or revoked: the team must know its key before it loses the network."""
    query = select(InspectionRow).join(InspectionMember, InspectionMember.insp == InspectionRow.id)
    running = InspectionRow.state.in_(("assigned", "prepared", "in_progress", "attested"))
    for row in session().scalars(query.where(InspectionMember.user_id == user_id, running)):
        for member in row.team:
            tell_member(row, member, "visit", row.id)


def _lead(row: InspectionRow) -> str:
    return next((str(member["user"]) for member in row.team if member.get("lead")), "")


def wire_events(insp_id: str, batch: str | None = None, not_dev: str = "") -> list[dict[str, str]]:
    """Stored events of an inspection as the wire carries them, oldest first; one batch, or all."""
    table = EventRow.__table__
    query = select(table.c.header, table.c.sig, table.c.body).where(
        table.c.insp == insp_id, table.c.status == "stored", table.c.dev != not_dev
    )
    if batch is not None:
        query = query.where(table.c.batch == batch)
    return [
        wire(row.header, row.sig, row.body)
        for row in session().execute(query.order_by(table.c.rx, table.c.dev, table.c.n))
    ]


def wire(header: bytes, sig: bytes, body: bytes | None) -> dict[str, str]:
    """The wire object of stored bytes; ``b`` is absent only when the body was erased by law."""
    found = {"h": bytes(header).decode(), "s": b64url.encode(bytes(sig))}
    return found if body is None else {**found, "b": bytes(body).decode()}


def pack_for(actor: Actor, sha256: str) -> bytes:
    """A pack of a visit the caller is drawn for; for a reviewer of any visit of the agency. Raises PackUnknown."""
    may = InspectionRow.id.in_(select(InspectionMember.insp).where(InspectionMember.user_id == actor.user_id))
    if actor.has("reviewer"):
        may = or_(may, InspectionRow.agency_id == actor.agency_id)
    query = select(InspectionPack.sha256).join(InspectionRow, InspectionRow.id == InspectionPack.insp).where(InspectionPack.sha256 == sha256, may)
    if session().scalar(query.limit(1)) is None:
        raise PackUnknown()
    with blobs().open(sha256) as file:
        return file.read()


# --- what the change feed tells about other capabilities' objects --------------------------------------------------

Describe = Callable[[Actor, str], dict[str, Any] | None]
Listing = Callable[[Actor], list[str]]
_describers: dict[str, Describe] = {}
_listings: dict[str, Listing] = {}


def describe_change(kind: str, fn: Describe, current: Listing | None = None) -> None:
    """Let ``fn(actor, object id)`` say what a phone is told about changes of ``kind`` (e.g. reports: "return").

    ``current(actor)`` are the ids that a phone without a cursor must be told of; without it such a phone would
    never hear of what happened before it was enrolled."""
    _describers[kind] = fn
    if current is not None:
        _listings[kind] = current


def current_objects(actor: Actor) -> list[tuple[str, str]]:
    """(kind, id) of everything beside visits and events that a new phone must be told of."""
    return [(kind, object_id) for kind, listing in _listings.items() for object_id in listing(actor)]


def described(actor: Actor, kind: str, object_id: str) -> dict[str, Any] | None:
    """The data of a change, None when there is nothing (any more) to tell."""
    fn = _describers.get(kind)
    return None if fn is None else fn(actor, object_id)


def _describe_visit(actor: Actor, object_id: str) -> dict[str, Any] | None:
    return visit_card(object_id, actor.user_id)


def _describe_events(actor: Actor, object_id: str) -> dict[str, Any] | None:
    insp, _, batch = object_id.partition("/")
    if not is_member(insp, actor.user_id):
        return None
    events = wire_events(insp, batch or None, not_dev=actor.dev)
    return {"insp": insp, "events": events} if events else None


describe_change("visit", _describe_visit)
describe_change("events", _describe_events)
