"""What a record code answers: the ten characters the party took along say whether the record was kept as it was.

Sealed when, received when, in the public log at which index, unchanged or corrected; never content, never who. An
unknown code gets an answer of the same shape: the page tells that a code exists and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_smorest import Blueprint
from sqlalchemy import select

from server.audit import public_log
from server.inspections.tables import EventRow, InspectionRow
from server.kernel import b64url, canonical, chain, checkpoint
from server.platform.access import PUBLIC, access
from server.platform.db import session
from server.platform.limits import limiter
from server.platform.schemas import Schema, StrictInt, StrictStr

EVENTS = EventRow.__table__
LIMIT = "60 per minute"

blp = Blueprint("records", "records", url_prefix="/records", description="Whether a record was kept as it was")


@dataclass(frozen=True, slots=True)
class Answer:
    """``state``: unchanged | supplemented | corrected | damaged | unknown. Moments in ms; -1 where there is none."""

    code: str
    state: str
    sealed: int = -1
    received: int = -1
    index: int = -1


class AnswerOut(Schema):
    code = StrictStr(required=True)
    state = StrictStr(required=True)
    sealed = StrictInt(required=True)
    received = StrictInt(required=True)
    index = StrictInt(required=True)


def answer(code: str) -> Answer:
    """What is known of a record code (ten characters of the alphabet, see ``chain.read_record_code``)."""
    found = session().scalars(select(InspectionRow.id).where(InspectionRow.code == code).order_by(InspectionRow.id)).first()
    if found is None:
        return Answer(code, "unknown")
    query = select(EVENTS.c.dev, EVENTS.c.n, EVENTS.c.h, EVENTS.c.t.label("kind"), EVENTS.c.rx, EVENTS.c.header, EVENTS.c.body)
    rows = session().execute(
        query.where(EVENTS.c.insp == found, EVENTS.c.place == "", EVENTS.c.status == "stored")
        .where(EVENTS.c.t.in_(("seal", "correct", "correct.approve")))
        .order_by(EVENTS.c.rx, EVENTS.c.dev, EVENTS.c.n)
    ).all()
    seals = [row for row in rows if row.kind == "seal"]
    first = next((row for row in seals if _is_of(row, code)), None)
    if first is None:
        # The row says it was sealed under this code, and no stored seal does: somebody has changed or deleted it.
        return Answer(code, "damaged")
    header = canonical.decode(bytes(first.header))
    proof = public_log.head_covering(first.dev, first.n)
    state = "supplemented" if len(seals) > 1 else "unchanged"
    if _corrected(rows):
        state = "corrected"
    index = -1 if proof is None else checkpoint.parse_proof(proof).index
    return Answer(code, state, header["wall"] + header["off"], first.rx, index)


def _is_of(row: Any, code: str) -> bool:
    """Whether the stored bytes of a seal are those that were signed, and give this code."""
    if row.body is None or row.h != b64url.encode(chain.event_hash(bytes(row.header))):
        return False
    try:
        header, body = canonical.decode(bytes(row.header)), canonical.decode(bytes(row.body))
        same = header["body"] == b64url.encode(chain.body_hash(bytes(row.body)))
        return same and chain.record_code(b64url.decode(body["d"], 32)) == code
    except (ValueError, KeyError, TypeError):
        return False


def _corrected(rows: Any) -> bool:
    """A correction counts once a second person has agreed to it; agreeing to one's own does not."""
    by = {row.h: canonical.decode(bytes(row.header))["by"] for row in rows}
    asked = {row.h for row in rows if row.kind == "correct"}
    agreed = ((row.h, canonical.decode(bytes(row.body)).get("correct")) for row in rows if row.kind == "correct.approve" and row.body)
    return any(target in asked and by[h] != by[target] for h, target in agreed)


class CodeIn(Schema):
    code = StrictStr(most=64, required=True)


@blp.get("")
@access(PUBLIC)
@limiter.limit(LIMIT)
@blp.arguments(CodeIn, location="query")
@blp.response(200, AnswerOut)
def told(asked: dict[str, str]) -> Answer:
    """The answer for machines. What is no record code at all is answered as an unknown one."""
    try:
        return answer(chain.read_record_code(asked["code"]))
    except ValueError:
        return Answer("", "unknown")
