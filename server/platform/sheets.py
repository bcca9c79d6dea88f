"""Tables that clerks send: .xlsx, .xls, .ods and .csv become rows of text, each with its row number.

A cell typed as a number keeps that fact: an 18-digit credit code typed as a number has already lost
its last digits in the file itself, so a code column must be able to refuse it (server-stack P16)."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime

from server.kernel.errors import DomainError

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 100_000


class UnreadableSheet(DomainError):
    """The file is not a table that can be read."""

    code = "E_SHEET_UNREADABLE"


@dataclass(frozen=True)
class Cell:
    """One cell: its text as a person would read it, and whether the file holds it as a number."""

    text: str
    numeric: bool = False


@dataclass(frozen=True)
class Row:
    """One line of the table; ``number`` is the row number that the clerk sees in the file (header = 1)."""

    number: int
    cells: dict[str, Cell]

    def text(self, header: str) -> str:
        cell = self.cells.get(header)
        return cell.text if cell else ""


@dataclass(frozen=True)
class Sheet:
    headers: tuple[str, ...]
    rows: tuple[Row, ...]


def _cell(value: object) -> Cell:
    if value is None:
        return Cell("")
    if isinstance(value, bool):
        return Cell("是" if value else "否")
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < 1e15
        return Cell(str(int(value)) if whole else repr(value), numeric=True)
    if isinstance(value, int):
        return Cell(str(value), numeric=True)
    if isinstance(value, datetime):
        return Cell(value.date().isoformat() if value.time().isoformat() == "00:00:00" else value.isoformat(" ", "minutes"))
    if isinstance(value, date):
        return Cell(value.isoformat())
    return Cell(str(value).strip())


def _csv_lines(data: bytes) -> list[list[object]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return [list(line) for line in csv.reader(io.StringIO(text))]
    raise UnreadableSheet("文件编码无法识别，请另存为 UTF-8 或 GBK 编码的 CSV，或使用 .xlsx")


def _workbook_lines(data: bytes) -> list[list[object]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        if not book.sheet_names:
            raise UnreadableSheet("文件里没有工作表")
        return [list(line) for line in book.get_sheet_by_index(0).to_python(skip_empty_area=False)]
    except CalamineError as failure:
        raise UnreadableSheet("文件不是可读取的 Excel 表格，或已损坏、已加密") from failure


def read_sheet(data: bytes, filename: str) -> Sheet:
    """The first worksheet of a file. The first line that has a cell is the header.

    Raises ``UnreadableSheet`` for anything that is not a table, is too large, or has no header."""
    if len(data) > MAX_BYTES:
        raise UnreadableSheet("文件超过 20 MB，请拆分后再导入")
    if not data:
        raise UnreadableSheet("文件是空的")
    lines = _csv_lines(data) if filename.lower().endswith((".csv", ".txt")) else _workbook_lines(data)
    start = next((i for i, line in enumerate(lines) if any(_cell(value).text for value in line)), None)
    if start is None:
        raise UnreadableSheet("表格里没有内容")
    headers = tuple(_cell(value).text.replace("\n", "").replace(" ", "") for value in lines[start])
    doubled = sorted({header for header in headers if header and headers.count(header) > 1})
    if doubled:
        raise UnreadableSheet(f"表头重复：{'、'.join(doubled)}")
    if len(lines) - start - 1 > MAX_ROWS:
        raise UnreadableSheet(f"超过 {MAX_ROWS} 行，请拆分后再导入")
    rows = []
    for offset, line in enumerate(lines[start + 1 :], start=start + 2):
        cells = {header: _cell(value) for header, value in zip(headers, line, strict=False) if header}
        if any(cell.text for cell in cells.values()):
            rows.append(Row(offset, cells))
    return Sheet(headers, tuple(rows))
