"""Thousands of requests made up from the published interface, as every role. By hand, some minutes: ``python -m tests.hostile.fuzz``.

Nobody writes at the same time, so besides 500 an answer "somebody else was faster" (E_RACED) is a fault too: bad input that no
check has named. Anything the server logs as an error is shown; the exit status is 1 then. ``--seed`` repeats a run."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import requests

from server.app import demo
from tests import postgres
from tests.evidence.live import a_free_port
from tests.world import Phone

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = ("wugang.plan", "wugang.leader", "wugang.admin", "wugang.audit", "wugang.superior", "wugang.insp1")
# These end the session of whoever asks, and all that follows would be 401.
NOT_ASKED = r"/accounts/(login|logout|refresh)"


@contextmanager
def a_server(folder: Path, database: str) -> Iterator[tuple[str, Path]]:
    """The address and the log of a server with the demo, without limits."""
    port = a_free_port()
    url, log = f"http://127.0.0.1:{port}", folder / "server.log"
    env = os.environ | {
        "SUIJIAN_DATA": str(folder), "SUIJIAN_DATABASE_URL": database, "SUIJIAN_BIND": f"127.0.0.1:{port}", "SUIJIAN_PUBLIC_URL": url,
        "SUIJIAN_LIMITS": "off", "SUIJIAN_TEST_SHIFT_S": "0", "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1",
    }
    subprocess.run([sys.executable, "-m", "tests.browser.program", "demo"], cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)
    command = [sys.executable, "-m", "gunicorn", "--config", "server/app/gunicorn_conf.py", "--no-control-socket", "tests.browser.program:app"]
    with log.open("w", encoding="utf-8") as out, subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out) as server:
        try:
            _healthy(url, server)
            yield url, log
        finally:
            server.terminate()


def _healthy(url: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        try:
            if requests.get(f"{url}/api/v1/health", timeout=2).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.2)
    raise RuntimeError("the server did not start")


def asked_as(login: str, url: str, folder: Path, seed: int, examples: int) -> bool:
    """Whether every answer to what is made up for this person was one that the interface may give; ``folder`` takes the notes of who makes it up."""
    signed_in = requests.post(f"{url}/api/v1/accounts/login", json={"login": login, "password": demo.PASSWORD, "spki": Phone().spki_text}, timeout=10)
    signed_in.raise_for_status()
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{url}/api/v1/openapi.json", "--header", f"Authorization: Bearer {signed_in.json()['access']}",
        "--checks", "not_a_server_error", "--phases", "coverage,fuzzing", "--max-examples", str(examples), "--seed", str(seed), "--workers", "1",
        "--request-timeout", "30", "--suppress-health-check", "all", "--exclude-path-regex", NOT_ASKED, "--no-color",
    ]
    ran = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", errors="replace", check=False)
    counted = [line.strip() for line in ran.stdout.splitlines() if "generated" in line]
    print(f"{login}: {counted[-1] if counted else ran.stdout + ran.stderr}", flush=True)
    if ran.returncode:
        print(ran.stdout)
    return ran.returncode == 0


def complaints(log: Path) -> Counter[str]:
    """What the server logged as an error, by route and last line."""
    found: Counter[str] = Counter()
    for line in log.read_text("utf-8").splitlines():
        if '"level": "error"' in line:
            said = json.loads(line)
            reasons = [one for one in str(said.get("exception", "")).splitlines() if "Error" in one and not one.startswith(" ")]
            found[f"{said['event']} {said.get('path', '')}: {reasons[-1] if reasons else ''}"] += 1
    return found


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--examples", type=int, default=20, help="made up for each route besides its edges")
    options.add_argument("--postgres", action="store_true", help="on a PostgreSQL of its own instead of SQLite")
    options.add_argument("people", nargs="*", default=PEOPLE)
    asked = options.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        database = ""
        if asked.postgres:
            server = stack.enter_context(postgres.a_server(folder))
            database = stack.enter_context(postgres.a_database(server, "fuzz")).render_as_string(hide_password=False)
        url, log = stack.enter_context(a_server(folder, database))
        right = [asked_as(login, url, folder, asked.seed, asked.examples) for login in asked.people]
        wrong = complaints(log)
    for what, times in wrong.most_common():
        print(f"{times} × {what}")
    return 0 if all(right) and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
