"""The table of event types and the checker of bodies."""

from __future__ import annotations

import json
import re

import pytest

from server.inspections.event_types import AFTER_SEAL, BODIES, CONTENT, PROCEDURE
from server.inspections.events import allowed_after_seal, check_body, is_content, is_known
from tests.inspections.phones import SALT
from tests.inspections.stories import STORIES
from tests.inspections.write_bodies import CASES, table
from tests.inspections.write_vectors import VECTORS, as_file

DOCUMENT = VECTORS.parents[1] / "docs" / "events.md"

# Decision D-6, word for word.
NOT_CONTENT = ("attest", "sign.party", "seal", "reply", "report.opinion", "late.", "correct", "app.", "sync.", "dev.",
               "clock.", "gps.fix")  # fmt: skip
# The device or the procedure writes these after the attestation; docs/events.md says why.
BESIDES = {"rec.stop", "storage.low", "key.rotate", "objection"}


def test_content_is_what_decision_d6_says_but_for_four_types() -> None:
    outside = {t for t in BODIES if t.startswith(NOT_CONTENT)}
    assert set(PROCEDURE) == outside | BESIDES
    assert all(is_content(t) for t in CONTENT)


def test_an_unknown_type_is_content_and_has_no_problem() -> None:
    assert is_content("from.the.future") and not is_known("from.the.future")
    assert check_body("from.the.future", {"x": 1}) == []
    assert not allowed_after_seal("from.the.future")


def test_only_a_supplement_may_add_content_after_the_seal() -> None:
    assert AFTER_SEAL & set(CONTENT) == {"supplement.photo"}
    assert {"attest", "seal", "reply"} <= AFTER_SEAL
    assert not {"sign.party", "gps.fix", "check.change", "photo.add"} & AFTER_SEAL


def test_the_table_of_the_phone_is_compared_with_this_one() -> None:
    assert as_file(table()) == (VECTORS / "event-types.json").read_text(encoding="utf-8")


def test_the_sentences_of_the_checker_are_bound_by_a_vector() -> None:
    cases = json.loads((VECTORS / "event-bodies.json").read_text(encoding="utf-8"))
    assert len(cases) == len(CASES)
    for case, (t, body) in zip(cases, CASES, strict=True):
        assert (case["t"], case["body"]) == (t, body)
        assert check_body(t, body) == case["want"]
        assert check_body(t, body, strict=False) == case["want_lenient"]


@pytest.mark.parametrize("t", sorted(BODIES))
def test_every_body_needs_its_salt_and_every_required_field(t: str) -> None:
    required = [name for name in BODIES[t] if not name.endswith("?")]
    assert check_body(t, {}) == [f"{t}.{name}：缺少必填项" for name in [*required, "salt"]]


def test_every_story_writes_sound_bodies_except_where_it_means_not_to() -> None:
    odd = set()
    for name, story in STORIES.items():
        if name.startswith("heap"):
            continue
        for event in story().events:
            if event["body"] is not None and check_body(event["header"]["t"], event["body"]):
                odd.add((name, event["header"]["t"]))
    assert odd == {("unknown-things", "outcome"), ("unknown-things", "note.add")}


def test_a_newer_app_may_write_further_fields() -> None:
    body = {"text": "备注", "mood": "calm", "salt": SALT}
    assert check_body("note.add", body) == ["note.add.mood：未定义的字段"]
    assert check_body("note.add", body, strict=False) == []


def test_the_document_names_every_type() -> None:
    tables = DOCUMENT.read_text(encoding="utf-8").split("### Content, precisely")[0]
    named = set(re.findall(r"^\| `([a-z.]+)` \|", tables, re.MULTILINE))
    assert named == set(BODIES)
