"""What the script tells the person in front of it, and how it runs other programs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.setup import places


class SetupError(Exception):
    """Something a person has to mend; the text says what and how."""


def line(text: str = "") -> None:
    print(text, flush=True)


def step(text: str) -> None:
    line(f"→ {text}")


def done(text: str) -> None:
    line(f"  ✓ {text}")


def warn(text: str) -> None:
    line(f"  ! {text}")


def command(
    what: str,
    arguments: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> None:
    """Run one long program, its output in a log file and its progress as seconds on the screen.

    Raises SetupError with the last lines of the log when the program fails.
    """
    step(what)
    log = places.LOGS / f"{time.strftime('%Y%m%d-%H%M%S')}-{Path(arguments[0]).stem}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with log.open("ab") as sink:
        child = subprocess.Popen(
            [str(part) for part in arguments],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            cwd=cwd or places.ROOT,
            env={**(os.environ if env is None else env), "NO_COLOR": "1", "FORCE_COLOR": "0"},
        )
        try:
            code = _watch(child, started)
        except BaseException:
            child.terminate()
            child.wait()
            raise
    if code != 0:
        tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-25:]
        raise SetupError(
            f"{what} 失败（退出码 {code}）。日志: {log}\n" + "\n".join(f"    {text}" for text in tail)
        )
    done(f"{time.monotonic() - started:.1f} s")


def _watch(child: subprocess.Popen[bytes], started: float) -> int:
    """Wait, showing seconds in place on a terminal and every 15 s elsewhere."""
    terminal = sys.stdout.isatty()
    shown = 0
    while True:
        try:
            code = child.wait(timeout=1)
        except subprocess.TimeoutExpired:
            passed = int(time.monotonic() - started)
            if terminal:
                print(f"\r  … {passed} s", end="", flush=True)
            elif passed - shown >= 15:
                shown = passed
                line(f"  … {passed} s")
            continue
        if terminal:
            print("\r", end="", flush=True)
        return code
