"""Use cases of batches: read a list that was drawn elsewhere, check every line, keep all of it or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from server.audit import operations as audit
from server.kernel.moments import local_date, parse_day
from server.kernel.uscc import check
from server.plans import domain
from server.plans.tables import AssignmentRow, BatchRow, PlanLineRow
from server.platform import clock
from server.platform.db import db, unit_of_work
from server.platform.ids import new_id
from server.platform.sheets import Row, Sheet, read_sheet
from server.registry import operations as registry
from server.registry.domain import RowError, match_headers
from server.rules import operations as rules


@dataclass(frozen=True)
class Assignment:
    """An assignment as other capabilities see it."""

    id: str
    agency_id: str
    batch_id: str
    batch_no: str
    foreign_batch_no: str
    source: str
    visit_group: str
    unit_id: str
    item_code: str
    item_name: str
    inspectors: tuple[str, ...]
    lead: str | None
    inspect_by: date
    mode: str


@dataclass(frozen=True)
class Batch:
    id: str
    batch_no: str
    foreign_batch_no: str
    source: str
    file_name: str
    imported_at: datetime
    assignments: int


@dataclass(frozen=True)
class BatchOutcome:
    """What an import did or would do. With errors nothing is stored: half a drawn list is not what was drawn."""

    batch_ids: tuple[str, ...]
    lines: int
    visits: int
    errors: tuple[RowError, ...]


IMPORTED = "external_import"
"""Where every batch comes from that was not drawn here, whatever the agency's profile says of its own draws."""

VisitsAssigned = Callable[[str, list[list[Assignment]]], None]
_listeners: list[VisitsAssigned] = []


def on_assigned(listener: VisitsAssigned) -> None:
    """Tell ``listener(agency_id, groups)`` about new assignments inside the same unit of work (inspections come from them)."""
    if listener not in _listeners:
        _listeners.append(listener)


class _Reader:
    """Reads the lines of one foreign batch against the registries and the rules of one agency."""

    def __init__(self, agency_id: str, sheet: Sheet) -> None:
        self.agency_id = agency_id
        self.columns = match_headers(sheet.headers, domain.HEADERS)
        lacking = [domain.HEADERS[name][0] for name in domain.REQUIRED if name not in self.columns]
        if lacking:
            raise domain.BatchHeadersWrong(f"表头缺少：{'、'.join(lacking)}。现有表头：{'、'.join(h for h in sheet.headers if h) or '（空）'}", lacking=lacking)
        own = rules.rules_for(agency_id)
        self.profile = own.values
        self.items = {str(item["code"]): str(item["item"]) for item in own.items}
        self.today = local_date(clock.now_ms())
        self.errors: list[RowError] = []

    def _text(self, row: Row, name: str) -> str:
        header = self.columns.get(name)
        return row.text(header) if header else ""

    def _fault(self, row: Row, name: str, text: str, code: str) -> None:
        self.errors.append(RowError(row.number, self.columns.get(name, ""), text, code))

    def _team(self, row: Row, unit_id: str | None, inspect_by: date | None) -> tuple[str, ...]:
        people: list[str] = []
        for name in ("inspector1", "inspector2", "inspector3"):
            number = self._text(row, name)
            if not number:
                continue
            person = registry.inspector_by_certificate(self.agency_id, number)
            if person is None:
                self._fault(row, name, f"执法证号“{number}”不在本机关执法检查人员名录库", "E_INSPECTOR_UNKNOWN")
                continue
            if not person.certificate.valid_on(inspect_by or self.today):
                self._fault(row, name, f"{person.name}的执法证（{number}）于{person.certificate.valid_to.isoformat()}到期，检查时限内无效", "E_CERTIFICATE_EXPIRED")
            reason = registry.conflict_between(person.user_id, unit_id) if unit_id else None
            if reason:
                self._fault(row, name, f"{person.name}与被检查单位有利害关系（{reason}），依法应当回避", "E_CONFLICT_OF_INTEREST")
            if person.user_id in people:
                self._fault(row, name, f"{person.name}被重复填写；检查人员不得少于两人", "E_TOO_FEW_INSPECTORS")
            else:
                people.append(person.user_id)
        least = int(self.profile.get("team.min", 2))
        if len(people) < least and not any(e.row == row.number and e.code.startswith(("E_INSPECTOR", "E_TOO_FEW")) for e in self.errors):
            self._fault(row, "inspector2", f"检查人员不得少于{least}人，本行只有{len(people)}人", "E_TOO_FEW_INSPECTORS")
        return tuple(people)

    def _lead(self, row: Row, team: tuple[str, ...]) -> str | None:
        number = self._text(row, "lead")
        if not number:
            if self.profile.get("team.lead") == "required":
                self._fault(row, "lead", "本机关要求指定检查组长，请填写检查组长证号", "E_LEAD_MISSING")
            return None
        person = registry.inspector_by_certificate(self.agency_id, number)
        if person is None or person.user_id not in team:
            self._fault(row, "lead", f"检查组长（{number}）不在本行的检查人员中", "E_LEAD_NOT_IN_TEAM")
            return None
        return person.user_id

    def line(self, row: Row) -> domain.Line | None:
        """One accepted line, or None with its faults added to ``errors``."""
        before = len(self.errors)
        batch_no = self._text(row, "batch_no")
        if not batch_no:
            self._fault(row, "batch_no", "缺少批次号", "E_ROW_MISSING")
        foreign = self._text(row, "foreign_batch_no")
        if self.profile.get("draw.source") == "external_import" and not foreign:
            self._fault(row, "foreign_batch_no", "由外部系统抽取的批次须填写来源系统批次号", "E_ROW_MISSING")
        for name, text in (("batch_no", batch_no), ("foreign_batch_no", foreign)):
            if len(text) > domain.LONGEST_NUMBER:
                self._fault(row, name, f"批次号超过 {domain.LONGEST_NUMBER} 个字", "E_ROW_TOO_LONG")
        item = self._text(row, "item")
        code = item if item in self.items else next((c for c, name in self.items.items() if name == item), "")
        if not code:
            self._fault(row, "item", f"抽查事项“{item}”不在随机抽查事项清单内，不得检查", "E_ITEM_UNKNOWN")
        uscc = self._text(row, "uscc")
        if uscc:
            result = check(uscc)
            if not result.ok:
                self._fault(row, "uscc", f"统一社会信用代码“{uscc}”不正确：{result.reason_zh}", "E_USCC")
            uscc = result.code if result.ok else ""
        unit = registry.find_unit(self.agency_id, uscc, self._text(row, "unit_name"))
        if unit is None:
            self._fault(row, "unit_name", f"“{self._text(row, 'unit_name')}”不在检查对象名录库", "E_UNIT_UNKNOWN")
        inspect_by = parse_day(self._text(row, "inspect_by"))
        if inspect_by is None:
            self._fault(row, "inspect_by", f"检查时限“{self._text(row, 'inspect_by')}”不是日期，请写成 2026-11-27", "E_DATE")
        mode = domain.MODES.get(self._text(row, "mode"))
        if mode is None:
            self._fault(row, "mode", f"检查方式“{self._text(row, 'mode')}”无法识别", "E_MODE")
        team = self._team(row, unit.id if unit else None, inspect_by)
        lead = self._lead(row, team)
        if len(self.errors) > before or unit is None or inspect_by is None or mode is None:
            return None
        return domain.Line(row.number, batch_no, foreign, code, self.items[code], unit.id, team, lead, inspect_by, mode)


def units_in_use(agency_id: str, unit_ids: list[str]) -> set[str]:
    """Those of the units that an assignment speaks of."""
    return set(db.session.scalars(select(AssignmentRow.unit_id).where(AssignmentRow.agency_id == agency_id, AssignmentRow.unit_id.in_(unit_ids))))


def people_in_use(agency_id: str, user_ids: list[str]) -> set[str]:
    """Those of the people who stand in the team of a planned or handed out visit."""
    wanted = set(user_ids)
    teams = [*db.session.scalars(select(PlanLineRow.team).where(PlanLineRow.agency_id == agency_id)), *db.session.scalars(select(AssignmentRow.inspectors).where(AssignmentRow.agency_id == agency_id))]
    return wanted & {user for team in teams for user in team}


def store_batch(actor: audit.Who | None, agency_id: str, batch_no: str, groups: list[domain.Group], source: str, file: tuple[str, str]) -> str:
    """Make visits of groups and tell who makes inspections of them. Part of the caller's unit of work. Raises BatchKnown."""
    batch = BatchRow(
        id=new_id(), agency_id=agency_id, batch_no=batch_no, foreign_batch_no=domain.foreign_words(groups), source=source,
        file_name=file[0], file_sha256=file[1], imported_by=actor.user_id if actor else "", imported_at=clock.now(),
    )
    db.session.add(batch)
    try:
        db.session.flush()
    except IntegrityError as raced:
        # The same list was sent twice at the same moment: the unique key has let the other one in.
        raise domain.BatchKnown(f"批次“{batch_no}”刚刚由另一人导入，不会重复派发任务", batch_no=batch_no) from raced
    visits: list[list[Assignment]] = []
    for group in groups:
        visit_id = group.visit_id or new_id()
        rows = [
            AssignmentRow(
                id=new_id(), agency_id=agency_id, batch_id=batch.id, visit_group=visit_id, unit_id=line.unit_id, item_code=line.item_code, item_name=line.item_name,
                foreign_batch_no=line.foreign_batch_no, inspectors=list(group.inspectors), lead=group.lead, inspect_by=line.inspect_by, mode=line.mode, row=line.row,
            )
            for line in group.lines
        ]
        db.session.add_all(rows)
        visits.append([_assignment(row, batch) for row in rows])
    db.session.flush()
    for listener in _listeners:
        listener(agency_id, visits)
    return batch.id


def import_batch(actor: audit.Who | None, agency_id: str, data: bytes, filename: str, dry_run: bool = False) -> BatchOutcome:
    """Take over a batch that was drawn elsewhere. All lines or none; a known batch number is refused (``BatchKnown``)."""
    # Read before the unit of work begins: a large table must not hold the write lock while it is parsed.
    return _import_batch(actor, agency_id, read_sheet(data, filename), (filename, hashlib.sha256(data).hexdigest()), dry_run)


def read_batch(agency_id: str, sheet: Sheet) -> tuple[list[domain.Line], list[RowError]]:
    """The acceptable lines of a list that was drawn elsewhere, and every fault of the others."""
    reader = _Reader(agency_id, sheet)
    lines = [line for row in sheet.rows if (line := reader.line(row)) is not None]
    if not sheet.rows:
        raise domain.BatchHeadersWrong("表格里只有表头，没有任务")
    return lines, reader.errors


@unit_of_work
def _import_batch(actor: audit.Who | None, agency_id: str, sheet: Sheet, file: tuple[str, str], dry_run: bool) -> BatchOutcome:
    lines, errors = read_batch(agency_id, sheet)
    numbers = list(dict.fromkeys(line.batch_no for line in lines))
    for number in numbers:
        if db.session.scalar(select(BatchRow.id).where(BatchRow.agency_id == agency_id, BatchRow.batch_no == number)):
            raise domain.BatchKnown(f"批次“{number}”已经导入过，不会重复派发任务", batch_no=number)
    by_batch = {number: domain.merge(line for line in lines if line.batch_no == number) for number in numbers}
    visits = sum(len(groups) for groups in by_batch.values())
    if dry_run or errors:
        return BatchOutcome((), len(sheet.rows), visits, tuple(errors))
    ids = tuple(store_batch(actor, agency_id, number, groups, IMPORTED, file) for number, groups in by_batch.items())
    audit.record(actor, "plans.batch_imported", "agency", agency_id, agency_id, {"file": file[0], "sha256": file[1], "batches": numbers, "lines": len(lines), "visits": visits})
    return BatchOutcome(ids, len(lines), visits, ())


def _assignment(row: AssignmentRow, batch: BatchRow) -> Assignment:
    return Assignment(
        row.id, row.agency_id, batch.id, batch.batch_no, row.foreign_batch_no, batch.source, row.visit_group, row.unit_id, row.item_code, row.item_name,
        tuple(row.inspectors), row.lead, row.inspect_by, row.mode,
    )


def assignments_of(visit_group: str) -> list[Assignment]:
    """The assignments that one inspection carries, in the order of their batch file."""
    query = select(AssignmentRow, BatchRow).join(BatchRow, AssignmentRow.batch_id == BatchRow.id).where(AssignmentRow.visit_group == visit_group)
    return [_assignment(row, batch) for row, batch in db.session.execute(query.order_by(AssignmentRow.row, AssignmentRow.id))]


def batches(agency_id: str) -> list[Batch]:
    """Batches of an agency, newest first."""
    counts = select(AssignmentRow.batch_id, func.count().label("n")).group_by(AssignmentRow.batch_id).subquery()
    query = select(BatchRow, counts.c.n).outerjoin(counts, counts.c.batch_id == BatchRow.id).where(BatchRow.agency_id == agency_id).order_by(BatchRow.imported_at.desc(), BatchRow.batch_no)
    return [Batch(b.id, b.batch_no, b.foreign_batch_no, b.source, b.file_name, b.imported_at, int(n or 0)) for b, n in db.session.execute(query)]


def batch(agency_id: str, batch_id: str) -> tuple[Batch, list[Assignment]]:
    """One batch with its assignments. Raises ``BatchUnknown``, also for another agency's batch."""
    row = db.session.get(BatchRow, batch_id)
    if row is None or row.agency_id != agency_id:
        raise domain.BatchUnknown("没有这个批次")
    query = select(AssignmentRow).where(AssignmentRow.batch_id == batch_id).order_by(AssignmentRow.row, AssignmentRow.id)
    found = [_assignment(assignment, row) for assignment in db.session.scalars(query)]
    return Batch(row.id, row.batch_no, row.foreign_batch_no, row.source, row.file_name, row.imported_at, len(found)), found


def load_demo(agency_id: str, folder: Path) -> None:
    """The invented batch of ``checklists/<agency>/demo``; running it again changes nothing."""
    path = folder / "assignments.csv"
    try:
        outcome = import_batch(None, agency_id, path.read_bytes(), path.name)
    except domain.BatchKnown:
        return
    if outcome.errors:
        raise domain.BatchHasErrors("；".join(f"{path.name} 第{e.row}行：{e.text}" for e in outcome.errors[:5]))
