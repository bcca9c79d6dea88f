"""The kernel's commands as an operator runs them: real processes, no database, no web server."""

from __future__ import annotations

import base64
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "tests" / "vectors"
AGENCY = "fire-yanshi"


def run(
    *arguments: str, stdin: bytes = b"", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "server.app.cli", *arguments],
        input=stdin, capture_output=True, cwd=ROOT, check=False, env={"PYTHONUTF8": "1", **(env or {})},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (("2026-09-24", "5"), "2026-10-09\n"),
        (("2026-12-24", "7"), "2027-01-05 provisional\n"),
        (("2026-09-30", "3", "--agency", AGENCY), "2026-10-10\n"),
    ],
)
def test_a_time_limit_is_printed_on_one_line(arguments: tuple[str, ...], answer: str) -> None:
    done = run("workdays", "add", *arguments)
    assert (done.returncode, done.stdout.decode()) == (0, answer), done.stderr.decode()


def test_an_agencys_own_days_move_its_limits(tmp_path: Path) -> None:
    copy = tmp_path / "checklists"
    shutil.copytree(ROOT / "checklists", copy)
    profile = copy / AGENCY / "profile.yaml"
    before = "calendar.local_holidays:\n    value: []"
    text = profile.read_text("utf-8")
    assert text.count(before) == 1
    profile.write_text(text.replace(before, before.replace("[]", '["2026-09-28"]')), "utf-8")
    env = {"SUIJIAN_CHECKLISTS": str(copy)}
    assert run("workdays", "add", "2026-09-24", "1", env=env).stdout == b"2026-09-28\n"
    done = run("workdays", "add", "2026-09-24", "1", "--agency", AGENCY, env=env)
    assert done.stdout == b"2026-09-29\n", done.stderr.decode()


@pytest.mark.parametrize(
    "arguments",
    [("2026-9-24", "1"), ("20260924", "1"), ("2026-02-29", "1"), ("2026-09-24", "-1"), ("2026-09-24", "1.5"),
     ("2026-09-24", "99999"), ("2026-09-24",), ("2026-09-24", "1", "--agency", "no-such-agency"),
     ("9999-12-31", "1"), ("2026-09-24", "1", "--agency", "../fire-yanshi")],
)  # fmt: skip
def test_a_question_without_sense_fails_without_an_answer(arguments: tuple[str, ...]) -> None:
    done = run("workdays", "add", *arguments)
    assert done.returncode != 0
    assert done.stdout == b""
    assert b"Traceback" not in done.stderr


def test_credit_codes() -> None:
    good = run("uscc", "check", " ９１350100m0001ooY43")
    assert (good.returncode, good.stdout.decode()) == (0, "OK 91350100M000100Y43\n")
    for bad in ("91350100M000100Y44", "", "I" * 18, "9" * 5000):
        done = run("uscc", "check", bad)
        assert done.returncode == 1
        assert done.stdout.strip()
        assert not done.stdout.startswith(b"OK")


def test_canonical_lines_come_back_and_all_others_are_refused() -> None:
    accepted = (VECTORS / "canon-accepted.txt").read_bytes()
    refused = (VECTORS / "canon-refused.txt").read_bytes()
    assert run("canon", stdin=accepted).stdout == accepted
    assert run("canon", stdin=refused).stdout == b"REFUSED\n" * len(refused.splitlines())
    odd = b"e30=\r\n\n*\ne30\n=\n" + base64.b64encode(b"[" * 65536) + b"\n\xff\n\x00\ne30="
    assert run("canon", stdin=odd).stdout == b"e30=\n" + b"REFUSED\n" * 7 + b"e30=\n"
    assert run("canon").stdout == b""


def test_json_lines_become_canonical() -> None:
    loose = [b' {"b":1, "a":"\\u706b"} ', b'{"a":1.0}', b"", b"[1,\n2]", b'{"a":1,"a":1}', b"null"]
    done = run("canon", "--from-json", stdin=b"\n".join(map(base64.b64encode, loose)) + b"\n")
    strict = ['{"a":"火","b":1}'.encode(), None, None, b"[1,2]", None, None]
    assert done.stdout.splitlines() == [b"REFUSED" if s is None else base64.b64encode(s) for s in strict]


def test_plain_commands_import_neither_the_web_server_nor_the_database() -> None:
    program = (
        "import sys; from server.app.cli import cli\n"
        "cli(['workdays', 'add', '2026-09-24', '5'], standalone_mode=False)\n"
        "print(sorted({'flask', 'sqlalchemy', 'yaml', 'cryptography'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, cwd=ROOT, check=True, text=True)
    assert done.stdout == "2026-10-09\n[]\n"
