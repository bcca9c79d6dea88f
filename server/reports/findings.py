"""What approved inspections found, counted for whoever keeps the item list (WS-3.2d: "结合年度工作重点和监管执法发现的突出问题，编制、更新").

One row per approved report holds what failed and what was written freely; no unit and no person stands in it or in what is
counted from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from server.inspections import operations as inspections
from server.inspections.items import entries, one_line
from server.kernel.moments import date_of
from server.platform.db import scoped, session
from server.reports.tables import FindingRow, ReportRow
from server.rules import operations as rules

YEAR = timedelta(days=365)
OFTEN = 2
"""Inspections in which something must have been found before it is a suggestion: one is an accident, and free words of one
inspection alone could tell where it was."""
SHOWN = 20
WORST = 3


@dataclass(frozen=True)
class Problem:
    """One checklist item, or words written freely (``checklist`` is empty), and in how many inspections of 12 months."""

    text: str
    checklist: str
    count: int


@dataclass
class ItemFigures:
    """One item of the list in force: inspections for it and those of them with a failure, in 12 months and this calendar year."""

    code: str
    name: str
    checked: int = 0
    failed: int = 0
    checked_year: int = 0
    failed_year: int = 0
    worst: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class Findings:
    since: date
    inspections: int
    items: list[ItemFigures]
    without_item: list[Problem]
    """What is found often and belongs to no item of the list: suggestions for its next version."""


def keep(report: ReportRow, seen: inspections.VisitView) -> None:
    """Part of the unit of work that approves."""
    assert report.decided_at is not None, "approved a moment ago"
    session().add(_row(report, seen))


def _row(report: ReportRow, seen: inspections.VisitView) -> FindingRow:
    assert report.decided_at is not None, "only approved reports are counted"
    fails = {}
    for entry in entries(seen.visit, seen.pack):
        answer = seen.visit["answers"].get(entry["key"])
        if answer is not None and any(head["val"] == "fail" for head in answer["heads"]):
            # Several sheets of one checklist are one finding of the inspection.
            fails[entry["checklist"], entry["item"]["id"]] = {"checklist": entry["checklist"], "title": one_line(entry["title"]), "item": entry["item"]["id"], "text": one_line(entry["item"]["text"])}
    notes = sorted({one_line(note["text"]) for note in seen.visit["notes"] if not note.get("item")} - {""})
    codes = sorted({str(one["item_code"]) for one in seen.pack["assignments"]})
    return FindingRow(report_id=report.id, agency_id=report.agency_id, approved_on=date_of(report.decided_at), item_codes=codes, fails=list(fails.values()), notes=notes)


def findings(agency_id: str, today: date) -> Findings:
    """Of this agency's own approved reports."""
    since, new_year = today - YEAR, date(today.year, 1, 1)
    rows = _rows(agency_id, min(since, new_year))
    listed = [item for item in rules.rules_for(agency_id).items if item.get("active", True)]
    figures = [_figures(item, rows, since, new_year) for item in listed]
    covered = {name for item in listed for name in item.get("checklists", [])}
    recent = [row for row in rows if row.approved_on >= since]
    loose = _count((one for one in row.fails if one["checklist"] not in covered) for row in recent)
    loose += _count(({"text": text, "title": "", "checklist": "", "item": text} for text in row.notes) for row in recent)
    often = sorted((one for one in loose if one.count >= OFTEN), key=lambda one: (-one.count, one.text))
    return Findings(since, len(recent), figures, often[:SHOWN])


def _figures(item: Any, rows: list[FindingRow], since: date, new_year: date) -> ItemFigures:
    code, own = str(item["code"]), set(item.get("checklists", []))
    found = ItemFigures(code, str(item["item"]))
    of_item = [(row, [one for one in row.fails if one["checklist"] in own]) for row in rows if code in row.item_codes]
    for row, fails in of_item:
        if row.approved_on >= since:
            found.checked += 1
            found.failed += bool(fails)
        if row.approved_on >= new_year:
            found.checked_year += 1
            found.failed_year += bool(fails)
    found.worst = _count(fails for row, fails in of_item if row.approved_on >= since)[:WORST]
    return found


def _count(inspected: Iterable[Iterable[dict[str, str]]]) -> list[Problem]:
    """How many inspections found each, the most frequent first."""
    counts: Counter[tuple[str, str]] = Counter()
    words: dict[tuple[str, str], dict[str, str]] = {}
    for fails in inspected:
        seen = {(one["checklist"], one["item"]): one for one in fails}
        counts.update(seen.keys())
        words |= seen
    return sorted((Problem(words[key]["text"], words[key]["title"], n) for key, n in counts.items()), key=lambda one: (-one.count, one.text))


def _rows(agency_id: str, since: date) -> list[FindingRow]:
    """Rows from that day on; of reports that were approved before these rows existed one is made anew, and not kept."""
    rows = {row.report_id: row for row in session().scalars(scoped(select(FindingRow), agency_id).where(FindingRow.approved_on >= since))}
    kept = select(FindingRow.report_id).where(FindingRow.agency_id == agency_id)
    older = session().scalars(scoped(select(ReportRow), agency_id).where(ReportRow.state == "approved", ReportRow.id.not_in(kept)))
    for report in list(older):
        row = _row(report, inspections.visit(report.insp))
        if row.approved_on >= since:
            rows[report.id] = row
    return list(rows.values())
