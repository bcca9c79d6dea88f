"""A workbook as a clerk sends it: ``python tests/browser/registry_table.py FILE.xlsx ROWS``, ROWS a JSON list of rows.

A cell ``#7`` becomes a credit code with a right check character, a different one for every number; everything is text,
as the column of codes must be."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import xlsxwriter

from server.kernel.uscc import check

NUMBERED = re.compile(r"#([0-9]{1,9})")


def code(number: int) -> str:
    """The credit code of ``#number``."""
    body = f"91990000{number:09d}"
    return next(body + last for last in "0123456789ABCDEFGHJKLMNPQRTUWXY" if check(body + last).ok)


def cell(text: str) -> str:
    numbered = NUMBERED.fullmatch(text)
    return code(int(numbered[1])) if numbered else text


def main(target: Path, rows: list[list[str]]) -> None:
    with xlsxwriter.Workbook(target) as book:
        sheet = book.add_worksheet("名录")
        for y, row in enumerate(rows):
            for x, text in enumerate(row):
                sheet.write_string(y, x, cell(text))


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
