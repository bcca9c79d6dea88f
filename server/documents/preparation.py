"""准备: from new assignments to an inspection whose phone has everything before departure.

Assignments become inspections in the same unit of work; the notice and the pack are made by a job, because a
PDF must not hold the database, and are announced to the team's phones by the change feed."""

from __future__ import annotations

from typing import Any

from server.documents import notice, numbers, pack
from server.documents.domain import DocumentNotReady
from server.evidence import operations as evidence
from server.inspections import operations as inspections
from server.kernel.moments import local_date
from server.plans import operations as plans
from server.platform import clock, jobs
from server.platform.db import transaction
from server.registry import operations as registry
from server.rules import operations as rules
from server.rules.domain import AgencyRules

NOTICE_FILE = "行政检查通知书.pdf"
HISTORY_SHOWN = 5


def inspections_from(agency_id: str, groups: list[list[plans.Assignment]]) -> None:
    """One inspection per group of assignments (D-1). Called by plans inside its unit of work."""
    today = local_date(clock.now_ms())
    for group in groups:
        first = group[0]
        unit = registry.unit(agency_id, first.unit_id)
        serial = numbers.take_serial(agency_id, "inspection", today.year)
        inspections.create_inspection(
            None, insp_id=first.visit_group, agency_id=agency_id, unit_id=unit.id, unit_name=unit.name, address=unit.address,
            number=f"{today:%Y-%m}-{serial:04}", mode=first.mode, inspect_by=min(one.inspect_by for one in group),
            team=[member(agency_id, user, first.lead) for user in first.inspectors],
        )
        prepare_job.enqueue(insp=first.visit_group)


def member(agency_id: str, user: str, lead: str | None) -> dict[str, Any]:
    person = registry.member_of_team(agency_id, user)
    lent = {} if person.agency_id == agency_id else {"home": person.agency_id}
    return {"user": user, "name": person.name, "certificate_no": person.certificate.number, "lead": user == lead, **lent}


@jobs.job("documents.prepare")
def prepare_job(insp: str) -> None:
    """Make the notice and the pack; a second run changes nothing once the pack is there."""
    view = inspections.inspection(insp)
    if view.pack_sha is None and view.state != "cancelled":
        prepare(insp)


def prepare(insp: str) -> str:
    """Make a new pack from what is known now; answers its SHA-256. Running visits keep the one they opened."""
    view = inspections.inspection(insp)
    own = rules.rules_for(view.agency_id)
    # What the pack pins must stay readable when the files move on.
    rules.publish_versions(view.agency_id)
    with transaction():
        inspections.hold(insp)
        if inspections.inspection(insp).state == "cancelled":
            # Its numbers have been voided with the reason; a new one would have none.
            raise DocumentNotReady("检查已经取消，不再准备资料")
        number = numbers.reserve(view.agency_id, str(own.agency["short"]), "notice", insp)
    facts = _facts(view, number, own)
    draft = pack.build(facts, own, rules.facts(), {})
    document = notice.render(draft, number)
    with transaction():
        sha256 = evidence.keep_own(view.agency_id, insp, document, "application/pdf", NOTICE_FILE)
        whole = {**draft, "notice": {"number": number, "sha256": sha256, "size": len(document), "title": notice.TITLE}}
        return inspections.attach_pack(insp, pack.to_bytes(whole))


def _facts(view: inspections.InspectionView, number: str, own: AgencyRules) -> pack.Preparation:
    unit = registry.unit(view.agency_id, view.unit_id)
    before = [one for one in inspections.inspections(view.agency_id, unit_id=unit.id) if one.id != view.id]
    held = [one for one in before if one.ended_at is not None]
    year = local_date(clock.now_ms()).year
    return pack.Preparation(
        insp=view.id,
        number=view.number,
        notice_number=number,
        mode=view.mode,
        created_ms=clock.now_ms(),
        inspect_by=view.inspect_by or local_date(clock.now_ms()),
        unit=pack.Premises(unit.id, unit.name, unit.entity_name, unit.address, unit.uscc, unit.registration_no, unit.details, unit.facts),
        team=[_person(view.agency_id, str(member["user"]), bool(member.get("lead"))) for member in view.team],
        tasks=[pack.Task(one.id, one.batch_no, one.foreign_batch_no, one.item_code, one.item_name, one.inspect_by) for one in plans.assignments_of(view.id)],
        visits_this_year=_visits(own, unit, held, year),
        history=[{"date": local_date(one.ended_at or 0).isoformat(), "result": f"不符合 {one.counts.get('fails', 0)} 项"} for one in held[:HISTORY_SHOWN]],
    )


def _visits(own: AgencyRules, unit: registry.Unit, held: list[inspections.InspectionView], year: int) -> int:
    """Visits already made this year: of the premises, or of all premises of the market entity (D-2)."""
    counted = list(held)
    if own.values.get("freq.count_per") == "market_entity":
        for other in registry.units_of_entity(unit.agency_id, unit.entity_id):
            if other != unit.id:
                counted += [one for one in inspections.inspections(unit.agency_id, unit_id=other) if one.ended_at is not None]
    return sum(local_date(one.ended_at or 0).year == year for one in counted)


def _person(agency_id: str, user: str, lead: bool) -> pack.Member:
    found = registry.member_of_team(agency_id, user)
    return pack.Member(user, found.name, found.certificate.number, found.certificate.valid_to, lead)
