"""Tables that clerks send: .xlsx, .xls, .ods and .csv become rows of text, each with its row number.

A cell typed as a number keeps that fact: an 18-digit credit code typed as a number has already lost
its last digits in the file itself, so a code column must be able to refuse it (server-stack P16)."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from server.kernel.errors import DomainError
from server.platform import sheet_worker
from server.platform.sheet_worker import cell

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 100_000
MAX_COLUMNS = 300
WORKER = sheet_worker.__file__
WORKER_SECONDS = 60.0


class UnreadableSheet(DomainError):
    """The file is not a table that can be read."""

    code = "E_SHEET_UNREADABLE"


class Cell(NamedTuple):
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
    return Cell(*cell(value))


def _csv_lines(data: bytes) -> list[list[Cell]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return _csv_cells(text)
    raise UnreadableSheet("文件编码无法识别，请另存为 UTF-8 或 GBK 编码的 CSV，或使用 .xlsx")


def _csv_cells(text: str) -> list[list[Cell]]:
    found: list[list[Cell]] = []
    try:
        for line in csv.reader(io.StringIO(text)):
            if len(line) > MAX_COLUMNS or len(found) > MAX_ROWS + MAX_COLUMNS:
                raise UnreadableSheet(f"超过 {MAX_COLUMNS} 列或 {MAX_ROWS} 行，请拆分后再导入")
            found.append([_cell(value) for value in line])
    except csv.Error as broken:
        raise UnreadableSheet("CSV 文件格式有误：某个单元格过长或引号没有配对") from broken
    return found


def _workbook_lines(data: bytes) -> list[list[Cell]]:
    """Read in a child of its own: a hostile workbook ends the child and not the server."""
    try:
        child = subprocess.run(
            [sys.executable, "-I", str(WORKER)], input=data, capture_output=True, check=False, timeout=WORKER_SECONDS,
            env={"LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "1"}, cwd="/",
        )
    except subprocess.TimeoutExpired as slow:
        raise UnreadableSheet("表格读取时间过长，请检查文件或拆分后再导入") from slow
    if child.returncode == sheet_worker.NO_SHEET:
        raise UnreadableSheet("文件里没有工作表")
    if child.returncode == sheet_worker.NOT_READABLE:
        raise UnreadableSheet("文件不是可读取的 Excel 表格，或已损坏、已加密")
    if child.returncode != 0:
        raise UnreadableSheet("表格过大或结构异常，无法读取；请把内容复制到新的表格后再导入")
    lines: list[list[Any]] = json.loads(child.stdout)
    if any(len(line) > MAX_COLUMNS for line in lines):
        raise UnreadableSheet(f"超过 {MAX_COLUMNS} 列，请只保留需要的列")
    return [[Cell(*one) for one in line] for line in lines]


HEADER_WITHIN = 10
"""Lines at the top among which a header is looked for: titles and remarks stand above many tables."""


def _header_line(lines: list[list[Cell]], is_header: Callable[[tuple[str, ...]], bool] | None) -> int | None:
    filled = [i for i, line in enumerate(lines) if any(one.text for one in line)]
    if is_header is not None:
        for i in filled[:HEADER_WITHIN]:
            if is_header(_headers(lines[i])):
                return i
    return filled[0] if filled else None


def _headers(line: list[Cell]) -> tuple[str, ...]:
    return tuple(one.text.replace("\n", "").replace(" ", "") for one in line)


def read_sheet(data: bytes, filename: str, is_header: Callable[[tuple[str, ...]], bool] | None = None) -> Sheet:
    """The first worksheet of a file. The first line for which ``is_header`` answers true is the header, else the first
    line that has a cell.

    Raises ``UnreadableSheet`` for anything that is not a table, is too large, or has no header."""
    if len(data) > MAX_BYTES:
        raise UnreadableSheet("文件超过 20 MB，请拆分后再导入")
    if not data:
        raise UnreadableSheet("文件是空的")
    lines = _csv_lines(data) if filename.lower().endswith((".csv", ".txt")) else _workbook_lines(data)
    start = _header_line(lines, is_header)
    if start is None:
        raise UnreadableSheet("表格里没有内容")
    headers = _headers(lines[start])
    doubled = sorted({header for header in headers if header and headers.count(header) > 1})
    if doubled:
        raise UnreadableSheet(f"表头重复：{'、'.join(doubled)}")
    if len(lines) - start - 1 > MAX_ROWS:
        raise UnreadableSheet(f"超过 {MAX_ROWS} 行，请拆分后再导入")
    rows = []
    for offset, line in enumerate(lines[start + 1 :], start=start + 2):
        if any("\0" in one.text for one in line):
            raise UnreadableSheet(f"第{offset}行含有无法保存的字符，文件可能已损坏；请另存为 UTF-8 编码的 CSV 或 .xlsx")
        cells = {header: one for header, one in zip(headers, line, strict=False) if header}
        if any(one.text for one in cells.values()):
            rows.append(Row(offset, cells))
    return Sheet(headers, tuple(rows))
