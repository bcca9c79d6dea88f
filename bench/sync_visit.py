"""CPU per visit: ``python -m bench.sync_visit [visits]``.

A real gunicorn with SQLite (synchronous=FULL), one process, is sent whole visits (about 76 signed events and four
photos of 300 kB each), then the same again, then questions with nothing new. Beside it, in the same run, a minimal
Flask server gets the same bytes: the difference is what the promises cost. CPU is that of the server's processes
(psutil), not of this client. Decoding photos is a job and not in these numbers. Budgets: design/stack.md.

Then events a second in batches of 50 beside the machine's own durable commits, and the bytes of a pull that brings nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import secrets
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import requests

from tests import builders
from tests.evidence import live
from tests.handset import TUS, FieldPhone, metadata
from tests.phone import a_field_phone, a_picture, record_visit

BUDGET_MS = {"76 events": 25.0, "one photo": 5.0, "whole visit": 60.0, "sent again": 5.0, "nothing new": 1.5}
BATCH = 50
PHOTO_BYTES = 300_000


def cpu(pid: int) -> float:
    """CPU milliseconds of a process and its children so far."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return 1000 * sum(sum(one.cpu_times()[:2]) for one in family)


def measured(pid: int, work: Callable[[], None], units: int) -> float:
    """CPU-ms per unit."""
    before = cpu(pid)
    work()
    return (cpu(pid) - before) / units


def a_photo() -> bytes:
    """A JPEG of 300 kB: a small picture and a tail, as motion photos have one."""
    picture = a_picture(int.from_bytes(secrets.token_bytes(6)), (640, 480))
    return picture + secrets.token_bytes(PHOTO_BYTES - len(picture)) if len(picture) < PHOTO_BYTES else picture


def prepared(server: live.Live, visits: int) -> list[tuple[FieldPhone, dict[str, bytes]]]:
    """Phones with a finished visit each; their genesis and their partner's events are already there."""
    builders.use(server.app)
    ready = []
    with server.app.app_context():
        for _ in range(visits):
            one, two = a_field_phone(), a_field_phone()
            carried = record_visit(one, two, photos=0, answers=62)
            for phone in (one, two):
                phone.client = server.app.test_client()
                phone.client.token = phone.device.access
            two.send(two.wires)
            one.send(one.wires[:1])
            photos = {}
            for _ in range(4):
                data = a_photo()
                photos[one.photo(carried.visit.insp, data)["h"]] = data
            ready.append((one, photos))
    return ready


def events_a_second(server: live.Live, ready: list[tuple[FieldPhone, dict[str, bytes]]]) -> float:
    """One phone after the other, in batches of 50, each stored and durable before the next is sent."""
    http, sent = requests.Session(), 0
    began = time.perf_counter()
    for phone, _ in ready:
        headers = {"Authorization": f"Bearer {phone.device.access}"}
        for first in range(1, len(phone.wires), BATCH):
            batch = phone.wires[first : first + BATCH]
            answer = http.post(f"{server.url}/sync/events", json={"events": batch}, headers=headers, timeout=60)
            answer.raise_for_status()
            assert {one["status"] for one in answer.json()["results"]} == {"stored"}
            sent += len(batch)
    return sent / (time.perf_counter() - began)


def commits_a_second(folder: Path, commits: int = 300) -> float:
    """The machine's own rate: one row of 600 bytes a commit, with the settings of the server's SQLite."""
    connection = sqlite3.connect(folder / "bare.sqlite3", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE bare (body BLOB)")
    began = time.perf_counter()
    for _ in range(commits):
        connection.execute("INSERT INTO bare VALUES (?)", (secrets.token_bytes(600),))
    rate = commits / (time.perf_counter() - began)
    connection.close()
    return rate


def an_empty_pull(server: live.Live, phone: FieldPhone) -> tuple[int, int]:
    """Bytes of body and of headers that answer a phone which has everything; it asks once."""
    url, headers = f"{server.url}/sync/changes", {"Authorization": f"Bearer {phone.device.access}"}
    cursor = requests.get(url, headers=headers, timeout=60).json()["cursor"]
    answer = requests.get(url, params={"cursor": cursor}, headers=headers, timeout=60)
    assert answer.json()["changes"] == []
    return len(answer.content), sum(len(name) + len(value) + 4 for name, value in answer.headers.items())


def ours(server: live.Live, ready: list[tuple[FieldPhone, dict[str, bytes]]]) -> dict[str, float]:
    # The leader of the server's group; `measured` counts its children too.
    assert server.group
    pid = server.group
    http = requests.Session()

    def post(phone: FieldPhone, wires: list[dict[str, str]]) -> dict[str, Any]:
        answer = http.post(
            f"{server.url}/sync/events", data=json.dumps({"events": wires}),
            headers={"Authorization": f"Bearer {phone.device.access}", "Content-Type": "application/json"}, timeout=60,
        )
        answer.raise_for_status()
        return dict(answer.json())

    def events() -> None:
        for phone, _ in ready:
            answer = post(phone, phone.wires[1:])
            assert {r["status"] for r in answer["results"]} == {"stored"}

    def files() -> None:
        for phone, photos in ready:
            for data in photos.values():
                sha = hashlib.sha256(data).hexdigest()
                answer = http.post(
                    f"{server.url}/evidence/uploads", data=data, timeout=60,
                    headers={
                        **TUS, "Authorization": f"Bearer {phone.device.access}", "Upload-Length": str(len(data)),
                        "Content-Type": "application/offset+octet-stream",
                        "Upload-Metadata": metadata(sha256=sha, mime="image/jpeg"),
                    },
                )
                assert answer.headers["Upload-Offset"] == str(len(data)), answer.text

    def again() -> None:
        for phone, _ in ready:
            post(phone, [])

    def resent() -> None:
        for phone, _ in ready:
            post(phone, phone.wires[1:])

    cursors = {}
    for phone, _ in ready:
        headers = {"Authorization": f"Bearer {phone.device.access}"}
        cursors[phone.dev] = http.get(f"{server.url}/sync/changes", headers=headers, timeout=60).json()["cursor"]

    def nothing() -> None:
        for phone, _ in ready:
            headers = {"Authorization": f"Bearer {phone.device.access}"}
            for _ in range(5):
                http.get(f"{server.url}/sync/changes", params={"cursor": cursors[phone.dev]}, headers=headers, timeout=60)

    found = {"76 events": measured(pid, events, len(ready))}
    found["one photo"] = measured(pid, files, 4 * len(ready))
    found["whole visit"] = found["76 events"] + 4 * found["one photo"]
    found["sent again"] = measured(pid, again, len(ready))
    found["sent again, all events"] = measured(pid, resent, len(ready))
    for phone, _ in ready:
        headers = {"Authorization": f"Bearer {phone.device.access}"}
        cursors[phone.dev] = http.get(f"{server.url}/sync/changes", headers=headers, timeout=60).json()["cursor"]
    found["nothing new"] = measured(pid, nothing, 5 * len(ready))
    return found


def the_floor(ready: list[tuple[FieldPhone, dict[str, bytes]]], folder: Path) -> dict[str, float]:
    """The same bytes to a server that does nothing with them."""
    port = live.a_free_port()
    command = [
        sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{port}", "-w", "1", "-k", "gthread", "--threads", "4",
        "bench.sync_floor:app",
    ]
    with (folder / "floor.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=live.ROOT, stdout=log, stderr=log, start_new_session=True)
    http = requests.Session()
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(100):
            try:
                http.get(f"{url}/changes", timeout=5)
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        bodies = [json.dumps({"events": phone.wires[1:]}) for phone, _ in ready]
        photos = [data for _, found in ready for data in found.values()]
        return {
            "76 events": measured(process.pid, lambda: [http.post(f"{url}/events", data=b) for b in bodies], len(bodies)),
            "one photo": measured(process.pid, lambda: [http.post(f"{url}/file", data=p) for p in photos], len(photos)),
            "nothing new": measured(
                process.pid, lambda: [http.get(f"{url}/changes") for _ in range(5 * len(ready))], 5 * len(ready)
            ),
        }
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def main(visits: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with live.a_live_server(folder) as server:
            warm, ready, more = prepared(server, min(3, visits)), prepared(server, visits), prepared(server, visits)
            server.start()
            ours(server, warm)
            found = ours(server, ready)
            rate, bare = events_a_second(server, more), commits_a_second(folder)
            body, head = an_empty_pull(server, ready[0][0])
        floor = the_floor(ready, folder)
    print(f"{visits} visits of {len(ready[0][0].wires) - 1} events, load {os.getloadavg()[0]:.1f}, {platform.machine()}")
    print(f"{'CPU-ms':24} {'ours':>8} {'floor':>8} {'budget':>8}")
    for what, ms in found.items():
        print(f"{what:24} {ms:8.2f} {floor.get(what, float('nan')):8.2f} {BUDGET_MS.get(what, float('nan')):8.1f}")
    print(f"events in batches of {BATCH}: {rate:.0f} a second = {rate / bare:.2f} x bare commits, {bare:.0f} a second")
    print(f"empty pull: 1 request, {body} bytes of body, {head} of headers")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
