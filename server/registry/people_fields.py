"""The columns of the tables of people: inspectors (WC-10b, WS-3.3) and the leading group (JD-3, WS-3.1); one line of each
becomes a draft. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from server.kernel.moments import parse_day
from server.registry.domain import SCIENTIFIC, Draft, RowError
from server.registry.planning import split_items

LOGIN = "login"
# WC-10b: the eight fields; under "unit" stands the organisation a person belongs to (单位).
INSPECTOR_HEADERS: Mapping[str, tuple[str, ...]] = {
    "name": ("姓名", "执法人员姓名", "检查人员", "人员姓名"),
    LOGIN: ("账号", "登录账号", "用户名"),
    "gender": ("性别",),
    "unit": ("单位", "所在单位", "工作单位"),
    "section": ("股室", "科室", "部门"),
    "position": ("职务",),
    "certificate_no": ("执法资格证编号", "执法证号", "执法证编号", "证件编号", "证号"),
    "valid_to": ("证件有效期", "有效期至", "执法证有效期", "证件有效期至", "有效期"),
    "post": ("岗位", "工作岗位"),
    "title_class": ("专业技术职称类别", "职称类别", "职称"),
    "years_of_service": ("执法工作年限", "执法年限", "工作年限"),
    "sector_groups": ("行业领域分组", "专业类别", "行业领域", "分组"),
    "qualifications": ("资质", "专业资质"),
}
EXACT_DIGITS = 15
"""Digits of a number that a spreadsheet keeps."""
LISTS = frozenset({"sector_groups", "qualifications"})
LONGEST: Mapping[str, int] = {"name": 60, "certificate_no": 40, "gender": 8, "unit": 120, LOGIN: 64}
LEADER_HEADERS: Mapping[str, tuple[str, ...]] = {
    "place": ("职责", "组内职责", "小组职务"),
    "name": ("姓名", "人员姓名"),
    "post": ("职务", "单位及职务", "行政职务"),
    "duty": ("分工", "工作分工"),
    "from_day": ("任职日期", "起始日期", "自"),
    "to_day": ("离任日期", "截止日期", "至"),
}
PLACE_WORDS: Mapping[str, str] = {
    "组长": "head", "副组长": "deputy", "成员": "member", "组员": "member", "办公室": "office", "办公室主任": "office", "办公室成员": "office",
}
PLACE_LABELS: Mapping[str, str] = {"head": "组长", "deputy": "副组长", "member": "成员", "office": "办公室"}
LEADER_LONGEST: Mapping[str, int] = {"name": 80, "post": 120, "duty": 200}


@dataclass(frozen=True)
class PersonDraft(Draft):
    """One line of an inspector table; the login only says who is meant."""

    login: str = ""


class _Line:
    """One line while it is read: its texts and what is wrong with them."""

    def __init__(self, row: int, texts: Mapping[str, str], headers: Mapping[str, tuple[str, ...]]) -> None:
        self.row = row
        self.values = {name: text.strip() for name, text in texts.items() if text.strip()}
        self.headers = headers
        self.errors: list[RowError] = []

    def fault(self, name: str, text: str, code: str) -> None:
        self.errors.append(RowError(self.row, self.headers[name][0], text, code))

    def need(self, *names: str) -> None:
        for name in names:
            if name not in self.values:
                self.fault(name, f"缺少{self.headers[name][0]}", "E_ROW_MISSING")

    def fit(self, longest: Mapping[str, int], other: int) -> None:
        for name, text in self.values.items():
            most = longest.get(name, other)
            if len(text) > most:
                self.fault(name, f"{self.headers[name][0]}超过 {most} 个字", "E_ROW_TOO_LONG")

    def day(self, name: str) -> date | None:
        text = self.values.get(name)
        if text is None:
            return None
        day = parse_day(text)
        if day is None:
            self.fault(name, f"{self.headers[name][0]}“{text}”不是日期，请写成 2026-11-27", "E_DATE")
        else:
            self.values[name] = day.isoformat()
        return day


def read_inspector(row: int, texts: Mapping[str, str], numeric: frozenset[str], today: date) -> tuple[PersonDraft | None, list[RowError]]:
    """One line → a draft, or every reason why not; ``numeric`` names cells that the file holds as numbers. WC-10a: "未取得执法资格的人员不得列入": without a certificate that is
    valid today nobody comes into the registry by a table."""
    line = _Line(row, texts, INSPECTOR_HEADERS)
    line.need("name", "certificate_no", "valid_to")
    line.fit(LONGEST, 80)
    number = line.values.get("certificate_no", "")
    if SCIENTIFIC.fullmatch(number) or ("certificate_no" in numeric and len(number) > EXACT_DIGITS):
        line.fault("certificate_no", "执法证号单元格是数字格式，末尾几位已经丢失；请把该列设为文本后重新填写", "E_CERTIFICATE_NUMERIC")
    valid_to = line.day("valid_to")
    if valid_to is not None and valid_to < today:
        line.fault("valid_to", f"执法证已于 {valid_to} 到期，不得列入名录库；换证后再导入", "E_CERTIFICATE_EXPIRED")
    years = line.values.get("years_of_service", "").removesuffix("年").strip()
    if years and not (years.isascii() and years.isdigit() and int(years) <= 80):
        line.fault("years_of_service", f"执法工作年限“{years}”不是 0 至 80 的整数", "E_YEARS")
    elif years:
        line.values["years_of_service"] = str(int(years))
    for name in LISTS & line.values.keys():
        line.values[name] = "、".join(dict.fromkeys(split_items(line.values[name])))
    login = line.values.pop(LOGIN, "").lower()
    return (None if line.errors else PersonDraft(row, line.values, login=login)), line.errors


def read_leader(row: int, texts: Mapping[str, str], _numeric: frozenset[str], _today: date) -> tuple[Draft | None, list[RowError]]:
    line = _Line(row, texts, LEADER_HEADERS)
    line.need("place", "name", "from_day")
    line.fit(LEADER_LONGEST, 80)
    place = line.values.get("place")
    if place is not None and place not in PLACE_WORDS:
        line.fault("place", f"职责“{place}”应为组长、副组长、成员或办公室", "E_PLACE")
    elif place is not None:
        line.values["place"] = PLACE_WORDS[place]
    begin, end = line.day("from_day"), line.day("to_day")
    if begin and end and end < begin:
        line.fault("to_day", "离任日期早于任职日期", "E_DATE")
    return (None if line.errors else Draft(row, line.values)), line.errors
