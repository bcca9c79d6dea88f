"""Which events of a lost phone stay valid, for every chain, loss and set of witnesses (record-log 2.10)."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from server.inspections.attest import content_chains
from server.inspections.events import is_content
from server.inspections.fold_order import Ev
from server.inspections.witness import Head, Own, hashes_in, heads_of, last_valid
from server.kernel import b64url, chain

TYPES = ["note.add", "check.answer", "photo.add", "attest", "app.resume", "gps.fix"]


@st.composite
def a_chain(draw: st.DrawFn) -> list[Own]:
    """A chain whose events arrived in its order, over two inspections and outside of them."""
    arrivals = sorted(draw(st.lists(st.integers(0, 100), max_size=12)))
    return [
        Own(
            b64url.encode(chain.text_hash(f"event {n}")), n, draw(st.sampled_from(["", "one", "two"])),
            draw(st.sampled_from(TYPES)), rx,
        )
        for n, rx in enumerate(arrivals)
    ]  # fmt: skip


def head_after(own: list[Own], insp: str, n: int) -> Head:
    """The head an honest colleague signs who has seen ``n`` content events of the inspection."""
    seen = [event for event in own if event.insp == insp and is_content(event.t)][:n]
    found = content_chains(Ev(event.h, event.t, "d", event.n, "u", {}, 0) for event in seen)
    return Head(insp, found[0]["n"], found[0]["root"]) if found else Head(insp, 0, "")


def content_of(own: list[Own], insp: str) -> list[Own]:
    return [event for event in own if event.insp == insp and is_content(event.t)]


@given(a_chain(), st.integers(0, 100))
def test_without_a_witness_exactly_what_arrived_before_the_loss_is_valid(own: list[Own], lost: int) -> None:
    valid = last_valid(own, lost, [], [])
    assert {event.n for event in own if event.n <= valid} == {event.n for event in own if event.rx < lost}


@given(a_chain(), st.integers(0, 100), st.sampled_from(["one", "two"]), st.integers(1, 12))
def test_an_honest_head_makes_everything_up_to_it_valid_and_nothing_after_it(
    own: list[Own], lost: int, insp: str, n: int
) -> None:
    covered = content_of(own, insp)[:n]
    alone = last_valid(own, lost, [], [])
    valid = last_valid(own, lost, [head_after(own, insp, n)], [])
    assert valid == max(alone, covered[-1].n if covered else -1)


@given(a_chain(), st.integers(0, 100), st.sampled_from(["one", "two"]), st.integers(1, 12), st.binary(min_size=32, max_size=32))
def test_a_head_of_another_history_proves_nothing(own: list[Own], lost: int, insp: str, n: int, root: bytes) -> None:
    assert last_valid(own, lost, [Head(insp, n, b64url.encode(root))], []) == last_valid(own, lost, [], [])


@given(a_chain(), st.integers(0, 100), st.data())
def test_a_named_hash_makes_its_event_and_all_before_it_valid(own: list[Own], lost: int, data: st.DataObject) -> None:
    named = data.draw(st.lists(st.sampled_from([event.h for event in own]), max_size=3)) if own else []
    expected = max([event.n for event in own if event.h in named], default=-1)
    assert last_valid(own, lost, [], named) == max(expected, last_valid(own, lost, [], []))


@given(a_chain(), st.integers(0, 100), st.integers(0, 100), st.randoms())
def test_a_later_loss_never_makes_fewer_events_valid_and_the_order_of_rows_means_nothing(
    own: list[Own], one: int, other: int, dice: random.Random
) -> None:
    early, late = sorted((one, other))
    assert last_valid(own, early, [], []) <= last_valid(own, late, [], [])
    mixed = list(own)
    dice.shuffle(mixed)
    assert last_valid(mixed, early, [], []) == last_valid(own, early, [], [])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["chains", "dev", "n", "root", "d"]), inner, max_size=4),
)


@given(st.dictionaries(st.sampled_from(["chains", "over", "target"]), JSON, max_size=3))
def test_no_body_breaks_the_search_for_witnesses(body: dict[str, object]) -> None:
    assert all(head.n > 0 for head in heads_of("one", body, "d"))
    assert all(len(h) == 43 for h in hashes_in(body))
