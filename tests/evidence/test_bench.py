"""What a visit costs the server can be measured on any machine (docs/performance.md)."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.evidence.live import ROOT


def test_the_processor_time_of_a_visit_is_printed_beside_a_floor_of_the_same_run() -> None:
    ran = subprocess.run([sys.executable, "-m", "bench.sync_visit", "1"], cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert ran.returncode == 0, ran.stderr
    _, titles, *rows, throughput, pull = ran.stdout.splitlines()
    assert titles.split() == ["CPU-ms", "ours", "floor", "budget"]
    ours = {row[:24].strip(): float(row[24:].split()[0]) for row in rows}
    assert {"76 events", "one photo", "whole visit", "sent again", "nothing new"} <= set(ours)
    assert ours["whole visit"] > 0
    assert re.fullmatch(r"events in batches of 50: \d+ a second = [\d.]+ x bare commits, \d+ a second", throughput)
    assert re.fullmatch(r"empty pull: 1 request, \d+ bytes of body, \d+ of headers", pull)
