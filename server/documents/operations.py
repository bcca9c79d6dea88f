"""Use cases of documents: give the PDF of an inspection, make it when it is sealed or approved.

A document is made from its sheet; what was made is kept under the digest of the sheet, so a later picture (a
photo that was still being decoded) or a later round gives a new document and never a stale one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy.exc import IntegrityError

from server.documents import numbers, receipt, record, report
from server.documents.domain import TITLES, DocumentNotReady, DocumentUnknown
from server.documents.pictures import Find
from server.documents.render import Sheet, to_pdf
from server.documents.report import Opinion, ReportFacts
from server.documents.tables import DocumentMadeRow
from server.evidence import operations as evidence
from server.evidence.domain import DerivativeMissing, EvidenceUnknown
from server.inspections import operations as inspections
from server.inspections.domain import PackUnknown
from server.kernel.moments import local_date, zh_date
from server.kernel.moments import to_ms as ms_of
from server.plans import operations as plans
from server.platform import clock, jobs
from server.platform.blobs import blobs
from server.platform.db import session, transaction

__all__ = ["TITLES", "Opinion", "ReportFacts", "make", "pdf", "record_for_export", "report_pdf", "sealed"]

WHY = {"pending": "照片处理中", "unreadable": "照片无法解码，原件已保留"}
HOW = {
    "external_import": "外部系统随机抽取，导入名单", "internal": "本系统随机抽取，过程可以复核",
    "undrawn": "非随机检查，见来源文件", "undrawn_people_drawn": "对象确定，检查人员随机抽取",
}


def pdf(insp: str, kind: str, agency_id: str | None = None) -> bytes:
    """The PDF of an inspection: ``notice``, ``receipt`` or ``record``.

    Raises InspectionUnknown, DocumentUnknown, DocumentNotReady, FontLacksCharacter."""
    if kind == "notice":
        return _notice(inspections.inspection(insp, agency_id))
    if kind not in ("receipt", "record"):
        raise DocumentUnknown("没有这种文书", kind=kind)
    seen = _seen(insp, agency_id)
    made = record.sheet if kind == "record" else receipt.sheet
    sheet = made(seen.visit, seen.pack, _finder(seen.inspection.agency_id))
    return _kept(insp, kind, sheet, keep=seen.visit["sealed"])


def report_pdf(facts: ReportFacts) -> bytes:
    """The report of an inspection from what reports know of it; kept once it is approved.

    Raises InspectionUnknown, DocumentNotReady, FontLacksCharacter."""
    seen = _seen(facts.insp)
    number = numbers.number_of(facts.insp, "report")
    sheet = report.sheet(seen.visit, seen.pack, facts, number, _draws(facts.insp), _finder(seen.inspection.agency_id))
    return _kept(facts.insp, "report", sheet, keep=facts.state == "approved")


def record_for_export(insp: str) -> bytes | None:
    """``record.pdf`` of an export (D-17); None while there is nothing sealed to print."""
    try:
        return pdf(insp, "record")
    except (DocumentNotReady, DocumentUnknown):
        return None


def sealed(insp: str, visit: dict[str, Any]) -> None:
    """A seal has come: have the record and the receipt made soon after this commit."""
    if visit["state"] == "sealed":
        make.enqueue(insp=insp)


@jobs.job("documents.make")
def make(insp: str) -> None:
    """Make what the sealed visit allows. While files are on their way nothing is made: the first reader will."""
    view = inspections.inspection(insp)
    named = evidence.named_in(view.agency_id, insp)
    known = evidence.states(view.agency_id, sorted(named))
    if set(named) - set(known) or "pending" in known.values():
        return
    for kind in ("receipt", "record"):
        try:
            pdf(insp, kind)
        except DocumentNotReady:
            # A visit that never took place has no receipt; that is its right state, not a failure.
            continue


# --- what a document is made from -------------------------------------------------------------------------------


def _seen(insp: str, agency_id: str | None = None) -> inspections.VisitView:
    try:
        return inspections.visit(insp, agency_id)
    except PackUnknown as unprepared:
        raise DocumentNotReady("这项检查还没有准备好资料，没有文书") from unprepared


def _notice(view: inspections.InspectionView) -> bytes:
    """The very bytes that were served: the notice of the pack the visit was opened with."""
    named = _seen(view.id).pack["notice"].get("sha256")
    if not named or not blobs().exists(named):
        raise DocumentUnknown("这项检查没有行政检查通知书")
    with blobs().open(named) as file:
        return file.read()


def _finder(agency_id: str) -> Find:
    def find(sha256: str, which: str) -> Path | str:
        try:
            return evidence.derivative_path(agency_id, sha256, which)
        except EvidenceUnknown:
            return "照片尚未上传"
        except DerivativeMissing as missing:
            return WHY.get(str(missing.facts.get("state")), "没有可显示的图像")

    return find


def _draws(insp: str) -> list[report.Draw]:
    """How the assignments of an inspection were chosen, as far as this server knows it."""
    found = []
    for one in plans.assignments_of(insp):
        batch, _assignments = plans.batch(one.agency_id, one.batch_id)
        when = f"{zh_date(local_date(ms_of(batch.imported_at)))}{'导入' if one.source == plans.IMPORTED else '下达'}"
        found.append(report.Draw(one.item_name, one.item_code, one.batch_no, one.foreign_batch_no, HOW.get(one.source, one.source), when))
    return found


# --- what was made ------------------------------------------------------------------------------------------------


def _kept(insp: str, kind: str, sheet: Sheet, keep: bool) -> bytes:
    """The document of a sheet, from the blob store when it was made before."""
    digest = sheet.digest()
    row = session().get(DocumentMadeRow, (insp, kind, digest))
    if row is not None and blobs().exists(row.sha256):
        with blobs().open(row.sha256) as file:
            return file.read()
    # Setting pages takes a while: no reading transaction stays open meanwhile (never call this in a unit of work).
    session().rollback()
    made = to_pdf(sheet)
    if keep:
        _keep(insp, kind, digest, blobs().put_bytes(made))
    return made


def _keep(insp: str, kind: str, digest: str, sha256: str) -> None:
    try:
        with transaction() as current:
            if current.get(DocumentMadeRow, (insp, kind, digest)) is None:
                current.add(DocumentMadeRow(insp=insp, kind=kind, inputs=digest, sha256=sha256, made_at=clock.now()))
    except IntegrityError:
        # Somebody asked for the same document at the same time: both made the same bytes, one row names them.
        return
