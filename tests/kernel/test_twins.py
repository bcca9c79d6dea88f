"""Python and TypeScript give the same bytes and the same refusals, on random input.

The TypeScript core is bundled and run by Node as one process; every question is one line. A failing
seed is printed: set SUIJIAN_SEED to it to see the failure again.
"""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from server.kernel import b64url, canonical, chain, merkle, uscc, workdays
from tests.kernel import documents

ROOT = Path(__file__).parents[2]
CALENDAR = ROOT / "checklists" / "calendars" / "cn.json"
ROLLDOWN = ROOT / "pwa" / "node_modules" / ".bin" / "rolldown"

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not ROLLDOWN.exists(), reason="needs Node and the PWA's packages"
)

Twin = Callable[[list[str]], list[str]]


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Twin:
    bundle = tmp_path_factory.mktemp("twin") / "twin.mjs"
    source = Path(__file__).with_name("twin.ts")
    subprocess.run(
        [ROLLDOWN, source, "--file", bundle, "--format", "esm", "--platform", "node"],
        check=True, capture_output=True, cwd=ROOT,
    )  # fmt: skip

    def ask(questions: list[str]) -> list[str]:
        done = subprocess.run(
            ["node", bundle, CALENDAR], input="\n".join(questions) + "\n",
            check=True, capture_output=True, text=True, encoding="utf-8",
        )  # fmt: skip
        answers = done.stdout.splitlines()
        assert len(answers) == len(questions)
        return answers

    return ask


@pytest.fixture
def rng() -> random.Random:
    seed = int(os.environ.get("SUIJIAN_SEED") or random.randrange(2**32))
    print("seed", seed)
    return random.Random(seed)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def ours(read: Callable[[bytes], bytes], data: bytes) -> str:
    try:
        return b64(read(data))
    except canonical.NotCanonical:
        return "REFUSED"


def reread(data: bytes) -> bytes:
    return canonical.encode(canonical.decode(data))


def test_ten_thousand_random_documents_are_byte_equal(twin: Twin, rng: random.Random) -> None:
    questions, wanted = [], []
    for _ in range(10_000):
        value = documents.value(rng)
        data = canonical.encode(value)
        questions += [f"decode {b64(data)}", f"fromjson {b64(documents.respell(rng, value).encode())}"]
        wanted += [b64(data)] * 2
    answers = twin(questions)
    wrong = [q for q, a, w in zip(questions, answers, wanted, strict=True) if a != w]
    assert wrong == []


def test_damaged_documents_are_refused_or_kept_by_both_alike(twin: Twin, rng: random.Random) -> None:
    samples = [documents.damage(rng, canonical.encode(documents.value(rng))) for _ in range(8_000)]
    samples += [
        documents.damage(rng, documents.respell(rng, documents.value(rng)).encode()) for _ in range(4_000)
    ]
    samples += [b"[" * 65_536, b'{"a":' * 13_107, b"[" * 9 + b"]" * 9, b'"' + b"a" * 65_534 + b'"']
    samples += [b'"' + b"a" * 65_535 + b'"', b"[" + b"1," * 32_766 + b"1]", b'"' + b'\\"' * 32_767 + b'"']
    questions = [f"{op} {b64(data)}" for data in samples for op in ("decode", "fromjson")]
    wanted = [ours(read, data) for data in samples for read in (reread, canonical.from_json)]
    answers = twin(questions)
    wrong = [(q, a, w) for q, a, w in zip(questions, answers, wanted, strict=True) if a != w]
    assert wrong == []
    # The comparison says something only if both outcomes are common.
    assert 500 < wanted.count("REFUSED") < len(wanted) - 500


def test_base64url_is_read_alike(twin: Twin, rng: random.Random) -> None:
    texts = ["", "A", "AA", "AB", "AAA", "AAB", "AAAA", "A=", "AA==", "A A", "A-_z", "A+/z", "AA\n", "é"]
    texts += ["".join(rng.choices("Aa-_9Bwz+=", k=rng.randrange(8))) for _ in range(500)]

    def read(text: str) -> str:
        try:
            return b64(b64url.decode(text))
        except ValueError:
            return "REFUSED"

    assert twin([f"b64url {b64(text.encode())}" for text in texts]) == [read(text) for text in texts]


def test_chain_and_tree_hashes_are_equal(twin: Twin, rng: random.Random) -> None:
    headers = [rng.randbytes(rng.randrange(200)) for _ in range(100)]
    digests = [rng.randbytes(32) for _ in range(200)]
    trees = [[rng.randbytes(32) for _ in range(size)] for size in range(40)]
    assert twin([f"event {b64(header)}" for header in headers]) == [
        b64url.encode(chain.event_hash(header)) for header in headers
    ]
    assert twin([f"code {b64(digest)}" for digest in digests]) == list(map(chain.record_code, digests))
    assert twin([" ".join(["root", *map(b64, tree)]) for tree in trees]) == [
        b64url.encode(merkle.root(tree)) for tree in trees
    ]


def test_credit_codes_are_judged_alike(twin: Twin, rng: random.Random) -> None:
    texts = []
    for _ in range(1_000):
        body = "".join(rng.choices(uscc.ALPHABET, k=17))
        code = list(body + uscc.check_character(body))
        if rng.random() < 0.5:
            odd = [*"IOZSVioab- ０９Ａａ　\u200b\ufeff𝟗ſıß", "", "ＯＯ", "\n"]
            code[rng.randrange(18)] = rng.choice(odd)
        texts.append("".join(code))

    def judge(text: str) -> str:
        result = uscc.check(text)
        parts = ["true" if result.ok else "false", result.code, result.reason_zh, result.warning_zh]
        return b64("\n".join(parts).encode())

    answers = twin([f"uscc {b64(text.encode())}" for text in texts])
    assert answers == [judge(text) for text in texts]


def test_time_limits_are_counted_alike(twin: Twin, rng: random.Random) -> None:
    calendar = workdays.load_calendar(json.loads(CALENDAR.read_text("utf-8")))
    asked = [(date(2021, 12, 1) + timedelta(rng.randrange(2_600)), rng.randrange(40)) for _ in range(2_000)]

    def due(start: date, n: int) -> str:
        result = calendar.add_workdays(start, n)
        count = calendar.workdays_between(start, result.due_on)
        return f"{result.due_on} {'true' if result.provisional else 'false'} {count}"

    assert twin([f"due {start} {n}" for start, n in asked]) == [due(start, n) for start, n in asked]
