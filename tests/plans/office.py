"""An agency with its superior, its people and units, and draws that are over."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from server.accounts import operations as accounts
from server.accounts.domain import Actor
from server.plans import drawn as draws
from server.plans import monthly
from server.platform import jobs
from server.platform.db import transaction
from server.platform.ids import new_id
from server.registry import operations as registry
from server.rules import operations as rules
from tests import builders, kept
from tests.diligent import an_agency_at_work
from tests.world import Client

CHECKLISTS = Path(__file__).resolve().parents[2] / "checklists"
WC, JD, WG, WS, YS = "fire-wenchanghu", "fire-jindong", "civil-air-defence-wugang", "emergency-wushen", "fire-yanshi"


def on(text: str) -> datetime:
    """Ten in the morning in Shanghai."""
    return datetime.fromisoformat(f"{text}T02:00:00").replace(tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    unit_id: str
    team: tuple[str, ...]
    stratum: str = "general"
    candidates: int = 4
    premises: tuple[str, ...] = ()
    item_codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """A finished draw, as the ceremony hands it over."""

    item_codes: tuple[str, ...]
    rows: tuple[Row, ...]
    draw_id: str = field(default_factory=new_id)
    number: str = "抽-2026-1"
    title: str = "试验抽取"
    purpose: str = "monthly"
    period: str = "2026-12"


@dataclass
class Office:
    agency: str
    officer: Actor
    head: Actor
    superior: Actor

    @property
    def people(self) -> list[str]:
        """Inspectors with a valid certificate, by name."""
        return [one.user_id for one in registry.inspectors(self.agency) if one.certificate.valid_to.year > 2026]

    @property
    def units(self) -> list[registry.Unit]:
        return registry.units(self.agency)

    @property
    def item(self) -> str:
        return str(rules.rules_for(self.agency).items[0]["code"])

    def result(self, *units: int, team: tuple[int, ...] = (0, 1), items: tuple[str, ...] = (), **more: Any) -> Result:
        people = self.people
        rows = tuple(Row(self.units[at].id, tuple(people[one] for one in team)) for at in units)
        return Result(items or (self.item,), rows, **more)

    def take(self, result: Result) -> None:
        """The draw is over: what the ceremony's unit of work tells plans."""
        with transaction():
            draws.take(self.agency, result)

    def plan(self) -> monthly.Plan:
        return monthly.plans(self.agency)[-1]

    def released(self, *units: int, **more: Any) -> monthly.Plan:
        """A plan of these units, drawn, approved and on the phones."""
        self.take(self.result(*units, **more))
        plan = self.plan()
        monthly.approve(self.head, plan.id, "补充安排")
        done = monthly.release(self.officer, plan.id)
        jobs.drain()
        return done

    def line(self, plan_id: str, at: int = 0) -> monthly.PlanLine:
        return monthly.lines(self.agency, plan_id)[at]

    def client(self, actor: Actor) -> Client:
        return builders.a_client(accounts.person(actor.user_id))


def an_office(agency: str = WC) -> Office:
    """The agency's demo people and units, a plan officer, a head, and a superior agency with somebody in it."""
    return kept.once(f"office {agency}", lambda: _an_office(agency))


def _an_office(agency: str) -> Office:
    an_agency_at_work(agency, CHECKLISTS)
    above = f"{agency}-superior"
    builders.an_agency(above, "试验上级机关")
    own = accounts.agency(agency)
    accounts.add_agency(agency, own.name, short=own.short, kind=own.kind, parent_id=above)
    return Office(agency, builders.an_actor("plan_officer", agency=agency), builders.an_actor("reviewer", agency=agency), builders.an_actor("superior", agency=above))


def content(office: Office, **changes: Any) -> dict[str, Any]:
    """The content of an annual plan."""
    return {
        "title": "2026年度监督抽查计划", "period_from": "2026-01-01", "period_to": "2026-12-31", "source": "own", "source_note": "", "item_codes": [office.item], "target_key": 60, "target_general": 400,
        "addressees": ["各科室", "各中队"], "roster": [{"role": "组长", "name": "甄组长"}], "sections": [{"title": "工作目标", "text": "监管全覆盖、常态化。"}], "joint": "", "object_filter": "",
        "ratio_permille": 0, "check_content": "", "rides_along": False,
    } | changes
