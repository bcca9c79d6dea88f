"""What a line of a registry must hold before it may be believed. Pure: no clock, no database.

Sources: WC-9a/9b (unit fields, five of them mandatory), WC-10 and WS-3.3 (inspector fields), GB 32100 (codes)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from server.kernel.errors import DomainError
from server.kernel.uscc import check

UNIT_HEADERS: Mapping[str, tuple[str, ...]] = {
    "name": ("单位名称", "被检查单位", "场所名称", "名称"),
    "entity_name": ("市场主体名称", "经营主体名称", "法人名称"),
    "address": ("地址", "单位地址", "详细地址", "场所地址"),
    "uscc": ("统一社会信用代码", "信用代码", "社会信用代码"),
    "registration_no": ("注册号", "工商注册号", "原注册号"),
    "no_code_reason": ("无代码原因", "无信用代码原因"),
    "responsible_name": ("消防安全责任人", "责任人", "主要负责人", "法定代表人", "负责人"),
    "responsible_phone": ("责任人电话", "消防安全责任人电话", "主要负责人电话", "负责人电话", "联系电话"),
    "manager_name": ("消防安全管理人", "安全管理人", "安全管理人员"),
    "manager_phone": ("管理人电话", "消防安全管理人电话", "安全管理人电话", "安全管理人员电话"),
    "unit_type": ("单位类型", "单位性质"),
    "floor_area": ("建筑面积", "建筑面积(㎡)", "建筑面积（㎡）"),
    "floors": ("楼层", "层数", "具体层数"),
    "height": ("建筑高度", "建筑高度(m)", "建筑高度（m）"),
    "building_class": ("建筑类别", "所在建筑类别"),
    "venue_class": ("场所类别",),
    "competent_dept": ("行业主管部门", "主管部门"),
    "district": ("所属区域", "所属地区", "辖区"),
    "district_code": ("区划代码", "行政区划代码"),
    "sector": ("行业", "行业类别", "监管类别", "行业领域"),
    "business_types": ("业务类型", "主体类型", "人防业务类型"),
    "risk_grade": ("风险等级",),
    "credit_grade": ("信用等级", "信用风险等级"),
    "category": ("监管对象类别", "对象类别"),
    "blacklisted": ("黑名单", "是否黑名单", "列入黑名单"),
    "items": ("适用抽查事项", "抽查事项"),
}
REQUIRED = ("name", "address", "responsible_name", "unit_type")
"""With the code these are the five base fields of WC-9b."""

LONGEST: Mapping[str, int] = {"name": 200, "entity_name": 200, "address": 300, "no_code_reason": 200}
LONGEST_OTHER = 1000
"""Characters; a longer text is a slip of the table (a whole column in one cell)."""

SCIENTIFIC = re.compile(r"[0-9](\.[0-9]+)?[eE]\+?[0-9]{1,3}")
"""A code that Excel has turned into a number, saved as text."""

YES = frozenset({"是", "有", "√", "y", "yes", "1", "true"})
NO = frozenset({"否", "无", "×", "n", "no", "0", "false"})


class ImportHeadersWrong(DomainError):
    """The table lacks columns without which no line of it means anything."""

    code = "E_IMPORT_HEADERS"


class UnitUnknown(DomainError):
    """No such unit in this agency's registry."""

    code = "E_UNIT_UNKNOWN"


class InspectorUnknown(DomainError):
    """No such inspector in this agency's registry."""

    code = "E_INSPECTOR_UNKNOWN"
    article = "乌审旗实施方案 三(三)"


class SubPoolUnknown(DomainError):
    """No such saved filter of this agency."""

    code = "E_SUB_POOL_UNKNOWN"


class FieldsWrong(DomainError):
    """What somebody wants a unit or an inspector to hold cannot be believed."""

    code = "E_FIELDS"


class UnitTaken(DomainError):
    """Another unit of the registry already is what this one would become."""

    code = "E_UNIT_TAKEN"


class CertificateTaken(DomainError):
    """The number of this certificate stands at another inspector of the registry."""

    code = "E_CERTIFICATE_TAKEN"


class MarkUnknown(DomainError):
    """No such mark of this unit."""

    code = "E_MARK_UNKNOWN"


class EntryUnknown(DomainError):
    """No such entry (leave, training, member of the leading group, interest) of this agency."""

    code = "E_ENTRY_UNKNOWN"


class ProposalUnknown(DomainError):
    """No such proposal, or somebody has already decided it."""

    code = "E_PROPOSAL"


class ImportUnknown(DomainError):
    """No such import of this agency."""

    code = "E_IMPORT_UNKNOWN"


class ImportForbidden(DomainError):
    """Who may bring which table: units are the plan officer's; people also the administrator's, who alone makes accounts."""

    code = "E_IMPORT_FORBIDDEN"


class ImportNotReady(DomainError):
    """An import is not in the state in which this can be done to it."""

    code = "E_IMPORT_STATE"


class UndoRefused(DomainError):
    """Something later depends on what the import wrote."""

    code = "E_IMPORT_UNDO"


class FilterWrong(DomainError):
    """A filter of the pool names something that does not exist."""

    code = "E_POOL_FILTER"


@dataclass(frozen=True)
class Draft:
    """One line of a registry, read and normalised; ``facts`` are of units only."""

    row: int
    values: Mapping[str, str]
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RowError:
    """What is wrong with one line, said to the clerk. ``column`` is empty when it concerns the whole line."""

    row: int
    column: str
    text: str
    code: str = "E_ROW"


def match_headers(headers: tuple[str, ...], aliases: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Field name → the header that carries it in this file; the first alias present wins."""
    present = set(headers)
    found: dict[str, str] = {}
    for name, words in aliases.items():
        header = next((word for word in words if word in present), None)
        if header is not None:
            found[name] = header
    return found


# What people in charge are called outside the fire service (安全生产法 第五条).
NOT_FIRE = {"responsible_name": "主要负责人", "responsible_phone": "主要负责人电话", "manager_name": "安全管理人", "manager_phone": "安全管理人电话"}


def unit_labels(kind: str) -> dict[str, str]:
    """Field → the header that an agency of this kind (fire | cad | em) writes; every one of them is read again."""
    usual = {name: words[0] for name, words in UNIT_HEADERS.items()}
    return usual if kind == "fire" else usual | NOT_FIRE


def truth(text: str) -> str:
    """``yes | no | unknown`` from what clerks write into such cells."""
    word = text.strip().lower()
    if word in YES:
        return "yes"
    return "no" if word in NO else "unknown"


def read_unit(row: int, texts: Mapping[str, str], numeric: frozenset[str], facts: Mapping[str, str]) -> tuple[Draft | None, list[RowError]]:
    """One line → a draft, or every reason why not. ``numeric`` names fields whose cell the file holds as a number."""
    errors: list[RowError] = []
    values = {name: text.strip() for name, text in texts.items()}
    for name in REQUIRED:
        if not values.get(name):
            errors.append(RowError(row, UNIT_HEADERS[name][0], f"缺少{UNIT_HEADERS[name][0]}", "E_ROW_MISSING"))
    for name, text in values.items():
        if len(text) > LONGEST.get(name, LONGEST_OTHER):
            errors.append(RowError(row, UNIT_HEADERS[name][0], f"{UNIT_HEADERS[name][0]}超过 {LONGEST.get(name, LONGEST_OTHER)} 个字", "E_ROW_TOO_LONG"))
    code = values.get("uscc", "")
    if code and ("uscc" in numeric or SCIENTIFIC.fullmatch(code)):
        errors.append(RowError(row, "统一社会信用代码", "信用代码单元格是数字格式，末尾几位已经丢失；请把该列设为文本后重新填写", "E_USCC_NUMERIC"))
    elif code:
        result = check(code)
        if result.ok:
            values["uscc"] = result.code
        else:
            errors.append(RowError(row, "统一社会信用代码", f"统一社会信用代码“{code}”不正确：{result.reason_zh}", "E_USCC"))
    elif not values.get("registration_no") and not values.get("no_code_reason"):
        errors.append(RowError(row, "统一社会信用代码", "没有统一社会信用代码时，须填写注册号或无代码原因", "E_USCC_MISSING"))
    if SCIENTIFIC.fullmatch(values.get("registration_no", "")):
        errors.append(RowError(row, "注册号", "注册号被写成了科学计数法，末尾几位已经丢失；请把该列设为文本后重新填写", "E_USCC_NUMERIC"))
    elif values.get("registration_no") and not re.fullmatch(r"[0-9]{13,15}", values["registration_no"]):
        errors.append(RowError(row, "注册号", "注册号应为13至15位数字", "E_REGISTRATION_NO"))
    for name in ("responsible_phone", "manager_phone"):
        if values.get(name) and not re.fullmatch(r"[0-9+\-() 转]{5,24}", values[name]):
            errors.append(RowError(row, UNIT_HEADERS[name][0], f"电话“{values[name]}”不像电话号码", "E_PHONE"))
    if errors:
        return None, errors
    return Draft(row, values, {fact: truth(text) for fact, text in facts.items() if text.strip()}), []


def doubled_codes(drafts: list[Draft]) -> list[RowError]:
    """The same code under two different entity names in one file is a mistake; several premises of one entity are not (codes.md 7.2 (4))."""
    names: dict[str, tuple[int, str]] = {}
    places: dict[tuple[str, str, str], int] = {}
    errors: list[RowError] = []
    for draft in drafts:
        code = draft.values.get("uscc", "")
        name, entity = draft.values["name"], draft.values.get("entity_name") or draft.values["name"]
        place = (code or entity, name, draft.values["address"])
        if place in places:
            errors.append(RowError(draft.row, "", f"与第{places[place]}行重复", "E_ROW_DOUBLE"))
            continue
        places[place] = draft.row
        if not code:
            continue
        first_row, first_entity = names.setdefault(code, (draft.row, entity))
        if entity != first_entity and not draft.values.get("entity_name"):
            errors.append(RowError(draft.row, "统一社会信用代码", f"与第{first_row}行的信用代码重复，但单位名称不同（“{first_entity}”）；同一主体的多个场所请填写“市场主体名称”", "E_USCC_DOUBLE"))
    return errors


@dataclass(frozen=True)
class Certificate:
    """An enforcement certificate 执法证 and the last day on which it is valid."""

    number: str
    valid_to: date

    def valid_on(self, day: date) -> bool:
        """WC-10a: without a valid certificate nobody is in the registry, is drawn or starts a visit."""
        return bool(self.number) and day <= self.valid_to
