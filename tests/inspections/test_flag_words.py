"""Every flag the server can raise is explained to the reviewer in words."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Flask

from server.inspections import attest
from server.inspections import operations as inspections
from server.inspections.flag_words import FLAG_WORDS, doubts
from tests.phone import a_field_phone, a_visit


def test_every_flag_in_the_code_has_its_words(repository: Path) -> None:
    raised = {
        found
        for path in (repository / "server").rglob("*.py")
        if path.name != "flag_words.py"
        for found in re.findall(r'"(F_[A-Z_]+)"', path.read_text("utf-8"))
    }
    assert raised - set(FLAG_WORDS) == set()


def test_two_people_on_one_phone_are_labelled_and_no_doubt() -> None:
    assert doubts(["F_ATTEST_SAME_DEVICE"]) == []
    assert doubts(["F_ATTEST_SAME_DEVICE", "F_FUTURE"]) == ["F_FUTURE"]


def test_attesting_other_words_than_the_record_gives_is_flagged(ctx: Flask) -> None:
    phone = a_field_phone()
    visit = a_visit(phone, items=1)
    visit.open(phone)
    phone.event("attest", attest.attestation(visit.fold(), "另外一份文字", "A1"), visit.insp)
    phone.send()
    assert "F_TEXT" in inspections.inspection(visit.insp).flags


def test_attesting_the_words_of_the_record_is_not_flagged(ctx: Flask) -> None:
    phone = a_field_phone()
    visit = a_visit(phone, items=1)
    visit.open(phone)
    phone.attest(visit)
    phone.send()
    assert "F_TEXT" not in inspections.inspection(visit.insp).flags
