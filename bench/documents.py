"""What documents cost, as ratios within one run: ``python -m bench.documents``.

The yardstick is one empty page through the same compiler in the same process, so that the machine's speed falls
out. "first" is the first document of a fresh process (fonts are read), the rest are the best of five."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from server.documents import notice, receipt, record, report
from server.documents.render import Sheet, to_pdf
from server.documents.report import Opinion, ReportFacts
from tests.documents.visits import agency_pack, pictures, walk

NUMBER = "（示消）检通字〔2026〕第1号"
FACTS = ReportFacts("i", "approved", 1_793_700_000_000, "2026-11-10", Opinion(1, "林示范", "评价", "处理", "建议", 1_793_700_000_000), "吴负责", "同意", "", 1_793_800_000_000, 0)


def seconds(work: Callable[[], object], rounds: int = 5) -> float:
    """The best of some rounds."""
    best = float("inf")
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return best


def main() -> None:
    pack = agency_pack("fire-yanshi")
    with tempfile.TemporaryDirectory() as folder:
        find = pictures(Path(folder))
        plain = notice.sheet(pack, NUMBER)
        nothing = {**plain.data, "unit": "", "body": "", "rows": [], "parts": [], "receipt": []}
        first = seconds(lambda: to_pdf(plain), 1)
        empty = seconds(lambda: to_pdf(Sheet(plain.template, nothing)))
        print(f"yardstick: two pages without content {empty * 1000:.0f} ms; first document of the process {first / empty:.1f}x")
        few, many = walk(pack, photos=4), walk(pack, photos=40)
        sheets = {
            "notice": plain,
            "receipt": receipt.sheet(few.visit(), pack, find),
            "record, 41 items, 4 photos": record.sheet(few.visit(), pack, find),
            "record, 41 items, 40 photos": record.sheet(many.visit(), pack, find),
            "report, 4 photos": report.sheet(few.visit(), pack, FACTS, NUMBER, [], find),
        }
        print(f"{'document':<32}{'ratio':>8}{'kB':>8}")
        for name, sheet in sheets.items():
            size = len(to_pdf(sheet))
            print(f"{name:<32}{seconds(lambda sheet=sheet: to_pdf(sheet)) / empty:>7.1f}x{size / 1000:>8.0f}")
        visit, kept = few.visit(), sheets["record, 41 items, 4 photos"]
        print(f"{'sheet of a folded visit':<32}{seconds(lambda: record.sheet(visit, pack, find)) / empty:>7.2f}x")
        print(f"{'digest of that sheet':<32}{seconds(kept.digest) / empty:>7.2f}x")


if __name__ == "__main__":
    main()
