"""The versions of an agency's item list: history, one version as a table, the difference of two, a scheme made of items.

WC-7b 动态管理: a version is a file with its reason and the day from which it holds; whatever was ever published stays
readable, because old inspections keep the version they used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from server.audit import operations as audit
from server.kernel.moments import local_date
from server.platform import clock
from server.platform.db import session, unit_of_work
from server.platform.ids import new_id
from server.rules import listing, operations
from server.rules.domain import AgencyRules, Data, UnknownVersion
from server.rules.listing import Table
from server.rules.tables import CheckingSchemeRow, RuleVersionRow

KIND = "item_list"
CURRENT, COMING, PAST, REPLACED = "current", "coming", "past", "replaced"


@dataclass(frozen=True)
class Version:
    """One version of a list. ``replaced``: published once, and no longer what its file says."""

    hash: str
    title: str
    starts: date
    state: str
    reason: str
    source_doc: str
    note: str
    parent: str
    items: int
    inherited: int
    published_at: datetime | None


def history(agency_id: str) -> list[Version]:
    """Every version of the agency's list, newest first."""
    now = operations.rules_for(agency_id).item_list_hash
    today = local_date(clock.now_ms())
    rows = session().scalars(select(RuleVersionRow).where(RuleVersionRow.agency == agency_id, RuleVersionRow.kind == KIND))
    published = {row.hash: row for row in rows}
    found = [
        _version(rules.item_list_hash, rules.item_list, starts, published,
                 CURRENT if rules.item_list_hash == now else COMING if starts > today else PAST)
        for starts, rules in operations.library().agencies[agency_id].items()
    ]  # fmt: skip
    known = {version.hash for version in found}
    found += [_version(row.hash, row.json, starts_of(row.json), published, REPLACED) for row in published.values() if row.hash not in known]
    return sorted(found, key=lambda version: (version.starts, version.published_at or clock.now(), version.hash), reverse=True)


def version(agency_id: str, digest: str) -> tuple[Version, Data, Table]:
    """One version with its content and its table; UnknownVersion for a hash that is not this agency's."""
    found = next((one for one in history(agency_id) if one.hash == digest), None)
    if found is None:
        raise UnknownVersion(f"没有存下事项清单 {digest[:12]}…这个版本", kind=KIND, hash=digest)
    content = operations.pinned(KIND, digest)
    return found, content, listing.table_of(content, operations.rules_for(agency_id).value("item.columns_printed"))


def compare(agency_id: str, old: str, new: str) -> list[str]:
    """What changed between two versions, in sentences; none when they read the same."""
    return list(listing.changes(version(agency_id, old)[1], version(agency_id, new)[1]))


@dataclass(frozen=True)
class Made:
    """A scheme with the number under which it is kept."""

    id: str
    items: tuple[Data, ...]
    checklists: tuple[Data, ...]
    others: tuple[Data, ...]
    deviation: str


@unit_of_work
def make_scheme(actor: audit.Who, codes: Sequence[str], checklists: Sequence[str] | None, deviation: str) -> Made:
    """Make and keep a checking scheme from the list in force; a deviation from the generated checklists needs its reason."""
    rules: AgencyRules = operations.rules_for(actor.agency_id)
    made = listing.scheme(rules, codes, checklists, deviation)
    row = CheckingSchemeRow(
        id=new_id(), agency=actor.agency_id, item_list=rules.item_list_hash, items=[one["code"] for one in made.items],
        checklists=[one["id"] for one in made.checklists], deviation=made.deviation, made_by=actor.user_id, created=clock.now(),
    )  # fmt: skip
    session().add(row)
    facts: dict[str, Any] = {"items": row.items, "checklists": row.checklists, "item_list": row.item_list, "deviates": bool(made.deviation)}
    audit.record(actor, "rules.scheme_made", "checking_scheme", row.id, facts=facts)
    return Made(row.id, made.items, made.checklists, made.others, made.deviation)


def starts_of(content: Data) -> date:
    """From when a published list holds: its own day, else New Year of its year."""
    return date.fromisoformat(content["starts"]) if "starts" in content else date(content["year"], 1, 1)


def _version(digest: str, content: Data, starts: date, published: dict[str, RuleVersionRow], state: str) -> Version:
    row, parent = published.get(digest), content.get("parent", {})
    return Version(
        hash=digest, title=content["title"], starts=starts, state=state, reason=content.get("reason", ""),
        source_doc=content.get("source_doc", ""), note=content.get("version_note", ""), parent=parent.get("title", ""),
        items=len(content["items"]), inherited=sum(item.get("origin") == listing.INHERITED for item in content["items"]),
        published_at=row.created if row else None,
    )  # fmt: skip
