"""Assignments 任务 = unit × items × team from one batch (D-1), and what makes a line of a foreign batch acceptable. Pure.

Sources: JD-6c (the provincial system draws, its batch number is kept), WC-18a / WG-10.4a (at least two inspectors),
WC-10a / WS-3.3c (no valid certificate, no visit), WS-4.2c (conflict of interest), WS-4.1b (several sections, one visit)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from server.kernel.errors import DomainError

HEADERS: Mapping[str, tuple[str, ...]] = {
    "batch_no": ("批次号", "抽查批次号", "批次"),
    "foreign_batch_no": ("来源系统批次号", "省平台批次号", "外部批次号"),
    "item": ("抽查事项", "事项编码", "检查事项"),
    "unit_name": ("被检查单位", "检查对象", "单位名称"),
    "uscc": ("统一社会信用代码", "信用代码"),
    "inspector1": ("检查人员1证号", "执法证号1", "检查人员一证号"),
    "inspector2": ("检查人员2证号", "执法证号2", "检查人员二证号"),
    "inspector3": ("检查人员3证号", "执法证号3", "检查人员三证号"),
    "lead": ("检查组长证号", "组长证号"),
    "inspect_by": ("检查时限", "检查截止日期", "应检查日期"),
    "mode": ("检查方式",),
}
REQUIRED = ("batch_no", "item", "unit_name", "inspector1", "inspector2", "inspect_by")
LONGEST_NUMBER = 80
MODES = {"": "on_site", "现场": "on_site", "现场检查": "on_site", "现场抽查": "on_site", "书面": "document_review", "书面检查": "document_review", "网络": "network_monitoring", "网络监测": "network_monitoring", "抽样检测": "on_site"}


class BatchHeadersWrong(DomainError):
    """The table lacks columns without which a batch means nothing."""

    code = "E_IMPORT_HEADERS"


class BatchHasErrors(DomainError):
    """Some lines cannot be taken; nothing was stored."""

    code = "E_IMPORT_ROWS"


class BatchKnown(DomainError):
    """This batch has been imported already."""

    code = "E_BATCH_KNOWN"


class BatchUnknown(DomainError):
    code = "E_BATCH_UNKNOWN"


class PlanUnknown(DomainError):
    """No such plan, document, replacement or letter, or another agency's."""

    code = "E_PLAN_UNKNOWN"


class PlanState(DomainError):
    """The thing is not in the state that this step starts from."""

    code = "E_PLAN_STATE"


class PlanChanged(DomainError):
    """Somebody has saved it since."""

    code = "E_PLAN_CHANGED"


class PlanRefused(DomainError):
    """What was sent does not fit the registries or the rules."""

    code = "E_PLAN_REFUSED"


class PlanPublished(DomainError):
    """A published plan is not edited; a change needs its permission and becomes a new version."""

    code = "E_PLAN_PUBLISHED"
    article = "WC-20b 第二十条"


class OwnWork(DomainError):
    """Who drew something up does not approve it."""

    code = "E_OWN_WORK"


class LateNeedsNote(DomainError):
    """After the monthly cutoff the head writes down why."""

    code = "E_LATE_NOTE"


class Embargoed(DomainError):
    """The list is secret until it is published; it is not carried out of the system."""

    code = "E_EMBARGO"
    article = "WG-9b 九"


class NotPublic(DomainError):
    """The profile does not let this plan be published, or not yet."""

    code = "E_NOT_PUBLIC"


class PastLimit(DomainError):
    """A visit is not planned after its time limit."""

    code = "E_PAST_LIMIT"
    article = "WC-15d 第十五条"


class TypeIsDrawn(DomainError):
    """This type of inspection comes from a draw and from nowhere else."""

    code = "E_TYPE_DRAWN"
    article = "YS-1a 一"


class NoBasis(DomainError):
    """凡法律法规规章没有规定的，一律不得擅自开展检查。"""

    code = "E_NO_BASIS"
    article = "YS-2.1a 二（一）"


class ReasonUnknown(DomainError):
    """A replacement has one of the agency's reasons."""

    code = "E_REASON"
    article = "WC-16b 第十六条"


class Answered(DomainError):
    """The superior has answered already, or it is not this side that answers."""

    code = "E_ANSWERED"


@dataclass(frozen=True)
class Line:
    """One accepted line of a foreign batch."""

    row: int
    batch_no: str
    foreign_batch_no: str
    item_code: str
    item_name: str
    unit_id: str
    inspectors: tuple[str, ...]
    lead: str | None
    inspect_by: date
    mode: str


@dataclass(frozen=True)
class Group:
    """Lines that become one inspection: same unit, same day limit is not needed, same people, same mode (WS-4.1b, D-1)."""

    unit_id: str
    inspectors: tuple[str, ...]
    lead: str | None
    mode: str
    inspect_by: date
    lines: tuple[Line, ...]
    visit_id: str = ""
    """Given where somebody must know the visit before it exists."""


def foreign_words(groups: Sequence[Group]) -> str:
    """What a batch is called elsewhere: its number there, or the first of several with how many there are."""
    numbers = list(dict.fromkeys(line.foreign_batch_no for group in groups for line in group.lines if line.foreign_batch_no))
    return "".join(numbers) if len(numbers) < 2 else f"{numbers[0][:70]} 等{len(numbers)}个"


def merge(lines: Iterable[Line]) -> list[Group]:
    """One attendance per unit and team, in the order of the file; it must be over by the earliest limit of its lines."""
    groups: dict[tuple[str, tuple[str, ...], str], list[Line]] = {}
    for line in lines:
        groups.setdefault((line.unit_id, tuple(sorted(line.inspectors)), line.mode), []).append(line)
    return [
        Group(
            unit_id=unit_id,
            inspectors=members[0].inspectors,
            lead=next((line.lead for line in members if line.lead), None),
            mode=mode,
            inspect_by=min(line.inspect_by for line in members),
            lines=tuple(members),
        )
        for (unit_id, _team, mode), members in groups.items()
    ]
