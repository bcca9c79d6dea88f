"""What the folders of 舞钢 and 乌审旗 say, held against the seeds and the study of the checklists."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

import pytest

from server.kernel.workdays import load_calendar
from server.rules.domain import AgencyRules, Library, content_hash
from server.rules.library import load_library
from tests.rules.folders import CHECKLISTS, WUGANG, WUSHEN


@cache
def library() -> Library:
    return load_library(CHECKLISTS)


def rules(agency: str) -> AgencyRules:
    return library().agency(agency)


def items(agency: str, checklist: str) -> dict[str, dict[str, Any]]:
    return {item["id"]: item for s in rules(agency).checklists[checklist]["sections"] for item in s["items"]}


@pytest.mark.parametrize(
    ("agency", "checklist", "prefix", "count"),
    [
        (WUGANG, "CL-WG-EQ", "EQ", 14), (WUGANG, "CL-WG-DS", "DS", 9), (WUGANG, "CL-WG-SV", "SV", 9),
        (WUGANG, "CL-WG-QT", "QT", 9), (WUGANG, "CL-WG-DR", "DR", 8), (WUGANG, "CL-WG-US", "US", 17),
        (WUGANG, "CL-WG-CW", "CW", 10), (WUSHEN, "CL-WS-GEN", "GE", 24), (WUSHEN, "CL-WS-MN", "MN", 24),
        (WUSHEN, "CL-WS-HC", "HC", 24), (WUSHEN, "CL-WS-FW", "FW", 20), (WUSHEN, "CL-WS-MT", "MT", 14),
    ],
)  # fmt: skip
def test_every_checklist_holds_every_item_once(agency: str, checklist: str, prefix: str, count: int) -> None:
    assert sorted(items(agency, checklist)) == [f"{prefix}-{n:02d}" for n in range(1, count + 1)]


def test_the_must_check_items_are_the_starred_ones() -> None:
    starred = {name for c in rules(WUSHEN).checklists for name, item in items(WUSHEN, c).items() if item["star"]}
    assert starred == {
        "GE-02",
        "GE-06",
        "GE-09",
        "GE-13",
        "GE-17",
        "GE-18",
        "MN-02",
        "MN-03",
        "HC-02",
        "HC-03",
        "FW-02",
        "FW-03",
        "MT-01",
        "MT-02",
    }


def test_mines_and_fireworks_show_only_what_applies() -> None:
    when = {name: item["applies_when"] for c in ("CL-WS-MN", "CL-WS-FW") for name, item in items(WUSHEN, c).items()}
    assert {name for name, facts in when.items() if facts == ["underground"]} == {f"MN-{n}" for n in range(10, 17)}
    assert {name for name, facts in when.items() if facts == ["open_pit"]} == {f"MN-{n}" for n in range(17, 22)}
    assert {name for name, facts in when.items() if facts == ["tailings"]} == {"MN-22", "MN-23", "MN-24"}
    assert {name for name, facts in when.items() if facts == ["retail"]} == {"FW-13", "FW-14", "FW-15"}
    assert {name for name, facts in when.items() if facts == ["wholesale"]} == {"FW-16", "FW-17"}


def test_wugang_is_a_draft_and_says_so_everywhere() -> None:
    own = rules(WUGANG)
    assert own.item_list["draft"] is True
    assert all(c["draft"] is True and "确认" in c["draft_note"] for c in own.checklists.values())


def test_wugang_keeps_the_place_secret_and_asks_for_a_photo_and_a_notice() -> None:
    """WG-9, WG-8c, WG-10.4b, WG-6a, WG-11a, WG-10.4g."""
    values = rules(WUGANG).values
    assert (values["secrecy.geotag"], values["secrecy.strip_exif"]) == ("off", True)
    assert {"coordinates", "protection_grade", "plan_drawings"} <= set(values["secrecy.fields_masked"])
    assert (values["onsite.min_photos"], values["onsite.notice"], values["team.min"]) == (1, True, 2)
    assert (values["freq.max_per_year"], values["freq.count_per"], values["freq.max_is_principle"]) == (
        2,
        "market_entity",
        True,
    )
    assert (values["report.summary_deadline_wd"], values["publish.penalty_deadline_wd"]) == (7, 7)
    assert values["report.parts"] == ["time", "content", "method", "findings", "record", "evaluation", "advice"]


def test_wushen_has_five_working_days_and_may_leave_out_this_years_firms() -> None:
    """WS-4.3d, WS-4.1a to WS-4.1d, WS-4.2b."""
    values = rules(WUSHEN).values
    assert (values["report.inspection_deadline_wd"], values["report.starts_at"]) == (5, "inspection_end")
    assert (values["draw.scope"], values["draw.exclude_inspected_this_year"]) == ("section", "may")
    assert values["draw.exceptions"][:4] == ["complaint", "abnormal_operation", "penalised", "superior_rule"]
    assert values["team.qualification_match"] is True


def test_five_working_days_cross_a_holiday_and_the_year_end_is_provisional() -> None:
    calendar = load_calendar(library().calendar, local=rules(WUSHEN).local_days)
    assert calendar.add_workdays(date(2026, 9, 24), 5).due_on == date(2026, 10, 9)
    due = calendar.add_workdays(date(2026, 12, 28), 5)
    assert (due.due_on, due.provisional) == (date(2027, 1, 5), True)


def test_two_sections_at_one_enterprise_share_the_general_checklist() -> None:
    """WS-4.1b: 对同一企业，不同业务科室实施检查时，可以同时实行检查."""
    assert rules(WUSHEN).checklists_for(["WS-GEN", "WS-HC"]) == ["CL-WS-GEN", "CL-WS-HC"]
    assert rules(WUSHEN).checklists_for(["WS-MN", "WS-HC"]) == ["CL-WS-GEN", "CL-WS-MN", "CL-WS-HC"]
    assert rules(WUSHEN).checklists_for(["NO-SUCH"]) == []


def test_no_invented_law_every_read_article_comes_from_a_law_that_was_read() -> None:
    for agency in (WUGANG, WUSHEN):
        for checklist in rules(agency).checklists:
            for name, item in items(agency, checklist).items():
                for basis in item["basis"]:
                    law = library().laws[basis["law"]]
                    assert basis["status"] != "L" or law["read"] == "L", name


def test_every_hash_is_the_hash_of_the_content_it_names() -> None:
    for agency in library().agency_ids():
        versions = list(rules(agency).versions())
        assert len({kind for kind, _, _ in versions}) == 4
        assert all(content_hash(content) == digest for kind, digest, content in versions)


def test_the_same_files_give_the_same_hashes_again() -> None:
    again = load_library(CHECKLISTS)
    for agency in library().agency_ids():
        assert again.agency(agency).checklist_hashes == rules(agency).checklist_hashes
        assert again.agency(agency).profile_hash == rules(agency).profile_hash
