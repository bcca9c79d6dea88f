"""What a draw is made of, and every way a transcript can be wrong. Pure.

Only integers, bytes and SHA-256 decide a draw: no clock, no float, no order of a set, no library's random numbers.
A fault names the first step of the replay that does not hold (docs/draw.md, steps 1 to 8)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.kernel.errors import DomainError

KEY = re.compile(r"[a-z][a-z0-9_]{0,31}")
"""What a stratum, a party, a need and a reason look like: a key of SJ-JSON, so that it sorts the same everywhere."""

DICE = re.compile(rb"[0-9]{20,}")
"""Twenty ten-sided dice are 66 bits; six digits would be twenty, which one laptop tries out in a second."""


class DrawFault(DomainError):
    """抽取过程核对不上"""

    code = "E_DRAW"


class FormWrong(DrawFault):
    """抽取文件的格式不对"""

    code = "E_FORM"


class RootDiffers(DrawFault):
    """检查对象名录与抽取前公开的根不一致"""

    code = "E_ROOT"


class PeopleDiffer(DrawFault):
    """检查人员名录与抽取前公开的根不一致"""

    code = "E_PEOPLE"


class PartiesDiffer(DrawFault):
    """揭示随机数的各方与抽取前公开的不一致"""

    code = "E_PARTIES"


class DiceTooFew(DrawFault):
    """骰子应为至少二十位数字"""

    code = "E_DICE"


class CommitmentBroken(DrawFault):
    """揭示的随机数与抽取前的承诺不符"""

    code = "E_COMMIT"


class WeightOutOfRange(DrawFault):
    """有单位的权重不在规定范围内"""

    code = "E_WEIGHT"


class ForerunnerDiffers(DrawFault):
    """所引用的原抽取核对不上"""

    code = "E_OF"


class NotDrawn(DrawFault):
    """要更换的单位或人员不在抽中名单里"""

    code = "E_GONE"


@dataclass(frozen=True)
class Rule:
    """The numbers of one draw (draw.md 3.4). `must` strata get their share first, whatever `n` says."""

    n: int
    must: frozenset[str]
    months_left: int
    general_min_permille: int
    max_visits: int
    skip_visited: bool
    w_max: int
    team: int
    bal_max: int


@dataclass(frozen=True)
class Unit:
    """One row of the blinded table: only what the draw needs, under an id that its salt alone can open."""

    uid: str
    raw: bytes
    st: str
    w: int
    visits: int
    need: str
    recuse: frozenset[str] = frozenset()
    force: str | None = None
    out: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    def excluded(self, rule: Rule) -> str | None:
        """Why this unit is not in the pool (step 4); None when it is."""
        if self.out is not None:
            return self.out
        if self.force is not None:
            return None
        if self.visits >= rule.max_visits:
            return "max_visits"
        if self.visits >= 1 and rule.skip_visited:
            return "visited_this_year"
        return None


@dataclass(frozen=True)
class Person:
    """One row of the blinded table of people."""

    pid: str
    raw: bytes
    q: frozenset[str]
    load: int
    cap: int


@dataclass(frozen=True)
class Choice:
    """One drawn unit with its team in ticket order; an empty team means too few candidates, never a silent pick."""

    unit: Unit
    team: tuple[str, ...]
    candidates: int

    def row(self) -> list[Any]:
        """The row of `selected` in the output."""
        return [self.unit.st, self.unit.uid, list(self.team), self.candidates]


@dataclass(frozen=True)
class Selection:
    """What steps 4 to 7 make of a pool and a seed."""

    quotas: dict[str, int]
    excluded: dict[str, int]
    chosen: Sequence[Choice]
