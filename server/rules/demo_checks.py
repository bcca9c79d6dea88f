"""The demonstration data of an agency: people, units and assignments that must fit its rules and each other.

A demo that does not import is worse than none, so it is checked with everything else."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path as FilePath

from server.kernel.uscc import check
from server.rules.domain import AgencyRules, Data, Document, Fault

UNIT_COLUMNS = ("单位名称", "地址", "统一社会信用代码", "主要负责人", "单位类型")
ASSIGNMENT_COLUMNS = (
    "批次号", "来源系统批次号", "抽查事项", "被检查单位", "统一社会信用代码",
    "检查人员1证号", "检查人员2证号", "检查组长证号", "检查时限", "检查方式",
)  # fmt: skip
RESPONSIBLE = ("主要负责人", "消防安全责任人", "法定代表人", "责任人", "负责人")


def demo_faults(folder: FilePath, people: Document, years: dict[date, AgencyRules] | None) -> Iterator[Fault]:
    """Faults of one ``demo/`` folder; ``years`` is None when the agency's rules are faulty themselves."""
    yield from _people_faults(people)
    units = folder / "units.csv"
    codes: set[str] = set()
    if units.is_file():
        for line, row in _rows(units):
            yield from _unit_faults(f"{folder.parent.name}/demo/{units.name}", line, row, codes)
    assignments = folder / "assignments.csv"
    if assignments.is_file() and years:
        numbers = {p["inspector"]["certificate_no"] for p in people.data["people"] if "inspector" in p}
        names = {name for item in years[max(years)].items for name in (item["code"], item["item"])}
        for line, row in _rows(assignments):
            name = f"{folder.parent.name}/demo/{assignments.name}"
            yield from _assignment_faults(name, line, row, codes, numbers, names)


def _people_faults(doc: Document) -> Iterator[Fault]:
    seen: set[str] = set()
    for position, person in enumerate(doc.data["people"]):
        path = ("people", position)
        if person["login"] in seen:
            yield doc.fault(path, f"登录名 {person['login']} 重复")
        seen.add(person["login"])
        if ("inspector" in person["roles"]) != ("inspector" in person):
            yield doc.fault(path, f"{person['name']}：检查人员要有执法证信息，其他人不要有")
        if "superior" in person["roles"] and "agency" not in person:
            yield doc.fault(path, f"{person['name']}是上级机关人员，要写明所在机关 agency")


def _rows(path: FilePath) -> Iterator[tuple[int, Data]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from enumerate(csv.DictReader(file), start=2)


def _unit_faults(file: str, line: int, row: Data, codes: set[str]) -> Iterator[Fault]:
    for column in UNIT_COLUMNS:
        if column == "主要负责人" and any(row.get(word) for word in RESPONSIBLE):
            continue
        if not row.get(column) and not (column == "统一社会信用代码" and (row.get("注册号") or row.get("无代码原因"))):
            yield Fault(file, line, f"缺少{column}")
    code = row.get("统一社会信用代码") or ""
    codes.add(code)
    if code and not (found := check(code)).ok:
        yield Fault(file, line, f"“{row.get('单位名称')}”的统一社会信用代码不对：{found.reason_zh}")


def _assignment_faults(
    file: str, line: int, row: Data, codes: set[str], numbers: set[str], names: set[str]
) -> Iterator[Fault]:
    lacking = [column for column in ASSIGNMENT_COLUMNS if column not in row]
    if lacking:
        yield Fault(file, line, f"表头缺少{'、'.join(lacking)}")
        return
    if row["抽查事项"] not in names:
        yield Fault(file, line, f"抽查事项“{row['抽查事项']}”不在事项清单里")
    if row["统一社会信用代码"] and row["统一社会信用代码"] not in codes:
        yield Fault(file, line, f"“{row['被检查单位']}”不在 units.csv 里")
    for column in ("检查人员1证号", "检查人员2证号", "检查组长证号"):
        if row[column] and row[column] not in numbers:
            yield Fault(file, line, f"{column} {row[column]} 不在 people.yaml 里")
