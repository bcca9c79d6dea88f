"""What the kernel costs, as ratios within one run: ``python -m bench.kernel``.

Absolute times of a shared machine say little, so each line is set against a yardstick measured in
the same second: reading the same bytes with the plain JSON library, hashing the same bytes, half as
many leaves. A hostile document must not cost many times what an honest one of its size does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from timeit import Timer

from server.kernel import canonical, chain, merkle, workdays

ROOT = Path(__file__).resolve().parents[1]


def seconds(work: Callable[[], object]) -> float:
    """The best of five rounds, per call."""
    timer = Timer(work)
    number, _ = timer.autorange(lambda count, taken: None)
    return min(timer.repeat(5, max(1, number // 4))) / max(1, number // 4)


def refused(data: bytes) -> Callable[[], None]:
    def work() -> None:
        with suppress(canonical.NotCanonical):
            canonical.from_json(data)

    return work


def main() -> None:
    event = json.loads((ROOT / "tests" / "vectors" / "event.json").read_text("utf-8"))
    header = event["header"].encode()
    full = canonical.encode({f"k{i}": [i, "疏散通道", True] for i in range(1_900)})
    table = json.loads((ROOT / "checklists" / "calendars" / "cn.json").read_text("utf-8"))
    calendar = workdays.load_calendar(table)
    leaves = [merkle.leaf_hash(str(i).encode()) for i in range(20_000)]

    print(f"{'work':<44}{'µs':>12}  yardstick")
    honest = seconds(lambda: canonical.decode(full))

    def line(name: str, taken: float, yard: float, words: str) -> None:
        print(f"{name:<44}{taken * 1e6:>12.1f}  {taken / yard:.1f} x {words}")

    line("read a header of 314 bytes", seconds(lambda: canonical.decode(header, canonical.HEADER_LIMIT)),
         seconds(lambda: json.loads(header)), "json.loads")  # fmt: skip
    line(f"read a document of {len(full):,} bytes", honest, seconds(lambda: json.loads(full)), "json.loads")
    line("event identity H", seconds(lambda: chain.event_hash(header)),
         seconds(lambda: hashlib.sha256(header).digest()), "SHA-256 of the header")  # fmt: skip
    line("root of 20,000 leaf hashes", seconds(lambda: merkle.root(leaves)),
         seconds(lambda: merkle.root(leaves[:10_000])), "root of 10,000")  # fmt: skip
    line("five working days over a holiday", seconds(lambda: calendar.add_workdays(date(2026, 9, 24), 5)),
         seconds(lambda: calendar.is_workday(date(2026, 9, 24))), "one is_workday")  # fmt: skip
    hostile = {
        "65,536 opening brackets": b"[" * 65_536,
        "a string of escapes that never ends": b'"' + b'\\"' * 32_767,
        "escapes behind nine brackets": b"[" * 9 + b'"' + b'\\"' * 32_760,
        "sixty thousand digits": b"[" + b"9" * 60_000 + b"]",
        "ten thousand equal keys": b'{"a":1' + b',"a":1' * 10_000 + b"}",
        "control characters in full escapes": b'"' + rb"\u001f" * 10_922 + b'"',
    }
    for name, data in hostile.items():
        line(f"refuse or keep: {name}", seconds(refused(data)), honest, "an honest document of that size")


if __name__ == "__main__":
    main()
