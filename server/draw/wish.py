"""What a plan officer asks of a draw, and whether the agency's rules allow it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from server.accounts import operations as accounts
from server.draw import districts, lending, rulebook
from server.draw.refusals import OfficialsWrong, ProposalWrong
from server.registry import operations as registry
from server.rules import operations as rules
from server.rules.domain import AgencyRules

PERIOD = re.compile(r"20\d\d(-(0[1-9]|1[0-2]))?")
OFFICIALS = ("plan_officer", "reviewer")


@dataclass(frozen=True)
class Named:
    """A unit that is treated apart, with the reason code and the officer's words."""

    unit_id: str
    reason: str
    note: str = ""


@dataclass(frozen=True)
class Wish:
    """``filter`` is the registry's pool filter as data; a directed draw keeps and prints it verbatim (YS-3.4a)."""

    title: str
    purpose: str
    period: str
    items: tuple[str, ...]
    official_a: str
    official_b: str
    n: int = 0
    mode: str = "undirected"
    filter: Mapping[str, Any] = field(default_factory=dict)
    section: str = ""
    source_doc: str = ""
    team: int = 2
    general_min_permille: int | None = None
    skip_visited: bool = False
    by_sector_group: bool = False
    exclusions: tuple[Named, ...] = ()
    forces: tuple[Named, ...] = ()
    objects: tuple[Named, ...] = ()
    """Types of which only the people are drawn: the fixed objects with why (YS-3.4e)."""
    witness_name: str = ""
    witness_user: str = ""
    superior: str = ""
    """Somebody of the superior agency who commits as well, so that no two officials of one office hold the whole seed."""
    prev_void: str = ""
    registers: tuple[str, ...] = ()
    """Agencies whose inspectors are in the urn, the own one among them when it is named; empty: the own one alone (WG-5b)."""

    districts: tuple[str, ...] = ()
    """Agencies below whose units are in the urn, once each has submitted its register; empty: the own register (WC-13c)."""

    def data(self) -> dict[str, Any]:
        """As JSON, to be kept with the draw."""
        found = asdict(self)
        return {**found, "filter": dict(self.filter)}


FIELDS = frozenset(Wish.__dataclass_fields__)


def wish_from(data: Mapping[str, Any]) -> Wish:
    """The wish that ``data`` (a request's body, or what ``Wish.data`` kept) holds."""
    values = {name: value for name, value in data.items() if name in FIELDS}
    for name in ("exclusions", "forces", "objects"):
        values[name] = tuple(one if isinstance(one, Named) else Named(**one) for one in values.get(name, ()))
    return Wish(**{**values, "items": tuple(values["items"]), "registers": tuple(values.get("registers", ())), "districts": tuple(values.get("districts", ()))})


def kind_of(wish: Wish) -> str:
    """How the transcript is read (D-28)."""
    return "objects" if wish.purpose in rulebook.FIXED_TYPES else "draw"


def check(agency_id: str, wish: Wish) -> AgencyRules:
    """Raise ``ProposalWrong`` or ``OfficialsWrong`` unless the agency's rules allow this draw; answers the rules."""
    own = rules.rules_for(agency_id)
    profile = own.values
    if not PERIOD.fullmatch(wish.period) or (wish.purpose == "monthly") != (len(wish.period) == 7) and wish.purpose in ("monthly", "annual"):
        raise ProposalWrong("抽取时段应写成 2026-12（月度）或 2026（年度）")
    if wish.mode not in profile["draw.modes"]:
        raise ProposalWrong("本机关的规则不允许这种抽取方式")
    if wish.purpose in rulebook.DOCUMENTED and not wish.source_doc.strip():
        raise ProposalWrong("专项检查、联合抽查和对象确定的检查须写明方案或依据的文号", article="文昌湖指引 第十三条")
    _items(own, wish)
    _conditions(wish)
    _reasons(profile, wish)
    least = int(profile.get("team.min", 2))
    if wish.team < least:
        raise ProposalWrong(f"检查人员不得少于{least}人")
    if wish.purpose in rulebook.FIXED_TYPES:
        if wish.purpose not in rulebook.fixed_types(profile):
            raise ProposalWrong("本机关的规则没有把这一类检查定为“对象确定、人员随机”")
        if not wish.objects or any(not one.note.strip() for one in wish.objects):
            raise ProposalWrong("请逐一写明检查对象和确定的理由", article="偃师方案 三（四）")
    elif wish.objects:
        raise ProposalWrong("双随机抽查的对象只能抽取，不能指定", article="偃师方案 一")
    elif wish.n < 1:
        raise ProposalWrong("抽取数量至少为1")
    lending.check(agency_id, wish.registers)
    districts.check(agency_id, wish.districts, fixed=wish.purpose in rulebook.FIXED_TYPES)
    officials(agency_id, wish.official_a, wish.official_b)
    witness(agency_id, wish)
    return own


def _items(own: AgencyRules, wish: Wish) -> None:
    if not wish.items or len(set(wish.items)) != len(wish.items):
        raise ProposalWrong("请至少选择一个抽查事项")
    for code in wish.items:
        item = own.item(code)
        if item is None:
            raise ProposalWrong(f"“{code}”不在随机抽查事项清单内，不得检查", article="偃师方案 二（一）")
        if own.value("draw.scope") == "section" and item.get("section") != wish.section:
            raise ProposalWrong(f"“{item['item']}”属于{item.get('section') or '其他股室'}，各股室只能抽取本股室的事项", article="乌审旗方案 四（一）")


def _conditions(wish: Wish) -> None:
    chosen = registry.filter_from(wish.filter)
    data = registry.filter_data(chosen)
    if wish.mode == "directed" and not data:
        raise ProposalWrong("定向抽查须写明条件（行业领域、风险等级等）", article="偃师方案 三（四）")
    if wish.mode == "undirected" and data:
        raise ProposalWrong("不定向抽查不设定条件；设定条件的请选择定向抽查", article="偃师方案 三（四）")
    if chosen.leave_out:
        raise ProposalWrong("剔除单位请逐一写明理由，不要放在条件里")


def _reasons(profile: Mapping[str, Any], wish: Wish) -> None:
    for one in wish.exclusions:
        if one.reason not in rulebook.OUT_REASONS or not one.note.strip():
            raise ProposalWrong("剔除单位须选择理由并写明情况")
    allowed = rulebook.force_allowed(profile)
    for one in wish.forces:
        if one.reason not in allowed or not one.note.strip():
            raise ProposalWrong("不受次数和排除限制的单位，须属于本机关规则列明的情形并写明情况", article="乌审旗方案 四（一）")
    share = wish.general_min_permille
    least = profile.get("quota.general_min_permille")
    if share is not None and (not 0 <= share <= 1000 or (least is not None and share < least)):
        raise ProposalWrong(f"一般单位的比例不得低于本机关规定的千分之{least or 0}", article="文昌湖指引 第十四条")


def officials(agency_id: str, official_a: str, official_b: str) -> None:
    """Two different people of the agency who plan or lead. The seed is safe because no one hand holds all of it."""
    if official_a == official_b:
        raise OfficialsWrong("抽取人员A和B不能是同一个人")
    known = accounts.people_by_id([official_a, official_b])
    for user in (official_a, official_b):
        person = known.get(user)
        if person is None or person.agency_id != agency_id or not person.active or not set(OFFICIALS) & set(person.roles):
            raise OfficialsWrong("抽取人员须是本机关在职的计划承办人或负责人")


def witness(agency_id: str, wish: Wish) -> None:
    """A witness is a name, and may have a login here or at the superior agency; never one of the two officials."""
    if not wish.witness_name.strip():
        raise OfficialsWrong("请写明见证人")
    parent = accounts.agency(agency_id).parent_id
    known = accounts.people_by_id([one for one in (wish.witness_user, wish.superior) if one])
    if wish.witness_user:
        person = known.get(wish.witness_user)
        if wish.witness_user in (wish.official_a, wish.official_b):
            raise OfficialsWrong("见证人不能同时是抽取人员")
        if person is None or not person.active or person.agency_id not in (agency_id, parent):
            raise OfficialsWrong("见证人须是本机关或上级机关的人员")
    if wish.superior:
        person = known.get(wish.superior)
        if person is None or not person.active or person.agency_id != parent or "superior" not in person.roles:
            raise OfficialsWrong("共同揭示随机数的上级人员须属于上级机关")
