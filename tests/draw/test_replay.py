"""Any draw again from its transcript (draw.md 3.3a): vectors, one fault per step, every corner of quotas and teams."""

from __future__ import annotations

import copy
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from server.draw import domain, tickets
from server.draw.replay import replay
from server.kernel import b64url, canonical, merkle
from tests.draw import making
from tests.draw.making import ident, person, sealed, unit

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "tests" / "vectors"
PEOPLE = [person(number) for number in range(4)]


def vector(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))
    return found


@pytest.mark.parametrize("name", ["draw-1", "draw-2", "draw-3"])
def test_the_worked_draws_come_out_equal(name: str) -> None:
    draw = vector(name)
    assert replay(draw) == draw["want"]


def test_the_bytes_of_every_function_are_fixed() -> None:
    ident = tickets.uid(bytes(16), "U000001")
    key = tickets.stream(bytes(32), "units/gen")
    assert ident.hex() == "3d2337a366eaf7e1d27569ef638d1e85"
    assert key.hex() == "096dc16a435a7e3e203b652b00c792c0a92ba29d4b529bbaaa58673b858f7dee"
    assert tickets.ticket(key, ident, 0).hex() == "39673886a4a5f1600d5ffb57472bf92fb68048724479d3a36ce1fff22c4b0630"
    assert tickets.ticket(key, ident, 1).hex() == "495616f633f28d150139ea2dae0406eb10dd09f65172fb142a0a45e1c63da58a"
    assert tickets.best(key, ident, 3) == tickets.ticket(key, ident, 0)
    assert tickets.best(key, ident, 300) == min(tickets.ticket(key, ident, at) for at in range(300))
    assert tickets.commitment("D1", "official_a", b"\1" * 32).hex() == "5dc53d705816495de18a3fbde2369c6f6a7f89e371e95f7a0c8e275837988750"


def test_the_order_of_rows_and_keys_in_the_file_changes_nothing() -> None:
    draw = vector("draw-2")
    turned = {**draw, "units": draw["units"][::-1], "people": draw["people"][::-1], "reveals": draw["reveals"][::-1]}
    turned["intent"] = dict(reversed(draw["intent"].items()))
    assert replay(turned) == draw["want"]


def test_the_transcript_hash_covers_intent_reveals_and_result() -> None:
    draw = vector("draw-1")
    whole = {key: draw[key] for key in ("intent", "reveals", "want")}
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert tickets.transcript_hash(**whole) == hashlib.sha256(text.encode()).digest()


Spoil = Callable[[dict[str, Any]], Any]


def add_twin(draw: dict[str, Any]) -> None:
    draw["units"].append({**draw["units"][0], "w": 1})
    draw["intent"]["root"] = b64url.encode(bytes(32))


SPOILED: list[tuple[str, str, Spoil]] = [
    ("E_ROOT", "a weight lowered after the snapshot", lambda d: d["units"][0].update(w=1)),
    ("E_ROOT", "a unit left out", lambda d: d["units"].pop()),
    ("E_ROOT", "a unit added", lambda d: d["units"].append(unit(99))),
    ("E_ROOT", "a unit standing twice", add_twin),
    ("E_ROOT", "a weight with a fraction", lambda d: d["units"][0].update(w=1.5)),
    ("E_ROOT", "an id of fifteen bytes", lambda d: d["units"][0].update(uid=b64url.encode(bytes(15)))),
    ("E_ROOT", "both tables wrong: the first step is named", lambda d: (d["units"].pop(), d["people"].pop())),
    ("E_PEOPLE", "an inspector made unavailable", lambda d: d["people"].pop()),
    ("E_PEOPLE", "a load changed", lambda d: d["people"][0].update(load=0)),
    ("E_PEOPLE", "a person standing twice", lambda d: d["people"].append(dict(d["people"][0]))),
    ("E_PARTIES", "nobody rolled the dice", lambda d: d["reveals"].pop()),
    ("E_PARTIES", "the official kept the value", lambda d: d["reveals"].pop(0)),
    ("E_PARTIES", "a third party nobody announced", lambda d: d["reveals"].append(["guest", "AAAA"])),
    ("E_PARTIES", "one party twice", lambda d: d["reveals"].append(list(d["reveals"][1]))),
    ("E_PARTIES", "dice announced twice", lambda d: d["intent"]["open"].append("dice")),
    ("E_PARTIES", "one party both open and committed", lambda d: d["intent"]["open"].append("official_a")),
    ("E_DICE", "six digits", lambda d: d["reveals"][1].__setitem__(1, b64url.encode(b"123456"))),
    ("E_DICE", "nineteen digits", lambda d: d["reveals"][1].__setitem__(1, b64url.encode(b"1" * 19))),
    ("E_DICE", "a letter among the digits", lambda d: d["reveals"][1].__setitem__(1, b64url.encode(b"1" * 20 + b"x"))),
    ("E_DICE", "a line feed after the digits", lambda d: d["reveals"][1].__setitem__(1, b64url.encode(b"1" * 20 + b"\n"))),
    ("E_DICE", "digits of another script", lambda d: d["reveals"][1].__setitem__(1, b64url.encode("１".encode() * 20))),
    ("E_DICE", "no base64url", lambda d: d["reveals"][1].__setitem__(1, "!!!")),
    ("E_COMMIT", "a value chosen after the dice", lambda d: d["reveals"][0].__setitem__(1, b64url.encode(b"\1" * 32))),
    ("E_COMMIT", "no base64url", lambda d: d["reveals"][0].__setitem__(1, "=")),
    ("E_COMMIT", "the commitment of another draw", lambda d: d["intent"].update(draw="D2")),
    ("E_FORM", "an unknown kind", lambda d: d["intent"].update(kind="lottery")),
    ("E_FORM", "an unknown version", lambda d: d["intent"].update(v=2)),
    ("E_FORM", "no table of people", lambda d: d.pop("people")),
]


@pytest.mark.parametrize(("code", "spoil"), [(code, spoil) for code, _, spoil in SPOILED], ids=[f"{c} {w}" for c, w, _ in SPOILED])
def test_a_spoiled_transcript_is_refused_by_the_step_that_fails(code: str, spoil: Spoil) -> None:
    draw = copy.deepcopy(vector("draw-1"))
    spoil(draw)
    with pytest.raises(domain.DrawFault) as caught:
        replay(draw)
    assert caught.value.code == code


def test_a_unit_twice_is_refused_even_under_an_honest_root() -> None:
    draw = sealed([unit(1), unit(2)], PEOPLE)
    draw["units"].append(dict(draw["units"][0]))
    leaves = sorted(draw["units"], key=lambda row: str(row["uid"]))
    draw["intent"]["root"] = b64url.encode(merkle.root([merkle.leaf_hash(canonical.encode(row)) for row in leaves]))
    with pytest.raises(domain.RootDiffers):
        replay(draw)


@pytest.mark.parametrize("weight", [0, 11, -1, True, "3"])
def test_one_weight_out_of_range_refuses_the_whole_draw_even_of_a_unit_that_is_out(weight: object) -> None:
    draw = sealed([unit(1), unit(2, w=weight, out="closed")], PEOPLE)
    with pytest.raises(domain.WeightOutOfRange):
        replay(draw)


def test_the_largest_weight_allowed_is_drawn() -> None:
    assert len(replay(sealed([unit(1, w=10)], PEOPLE))["selected"]) == 1


@pytest.mark.parametrize("rule", [{"months_left": 0}, {"n": -1}, {"n": "3"}, {"must": "gen"}, {"skip_visited": 1}, {"must": ["Gen"]}])
def test_a_rule_out_of_form_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(domain.FormWrong):
        replay(sealed([unit(1)], PEOPLE, rule))


def run(file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "server.app.cli", "draw", "replay", str(file)], capture_output=True, text=True, cwd=ROOT,
        check=False, env={"PYTHONUTF8": "1"}, encoding="utf-8",
    )  # fmt: skip


def test_the_command_prints_the_result_as_json(tmp_path: Path) -> None:
    done = run(VECTORS / "draw-3.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == vector("draw-3")["want"]


@pytest.mark.parametrize(
    ("text", "code"),
    [("{}", "E_FORM"), ("[", "E_FORM"), ('{"intent":{},"intent":{}}', "E_FORM"), ('{"a":1.0}', "E_FORM"), ("[" * 100_000, "E_FORM"), ("[]", "E_FORM")],
)
def test_the_command_names_the_fault_and_fails(tmp_path: Path, text: str, code: str) -> None:
    file = tmp_path / "draw.json"
    file.write_text(text, "utf-8")
    done = run(file)
    assert (done.returncode, done.stdout) == (1, f"{code}\n")
    assert done.stderr.startswith(f"{code} ") and "Traceback" not in done.stderr


def test_the_command_says_which_step_fails(tmp_path: Path) -> None:
    draw = vector("draw-1")
    draw["units"][0]["w"] = 1
    file = tmp_path / "draw.json"
    file.write_text(json.dumps(draw), "utf-8")
    assert run(file).stderr.startswith("E_ROOT ")


def test_the_command_imports_neither_the_web_server_nor_the_database() -> None:
    program = (
        "import sys; from server.app.cli import cli\n"
        f"cli(['draw', 'replay', {str(VECTORS / 'draw-1.json')!r}], standalone_mode=False)\n"
        "print(sorted({'flask', 'sqlalchemy', 'yaml', 'cryptography', 'marshmallow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, cwd=ROOT, check=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_ids_and_dice_of_the_tests_are_honest() -> None:
    assert len({ident(number) for number in range(400)} | {ident(number, "person") for number in range(40)}) == 440
    assert len(making.DICE) == 20
