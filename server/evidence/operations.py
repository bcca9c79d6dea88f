"""Use cases of evidence: which events name which blobs, what is here, and who may read it how.

Receiving files stands in ``receiving``; both are entered through here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import and_, func, select

from server.accounts.domain import Actor
from server.evidence import domain
from server.evidence.domain import Named
from server.evidence.receiving import Announcement, announce, arrived, receive
from server.evidence.tables import EvidenceBlob, EvidenceRef, insert_into
from server.evidence.uploads import shelf
from server.platform import clock
from server.platform.blobs import blobs
from server.platform.db import session, unit_of_work

__all__ = [
    "Announcement", "Blob", "Teams", "announce", "arrived", "blob", "derivative_path", "documents_of", "held_of",
    "inspections_naming", "keep_own", "keeper_of", "lacking_for", "lacks", "name_blobs", "named_before", "named_in", "original_path",
    "reader_of", "receive", "shelf", "states", "team_is",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Blob:
    """A kept blob. ``state``: pending | ready | unreadable | plain; ``derived``: {"view": sha, "thumb": sha}."""

    sha256: str
    size: int
    mime: str
    width: int
    height: int
    state: str
    derived: dict[str, str]


# --- naming -----------------------------------------------------------------------------------------------------


def named_before(agency_id: str, shas: Sequence[str]) -> tuple[set[str], dict[str, set[str]]]:
    """(blobs of the agency that are here, inspections that already name each). One statement."""
    if not shas:
        return set(), {}
    held: set[str] = set()
    insps: dict[str, set[str]] = {}
    here = select(EvidenceBlob.sha256, EvidenceBlob.agency_id.label("insp"), func.length("x").label("is_blob")).where(
        EvidenceBlob.agency_id == agency_id, EvidenceBlob.sha256.in_(shas)
    )
    named = select(EvidenceRef.sha256, EvidenceRef.insp, func.length("").label("is_blob")).where(
        EvidenceRef.agency_id == agency_id, EvidenceRef.sha256.in_(shas)
    )
    for sha256, insp, is_blob in session().execute(here.union_all(named)):
        if is_blob:
            held.add(sha256)
        else:
            insps.setdefault(sha256, set()).add(insp)
    return held, insps


def name_blobs(agency_id: str, insp: str, named: Iterable[Named], known: dict[str, set[str]] | None = None) -> None:
    """Note that signed events of ``insp`` name these blobs; called in the unit of work that stores the events.

    ``known`` (from ``named_before``) saves writing what is already there; the primary key decides in any case.
    """
    rows = {
        n.sha256: {
            "agency_id": agency_id,
            "sha256": n.sha256,
            "insp": insp,
            "kind": n.kind,
            "size": n.size,
            "mime": domain.base_mime(n.mime),
            "geotag_allowed": n.geotag_allowed,
            "name": n.name,
        }
        for n in named
        if insp not in (known or {}).get(n.sha256, ())
    }
    if rows:
        session().execute(insert_into(EvidenceRef).on_conflict_do_nothing(), list(rows.values()))


def lacks(agency_id: str, shas: Sequence[str]) -> list[str]:
    """Which of these hashes are not kept for this agency, in the order asked."""
    held = held_of(agency_id, shas)
    return [sha for sha in shas if sha not in held]


def held_of(agency_id: str, shas: Sequence[str]) -> set[str]:
    """Which of these blobs are kept for this agency."""
    if not shas:
        return set()
    query = select(EvidenceBlob.sha256).where(EvidenceBlob.agency_id == agency_id, EvidenceBlob.sha256.in_(shas))
    return set(session().scalars(query))


def named_in(agency_id: str, insp: str) -> dict[str, str]:
    """Every blob that events of the inspection name: sha256 → kind."""
    query = select(EvidenceRef.sha256, EvidenceRef.kind).where(
        EvidenceRef.agency_id == agency_id, EvidenceRef.insp == insp
    )
    return {row.sha256: row.kind for row in session().execute(query)}


def lacking_counts(agency_id: str, insps: Sequence[str]) -> dict[str, int]:
    """How many files each of these inspections names that are not here; those that lack nothing are left out."""
    if not insps:
        return {}
    held = and_(EvidenceBlob.agency_id == EvidenceRef.agency_id, EvidenceBlob.sha256 == EvidenceRef.sha256)
    query = (
        select(EvidenceRef.insp, func.count())
        .outerjoin(EvidenceBlob, held)
        .where(EvidenceRef.agency_id == agency_id, EvidenceRef.insp.in_(insps), EvidenceBlob.sha256.is_(None))
        .group_by(EvidenceRef.insp)
    )
    return {insp: int(count) for insp, count in session().execute(query)}


def documents_of(agency_id: str, insp: str) -> list[dict[str, object]]:
    """Files this server made for an inspection: [{sha256, size, mime, name}], for a phone to fetch beforehand."""
    query = select(EvidenceRef).where(
        EvidenceRef.agency_id == agency_id, EvidenceRef.insp == insp, EvidenceRef.kind == "document"
    )
    rows = session().scalars(query.order_by(EvidenceRef.sha256))
    return [{"sha256": row.sha256, "size": row.size, "mime": row.mime, "name": row.name} for row in rows]


def inspections_naming(agency_id: str, sha256: str) -> set[str]:
    """The inspections of the agency whose events (or documents) name this blob."""
    query = select(EvidenceRef.insp).where(EvidenceRef.agency_id == agency_id, EvidenceRef.sha256 == sha256)
    return set(session().scalars(query))


@unit_of_work
def keep_own(agency_id: str, insp: str, data: bytes, mime: str, name: str) -> str:
    """Keep a file this server made (a notice, a record) for an inspection; answers its SHA-256.

    ``name`` is what people call it; phones of the team are offered the file with the visit.
    """
    sha256 = blobs().put_bytes(data)
    name_blobs(agency_id, insp, [Named(sha256, len(data), mime, "document", name=name)])
    session().execute(
        insert_into(EvidenceBlob)
        .values(
            agency_id=agency_id,
            sha256=sha256,
            size=len(data),
            mime=mime,
            width=0,
            height=0,
            owner="server",
            received_at=clock.now(),
            state="plain",
            derived={},
        )
        .on_conflict_do_nothing()
    )
    return sha256


# --- reading ----------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Teams:
    """Who knows the teams: the inspections, which may not be imported from here; the composition root connects them."""

    is_member: Callable[[str, str], bool]
    """(inspection, person) → whether the person is drawn for it."""
    lent_to: Callable[[str], list[str]]
    """Person → other agencies that have drawn them."""
    agency_of: Callable[[str, str, str], str]
    """(inspection, person, own agency) → whose visit it is, for its members; else the own agency."""


_teams: list[Teams] = []


def team_is(teams: Teams) -> None:
    """Register who knows the teams. Doing it again changes nothing."""
    if teams not in _teams:
        _teams.append(teams)


def reader_of(actor: Actor, sha256: str) -> str:
    """The agency whose evidence this person may read under this hash. An inspector sees that of visits they are drawn for,
    a lent one also at the agency that has drawn them (WG-5b); reviewers and auditors all of their agency.

    Raises EvidenceUnknown.
    """
    if actor.has("reviewer", "auditor") and session().get(EvidenceBlob, (actor.agency_id, sha256)) is not None:
        return actor.agency_id
    for team in _teams:
        for agency_id in (actor.agency_id, *team.lent_to(actor.user_id)):
            if any(team.is_member(insp, actor.user_id) for insp in inspections_naming(agency_id, sha256)):
                return agency_id
    raise domain.EvidenceUnknown()


def lacking_for(actor: Actor, shas: Sequence[str]) -> list[str]:
    """Which of these a phone must still upload: neither kept for its agency nor for a visit it was lent to."""
    lacking = lacks(actor.agency_id, shas)
    for agency_id in [one for team in _teams for one in team.lent_to(actor.user_id)] if lacking else ():
        held = {sha for sha in held_of(agency_id, lacking) if _member_names(agency_id, sha, actor.user_id)}
        lacking = [sha for sha in lacking if sha not in held]
    return lacking


def _member_names(agency_id: str, sha256: str, user_id: str) -> bool:
    return any(team.is_member(insp, user_id) for team in _teams for insp in inspections_naming(agency_id, sha256))


def keeper_of(actor: Actor, insp: str) -> str:
    """The agency for which a file of this inspection is kept."""
    return _teams[0].agency_of(insp, actor.user_id, actor.agency_id) if _teams else actor.agency_id


def blob(agency_id: str, sha256: str) -> Blob:
    """Raises EvidenceUnknown, also for a blob of another agency."""
    row = session().get(EvidenceBlob, (agency_id, sha256))
    if row is None:
        raise domain.EvidenceUnknown()
    return Blob(row.sha256, row.size, row.mime, row.width, row.height, row.state, dict(row.derived))


def original_path(agency_id: str, sha256: str) -> Path:
    """Where the original bytes lie. Raises EvidenceUnknown."""
    return blobs().path(blob(agency_id, sha256).sha256)


def derivative_path(agency_id: str, sha256: str, which: str) -> Path:
    """``which``: view | thumb. Raises EvidenceUnknown, DerivativeMissing."""
    found = blob(agency_id, sha256)
    derived = found.derived.get(which)
    if found.state != "ready" or derived is None:
        raise domain.DerivativeMissing(state=found.state)
    return blobs().path(derived)


def states(agency_id: str, shas: Sequence[str]) -> dict[str, str]:
    """sha256 → pending | ready | unreadable | plain, for those that are here."""
    if not shas:
        return {}
    query = select(EvidenceBlob.sha256, EvidenceBlob.state).where(
        EvidenceBlob.agency_id == agency_id, EvidenceBlob.sha256.in_(shas)
    )
    return {row.sha256: row.state for row in session().execute(query)}


def held_everywhere() -> list[str]:
    """The hashes of every complete blob of all agencies, once each; for the audit."""
    return list(session().scalars(select(EvidenceBlob.sha256).distinct().order_by(EvidenceBlob.sha256)))


def stored_digest(sha256: str) -> str | None:
    """The SHA-256 of what lies in the store under this name; None when nothing does."""
    try:
        with blobs().open(sha256) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None
