"""The child that reads workbooks: started alone, with little memory, little time and no environment.

A workbook of two kilobytes may say that it has 17 billion cells; the reader believes it and ends its process. Here
that process is this one. Reads the file on stdin, answers one JSON array on stdout: rows of ``[text, numeric]``
cells, blank ones behind the last filled one left out.

Run as a plain file (``python -I sheet_worker.py``): it imports the standard library and calamine, nothing of ours.
"""

from __future__ import annotations

import io
import json
import resource
import sys
from datetime import date, datetime

MEMORY_BYTES = 1024 * 1024 * 1024
CPU_SECONDS = 30
NO_SHEET, NOT_READABLE = 3, 4


def cell(value: object) -> tuple[str, bool]:
    """(the text as a person would read it, whether the file holds it as a number)."""
    if value is None:
        return "", False
    if isinstance(value, bool):
        return ("是" if value else "否"), False
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < 1e15
        return (str(int(value)) if whole else repr(value)), True
    if isinstance(value, int):
        return str(value), True
    if isinstance(value, datetime):
        return (value.date().isoformat() if value.time().isoformat() == "00:00:00" else value.isoformat(" ", "minutes")), False
    if isinstance(value, date):
        return value.isoformat(), False
    return str(value).strip(), False


def confine() -> None:
    """Give up what a reader never needs. A limit hit is the death of this process."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def read(data: bytes) -> list[list[tuple[str, bool]]]:
    """The first worksheet."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        if not book.sheet_names:
            sys.exit(NO_SHEET)
        lines = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except CalamineError:
        sys.exit(NOT_READABLE)
    found = []
    for line in lines:
        cells = [cell(value) for value in line]
        while cells and not cells[-1][0]:
            cells.pop()
        found.append(cells)
    return found


def main() -> None:
    """Read, answer, end."""
    data = sys.stdin.buffer.read()
    confine()
    sys.stdout.write(json.dumps(read(data)))


if __name__ == "__main__":
    main()
