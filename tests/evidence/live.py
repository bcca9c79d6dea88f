"""A real gunicorn on a real port, to be killed, and a phone that talks to it over real sockets."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from flask import Flask

from tests import builders, world
from tests.handset import PREFIX, TUS, FieldPhone, Wire, metadata
from tests.phone import a_field_phone

ROOT = Path(__file__).resolve().parents[2]


def a_free_port() -> int:
    """Below the ephemeral range: there somebody's outgoing connection may already sit on it."""
    for port in random.sample(range(20_000, 32_000), 200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise RuntimeError("no free port")


@dataclass
class Live:
    """One server process group over a data folder; started and killed at will."""

    app: Flask
    log: Path
    port: int
    env: dict[str, str]
    standby: subprocess.Popen[str]
    group: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{PREFIX}"

    def start(self) -> None:
        """Returns when the server answers. A busy machine may need long for it."""
        argv = ["gunicorn", "-c", str(ROOT / "server/app/gunicorn_conf.py"), "tests.evidence.live_wsgi:app"]
        assert self.standby.stdin is not None
        self.standby.stdin.write(json.dumps({"id": "live", "argv": argv, "env": self.env, "log": str(self.log)}) + "\n")
        self.standby.stdin.flush()
        self.group = self._heard()["pid"]
        give_up = time.monotonic() + 120
        while time.monotonic() < give_up:
            try:
                if requests.get(f"{self.url}/health", timeout=30).status_code == 200:
                    return
            except requests.RequestException:
                time.sleep(0.05)
        raise RuntimeError(self.log.read_text("utf-8"))

    def kill(self) -> None:
        """SIGKILL to the whole group, as a power cut would look to the process."""
        if self.group:
            os.killpg(self.group, signal.SIGKILL)
            assert "ended" in self._heard()
            self.group = 0

    def _heard(self) -> dict[str, Any]:
        assert self.standby.stdout is not None
        return dict(json.loads(self.standby.stdout.readline()))


@contextmanager
def a_live_server(folder: Path) -> Iterator[Live]:
    """Tables made, nobody enrolled, not started; killed afterwards."""
    (folder / "data").mkdir()
    app = world.make_app(
        folder / "data", f"sqlite:///{folder}/live.sqlite3", jobs="held", sqlite_synchronous="FULL"
    )
    settings, port = app.extensions["suijian-settings"], a_free_port()
    env = {
        **os.environ, "SUIJIAN_DATA": str(settings.data), "SUIJIAN_DATABASE_URL": settings.database_url,
        "SUIJIAN_LIMITS": "off", "SUIJIAN_BIND": f"127.0.0.1:{port}", "SUIJIAN_WORKERS": "1", "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "tests.standby"]
    with subprocess.Popen(command, cwd=ROOT, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as standby:
        server = Live(app, folder / "gunicorn.log", port, env, standby)
        try:
            yield server
        finally:
            # Leaving the block closes the input of the standby, and that ends it.
            server.kill()
            builders.use(None)


@dataclass
class LivePhone:
    """A handset whose requests go over the socket. Raises requests.RequestException when the server dies."""

    server: Live
    hand: FieldPhone
    http: requests.Session = field(default_factory=requests.Session)

    @property
    def auth(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.hand.device.access}"}

    def send(self, wires: list[Wire]) -> dict[str, Any]:
        answer = self.http.post(f"{self.server.url}/sync/events", json={"events": wires}, headers=self.auth, timeout=30)
        answer.raise_for_status()
        return dict(answer.json())

    def lacks(self, shas: list[str]) -> list[str]:
        answer = self.http.post(f"{self.server.url}/sync/lacks", json={"sha256": shas}, headers=self.auth, timeout=30)
        answer.raise_for_status()
        return list(answer.json()["lacks"])

    def announce(self, data: bytes, mime: str = "image/jpeg") -> str:
        headers = {
            **self.auth, **TUS, "Upload-Length": str(len(data)),
            "Upload-Metadata": metadata(sha256=hashlib.sha256(data).hexdigest(), mime=mime),
        }
        answer = self.http.post(f"{self.server.url}/evidence/uploads", headers=headers, timeout=30)
        answer.raise_for_status()
        return f"http://127.0.0.1:{self.server.port}{answer.headers['Location']}"

    def offset(self, where: str) -> int:
        answer = self.http.head(where, headers={**self.auth, **TUS}, timeout=30)
        answer.raise_for_status()
        return int(answer.headers["Upload-Offset"])

    def patch(self, where: str, offset: int, piece: bytes) -> requests.Response:
        headers = {
            **self.auth, **TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"
        }
        return self.http.patch(where, headers=headers, data=piece, timeout=30)


def a_live_phone(server: Live) -> LivePhone:
    """Enrolled in the server's own database; its genesis event is made and not sent."""
    builders.use(server.app)
    with server.app.app_context():
        return LivePhone(server, a_field_phone())
