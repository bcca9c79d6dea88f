"""Asking witnesses to cosign our checkpoints: the client side of C2SP tlog-witness.

Every stored checkpoint that is newer than what a witness has cosigned is a reason to ask; the newest one is offered.
A witness that has seen another log behind our key does not sign, and says so: that is what it is for."""

from __future__ import annotations

import base64
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import select

from server.audit import checkpoints, operations, proofs
from server.audit.domain import LogBroken, LogSizeUnknown
from server.audit.tables import LogWitness
from server.kernel import cosignature
from server.kernel.checkpoint import BadNote
from server.platform import jobs, signatures
from server.platform.db import session, unit_of_work

log = structlog.get_logger("audit.witnesses")

PATH = "/add-checkpoint"
WAIT_S = 15
MOST_ANSWER = 16_384

Post = Callable[[str, bytes], tuple[int, bytes]]
"""(url, body) -> (status, answer). Raises OSError when nobody answers."""


@dataclass(frozen=True, slots=True)
class Witness:
    """Who is asked. ``trouble`` is "" or why the last attempt failed, in Chinese."""

    vkey: str
    url: str
    size: int
    trouble: str

    @property
    def name(self) -> str:
        return self.vkey.split("+")[0]

    @property
    def id(self) -> str:
        """Name and key id: two servers may both call their key ``suijian.witness``."""
        return "+".join(self.vkey.split("+")[:2])


@unit_of_work
def add(url: str, vkey: str) -> Witness:
    """Begin to offer checkpoints to a witness; ``url`` is its prefix. Raises BadNote, ValueError for the address."""
    known = cosignature.read_vkey(vkey.strip()).vkey
    if not url.startswith(("https://", "http://")) or any(char.isspace() for char in url):
        raise ValueError("an address begins with https:// or http://")
    row = session().get(LogWitness, known)
    if row is None:
        row = LogWitness(vkey=known, url="", size=0, trouble="")
        session().add(row)
        operations.record(None, "log.witness", "log", known.split("+")[1])
    row.url = url.rstrip("/")
    return Witness(row.vkey, row.url, row.size, row.trouble)


def listed() -> list[Witness]:
    """Every witness that is asked."""
    rows = session().scalars(select(LogWitness).order_by(LogWitness.url))
    return [Witness(row.vkey, row.url, row.size, row.trouble) for row in rows]


def post(url: str, body: bytes) -> tuple[int, bytes]:
    """A POST with bounds on time and answer."""
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "text/plain; charset=utf-8"})
    try:
        with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
            return answer.status, answer.read(MOST_ANSWER)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read(MOST_ANSWER)
    except http.client.HTTPException as broken:
        raise OSError("not an HTTP answer") from broken


@jobs.every_hour("audit.witnesses", 22)
def offer() -> int:
    """Offer the newest stored checkpoint to every witness that lacks it; answers how many cosigned it now."""
    return offer_through(post)


def offer_through(send: Post) -> int:
    """As ``offer``, through ``send``."""
    newest = checkpoints.issued(1)
    if not newest:
        return 0
    done = 0
    for witness in listed():
        if witness.id in newest[0].cosigned:
            continue
        trouble = _offer(witness, newest[0], send)
        _note(witness, newest[0].size, trouble)
        done += trouble == ""
    return done


def _offer(witness: Witness, made: checkpoints.Issued, send: Post) -> str:
    """Ask one witness, a second time when it tells another size than we remember; answers the trouble in words."""
    old = witness.size
    try:
        for _ in range(2):
            status, answer = send(witness.url + PATH, _body(old, made))
            if status == 409 and answer.strip().isdigit() and int(answer) != old:
                # It has cosigned a head whose answer we lost, or it is new: it says where it stands.
                old = int(answer)
                continue
            return _answered(witness, made, status, answer)
    except LogSizeUnknown:
        return f"见证服务器记得的日志更长（{old} 条），本机的日志可能被删短"
    except LogBroken as broken:
        return broken.detail
    except (OSError, ValueError) as away:
        log.warning("witness.away", witness=witness.id, error=str(away))
        return "连接不上见证服务器"
    return f"见证服务器停在第 {old} 条，与本机的日志不一致"


def _body(old: int, made: checkpoints.Issued) -> bytes:
    lines = [f"old {old}", *(base64.b64encode(value).decode() for value in proofs.consistency(old, made.size))]
    return ("\n".join(lines) + "\n\n" + made.note).encode()


def _answered(witness: Witness, made: checkpoints.Issued, status: int, answer: bytes) -> str:
    if status in (409, 422):
        return "见证服务器不认可：它见过的日志与本机现在的不一致，日志可能被改动"
    if status != 200:
        return f"见证服务器没有签署（{status}）"
    try:
        line = answer.decode()
        cosignature.check(made.note + line, cosignature.read_vkey(witness.vkey), signatures.ed25519_holds)
    except (BadNote, UnicodeDecodeError):
        return "见证服务器的签名不成立"
    own = [f"{part}\n" for part in line.split("\n") if part.startswith(f"— {witness.name} ")]
    checkpoints.add_cosignature(made.id, witness.id, "cosignature/v1", own[0])
    return ""


@unit_of_work
def _note(witness: Witness, size: int, trouble: str) -> None:
    row = session().get(LogWitness, witness.vkey)
    if row is None:
        return
    if trouble == "":
        row.size = size
    elif trouble != row.trouble:
        operations.record(None, "log.witness_trouble", "log", witness.id[-8:], facts={"detail": trouble})
    row.trouble = trouble[:300]
