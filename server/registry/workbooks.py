"""Excel out: text stays text. A cell that begins like a formula is written as a string and marked as quoted, so that it
is not read as one even when somebody edits it or saves the table as CSV from Excel (abuse test 32)."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence

import xlsxwriter

from server.platform.sheets import Sheet

FORMULA = ("=", "+", "-", "@", "\t", "\r")
MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WIDTHS = (12, 42)
LONGEST = 32_000


def workbook(name: str, headers: Sequence[str], rows: Iterable[Sequence[str]], marked: Callable[[int, int], bool] = lambda y, x: False) -> bytes:
    """One worksheet of strings; ``marked(row, column)`` cells (from 0, header not counted) are coloured."""
    buffer = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        sheet = book.add_worksheet(name[:31])
        head = book.add_format({"bold": True, "bg_color": "#E8EEF7", "text_wrap": True, "valign": "top", "num_format": "@"})
        plain, quoted = book.add_format({"num_format": "@"}), book.add_format({"num_format": "@", "quote_prefix": True})
        wrong = book.add_format({"num_format": "@", "quote_prefix": True, "bg_color": "#FDE2DF"})
        sheet.freeze_panes(1, 0)
        for x, header in enumerate(headers):
            sheet.set_column(x, x, min(max(len(header) * 2 + 2, WIDTHS[0]), WIDTHS[1]), plain)
        for x, header in enumerate(headers):
            sheet.write_string(0, x, header, head)
        for y, row in enumerate(rows):
            for x, text in enumerate(row):
                form = wrong if marked(y, x) else quoted if text.startswith(FORMULA) else plain
                if text or form is wrong:
                    sheet.write_string(y + 1, x, text[:LONGEST], form)
    return buffer.getvalue()


def annotated(sheet: Sheet, faults: Mapping[int, Sequence[tuple[str, str]]]) -> bytes:
    """The clerk's own rows that have faults, with their row number first and what is wrong last; ``faults`` is row → (column, sentence)."""
    headers = [header for header in sheet.headers if header]
    rows = [row for row in sheet.rows if row.number in faults]
    wrong = [{column for column, _ in faults[row.number]} for row in rows]
    body = [[str(row.number), *(row.text(header) for header in headers), "；".join(text for _, text in faults[row.number])] for row in rows]
    return workbook("需要修改的行", ["原行号", *headers, "错误"], body, lambda y, x: x == len(headers) + 1 or (0 < x <= len(headers) and headers[x - 1] in wrong[y]))
