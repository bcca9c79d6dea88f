"""Derivatives: what people look at instead of the original. Made in a confined child, never in a request (D-21).

A kept photo is ``pending`` until this job has tried it. The row itself is the to-do list: one waking serves all
photos of one visit, and a photo is never decoded twice. A photo that cannot be decoded is flagged
F_MEDIA_UNREADABLE and its bytes stay.
"""

from __future__ import annotations

import json
import select as io_select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from flask import current_app
from sqlalchemy import select, update

from server.evidence.tables import EvidenceBlob, EvidenceRef
from server.evidence.uploads import shelf
from server.platform import clock, jobs
from server.platform.blobs import blobs
from server.platform.db import after_commit, session, unit_of_work

WORKER = Path(__file__).with_name("worker.py")
PHOTO_SECONDS = 30.0
BATCH = 40
WAKE_SECONDS = 2.0
LINGER_SECONDS = 3.0
"""Longer than WAKE_SECONDS: a photo that asked for no waking of its own is still found by the running job."""

Judged = Callable[[str, str, tuple[str, ...], bool], None]
_listeners: list[Judged] = []


def on_judged(listener: Judged) -> Judged:
    """Register ``listener(agency_id, sha256, inspections, readable)``; called in the unit of work of the verdict."""
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def wanted() -> None:
    """Have pending photos looked at soon after this commit.

    With a real queue one waking every two seconds is enough: a visit brings dozens of photos, and a job row
    for each would cost more than receiving it.
    """
    if current_app.extensions["suijian-jobs"] == "queue":
        last: dict[str, float] = current_app.extensions.setdefault("suijian-evidence", {"woken": 0.0})
        moment = time.monotonic()
        if moment - last["woken"] < WAKE_SECONDS:
            return
        after_commit(lambda: last.update(woken=moment))
    derive.enqueue()


@jobs.job("evidence.derive")
def derive() -> None:
    """Decode every pending photo, and clear away uploads that have expired; a second run finds nothing to do."""
    shelf().sweep(clock.now_ms())
    queued = current_app.extensions["suijian-jobs"] == "queue"
    while True:
        while derive_pending():
            pass
        if not queued:
            return
        time.sleep(LINGER_SECONDS)
        if not derive_pending():
            return


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome for one photo; ``derived`` is {"view", "thumb"} or {"reason"}."""

    agency_id: str
    sha256: str
    readable: bool
    derived: dict[str, str]


def derive_pending(limit: int = BATCH) -> int:
    """Try up to ``limit`` pending photos in one child; answers how many were judged."""
    query = select(EvidenceBlob.agency_id, EvidenceBlob.sha256).where(EvidenceBlob.state == "pending")
    waiting = session().execute(query.order_by(EvidenceBlob.received_at).limit(limit)).all()
    # The child may take seconds: no transaction stays open meanwhile.
    session().rollback()
    with tempfile.TemporaryDirectory(prefix="suijian-derive-") as scratch, Child() as child:
        for agency_id, sha256 in waiting:
            _record(_judge(child, agency_id, sha256, Path(scratch)))
    return len(waiting)


def _judge(child: Child, agency_id: str, sha256: str, scratch: Path) -> Verdict:
    view, thumb = scratch / "view", scratch / "thumb"
    answer = child.ask({"source": str(blobs().path(sha256)), "view": str(view), "thumb": str(thumb)})
    if not answer.get("ok"):
        return Verdict(agency_id, sha256, False, {"reason": str(answer.get("reason"))})
    derived = {"view": blobs().put_bytes(view.read_bytes()), "thumb": blobs().put_bytes(thumb.read_bytes())}
    return Verdict(agency_id, sha256, True, derived)


@unit_of_work
def _record(verdict: Verdict) -> None:
    """Write the verdict and tell the listeners, in one unit of work."""
    changed = session().execute(
        update(EvidenceBlob)
        .where(
            EvidenceBlob.agency_id == verdict.agency_id,
            EvidenceBlob.sha256 == verdict.sha256,
            EvidenceBlob.state == "pending",
        )
        .values(state="ready" if verdict.readable else "unreadable", derived=verdict.derived)
    )
    if changed.rowcount == 0:
        return
    if verdict.readable:
        return
    query = select(EvidenceRef.insp).where(
        EvidenceRef.agency_id == verdict.agency_id, EvidenceRef.sha256 == verdict.sha256
    )
    insps = tuple(sorted(session().scalars(query)))
    for listener in _listeners:
        listener(verdict.agency_id, verdict.sha256, insps, verdict.readable)


class Child:
    """The decoding process, started when first asked and started again when a photo has killed it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._death = ""

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._end()

    def ask(self, task: dict[str, str]) -> dict[str, object]:
        """The child's answer; {"ok": False, "reason": "killed" | "timeout"} when a photo ends it twice.

        A first death may be an earlier photo's doing (memory, processor time), so a fresh child tries once more.
        """
        return self._ask_once(task) or self._ask_once(task) or {"ok": False, "reason": self._death}

    def _ask_once(self, task: dict[str, str]) -> dict[str, object] | None:
        process = self._process or self._start()
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(json.dumps(task).encode() + b"\n")
        except BrokenPipeError:
            self._end("killed")
            return None
        ready, _, _ = io_select.select([process.stdout], [], [], PHOTO_SECONDS)
        line = process.stdout.readline() if ready else b""
        if not line.endswith(b"\n"):
            self._end("killed" if ready else "timeout")
            return None
        answer: dict[str, object] = json.loads(line)
        return answer

    def _start(self) -> subprocess.Popen[bytes]:
        # -I: no environment, no user site, no current folder on the path.
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(WORKER)],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "1"},
            close_fds=True,
            cwd="/",
        )
        return self._process

    def _end(self, death: str = "") -> None:
        self._death = death
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process = None
