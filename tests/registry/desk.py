"""A registry to play with: tables as clerks send them, and the units and inspectors that come of them."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import xlsxwriter

from server.accounts.operations import PersonView
from server.kernel.uscc import check
from server.registry import operations
from tests import builders

HEAD = ("单位名称", "地址", "统一社会信用代码", "消防安全责任人", "责任人电话", "单位类型", "行业", "风险等级", "场所类别", "所属区域")


def code(number: int) -> str:
    """A credit code with a right check character, different for every number."""
    body = f"91410307{number:09d}"
    return next(body + last for last in "0123456789ABCDEFGHJKLMNPQRTUWXY" if check(body + last).ok)


def line(number: int, **more: str) -> dict[str, str]:
    """One good line of a fire brigade's registry."""
    usual = {
        "单位名称": f"示例单位{number}", "地址": f"示例路{number}号", "统一社会信用代码": code(number), "消防安全责任人": "甄责任",
        "责任人电话": "0379-0000-0001", "单位类型": "一般单位", "行业": "宾馆饭店", "风险等级": "B", "场所类别": "餐饮", "所属区域": "样本镇",
    }
    return usual | more


def csv(*lines: dict[str, str]) -> bytes:
    """The lines as a CSV with all headers that occur."""
    headers = list(dict.fromkeys(header for one in lines for header in one)) or list(HEAD)
    return "\n".join([",".join(headers), *(",".join(one.get(header, "") for header in headers) for one in lines)]).encode("utf-8-sig")


def workbook(rows: list[list[Any]]) -> bytes:
    """An .xlsx with these cells; numbers stay numbers, text beginning with = becomes a formula."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet()
        for y, row in enumerate(rows):
            for x, value in enumerate(row):
                sheet.write(y, x, value)
    return buffer.getvalue()


def units_of(*lines: dict[str, str], agency: str = builders.AGENCY) -> list[operations.Unit]:
    """Bring the lines in; answers the agency's units by name."""
    outcome = operations.import_units(builders.an_actor("plan_officer", agency=agency), agency, csv(*lines), "units.csv")
    assert outcome.errors == ()
    return operations.units(agency, limit=200)


def an_inspector(number: int, valid_to: date = date(2030, 1, 1), agency: str = builders.AGENCY, **details: object) -> PersonView:
    """A person with the role and a certificate in the registry."""
    person = builders.a_person("inspector", agency=agency, name=f"甄检{number}")
    operations.register_inspector(None, agency, person.id, person.name, f"示例-{number:04d}", valid_to, details)
    return person
