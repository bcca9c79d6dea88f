"""What the field says the registry should hold. Nothing is taken over by itself: a clerk accepts or rejects, with a reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from server.accounts import operations as accounts
from server.audit import operations as audit
from server.kernel.moments import local_date
from server.platform import clock
from server.platform.db import db, unit_of_work
from server.platform.ids import new_id
from server.registry import cards, fields
from server.registry.domain import FieldsWrong, ProposalUnknown
from server.registry.holding import Cause, hold_ids
from server.registry.tables import ProposalRow
from server.rules import operations as rules

# The phone's words for fields that the registry keeps under another name, or as two.
PHONE_FIELDS = {"responsible": ("responsible_name", "responsible_phone"), "manager": ("manager_name", "manager_phone")}


@dataclass(frozen=True)
class Seen:
    """One proposal of a visit: ``event`` names it for ever."""

    event: str
    field: str
    old: str
    new: str
    source: str
    by: str


def from_visit(agency_id: str, unit_id: str, insp: str, proposed: Iterable[Seen], facts: Mapping[str, str]) -> None:
    """Take in what a visit proposes; called in the unit of work that brings the events, again and again. ``facts`` are those
    that the visit established; one that the registry already has proposes nothing."""
    found = hold_ids(agency_id, [unit_id])
    if not found:
        return
    values, now, terms = found[0].values(), clock.now(), rules.facts()
    known = {row.id: row for row in db.session.scalars(select(ProposalRow).where(ProposalRow.agency_id == agency_id, ProposalRow.insp == insp))}
    for one in proposed:
        for position, (name, old, new) in enumerate(_split(one)):
            key = one.event if position == 0 else f"{one.event}#{position}"
            if key not in known and fields.known_field(name, terms) and values.get(name, "") != new:
                db.session.add(ProposalRow(id=key, agency_id=agency_id, kind="field", unit_id=unit_id, insp=insp, field=name, old=old, new=new, source=one.source, details={}, by_user=one.by, at=now, state="open"))
    for fact, value in facts.items():
        key, name = f"{insp}:{fact}"[:64], fields.FACT + fact
        row = known.get(key)
        if row is None and fact in terms and value != "unknown" and values.get(name, "unknown") != value:
            db.session.add(ProposalRow(id=key, agency_id=agency_id, kind="fact", unit_id=unit_id, insp=insp, field=name, old=values.get(name, "unknown"), new=value, source="现场核对", details={}, at=now, state="open"))
        elif row is not None and row.state == "open":
            row.new = value


def _split(one: Seen) -> list[tuple[str, str, str]]:
    """"甄责任 0379-0001" becomes the name and the telephone number that the registry keeps apart."""
    if one.field not in PHONE_FIELDS:
        return [(one.field, one.old, one.new)]
    pairs = [(re.sub(r"[0-9+\-() 转]{5,24}$", "", text).strip(), found[0].strip() if (found := re.search(r"[0-9+\-() 转]{5,24}$", text)) else "") for text in (one.old, one.new)]
    return [(name, pairs[0][i], pairs[1][i]) for i, name in enumerate(PHONE_FIELDS[one.field]) if pairs[1][i] and pairs[0][i] != pairs[1][i]]


@unit_of_work
def report_unit(actor: audit.Who, agency_id: str, details: Mapping[str, str], note: str, report_id: str | None = None) -> str:
    """A supervised unit that is not in the registry, told from the field (YS-3.2a). The same id from the same person again
    is the same report, whatever has become of it. Raises ProposalUnknown for an id that is somebody else's."""
    known = None if report_id is None else db.session.get(ProposalRow, report_id)
    if known is not None:
        if (known.agency_id, known.by_user, known.kind) != (agency_id, actor.user_id, "unit"):
            raise ProposalUnknown("没有这条建议")
        return known.id
    row = ProposalRow(id=report_id or new_id(), agency_id=agency_id, kind="unit", unit_id=None, field="", new=details["name"], source=note, details=dict(details), by_user=actor.user_id, at=clock.now(), state="open")
    db.session.add(row)
    audit.record(actor, "registry.unit_reported", "proposal", row.id, agency_id)
    return row.id


@dataclass(frozen=True)
class Proposal:
    row: ProposalRow
    unit_name: str
    label: str
    now: str
    by: str


def proposals(agency_id: str, state: str, limit: int = 200) -> tuple[list[Proposal], int]:
    """(the proposals in that state, oldest first for open ones; how many are open)."""
    query = select(ProposalRow).where(ProposalRow.agency_id == agency_id, ProposalRow.state == state)
    order = (ProposalRow.at, ProposalRow.id) if state == "open" else (ProposalRow.decided_at.desc(), ProposalRow.id)
    rows = list(db.session.scalars(query.order_by(*order).limit(limit)))
    held = {one.unit.id: one for one in hold_ids(agency_id, [row.unit_id for row in rows if row.unit_id])}
    people = accounts.people_by_id(sorted({row.by_user for row in rows if row.by_user}))
    kind, facts = accounts.agency(agency_id).kind, rules.facts()
    found = [
        Proposal(
            row, held[row.unit_id].unit.name if row.unit_id in held else row.new, fields.label(row.field, kind, facts) if row.field else "",
            held[row.unit_id].values().get(row.field, "") if row.unit_id in held else "", people[row.by_user].name if row.by_user in people else "",
        )
        for row in rows
    ]
    return found, db.session.scalar(select(func.count()).select_from(ProposalRow).where(ProposalRow.agency_id == agency_id, ProposalRow.state == "open")) or 0


@unit_of_work
def decide(actor: audit.Who, agency_id: str, proposal_id: str, accept: bool, reason: str, values: Mapping[str, str]) -> None:
    """Take it over (``values`` are the whole line of a new unit) or turn it down; either way with the reason."""
    row = db.session.get(ProposalRow, proposal_id, with_for_update=True)
    if row is None or row.agency_id != agency_id:
        raise ProposalUnknown("没有这条建议")
    if row.state != "open":
        raise ProposalUnknown("这条建议已由他人处理")
    if accept and row.kind == "unit":
        row.unit_id = cards.add_unit(actor, agency_id, {**row.details, **values}, reason, "visit")
    elif accept:
        if row.unit_id is None:
            raise FieldsWrong("建议没有说明是哪个单位")
        held = cards.held_unit(agency_id, row.unit_id)
        now = clock.now()
        source = f"现场检查（{row.source}）" if row.source else "现场检查"
        cause = Cause("visit", source, now, local_date(clock.to_ms(now)), actor.user_id, reason)
        cards.write(actor, held, cards.checked(agency_id, held, {row.field: values.get(row.field, row.new)}), cause)
    row.state, row.decided_by, row.decided_at, row.reason = "accepted" if accept else "rejected", actor.user_id, clock.now(), reason
    audit.record(actor, "registry.proposal_decided", "proposal", proposal_id, agency_id, {"accepted": accept, "unit": row.unit_id or ""})
