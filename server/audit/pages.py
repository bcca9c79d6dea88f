"""The public log for people: the daily checkpoints, one page a day to print, and the verifier to take along."""

from __future__ import annotations

import hashlib
from datetime import date, datetime

from flask import Blueprint, Response
from werkzeug.exceptions import NotFound

from server.audit import checkpoints, log_keys, public_log
from server.kernel import b64url, moments
from server.platform.access import PUBLIC, access
from server.platform.limits import limiter
from server.platform.pages import page
from server.platform.settings import ROOT

VERIFIER = ROOT / "tools" / "verify_record.py"
KINDS = {"cosignature/v1": "见证", "rfc3161": "时间戳", "sm2": "国密联署"}

blp = Blueprint("log-pages", __name__)


@blp.get("/log")
@access(PUBLIC)
@limiter.limit("60 per minute")
def log() -> Response:
    """All daily checkpoints, newest first."""
    daily = [one for one in checkpoints.issued(400) if _day(one.id)]
    return page(
        "log.html",
        checkpoints=[{"id": one.id, "size": one.size, "witnesses": sorted(_name(w) for w in one.cosigned)} for one in daily],
        branches=[{"when": _when(one.at), "size": one.size} for one in checkpoints.branches()],
        vkey=public_log.note_key().vkey,
        older=[{"when": _when(old.changed_at), "vkey": old.vkey} for old in log_keys.old_keys()],
        verifier=hashlib.sha256(VERIFIER.read_bytes()).hexdigest(),
    )


@blp.get("/log/<day>")
@access(PUBLIC)
@limiter.limit("60 per minute")
def day(day: str) -> Response:
    """One day's checkpoint, to print and put up."""
    wanted = _day(day)
    if wanted is None:
        raise NotFound
    made = checkpoints.of_day(wanted)
    return page(
        "log_day.html", day=made.id, title=moments.zh_date(wanted), size=made.size, root=b64url.encode(made.root),
        when=_when(made.issued_at), note=made.whole_note,
        cosigned=[
            {"what": KINDS.get(kind, kind), "name": _name(name), "when": _when(at)}
            for name, (kind, _, at) in sorted(made.cosigned.items())
        ],
    )


@blp.get("/verify_record.py")
@access(PUBLIC)
@limiter.limit("60 per minute")
def verifier() -> Response:
    """The standalone verifier of exported records, as a download."""
    answer = Response(VERIFIER.read_bytes(), content_type="text/x-python; charset=utf-8")
    answer.headers["Content-Disposition"] = "attachment; filename=verify_record.py"
    return answer


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.isoformat() == text else None


def _name(witness: str) -> str:
    return witness.split("+")[0]


def _when(at: datetime) -> str:
    return moments.zh_minute(moments.to_ms(at))
