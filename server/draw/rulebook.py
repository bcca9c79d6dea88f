"""From an agency's profile and an officer's choices to the numbers of the rule: strata, weights, needs, caps. Pure.

Sources: WC-14 (strata), WC-17 (floating probability), YS-3.4a (directed), WS-4.1c/d (already inspected and the four
exceptions), WG-6 (two a year), YS-3.2d (blacklist), WS-4.2b (qualification), JD-6a (the 77), D-2, D-23, D-24."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

Profile = Mapping[str, Any]

PURPOSES = ("annual", "monthly", "campaign", "joint", "replacement")
FIXED_TYPES = ("large_event", "key_supervision", "credit_triggered", "complaint_check", "pre_opening_check", "superior_supervised", "other")
"""Inspection types whose objects may be fixed beforehand; whether their people are then drawn is ``types.…`` of the profile (C21)."""
DOCUMENTED = ("campaign", "joint", *FIXED_TYPES)
"""Purposes that stand on a document of their own (WC-13b: "应当制定专项检查方案"); its number makes the draw unique."""
KEY_CROWDED, KEY_CROWDED_DONE, KEY, GENERAL, FIXED = "key_crowded", "key_crowded_done", "key", "general", "fixed"
STRATUM_WORDS = {
    KEY_CROWDED: "人员密集的重点单位（本年度尚未检查）", KEY_CROWDED_DONE: "人员密集的重点单位（本年度已检查）",
    KEY: "其他重点单位", GENERAL: "一般单位", FIXED: "已确定的检查对象",
}
OUT_REASONS = {
    "closed": "已停业或注销", "moved": "已迁出辖区", "merged": "已与其他对象合并", "duplicate": "名录重复", "under_case": "案件正在办理",
    "other_agency": "属其他机关管辖", "construction": "停工或尚未投入使用", "secret": "涉密单位另行安排",
}
FORCE_REASONS = {
    "complaint": "被投诉举报", "abnormal_operation": "处于经营异常状态", "penalised": "受到行政处罚", "superior_rule": "上级部门有具体规定",
    "reinspection": "复查", "blacklist": "列入黑名单", "bad_record": "有较多不良记录", "serious_record": "有严重违法违规记录",
}
RAISED = ("complaint", "bad_record", "serious_record")
"""Grounds for more than the cap, in principle (WG-6c: "对投诉举报多、有较多不良记录、有严重违法违规记录等情况的，应增加抽查频次")."""
EXCLUDED_WORDS = {"max_visits": "已达到本年度抽查次数上限", "visited_this_year": "本年度已抽查，按规则排除", **OUT_REASONS}
NO_CAP = 366
ANY = "any"
BAL_MAX = 8


@dataclass(frozen=True)
class Weight:
    """A weight and how it came about: (factor's name, its grade, its number)."""

    w: int
    parts: tuple[tuple[str, str, int], ...]


def weight(profile: Profile, *, grade: str, credit: str, key_unit: bool, marks: Iterable[str]) -> Weight:
    """The product of the factors, at most ``w_max``, at least one; a grade nobody recorded counts as one (D-23)."""
    table = profile["draw.weights"]
    parts = [("risk", grade, int(table["risk"].get(grade, 1)))]
    if "credit" in table:
        parts.append(("credit", credit, int(table["credit"].get(credit, 1))))
    if key_unit:
        parts.append(("key_factor", "", int(table["key_factor"])))
    found = set(marks)
    if "complaint" in found and "complaint_factor" in table:
        parts.append(("complaint_factor", "", int(table["complaint_factor"])))
    if "penalised" in found and "bad_record_factor" in table:
        parts.append(("bad_record_factor", "", int(table["bad_record_factor"])))
    product = 1
    for _name, _grade, factor in parts:
        product *= factor
    return Weight(max(1, min(product, int(table["w_max"]))), tuple(parts))


def formula(profile: Profile) -> str:
    """The formula in one sentence, as it stands in the intent (WC-17)."""
    table = profile["draw.weights"]
    words = {"key_factor": "重点单位", "complaint_factor": "投诉举报", "bad_record_factor": "不良记录"}
    grades = [f"{word}{'/'.join(f'{grade}={n}' for grade, n in table[name].items())}" for name, word in (("risk", "风险"), ("credit", "信用")) if name in table]
    factors = [f"{word}×{table[name]}" for name, word in words.items() if name in table]
    return f"权重＝{'；'.join(grades + factors)}；连乘，上限{table['w_max']}"


def stratum(profile: Profile, *, key_unit: bool, crowded: bool, visits: int) -> str:
    """D-24: the mandatory stratum holds only units still owed this year; those already visited stand in another."""
    owed = profile.get("quota.key_crowded_min_per_year")
    if owed and key_unit and crowded:
        return KEY_CROWDED if visits < owed else KEY_CROWDED_DONE
    return KEY if key_unit else GENERAL


def max_visits(profile: Profile) -> int:
    """The cap of one subject in one year; without one, a number nobody reaches."""
    return int(profile.get("freq.max_per_year") or NO_CAP)


def skip_visited(profile: Profile, wanted: bool) -> bool:
    """C4: may (the officer decides), must, none."""
    word = profile.get("draw.exclude_inspected_this_year", "none")
    return True if word == "must" else wanted and word == "may"


def exemption(profile: Profile, *, marks: Iterable[str], blacklisted: bool, visits: int) -> str:
    """The reason for which cap and exclusion do not hold for this subject; empty when nothing exempts it.

    Only where it makes a difference: a unit nobody visited needs no exemption. The blacklist beats exclusion (C4/C5)."""
    if visits < 1:
        return ""
    if blacklisted and profile.get("draw.blacklist_never_excluded"):
        return "blacklist"
    allowed = set(profile.get("draw.exceptions", ()))
    return next((mark for mark in sorted(marks) if mark in allowed), "")


def force_allowed(profile: Profile) -> set[str]:
    """The reasons with which an officer may lift cap and exclusion for one unit."""
    named = set(profile.get("draw.exceptions", ()))
    return named | set(RAISED) if profile.get("freq.max_is_principle") and profile.get("freq.max_per_year") else named


def year_cap(profile: Profile) -> int:
    """How many attendances a year one inspector has time for: 220 × 70 % × 1 a day = 154 (JD-6a)."""
    days, share, per_day = (profile.get(f"workload.{name}") for name in ("workdays", "field_share_permille", "units_per_day"))
    return NO_CAP if not (days and share and per_day) else int(days) * int(share) * int(per_day) // 1000


def floor_per_inspector(profile: Profile) -> int | None:
    """"每名执法人员的最低抽查单位数不应低于77家": attendances divided by the size of a team (JD-6a); None without the numbers."""
    size = profile.get("workload.team_size")
    return None if not size or year_cap(profile) == NO_CAP else year_cap(profile) // int(size)


def fixed_types(profile: Profile) -> tuple[str, ...]:
    """The types of which only the people are drawn here (YS-3.4e, WG-1a, C21)."""
    return tuple(one for one in FIXED_TYPES if profile.get(f"types.{one}") == "inspectors_only")


def proposed_number(profile: Profile, heads: int, units: int) -> int | None:
    """WC-15b "根据…抽查工作量": the monthly part of what these inspectors owe a year, never more than there are units; None without the numbers."""
    floor = floor_per_inspector(profile)
    return None if floor is None else min(units, -(-floor * heads // 12))


def months_left(period: str) -> int:
    """Months of the year from the one planned on, itself included; a year as a whole leaves one draw."""
    return 1 if len(period) == 4 else 13 - int(period[5:])


def last_day(profile: Profile, purpose: str, period: str) -> date | None:
    """The last day on which the draw of a month is in time: before the cutoff of the month before (WC-15a, JD-6c, C1)."""
    cutoff = profile.get("plan.monthly_cutoff") or {}
    if purpose != "monthly" or not cutoff.get("day"):
        return None
    year, month = int(period[:4]), int(period[5:])
    year, month = (year - 1, 12) if month == 1 else (year, month - 1)
    day = min(int(cutoff["day"]), calendar.monthrange(year, month)[1]) - (0 if cutoff.get("inclusive") else 1)
    return date(year, month, day)


def slots(purpose: str, period: str, section: str, source_doc: str, mode: str, items: Iterable[str]) -> list[str]:
    """What this draw occupies, one per item: nobody draws the same month twice by drawing only half of the items again."""
    scope = source_doc.strip() if purpose in DOCUMENTED else f"{period}/{mode}"
    return sorted(f"{purpose}/{scope}/{section}/{item}"[:250] for item in set(items))


def needs(requirements: Iterable[tuple[str, tuple[str, ...]]]) -> dict[tuple[str, tuple[str, ...]], str]:
    """A short name per distinct requirement (sector group, qualifications); no requirement at all is ``any``."""
    asked = sorted({one for one in requirements if one[0] or one[1]})
    return {("", ()): ANY} | {one: f"n{number}" for number, one in enumerate(asked, 1)}


def meets(requirement: tuple[str, tuple[str, ...]], groups: Iterable[str], qualifications: Iterable[str]) -> bool:
    """WS-4.2b: "与承担的检查任务所需的资质能力相一致"; YS-3.4c: groups by the sector an inspector is responsible for."""
    sector, wanted = requirement
    return (not sector or sector in set(groups)) and set(wanted) <= set(qualifications)
