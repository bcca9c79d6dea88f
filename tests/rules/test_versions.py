"""An inspection keeps the versions it started with: what was published can be read for ever (文昌湖工作指引 第七条)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask

from server.platform import clock
from server.platform.settings import Settings
from server.rules import operations
from server.rules.domain import ProfileNotInForce, RulesFaulty, UnknownAgency, UnknownVersion
from tests.rules.folders import GENERAL, WUGANG, WUSHEN, copied, edit

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


@pytest.fixture
def root(ctx: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The running application reads a copy of the checklists that the test may change."""
    copy = copied(tmp_path)
    settings: Settings = ctx.extensions["suijian-settings"]
    changed = Settings(data=settings.data, database_url=settings.database_url, checklists=copy)
    monkeypatch.setitem(ctx.extensions, "suijian-settings", changed)
    return copy


def test_an_old_version_stays_readable_after_the_file_moved_on(root: Path) -> None:
    with clock.freeze(NOON):
        old = operations.rules_for(WUSHEN)
        published = operations.publish_versions()
        assert published > 5 and operations.publish_versions() == 0
        edit(root, GENERAL, "安全生产法22, status", "安全生产法22(2), status")
        clock.tick(seconds=3)
        new = operations.rules_for(WUSHEN)
        assert operations.publish_versions(WUSHEN) == 1, "only the list that holds the changed item"
    before, after = old.checklist_hashes["CL-WS-GEN"], new.checklist_hashes["CL-WS-GEN"]
    assert before != after
    text = [
        operations.pinned("checklist", digest)["sections"][1]["items"][0]["basis"][0]["text"]
        for digest in (before, after)
    ]
    assert text == ["安全生产法22", "安全生产法22(2)"]
    assert operations.pinned("profile", old.profile_hash)["team.min"]["value"] == 2


@pytest.mark.one_database
def test_a_version_that_was_never_published_is_said_to_be_unknown(root: Path) -> None:
    with pytest.raises(UnknownVersion):
        operations.pinned("checklist", "0" * 64)


@pytest.mark.one_database
def test_what_lies_on_the_disk_can_be_pinned_before_it_is_published(root: Path) -> None:
    own = operations.rules_for(WUGANG)
    assert operations.pinned("item_list", own.item_list_hash) == own.item_list


@pytest.mark.one_database
def test_a_faulty_agency_is_refused_with_the_sentence_and_the_others_go_on(root: Path) -> None:
    edit(root, f"{WUGANG}/profile.yaml", "team.min:\n    value: 2", "team.min:\n    value: 1")
    with pytest.raises(RulesFaulty, match="不能由“2”放宽为“1”"):
        operations.rules_for(WUGANG)
    assert operations.rules_for(WUSHEN).value("team.min") == 2
    assert WUGANG not in operations.agency_ids()


@pytest.mark.one_database
def test_the_calendar_carries_the_agencys_own_holidays(root: Path) -> None:
    edit(
        root,
        f"{WUSHEN}/profile.yaml",
        "calendar.local_holidays:\n    value: []",
        'calendar.local_holidays:\n    value: [{from: "2026-11-24", to: "2026-11-25", name: 试用节日}]',
    )
    with clock.freeze(NOON):
        due = operations.calendar_for(WUSHEN).add_workdays(NOON.date(), 5)
        elsewhere = operations.calendar_for(WUGANG).add_workdays(NOON.date(), 5)
    assert (due.due_on.isoformat(), elsewhere.due_on.isoformat()) == ("2026-12-01", "2026-11-27")


@pytest.mark.one_database
def test_rules_are_asked_for_a_day(root: Path) -> None:
    with clock.freeze(datetime(2020, 1, 1, tzinfo=UTC)), pytest.raises(ProfileNotInForce):
        operations.rules_for(WUSHEN)
    with pytest.raises(UnknownAgency):
        operations.rules_for("nobody")
    assert operations.facts()["underground"] == "地下矿山"
