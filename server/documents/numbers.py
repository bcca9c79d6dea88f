"""Document numbers without unexplained gaps (D-26). Part of the caller's unit of work."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from server.audit import operations as audit
from server.documents.domain import DOCUMENT_WORDS
from server.documents.tables import DocumentNumberRow, NumberCounterRow
from server.kernel.moments import local_date
from server.platform import clock
from server.platform.db import db
from server.platform.ids import new_id


def take_serial(agency_id: str, kind: str, year: int) -> int:
    """The next serial of a kind, agency and year; the counter row is locked until the commit."""
    counter = _held_counter(agency_id, kind, year)
    counter.last += 1
    db.session.flush()
    return counter.last


def _held_counter(agency_id: str, kind: str, year: int) -> NumberCounterRow:
    """The counter, locked until the commit. The first number of a year may be wanted twice at the same moment."""
    dialect = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    first = dialect.insert(NumberCounterRow).values(agency_id=agency_id, kind=kind, year=year, last=0)
    db.session.execute(first.on_conflict_do_nothing())
    return db.session.get_one(NumberCounterRow, (agency_id, kind, year), with_for_update=True)


def reserve(agency_id: str, short: str, kind: str, insp: str) -> str:
    """Reserve ``（简称）类别字〔年份〕第N号`` for an inspection; the same one when it has one already.

    ``kind`` is a key of ``DOCUMENT_WORDS``. The human number of the inspection itself has a counter of its own."""
    now = clock.now()
    year = local_date(clock.now_ms()).year
    # Two jobs may prepare one inspection: whoever holds the counter looks first whether it has a number by now.
    _held_counter(agency_id, kind, year)
    held = db.session.scalars(select(DocumentNumberRow).where(DocumentNumberRow.insp == insp, DocumentNumberRow.kind == kind, DocumentNumberRow.state != "void")).first()
    if held is not None:
        return held.text
    serial = take_serial(agency_id, kind, year)
    text = f"（{short}）{DOCUMENT_WORDS[kind]}〔{year}〕第{serial}号"
    db.session.add(DocumentNumberRow(id=new_id(), agency_id=agency_id, kind=kind, year=year, serial=serial, text=text, insp=insp, state="reserved", reserved_at=now, changed_at=now))
    db.session.flush()
    return text


def number_of(insp: str, kind: str) -> str:
    """The number that an inspection holds for a kind, "" when it holds none."""
    query = select(DocumentNumberRow.text).where(DocumentNumberRow.insp == insp, DocumentNumberRow.kind == kind, DocumentNumberRow.state != "void")
    return db.session.scalar(query) or ""


def mark_used(insp: str, kind: str) -> None:
    """The document was served or finished under its number."""
    for row in db.session.scalars(select(DocumentNumberRow).where(DocumentNumberRow.insp == insp, DocumentNumberRow.kind == kind, DocumentNumberRow.state == "reserved")):
        row.state, row.changed_at = "used", clock.now()


def void_unused(actor: audit.Who | None, agency_id: str, insp: str, reason: str) -> None:
    """作废: numbers that will never be used keep their place in the sequence, with the reason."""
    for row in db.session.scalars(select(DocumentNumberRow).where(DocumentNumberRow.insp == insp, DocumentNumberRow.state == "reserved")):
        row.state, row.void_reason, row.changed_at = "void", reason, clock.now()
        audit.record(actor, "documents.number_voided", "inspection", insp, agency_id, {"number": row.text, "reason": reason})
