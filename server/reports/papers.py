"""The documents of a report: who may read them, and the report as PDF made after approval.

Documents may not ask reports anything (import direction), so what a report prints of itself is handed over as
``ReportFacts``."""

from __future__ import annotations

from sqlalchemy import func, select

from server.accounts import operations as accounts
from server.accounts.domain import Actor
from server.audit import operations as audit
from server.documents import operations as documents
from server.documents.domain import DocumentUnknown
from server.inspections import operations as inspections
from server.kernel.moments import to_ms
from server.platform import jobs
from server.platform.db import db
from server.reports import domain
from server.reports.operations import _latest, _report, on_approved
from server.reports.tables import ReportRow, ReturnRow


def read(actor: Actor, report_id: str, kind: str) -> tuple[str, bytes]:
    """(file name, PDF) of a report's ``notice``, ``receipt``, ``record`` or ``report``.

    Reviewers and auditors of the agency, inspectors of the visit. Raises ReportUnknown, DocumentUnknown,
    DocumentNotReady, FontLacksCharacter."""
    row = _report(actor, report_id)
    if not actor.has("reviewer", "auditor") and not inspections.is_member(row.insp, actor.user_id):
        raise domain.ReportUnknown("没有这份报告")
    if kind not in documents.TITLES:
        raise DocumentUnknown("没有这种文书", kind=kind)
    made = documents.report_pdf(facts(row)) if kind == "report" else documents.pdf(row.insp, kind, row.agency_id)
    audit.record_read(actor, "documents.read", "report", report_id, kind=kind)
    return f"{documents.TITLES[kind]}-{inspections.inspection(row.insp).number}.pdf", made


def facts(row: ReportRow) -> documents.ReportFacts:
    """What the printed report says of its own life."""
    latest = _latest(row.id)
    people = accounts.people_by_id([user for user in (row.decided_by, latest.author if latest else None) if user])
    names = {user: person.name for user, person in people.items()}
    opinion = None
    if latest is not None:
        opinion = documents.Opinion(
            latest.rev, names.get(latest.author, ""), latest.evaluation, latest.handling, latest.advice, to_ms(latest.at)
        )
    returns = db.session.scalar(select(func.count()).where(ReturnRow.report_id == row.id)) or 0
    return documents.ReportFacts(
        insp=row.insp, state=row.state, created_ms=to_ms(row.created_at), due_on=row.due_on.isoformat(), opinion=opinion,
        reviewer=names.get(row.decided_by or "", ""), decision_note=row.decision_note, clock_reason=row.clock_reason,
        decided_ms=to_ms(row.decided_at) if row.decided_at else None, returns=returns,
    )


@jobs.job("reports.papers")
def make(report_id: str) -> None:
    """Record, receipt and report of an approved report; a second run finds them made."""
    row = db.session.get(ReportRow, report_id)
    if row is not None and row.state == "approved":
        told = facts(row)
        documents.make.fn(insp=row.insp)
        documents.report_pdf(told)


@on_approved
def _approved(report_id: str) -> None:
    make.enqueue(report_id=report_id)
