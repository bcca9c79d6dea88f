"""Which capability listens to which: the links that the import direction does not allow to be direct."""

from __future__ import annotations

from server.accounts import operations as accounts
from server.documents import fonts, month_paper, numbers, plan_paper, preparation, replanning
from server.documents import operations as documents
from server.draw import operations as draws
from server.evidence import operations as evidence
from server.inspections import cards, export, overview, quarantine, write_back
from server.inspections import operations as inspections
from server.plans import annual, drawn, figures, publishing, voids
from server.plans import operations as plans
from server.registry import operations as registry
from server.reports import operations as reports
from server.reports import reading


def connect() -> None:
    """Register every listener. Doing it again changes nothing."""
    accounts.describe_people_with(registry.describe)
    registry.names_are_printed_by(fonts.lacking)
    accounts.on_device_changed(cards.phones_changed)
    plans.on_assigned(preparation.inspections_from)
    annual.numbers_come_from(numbers.take_serial)
    annual.printed_by(plan_paper.render)
    publishing.printed_by(month_paper.render)
    figures.standings_come_from(overview.standings)
    publishing.on_visit_changed(replanning.changed)
    draws.on_drawn(drawn.take)
    draws.on_void(voids.heard)
    draws.visits_from(figures.visits_of_units)
    draws.loads_from(figures.loads_of)
    draws.visits_over_by(figures.draw_is_over)
    evidence.team_is(evidence.Teams(inspections.is_member, inspections.lent_to, inspections.agency_of_visit))
    accounts.on_judgement(quarantine.judge_device)
    inspections.on_cancelled(numbers.void_unused)
    inspections.on_sealed(reports.sealed)
    inspections.on_sealed(documents.sealed)
    export.record_pdf_from(documents.record_for_export)
    inspections.on_folded(reports.folded)
    inspections.on_folded(write_back.folded)
    registry.units_are_used_by(plans.units_in_use)
    registry.units_are_used_by(write_back.units_in_use)
    registry.inspectors_are_used_by(plans.people_in_use)
    inspections.describe_change("return", reading.returned_note, reading.open_returns)
