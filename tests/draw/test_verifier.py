"""The page that citizens save replays every draw as the server does. It shares no line with it."""

from __future__ import annotations

import copy
import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from server.draw import operations, tickets
from server.draw.domain import DrawFault
from server.draw.replay import replay
from server.draw.verifier_page import CONTENT_SECURITY_POLICY, PAGE
from server.kernel import b64url
from tests.draw import kinds, making
from tests.draw.office import API, a_ceremony
from tools import build_verifier

ROOT = Path(__file__).parents[2]
VECTORS = sorted((ROOT / "tests" / "vectors").glob("draw-*.json"))

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")


def theirs(draws: list[dict[str, Any]]) -> list[Any]:
    """What the page's script answers, a result or a code for each transcript."""
    done = subprocess.run(
        ["node", str(Path(__file__).with_name("replay_in_node.mjs")), str(PAGE)],
        input="\n".join(json.dumps(draw, ensure_ascii=False) for draw in draws) + "\n", capture_output=True, text=True, encoding="utf-8", check=True,
    )  # fmt: skip
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(draws)
    return answers


def ours(draw: dict[str, Any]) -> Any:
    try:
        return json.loads(json.dumps(replay(draw)))
    except DrawFault as fault:
        return fault.code


def compare(draws: list[dict[str, Any]]) -> list[Any]:
    """The answers, which both implementations must give alike."""
    wanted = [ours(draw) for draw in draws]
    wrong = [(want, got, draw["intent"]) for want, got, draw in zip(wanted, theirs(draws), draws, strict=True) if want != got]
    assert wrong == [], wrong[0]
    return wanted


@pytest.fixture
def rng() -> random.Random:
    seed = int(os.environ.get("SUIJIAN_SEED") or random.randrange(2**32))
    print("seed", seed)
    return random.Random(seed)


@needs_node
def test_the_page_agrees_with_every_worked_draw() -> None:
    draws = [json.loads(path.read_text("utf-8")) for path in VECTORS]
    assert [{**want} for want in compare(draws)] == [draw["want"] for draw in draws]


@needs_node
def test_three_hundred_random_draws_come_out_equal(rng: random.Random) -> None:
    wanted = compare([making.random_draw(rng) for _ in range(300)])
    assert sum(isinstance(want, dict) and bool(want["selected"]) for want in wanted) > 100, "most draws draw something"


@needs_node
def test_draws_of_the_other_kinds_come_out_equal(rng: random.Random) -> None:
    wanted = compare([kinds.random_kind(rng) for _ in range(120)])
    assert sum(isinstance(want, dict) and bool(want["selected"]) for want in wanted) > 40


DAMAGES: list[Callable[[random.Random, dict[str, Any]], Any]] = [
    lambda rng, d: rng.choice(d["units"]).update(w=rng.randint(11, 99)) if d["units"] else None,
    lambda rng, d: d["units"].pop() if d["units"] else None,
    lambda rng, d: d["people"].append(making.person(99)),
    lambda rng, d: d["people"].append(dict(d["people"][0])) if d["people"] else None,
    lambda rng, d: d["reveals"].pop(rng.randrange(len(d["reveals"]))),
    lambda rng, d: d["reveals"].append(["guest", "AA"]),
    lambda rng, d: d["reveals"].append(list(d["reveals"][0])),
    lambda rng, d: d["reveals"][-1].__setitem__(1, rng.choice(["MTIz", "A", "MTIzNDU2Nzg5MDEyMzQ1Njc4OTB4", ""])),
    lambda rng, d: d["reveals"][0].__setitem__(1, rng.choice(["MTIz", "A", "MR"])),
    lambda rng, d: d["intent"].update(draw="other"),
    lambda rng, d: d["intent"]["open"].append("official_a"),
    lambda rng, d: d["intent"].update(v=2),
    lambda rng, d: d["intent"].update(kind=rng.choice(["constructor", "lottery", "toString"])),
    lambda rng, d: d["intent"]["rule"].update(months_left=0),
]


@needs_node
def test_damaged_transcripts_get_the_same_code_from_both(rng: random.Random) -> None:
    draws = []
    for damage in DAMAGES * 8:
        draw = copy.deepcopy(making.random_draw(rng))
        damage(rng, draw)
        draws.append(draw)
    heavy = making.sealed([making.unit(1), making.unit(2, w=11)], [making.person(1)])
    codes = {want for want in compare([*draws, heavy]) if isinstance(want, str)}
    assert codes >= {"E_ROOT", "E_PEOPLE", "E_PARTIES", "E_DICE", "E_COMMIT", "E_WEIGHT", "E_FORM"}


@pytest.mark.skipif(not build_verifier.ROLLDOWN.exists() or shutil.which("node") is None, reason="needs the PWA's packages")
def test_the_page_is_what_its_sources_make() -> None:
    assert PAGE.read_bytes() == build_verifier.build(), "python tools/build_verifier.py"


def test_the_page_is_one_small_file_that_asks_nobody() -> None:
    page = PAGE.read_text("utf-8")
    assert len(page.encode()) < 10_000
    assert not [word for word in ("http:", "https:", "import(", "fetch(", "src=", "<link", "eval(", "innerHTML") if word in page]


@pytest.mark.one_database
def test_the_server_sends_the_very_page_under_a_policy_that_runs_nothing_else(client: FlaskClient) -> None:
    answer = client.get("/draw-verifier.html")
    assert (answer.status_code, answer.get_data()) == (200, PAGE.read_bytes())
    assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in CONTENT_SECURITY_POLICY


@needs_node
@pytest.mark.one_database
def test_what_the_server_publishes_is_replayed_by_the_page_and_names_only_what_it_opens(ctx: Flask) -> None:
    office = a_ceremony("fire-wenchanghu", ROOT / "checklists")
    office.to_drawn()
    operations.publish_transcript(office.id)
    transcript = office.a.get(f"{API}/{office.id}/transcript").get_json()
    assert theirs([transcript]) == [transcript["want"]]
    openings = {uid: b64url.encode(tickets.uid(b64url.decode(salt), unit)) for uid, salt, unit, _name in transcript["openings"]}
    assert {row[1] for row in transcript["want"]["selected"]} == set(openings) == set(openings.values())
