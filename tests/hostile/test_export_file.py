"""The verifier is given files by strangers: it answers, it never believes, it never breaks."""

from __future__ import annotations

import io
import json
import random
import zipfile
from typing import Any

import pytest

from server.inspections import export, record_verify
from tests import phone as phones

SEED = 20261121


@pytest.fixture
def archive(ctx) -> bytes:
    first, second = phones.a_field_phone(), phones.a_field_phone()
    visit = phones.a_visit(first, second, items=1)
    visit.open(first)
    first.event("note.add", {"text": "甲\u2028乙\u0085丙\x0b丁\x1c戊\r\n己"}, visit.insp)
    first.attest(visit)
    second.attest(visit)
    first.seal(visit)
    second.send()
    first.send()
    buffer = io.BytesIO()
    export.write_zip(visit.insp, buffer)
    return buffer.getvalue()


pytestmark = pytest.mark.one_database


def verdict(data: bytes) -> str:
    return record_verify.verify(io.BytesIO(data)).code


def test_every_line_end_that_people_can_type_stays_inside_its_note(archive: bytes) -> None:
    assert verdict(archive) == "OK"


def test_no_changed_byte_of_the_file_is_believed_and_none_breaks_the_verifier(archive: bytes) -> None:
    dice = random.Random(SEED)
    print("seed", SEED)
    with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
        whole = {name: zipped.read(name) for name in zipped.namelist()}
    for _ in range(250):
        at = dice.randrange(len(archive))
        broken = archive[:at] + bytes([archive[at] ^ (1 << dice.randrange(8))]) + archive[at + 1 :]
        if verdict(broken) != "OK":
            continue
        # A flipped bit of a time stamp or attribute changes nothing that is said.
        with zipfile.ZipFile(io.BytesIO(broken)) as zipped:
            assert {name: zipped.read(name) for name in zipped.namelist()} == whole, at


def odd(dice: random.Random) -> Any:
    return dice.choice([None, 0, -1, 2**70, 1.5, "", "\0", [], {}, [[]], "x" * 5000, True])


def spoil(value: Any, dice: random.Random) -> Any:
    """The same tree with one value replaced by something that does not belong there."""
    if isinstance(value, dict) and value and dice.random() < 0.9:
        key = dice.choice(sorted(value))
        return {**value, key: spoil(value[key], dice)} if dice.random() < 0.7 else {k: v for k, v in value.items() if k != key}
    if isinstance(value, list) and value and dice.random() < 0.9:
        at = dice.randrange(len(value))
        return [*value[:at], spoil(value[at], dice), *value[at + 1 :]]
    return odd(dice)


@pytest.mark.parametrize("member", ["manifest.json", "keys.json", "events.jsonl", "headers.jsonl"])
def test_no_odd_value_in_any_member_breaks_the_verifier(archive: bytes, member: str) -> None:
    dice = random.Random(SEED)
    with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
        parts = {name: zipped.read(name) for name in zipped.namelist()}
    for _ in range(40):
        lines = [json.loads(line) for line in parts[member].decode().split("\n") if line] if member.endswith("l") else json.loads(parts[member])
        changed = spoil(lines, dice)
        text = "".join(json.dumps(line) + "\n" for line in changed) if member.endswith("l") and isinstance(changed, list) else json.dumps(changed)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as made:
            for name, data in {**parts, member: text.encode()}.items():
                made.writestr(name, data)
        finding = record_verify.verify(io.BytesIO(buffer.getvalue()))
        assert finding.code.startswith(("E_", "A_", "OK")) and finding.text
        assert finding.code != "OK" or member == "manifest.json"


@pytest.mark.parametrize("data", [b"", b"PK\x05\x06" + b"\0" * 18, b"not a zip", b"PK\x03\x04" * 50], ids=range(4))
def test_what_is_no_record_is_said_to_be_none(data: bytes) -> None:
    assert verdict(data) == "E_FILE"


def test_json_without_end_is_no_record() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("manifest.json", "[" * 200_000)
    assert verdict(buffer.getvalue()) == "E_FILE"
