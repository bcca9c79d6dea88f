"""Who may be drawn: the unit pool under a filter, and the inspectors with the reasons why not. Pure.

A filter has two halves. *Conditions* say which part of the registry is meant (a directed draw, YS-3.4a). *Left out*
names what is struck from that part; there the blacklist wins (C4 against C5): "已经被列入……'黑名单'的检查对象，
应当纳入随机抽查名录库" (YS-3.2d), so a blacklisted unit that meets the conditions stays in, whatever is left out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from server.registry.domain import FilterWrong

BLACKLIST = "blacklist"
EXCEPTIONS: Mapping[str, str] = {"complaint": "被投诉举报", "abnormal_operation": "列入经营异常名录", "penalised": "受过行政处罚", "superior_rule": "上级有具体规定"}
MARKS: Mapping[str, str] = {BLACKLIST: "列入黑名单", **EXCEPTIONS}
GRADES = ("A", "B", "C", "D")
LEAVE_KINDS: Mapping[str, str] = {"leave": "请假", "duty": "值班备勤", "training": "培训", "secondment": "抽调", "other": "其他"}


@dataclass(frozen=True)
class Mark:
    kind: str
    since: date
    until: date | None
    reason: str
    source: str


@dataclass(frozen=True)
class PoolUnit:
    """One row of the registry as a draw sees it. ``grade`` is the risk grade A–D, "" when none is recorded."""

    unit_id: str
    entity_id: str
    name: str
    address: str
    uscc: str
    sector: str
    category: str
    district: str
    grade: str
    credit: str
    key_unit: bool
    crowded: bool
    blacklisted: bool
    exceptions: frozenset[str]
    facts: Mapping[str, str]
    items: frozenset[str]
    marks: tuple[Mark, ...] = ()
    external_ids: Mapping[str, str] = field(default_factory=dict)
    verified_on: date | None = None


@dataclass(frozen=True)
class PoolFilter:
    """Empty means "not asked for". ``facts`` pairs a fact with yes | no | unknown."""

    sectors: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    districts: frozenset[str] = frozenset()
    grades: frozenset[str] = frozenset()
    credits: frozenset[str] = frozenset()
    exceptions: frozenset[str] = frozenset()
    unit_ids: frozenset[str] = frozenset()
    facts: tuple[tuple[str, str], ...] = ()
    item_code: str = ""
    blacklisted_only: bool = False
    leave_out: frozenset[str] = frozenset()
    leave_out_grades: frozenset[str] = frozenset()
    leave_out_unverified_before: date | None = None


SETS = tuple(one.name for one in fields(PoolFilter) if "frozenset" in str(one.type))
WORDS: Mapping[str, str] = {
    "sectors": "行业领域", "categories": "类别", "districts": "区域", "grades": "风险等级", "credits": "信用等级",
    "exceptions": "情形", "unit_ids": "指定单位", "leave_out": "剔除单位", "leave_out_grades": "剔除风险等级",
}


def filter_from(data: Mapping[str, Any]) -> PoolFilter:
    """The filter that a saved sub-pool or a request holds. Raises ``FilterWrong`` for anything it does not know."""
    known = {one.name for one in fields(PoolFilter)}
    if unknown := sorted(set(data) - known):
        raise FilterWrong(f"不认识的筛选条件：{'、'.join(unknown)}")
    values: dict[str, Any] = dict(data)
    for name in SETS:
        listed = values.get(name, [])
        if not isinstance(listed, (list, tuple, frozenset, set)) or not all(isinstance(one, str) for one in listed):
            raise FilterWrong(f"{WORDS[name]}应为一组文字")
        values[name] = frozenset(listed)
    if wrong := sorted(values["exceptions"] - set(EXCEPTIONS)):
        raise FilterWrong(f"不认识的情形：{'、'.join(wrong)}")
    facts = values.get("facts", {})
    pairs = sorted(facts.items()) if isinstance(facts, Mapping) else [tuple(pair) for pair in facts]
    if any(len(pair) != 2 or pair[1] not in ("yes", "no", "unknown") for pair in pairs):
        raise FilterWrong("适用条件的取值只能是 yes、no 或 unknown")
    values["facts"] = tuple(pairs)
    before = values.get("leave_out_unverified_before")
    values["leave_out_unverified_before"] = date.fromisoformat(before) if isinstance(before, str) and before else before or None
    return PoolFilter(**values)


def filter_data(chosen: PoolFilter) -> dict[str, Any]:
    """The filter as JSON, without what is not asked for; ``filter_from`` reads it again."""
    found: dict[str, Any] = {}
    for name in sorted(one.name for one in fields(chosen)):
        value = getattr(chosen, name)
        if not value:
            continue
        found[name] = sorted(value) if name in SETS else dict(value) if name == "facts" else value.isoformat() if isinstance(value, date) else value
    return found


def filter_words(chosen: PoolFilter, facts: Mapping[str, str], items: Mapping[str, str]) -> str:
    """The conditions in one Chinese sentence, as a directed draw stores and prints them (YS-3.4a)."""
    parts = []
    for name in SETS:
        values = getattr(chosen, name)
        if values:
            shown = [f"{len(values)} 家"] if name in ("unit_ids", "leave_out") else [EXCEPTIONS.get(one, one) for one in sorted(values)]
            parts.append(f"{WORDS[name]}：{'、'.join(shown)}")
    truth = {"yes": "是", "no": "否", "unknown": "未知"}
    parts += [f"{facts.get(fact, fact)}：{truth[value]}" for fact, value in chosen.facts]
    if chosen.item_code:
        parts.append(f"抽查事项：{items.get(chosen.item_code, chosen.item_code)}")
    if chosen.blacklisted_only:
        parts.append("仅黑名单单位")
    if chosen.leave_out_unverified_before:
        parts.append(f"剔除 {chosen.leave_out_unverified_before.isoformat()} 之后未核对的单位")
    return "；".join(parts) or "不设定条件"


def grade_of(text: str) -> str:
    """A–D from what clerks write (“B级”, “c”, “重大风险”); "" when it says no grade."""
    found = re.search(r"[A-Da-dＡ-Ｄ]", text)
    if found:
        letter = found[0].upper()
        return letter if letter in GRADES else "ABCD"["ＡＢＣＤ".index(letter)]
    return next((grade for word, grade in (("重大", "D"), ("较大", "C"), ("一般", "B"), ("低", "A")) if word in text), "")


def why_not(unit: PoolUnit, chosen: PoolFilter, by_item: bool) -> tuple[str, str] | None:
    """(code, sentence) of the first reason why the unit is not in the pool; None when it is."""
    conditions = (
        ("sector", chosen.sectors, unit.sector, "行业领域"), ("category", chosen.categories, unit.category, "类别"), ("district", chosen.districts, unit.district, "区域"),
        ("grade", chosen.grades, unit.grade, "风险等级"), ("credit", chosen.credits, unit.credit, "信用等级"),
    )
    for code, wanted, has, word in conditions:
        if wanted and has not in wanted:
            return code, f"{word}是“{has or '未登记'}”，不在抽取条件内"
    if chosen.exceptions and not chosen.exceptions & unit.exceptions:
        return "exception", "没有所选的情形（" + "、".join(EXCEPTIONS[one] for one in sorted(chosen.exceptions)) + "）"
    if chosen.unit_ids and unit.unit_id not in chosen.unit_ids:
        return "not_named", "不是指定的单位"
    for fact, value in chosen.facts:
        if unit.facts.get(fact, "unknown") != value:
            return "fact", f"适用条件“{fact}”不符"
    if chosen.item_code and (unit.items or by_item) and chosen.item_code not in unit.items:
        return "item", "不在该抽查事项的对象名录库内"
    if chosen.blacklisted_only and not unit.blacklisted:
        return "not_blacklisted", "未列入黑名单"
    return None if unit.blacklisted else _left_out(unit, chosen)


def _left_out(unit: PoolUnit, chosen: PoolFilter) -> tuple[str, str] | None:
    if unit.unit_id in chosen.leave_out:
        return "left_out", "按名单剔除"
    if unit.grade and unit.grade in chosen.leave_out_grades:
        return "left_out_grade", f"风险等级 {unit.grade} 被剔除"
    before = chosen.leave_out_unverified_before
    if before and (unit.verified_on is None or unit.verified_on < before):
        return "left_out_unverified", f"{before.isoformat()} 之后没有核对过"
    return None


@dataclass(frozen=True)
class PoolInspector:
    """One inspector on one day: what he may be drawn for, and why he may not be drawn (empty: he may)."""

    user_id: str
    name: str
    certificate_no: str
    valid_to: date
    section: str
    sector_groups: frozenset[str]
    qualifications: frozenset[str]
    training_hours: float
    hindrances: tuple[tuple[str, str], ...] = ()

    @property
    def available(self) -> bool:
        return not self.hindrances


def hindrances(valid_to: date, certificate_no: str, on: date, leave: tuple[str, date] | None, active: bool, hours: float, least_hours: float) -> tuple[tuple[str, str], ...]:
    """Why this person cannot be drawn on that day. Without a valid certificate nobody is (WC-10a, WG-5a, WS-3.3c)."""
    found: list[tuple[str, str]] = []
    if not certificate_no:
        found.append(("no_certificate", "没有执法证号"))
    elif on > valid_to:
        found.append(("certificate_expired", f"执法证于 {valid_to.isoformat()} 到期"))
    if not active:
        found.append(("not_active", "账号已停用或不再是执法检查人员"))
    if leave is not None:
        found.append(("on_leave", f"{LEAVE_KINDS.get(leave[0], leave[0])}至 {leave[1].isoformat()}"))
    if hours < least_hours:
        found.append(("training", f"近一年培训 {hours:g} 学时，不足 {least_hours:g} 学时"))
    return tuple(found)
