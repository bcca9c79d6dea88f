"""Genuine signatures over hostile content: no event may stop its batch, its inspection or its phone.

The sender is enrolled and drawn: what it signs is evidence and must be kept, whatever stands in it. An answer of
500 to one event would be a visit that can never be delivered."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from server.accounts import operations as accounts
from server.inspections import attest, needs
from server.inspections import operations as inspections
from server.inspections.event_types import BODIES, SHAPES
from server.inspections.record_text import record_text
from tests import phone as phones

HUGE = 2**53 - 1
SEED = 20261121


@pytest.fixture
def phone(ctx):
    return phones.a_field_phone()


@pytest.fixture
def visit(phone):
    found = phones.a_visit(phone)
    found.open(phone)
    return found


def delivered(phone) -> set[str]:
    """Send everything; the statuses that came back. The next number must be free."""
    answer = phone.send()
    assert answer["next"][phone.dev] == len(phone.wires), answer["results"][-3:]
    return {result["status"] for result in answer["results"]}


@pytest.mark.parametrize("size", [2**31, HUGE, -1, 0, -HUGE, True], ids=str)
def test_a_photo_of_an_impossible_size_is_kept_and_flagged(phone, visit, size):
    phone.photo(visit.insp, b"x", size=size)
    answer = phone.send()
    assert [r["status"] for r in answer["results"]] == ["stored"] * 3
    assert answer["results"][2]["flags"] == ["F_BODY_SHAPE"]


@pytest.mark.parametrize("mime", ["image/jpeg\0", "\0", "x" * 5000, "图片/照片" * 20], ids=["nul-tail", "nul", "long", "han"])
def test_a_photo_with_an_odd_type_is_kept(phone, visit, mime):
    phone.photo(visit.insp, b"x", mime=mime)
    assert delivered(phone) == {"stored"}


@pytest.mark.parametrize("pack", [None, 7, "", "\0", "0" * 64, "../../etc/passwd", ["a"], {"a": 1}], ids=str)
def test_an_opening_that_names_no_pack_or_a_wrong_one_is_kept(phone, pack):
    visit = phones.a_visit(phone)
    body = {"pin": visit.pack["pin"], "mode": "on_site", "assignments": [], "checklists": []}
    phone.event("insp.open", body if pack is None else {**body, "pack": pack}, visit.insp)
    phone.event("note.add", {"text": "之后的记录"}, visit.insp)
    assert delivered(phone) == {"stored"}
    assert len(inspections.visit(visit.insp).visit["notes"]) == 1


def test_which_pack_a_visit_was_opened_with_does_not_depend_on_the_order_of_rows(phone, visit):
    """Two openings: the first of the fold decides about the pack, not the first row the database returns."""
    newer = {**visit.pack, "texts": {"spoken_notice": "新版"}}
    second = phones.a_field_phone(visit_member(visit, 1))
    sha = inspections.attach_pack(visit.insp, phones.canonical_json(newer))
    visit.pack_sha, first_sha = sha, visit.pack_sha
    visit.phones.append(second)
    second.wall = phone.wall + 60_000
    visit.open(second)
    second.send()
    phone.send()
    assert inspections.visit(visit.insp).visit["pack"] == first_sha
    assert inspections.visit(visit.insp).pack["texts"] == {}


def visit_member(visit, index):
    return accounts.person(visit.pack["team"][index]["user"])


@pytest.mark.parametrize("text", ["\0", "a\0b"], ids=["nul", "inside"])
@pytest.mark.parametrize("field", ["t", "insp"])
def test_a_header_with_nul_is_refused_alone(phone, visit, field, text):
    broken = phone.make(text if field == "t" else "note.add", {}, text if field == "insp" else visit.insp)
    phone.event("note.add", {"text": "好的"}, visit.insp)
    answer = phone.send([broken, *phone.wires])
    assert [(r["status"], r.get("code")) for r in answer["results"]] == [("refused", "E_HEADER"), *[("stored", None)] * 3]


@pytest.mark.parametrize(
    ("wall", "off"), [(HUGE, 0), (HUGE, HUGE), (0, -HUGE), (0, 0), (253_402_300_800_000, 0)], ids=str
)
def test_a_visit_under_an_impossible_clock_arrives_and_can_be_read(ctx, wall, off):
    odd = phones.a_field_phone()
    odd.off = off
    visit = phones.a_visit(odd)
    visit.open(odd)
    odd.event("rec.mark", {"mark": "arrival"}, visit.insp, wall=wall)
    odd.event("note.add", {"text": "钟"}, visit.insp, wall=wall)
    folded = visit.fold()
    odd.event("attest", attest.attestation(folded, record_text(folded, visit.pack), "A1"), visit.insp, wall=wall)
    odd.seal(visit)
    assert delivered(odd) == {"stored"}
    seen = inspections.visit(visit.insp)
    assert "unit-1" not in record_text(seen.visit, seen.pack)
    assert seen.inspection.state == "awaiting_second"


def hostile_value(dice: random.Random, depth: int = 0) -> Any:
    """A JSON value of the profile that fits no rule: wrong types, extremes, NUL, deep trees."""
    pool = ["", "\0", "a\0", "x" * 300, "0" * 64, "A" * 43, "../..", "=cmd()", "<img onerror=1>", "‮", 0, -1, HUGE, -HUGE, True, False]
    if depth > 2 or dice.random() < 0.7:
        return dice.choice(pool)
    if dice.random() < 0.5:
        return [hostile_value(dice, depth + 1) for _ in range(dice.randrange(4))]
    return {dice.choice(["a", "dev", "n", "root", "user", "name", "h"]): hostile_value(dice, depth + 1) for _ in range(dice.randrange(4))}


def sound_value(kind: str, dice: random.Random) -> Any:
    """A value that passes the checker for ``kind``, at the edges of what it allows."""
    name, _, rest = kind.partition(":")
    if name == "text":
        low, high = (int(part) for part in rest.split(":"))
        return dice.choice(["\0", "<b>", "=1+1", "文", "‮"])[:high].ljust(low, "长")
    if name == "int":
        return int(dice.choice(rest.split(":")))
    if name == "list":
        low, high, inner = rest.split(":", 2)
        return [sound_value(inner, dice) for _ in range(dice.choice([int(low), min(int(high), int(low) + 2)]))]
    if name == "map":
        return {"a1": sound_value(rest.split(":", 1)[1], dice)}
    if name in ("obj", "witness"):
        shape = SHAPES[rest or "witness"]
        return {key.removesuffix("?"): sound_value(inner, dice) for key, inner in shape.items()}
    known = {
        "bool": dice.random() < 0.5, "sha": "ab" * 32, "hash": "A" * 43, "dev": "A" * 22, "id": dice.choice(["x", "CL-T-1", "T-01", "constructor"]),
        "decimal": dice.choice(["-999999999999999.999999999", "0"]), "date": dice.choice(["0000-01-01", "2026-02-31", "9999-12-31"]), "amount": dice.choice([0, "一箱"]), "json": {"a": []},
    }
    return dice.choice(rest.split("|")) if name == "enum" else known[name]


@pytest.mark.parametrize("sound", [True, False], ids=["edges", "nonsense"])
def test_no_body_of_any_type_stops_the_batch_or_the_reading_of_the_visit(phone, visit, sound):
    dice = random.Random(SEED)
    print("seed", SEED)
    for t, fields in sorted(BODIES.items()):
        if t.startswith("dev.") or t in ("seal", "attest.in", "key.rotate"):
            continue
        for _ in range(2):
            body = {
                key.removesuffix("?"): sound_value(kind, dice) if sound or dice.random() < 0.5 else hostile_value(dice)
                for key, kind in fields.items()
                if not key.endswith("?") or dice.random() < 0.7
            }
            phone.event(t, body, visit.insp)
    answer = phone.send()
    assert {r["status"] for r in answer["results"]} == {"stored"}, [r for r in answer["results"] if r["status"] != "stored"]
    seen = inspections.visit(visit.insp)
    assert isinstance(record_text(seen.visit, seen.pack), str)
    needs.missing(seen.visit, seen.pack)
    told, folded = json.loads(json.dumps(seen.visit)), visit.fold()
    for act in [*told["attests"], *folded["attests"]]:
        del act["level"]  # what a phone claims the server judges by what it has seen
    assert told == folded


def test_a_change_of_key_that_names_no_key_stands_aside_and_stops_nothing(phone, visit):
    phone.event("key.rotate", {"spki": "!", "dev": phone.device.dev}, visit.insp)
    phone.event("note.add", {"text": "之后还在记"}, visit.insp)
    aside, after = phone.send()["results"][-2:]
    assert (aside["status"], aside["code"]) == ("quarantined", "E_KEY_ROTATE")
    assert after["status"] == "stored"
