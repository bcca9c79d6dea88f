"""What the public reads, without a script: announcements and voids at once, the list only when it is public."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from server.draw import operations, replay
from server.platform.db import session, transaction
from server.registry import operations as registry
from tests import builders
from tests.draw.office import Ceremony, a_ceremony

AGENCY = "fire-wenchanghu"
OPEN = "/open/draws"


@pytest.fixture
def office(ctx: Flask, repository: Path) -> Ceremony:
    return a_ceremony(AGENCY, repository / "checklists")


def page(path: str) -> str:
    answer = builders.a_client().get(path)
    assert answer.status_code == 200, path
    assert "<script" not in answer.get_data(as_text=True) and answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    return answer.get_data(as_text=True)


def test_an_announced_draw_is_public_at_once_with_its_roots_and_no_list(office: Ceremony) -> None:
    office.propose()
    assert office.id not in page(OPEN)
    office.to_open(period="2026-11")
    seen = page(f"{OPEN}/{office.id}")
    assert office.a.get(f"/api/v1/draws/{office.id}").get_json()["intent"]["root"] in seen
    assert builders.a_client().get(f"{OPEN}/{office.id}/transcript.json").status_code == 404


def test_between_draw_and_publication_no_page_names_a_unit(office: Ceremony) -> None:
    """WG-9b: "被抽查单位名单在公开前要严格保密"; whoever had uids and seed could compute the list."""
    office.to_drawn()
    told = office.result()
    seen = page(OPEN) + page(f"{OPEN}/{office.id}") + builders.a_client().get(f"{OPEN}/{office.id}/intent.json").get_data(as_text=True)
    assert told["seed"] not in seen
    assert not any(unit.name in seen for unit in registry.units(AGENCY, limit=500))
    assert not any(one["uid"] in seen for one in told["fates"])


def test_the_announcement_says_that_an_official_may_be_drawn_as_well(office: Ceremony) -> None:
    """draw.md: an official who stands in the table of people is no fault, since no hand holds the whole seed; but it is said."""
    office.to_open()
    assert "其中包括" not in page(f"{OPEN}/{office.id}")
    person = builders.a_person("reviewer", "inspector", agency=AGENCY)
    with transaction():
        registry.register_inspector(None, AGENCY, person.id, person.name, "鲁J990001", date(2029, 12, 31), {})
    office.to_open(period="2026-11", official_b=person.id)
    seen = page(f"{OPEN}/{office.id}")
    assert "其中包括本次抽取的抽取人员B（掷骰）" in seen and person.name not in seen
    assert office.a.get(f"/api/v1/draws/{office.id}").get_json()["intent"]["about"]["officials_in_pool"] == ["dice"]


def test_the_published_file_is_drawn_again_by_anybody(office: Ceremony) -> None:
    office.to_drawn()
    operations.publish_transcript(office.id)
    session().rollback()
    file = builders.a_client().get(f"{OPEN}/{office.id}/transcript.json")
    transcript = json.loads(file.data)
    assert replay.replay(transcript) == transcript["want"]
    seen = page(f"{OPEN}/{office.id}")
    assert all(opening[3] in seen for opening in transcript["openings"]) and "各权重的实际概率" in seen


def test_a_void_stays_on_the_list_with_its_cause(office: Ceremony) -> None:
    office.to_open()
    office.post(office.a, "void", {"cause": "witness_objects", "reason": "内部说明不公开"})
    office.superior.post(f"/api/v1/draws/voids/{office.id}/decision", json={"granted": True})
    seen = page(OPEN)
    assert "见证人对过程提出异议" in seen and "内部说明不公开" not in seen + page(f"{OPEN}/{office.id}")


def test_what_changed_in_the_table_since_the_last_draw_is_announced(office: Ceremony) -> None:
    """draw.md 3.9: "diff to last snapshot (added/removed/weight changed…) is published"."""
    from server.platform.db import transaction
    from server.registry.tables import UnitRow

    office.to_drawn(period="2026-11")
    unit = registry.units(AGENCY)[0]
    with transaction():
        row = session().get_one(UnitRow, unit.id)
        row.details = {**row.details, "risk_grade": "D", "credit_grade": "D"}
    office.to_open(period="2026-12")
    about = office.a.get(f"/api/v1/draws/{office.id}").get_json()["intent"]["about"]
    assert about["since"] == {"number": "2026-0001", "added": 0, "removed": 0, "weight": 1}
    assert "权重变化 1 家" in page(f"{OPEN}/{office.id}")


def test_an_unknown_draw_is_a_page_and_not_a_trace(office: Ceremony) -> None:
    answer = builders.a_client().get(f"{OPEN}/{'0' * 36}")
    assert answer.status_code == 404 and "没有这次抽取" in answer.get_data(as_text=True)


def test_names_from_the_registry_are_never_markup(office: Ceremony) -> None:
    from server.platform.db import transaction
    from server.registry.tables import UnitRow

    with transaction():
        for unit in registry.units(AGENCY, limit=500):
            session().get_one(UnitRow, unit.id).name = f"<b>{unit.name}</b>"
    office.to_drawn()
    operations.publish_transcript(office.id)
    seen = page(f"{OPEN}/{office.id}")
    assert "<b>" not in seen and "&lt;b&gt;" in seen
