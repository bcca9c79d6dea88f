"""What a draw costs in both implementations: ``python -m bench.draw``.

Tickets and selection of a million units and of a county's 3,000, then the roots by themselves: hashing the published
tables is the larger part of a draw and has nothing to do with chance. The goals are 10 s and 100 ms (reliability 6.1)."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from server.draw import steps, tickets
from server.draw.domain import Unit
from server.draw.verifier_page import PAGE
from server.kernel import b64url

ROOT = Path(__file__).resolve().parents[1]
WEIGHTS = (1,) * 10 + (2,) * 6 + (4,) * 3 + (8,)
"""A pool as registers are: most units light; 2.1 tickets a unit."""


def pool(count: int) -> list[Unit]:
    idents = [hashlib.sha256(at.to_bytes(4, "big")).digest()[:16] for at in range(count)]
    return [Unit("", raw, "gen", WEIGHTS[at % 20], 0, "fire") for at, raw in enumerate(idents)]


def seconds(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """The best of some rounds: on the wall, and of this process."""
    best = (float("inf"), float("inf"))
    for _ in range(rounds):
        wall, own = time.perf_counter(), time.process_time()
        work()
        best = min(best, (time.perf_counter() - wall, time.process_time() - own))
    return best


def in_node(units: int, places: int) -> tuple[float, float]:
    done = subprocess.run(
        ["node", str(ROOT / "bench" / "draw_verifier.mjs"), str(PAGE), str(units), str(places)], capture_output=True, text=True, check=True,
    )  # fmt: skip
    wall, own = map(float, done.stdout.split())
    return wall, own


def main() -> None:
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; seconds on the wall (own processor time)")
    for count, places, rounds in ((3_000, 150, 20), (1_000_000, 10_000, 1)):
        units = pool(count)
        wall, own = seconds(lambda units=units, places=places: steps.first(bytes(32), "gen", units, places), rounds)
        page_wall, page_own = in_node(count, places)
        print(f"tickets and selection, {count:>9,} units, {places:>6,} places: "
              f"Python {wall:.3f} ({own:.3f}), browser verifier {page_wall:.3f} ({page_own:.3f})")
    rows = [{"uid": b64url.encode(unit.raw), "st": unit.st, "w": unit.w, "visits": 0, "need": unit.need, "recuse": []} for unit in units[:100_000]]
    wall, own = seconds(lambda: tickets.table_root(rows, "uid"), 1)
    print(f"root of a table of 100,000 rows: Python {wall:.2f} ({own:.2f}); a million takes ten times that")


if __name__ == "__main__":
    main()
