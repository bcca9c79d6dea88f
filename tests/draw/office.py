"""A ceremony for tests: an agency with its demo registries, two officials, a witness and a superior, all over HTTP.

``Ceremony`` does what the browsers do: A's number is made and kept here, and only its commitment is sent before the dice."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select
from werkzeug.test import TestResponse

from server.accounts import operations as accounts
from server.accounts.tables import Agency
from server.draw import tickets
from server.kernel import b64url
from server.platform.db import session, transaction
from server.registry import operations as registry
from server.registry.tables import UnitItemRow
from server.rules import operations as rules
from tests import builders, kept
from tests.diligent import an_agency_at_work
from tests.world import Client

API = "/api/v1/draws"
DICE = "24720198603954760271"
_numbers = itertools.count(1)


@dataclass
class Ceremony:
    """The people of one agency around one draw."""

    agency: str
    a: Client
    b: Client
    superior: Client
    nonce: bytes = b""
    draw: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return str(self.draw["id"])

    def wish(self, **more: Any) -> dict[str, Any]:
        """A monthly draw of the agency's first item."""
        with builders.at_work():
            item = rules.rules_for(self.agency).items[0]
        return {
            "title": "2026年12月月度抽查", "purpose": "monthly", "period": "2026-12", "items": [str(item["code"])], "n": 3,
            "official_a": self.a.person.id, "official_b": self.b.person.id, "witness_name": "甄见证",
            **({"section": item["section"]} if item.get("section") else {}), **more,
        }

    def propose(self, **more: Any) -> TestResponse:
        answer = self.a.post(API, json=self.wish(**more))
        if answer.status_code == 201:
            self.draw = answer.get_json()
        return answer

    def commitment(self, party: str = "official_a") -> str:
        self.nonce = hashlib.sha256(f"nonce {next(_numbers)}".encode()).digest()
        return b64url.encode(tickets.commitment(self.id, party, self.nonce))

    def post(self, who: Client, step: str, body: dict[str, Any] | None = None) -> TestResponse:
        return who.post(f"{API}/{self.id}/{step}", json=body)

    def to_open(self, **more: Any) -> Ceremony:
        """Proposed, frozen, committed, announced."""
        made = self.propose(**more)
        assert made.status_code == 201, made.get_json()
        for step, body in (("freeze", None), ("commit", {"commitment": self.commitment()}), ("intent", None)):
            answer = self.post(self.a, step, body)
            assert answer.status_code == 200, (step, answer.get_json())
        return self

    def roll(self, digits: str = DICE, **more: Any) -> TestResponse:
        return self.post(self.b, "dice", {"digits": digits, **more})

    def reveal(self) -> TestResponse:
        return self.post(self.a, "reveal", {"value": b64url.encode(self.nonce)})

    def to_drawn(self, **more: Any) -> Ceremony:
        self.to_open(**more)
        assert self.roll().status_code == 200
        answer = self.reveal()
        assert answer.status_code == 200, answer.get_json()
        self.draw = answer.get_json()
        return self

    def result(self) -> dict[str, Any]:
        answer = self.a.get(f"{API}/{self.id}/result")
        assert answer.status_code == 200, answer.get_json()
        return dict(answer.get_json())


def pools(agency: str) -> None:
    """Every unit in the pool of every item (WG-4b), in the caller's unit of work; a test takes out what it needs out."""
    have = set(session().execute(select(UnitItemRow.unit_id, UnitItemRow.item_code)).all())
    wanted = {(unit.id, str(item["code"])) for unit in registry.units(agency, limit=500) for item in rules.rules_for(agency).items}
    session().add_all(UnitItemRow(unit_id=unit, item_code=item, agency_id=agency) for unit, item in sorted(wanted - have))


def a_ceremony(agency: str, checklists: Path) -> Ceremony:
    """The agency at work, its superior agency, and the people of a ceremony signed in."""
    with builders.at_work():
        return kept.once(f"ceremony {agency} {checklists}", lambda: _a_ceremony(agency, checklists))


def _a_ceremony(agency: str, checklists: Path) -> Ceremony:
    with builders.at_work():
        an_agency_at_work(agency, checklists)
        above = f"{agency}-superior"
        builders.an_agency(above, "上级测试机关")
        with transaction():
            session().get_one(Agency, agency).parent_id = above
            if rules.rules_for(agency).value("unit.pool_by_item"):
                pools(agency)
        known = {one.roles: one for one in accounts.people(agency)}
        a, b = known[("plan_officer",)], known[("reviewer",)]
    return Ceremony(agency, builders.a_client(a), builders.a_client(b), builders.client_as("superior", agency=above))
