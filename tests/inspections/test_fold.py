"""The fold: vectors, order independence, and that no set of events makes it fail."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.inspections import attest
from server.inspections.fold import fold
from server.inspections.needs import STAGES, missing
from server.inspections.record_text import record_text
from tests.inspections.heaps import JUNK, heap
from tests.inspections.packs import SHORT_DUTY, pack
from tests.inspections.phones import START, Phone, Scene, sha
from tests.inspections.stories import FAIL, STORIES, short_answers
from tests.inspections.write_vectors import VECTORS, as_file, vector

NAMES = sorted(path.name for path in VECTORS.glob("fold-*.json"))


def read(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def test_there_is_one_vector_for_each_story() -> None:
    assert sorted(f"fold-{name}.json" for name in STORIES) == NAMES


@pytest.mark.parametrize("name", STORIES)
def test_the_vectors_are_what_the_stories_tell(name: str) -> None:
    # A difference here is a changed meaning of records already signed: decide, then write anew.
    assert as_file(vector(STORIES[name]())) == (VECTORS / f"fold-{name}.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_a_vector_is_read_back_from_its_file_alone(name: str) -> None:
    found = read(name)
    visit = fold(found["events"], found["pack"])
    text = record_text(visit, found["pack"])
    assert visit == found["want_visit"]
    assert text.splitlines() == found["want_text"]
    assert visit["chains"] == found["want_chains"]
    assert attest.digest(visit, text) == found["want_d"]
    assert {stage: missing(visit, found["pack"], stage) for stage in STAGES} == found["want_missing"]


@pytest.mark.parametrize("name", NAMES)
@given(order=st.randoms(use_true_random=False))
@settings(max_examples=12, deadline=None, derandomize=True)
def test_the_visit_does_not_depend_on_the_order_of_arrival(name: str, order: random.Random) -> None:
    found = read(name)
    events = [*found["events"], *found["events"][:5]]
    order.shuffle(events)
    assert fold(events, found["pack"]) == found["want_visit"]


@pytest.mark.parametrize("seed", range(100, 130))
def test_a_heap_of_random_events_never_makes_the_fold_fail(seed: int) -> None:
    scene = heap(seed)
    visit = scene.visit()
    shuffled = scene.events
    random.Random(seed).shuffle(shuffled)
    assert fold(shuffled, scene.pack) == visit
    json.dumps(visit, allow_nan=False)
    assert record_text(visit, scene.pack).startswith(scene.pack["agency"]["name"])
    for stage in STAGES:
        assert all(need["code"] and need["text"] for need in missing(visit, scene.pack, stage))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(data=st.data())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_junk_in_any_place_is_listed_and_not_fatal(data: st.DataObject) -> None:
    found = read("fold-everything-missing.json")
    events = []
    for event in found["events"]:
        if data.draw(st.integers(0, 3)) == 0:
            place = data.draw(st.sampled_from(["h", "header", "body"]))
            event = {**event, place: data.draw(JSON | st.sampled_from(JUNK))}
        events.append(event)
    visit = fold([*events, data.draw(JSON)], found["pack"])
    assert isinstance(record_text(visit, found["pack"]), str)
    assert missing(visit, found["pack"])


def a_visit() -> tuple[Scene, Phone, Phone]:
    scene = Scene(pack("2026-11-0100", [SHORT_DUTY]))
    lin, he = scene.phone(0), scene.phone(1)
    scene.arrives(lin)
    return scene, lin, he


def test_a_later_answer_of_the_same_phone_replaces_the_earlier_one() -> None:
    scene, lin, _ = a_visit()
    scene.answers(lin, 10, "CL-DEMO-1/0/FB-E01", "pass")
    # The clock was set back in between: the chain decides, not the clock.
    last = scene.answers(lin, 4, "CL-DEMO-1/0/FB-E01", "fail", **FAIL)
    found = scene.visit()["answers"]["CL-DEMO-1/0/FB-E01"]
    assert [head["h"] for head in found["heads"]] == [last]
    assert found["conflict"] is False


def test_two_phones_that_answer_one_item_are_a_conflict_and_both_are_kept() -> None:
    scene, lin, he = a_visit()
    scene.answers(lin, 10, "CL-DEMO-1/0/FB-E01", "pass")
    scene.answers(he, 11, "CL-DEMO-1/0/FB-E01", "pass")
    assert scene.visit()["answers"]["CL-DEMO-1/0/FB-E01"]["conflict"] is True
    assert len(scene.visit()["answers"]["CL-DEMO-1/0/FB-E01"]["heads"]) == 2


def test_a_change_replaces_only_what_it_names() -> None:
    scene, lin, he = a_visit()
    mine = scene.answers(lin, 10, "CL-DEMO-1/0/FB-E01", "pass")
    theirs = scene.answers(he, 11, "CL-DEMO-1/0/FB-E01", "pass")
    change = {"checklist": "CL-DEMO-1", "item": "FB-E01", "sheet": 0, "val": "na"}
    lin.write("check.change", 12, **change, over=[theirs])
    heads = scene.visit()["answers"]["CL-DEMO-1/0/FB-E01"]["heads"]
    assert mine in [head["h"] for head in heads] and theirs not in [head["h"] for head in heads]


def test_a_second_opening_is_a_take_over_and_keeps_the_first_pin() -> None:
    scene, _, he = a_visit()
    he.write("insp.open", 30, pack=sha("another"), pin="A" * 43, mode="on_site", assignments=[], checklists=[])
    visit = scene.visit()
    assert visit["pin"] == scene.pack["pin"]
    assert [entry["by"] for entry in visit["takeovers"]] == ["u-he"]


def test_a_seal_by_somebody_who_was_not_drawn_closes_nothing() -> None:
    scene, lin, _ = a_visit()
    short_answers(scene, lin)
    stranger = Phone("u-stranger", scene.pack["insp"])
    scene.phones.append(stranger)
    scene.seals(stranger, 20)
    visit = scene.visit()
    assert visit["sealed"] is False and visit["after_seal"] == []
    assert [seal["linked"] for seal in visit["seals"]] == [False]


def test_a_seal_that_leaves_out_an_own_event_cannot_hide_it() -> None:
    # The chain of the sealer says what came before; a wrong count is for the server to flag.
    scene, lin, he = a_visit()
    short_answers(scene, lin)
    scene.closes(lin, he, 15)
    seal = lin.events[-1]
    seal["body"]["chains"] = []
    assert scene.visit()["after_seal"] == []
    assert scene.visit()["counts"]["answered"] == 2


def test_the_end_of_the_inspection_is_the_last_signature_before_the_seal() -> None:
    scene, lin, he = a_visit()
    short_answers(scene, lin)
    scene.attests(lin, 15)
    scene.signs(lin, 16)
    scene.seals(lin, 18)
    scene.attests(he, 90)
    assert scene.visit()["ended_at"] == START + 16 * 60_000


def test_moments_beyond_any_calendar_are_clamped() -> None:
    scene, lin, _ = a_visit()
    lin.events[-1]["header"]["wall"] = 2**53 - 1
    lin.events[-2]["header"]["wall"] = -(2**53) + 1
    assert "275760年9月13日" in scene.text()


def test_a_withdrawn_photo_stays_in_the_record_with_its_reason() -> None:
    scene, lin, he = a_visit()
    he.write("photo.void", 9, sha256=sha("p"), reason="误拍")
    scene.photographs(lin, 12, "p")
    photo = scene.visit()["photos"][0]
    assert photo["void"]["reason"] == "误拍" and photo["void"]["by"] == "u-he"
    assert "作废，误拍" in scene.text()
