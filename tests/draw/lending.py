"""A superior agency over agencies that lend their inspectors, and one that does not (WG-5b)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from server.accounts import operations as accounts
from server.accounts.tables import Agency
from server.draw.tables import DrawPersonRow
from server.platform.db import session, transaction
from server.registry import operations as registry
from tests import builders, kept
from tests.diligent import an_agency_at_work
from tests.draw.office import Ceremony, a_ceremony
from tests.world import Client

ABOVE, BETWEEN, LENDER, SILENT = "fire-wenchanghu", "city-office", "civil-air-defence-wugang", "fire-jindong"


@dataclass
class Lending:
    """``office`` is the superior that draws; ``lender`` agrees by its profile and is two steps below; ``silent`` does not."""

    office: Ceremony
    desk: Client
    """The lender's plan officer."""

    @property
    def inspectors(self) -> list[str]:
        """The lender's inspectors with a valid certificate."""
        return [one.user_id for one in registry.inspectors(LENDER) if one.certificate.valid_to.year > 2026]

    def urn(self) -> dict[str, str]:
        """user → home of everybody in the frozen table."""
        session().rollback()
        rows = session().query(DrawPersonRow.user_id, DrawPersonRow.agency_id).filter_by(draw_id=self.office.id)
        return dict(rows.all())


def a_lending(checklists: Path) -> Lending:
    with builders.at_work():
        return kept.once(f"lending {checklists}", lambda: _a_lending(checklists))


def _a_lending(checklists: Path) -> Lending:
    office = a_ceremony(ABOVE, checklists)
    with builders.at_work():
        for agency in (LENDER, SILENT):
            an_agency_at_work(agency, checklists)
        builders.an_agency(BETWEEN, "试验市级机关")
        with transaction():
            session().get_one(Agency, BETWEEN).parent_id = ABOVE
            for agency in (LENDER, SILENT):
                session().get_one(Agency, agency).parent_id = BETWEEN
        officer = next(one for one in accounts.people(LENDER) if one.roles == ("plan_officer",))
    return Lending(office, builders.a_client(officer))
