"""How many units a headcount must and can inspect in a year. Pure.

JD-6a: 每日每2名执法人员检查1家单位、每年220个工作日、检查日按工作日的70%计算 → 220 × 70 % ÷ 2 = 77 per inspector.
JD-6b: a plan below the floor or above what the teams can do is warned of, and so is a floor that the yearly cap
of visits per unit makes impossible (WG-6a against JD-6a)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KEYS = ("workload.team_size", "workload.units_per_day", "workload.workdays", "workload.field_share_permille")


@dataclass(frozen=True)
class Capacity:
    """``each``: least units per inspector and year. ``least`` and ``most``: of all of them together."""

    headcount: int
    each: int
    least: int
    most: int
    per_day: int


def capacity(headcount: int, values: Mapping[str, Any]) -> Capacity | None:
    """None when the agency has not set all four numbers (they are its own to set)."""
    numbers = [values.get(key) for key in KEYS]
    if any(number is None for number in numbers):
        return None
    team, per_day, workdays, share = (int(number or 0) for number in numbers)
    each = workdays * share * per_day // (1000 * team)
    teams = headcount // team
    return Capacity(headcount, each, each * headcount, teams * per_day * workdays, teams * per_day)


def warnings(planned: int, found: Capacity | None, units: int, max_per_year: int | None) -> list[str]:
    """Chinese sentences; an empty list is a plan that fits."""
    said = []
    if found is not None:
        if planned < found.least:
            said.append(f"计划 {planned} 家，低于 {found.headcount} 名执法人员每人 {found.each} 家的最低数 {found.least} 家")
        if planned > found.most:
            said.append(f"计划 {planned} 家，超过检查力量全年最多能检查的 {found.most} 家")
        if max_per_year is not None and found.least > max_per_year * units:
            said.append(f"最低数 {found.least} 家，超过 {units} 家检查对象每年最多检查 {max_per_year} 次的总数 {max_per_year * units} 次")
    if max_per_year is not None and planned > max_per_year * units:
        said.append(f"计划 {planned} 家次，超过 {units} 家检查对象的年度频次上限 {max_per_year * units} 次")
    return said


def progress_permille(done: int, planned: int) -> int:
    return 0 if planned <= 0 else done * 1000 // planned
