"""The change feed: what a phone or a desk has not seen yet, in commit order, without a gap.

Numbers come from one counter row per agency that is incremented as the last thing before the commit.
A serial id as cursor lost 4-24 % of the changes under concurrent writers when it was measured, because
numbers are handed out in another order than transactions become visible; the counter lost none.
A transaction that touches two agencies locks their rows in id order (unordered: deadlocks)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy import BigInteger, bindparam, insert, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from server.platform import clock, state
from server.platform.db import after_commit, before_commit, notes, session, unit_of_work
from server.platform.tables import Change, FeedCounter

LAST = 90


@dataclass(frozen=True)
class ChangeLine:
    """One change: look the object up and tell the asker what is true now (``put``) or forget it (``del``)."""

    seq: int
    kind: str
    object_id: str
    op: str


def stamp(agency_id: str, kind: str, object_id: str, op: str = "put", scope_user: str | None = None) -> None:
    """Note that ``object_id`` changed; written as the last thing of the running unit of work.

    ``op`` is put | del. With ``scope_user`` only that person is told (assignments, granted and revoked
    objects); without it everybody of the agency. The same line twice in one unit of work is one line."""
    if op not in ("put", "del"):
        raise ValueError(f"unknown op {op!r}")
    line = (agency_id, kind, object_id, op, scope_user or "")
    pending = notes("feed")
    if line in pending:
        pending.remove(line)
    pending.append(line)
    before_commit("feed", LAST, _write)


def _write(current: Session) -> None:
    by_agency: dict[str, list[tuple[str, str, str, str]]] = {}
    for agency_id, *rest in notes("feed"):
        by_agency.setdefault(agency_id, []).append(tuple(rest))
    at = clock.now()
    rows: list[dict[str, Any]] = []
    for agency_id in sorted(by_agency):
        lines = by_agency[agency_id]
        last = _take(current, agency_id, len(lines))
        first = last - len(lines) + 1
        rows += [
            {"agency_id": agency_id, "seq": first + i, "kind": kind, "object_id": object_id,
             "op": op, "scope_user": scope_user, "at": at}
            for i, (kind, object_id, op, scope_user) in enumerate(lines)
        ]
    current.execute(ADD, rows)


def _take(current: Session, agency_id: str, count: int) -> int:
    """Take ``count`` numbers of the agency; answers the last. Holds the row until the commit."""
    taken = current.execute(TAKE[current.get_bind().dialect.name], {"agency": agency_id, "count": count})
    return int(taken.scalar_one())


# Built once: every change ends with the first two, every phone asks the third every few minutes, and putting a statement
# together costs as much as running it.
_COUNTER: Any = FeedCounter.__table__
_CHANGE: Any = Change.__table__
ADD = insert(_CHANGE)
TAKE = {
    dialect: kind.insert(_COUNTER).values(agency_id=bindparam("agency"), seq=bindparam("count", type_=BigInteger))
    .on_conflict_do_update(index_elements=["agency_id"], set_={"seq": _COUNTER.c.seq + bindparam("count", type_=BigInteger)})
    .returning(_COUNTER.c.seq)
    for dialect, kind in (("postgresql", postgresql), ("sqlite", sqlite))
}
NEXT_PAGE = (
    select(Change.seq, Change.kind, Change.object_id, Change.op)
    .where(
        Change.agency_id == bindparam("agency"),
        Change.seq > bindparam("after"),
        or_(Change.scope_user == "", Change.scope_user == bindparam("user")),
    )
    .order_by(Change.seq)
    .limit(bindparam("most"))
)


def page(agency_id: str, user_id: str, after: int, limit: int = 500) -> list[ChangeLine]:
    """The next changes this person may hear of, oldest first, at most ``limit``."""
    found = session().execute(NEXT_PAGE, {"agency": agency_id, "user": user_id, "after": after, "most": limit})
    return [ChangeLine(*row) for row in found]


def head(agency_id: str) -> int:
    """The agency's last change number; 0 when nothing has happened yet."""
    found = session().scalar(select(FeedCounter.seq).where(FeedCounter.agency_id == agency_id))
    return found or 0


def epoch() -> int:
    """The server's epoch (from 1). Raised after a restore; a phone that sees a higher one offers all again.

    Read once per process: raising it is part of a restore, and a restored server is restarted."""
    known: dict[str, int] = current_app.extensions["suijian-state"]
    if "epoch" not in known:
        known["epoch"] = int(state.get("epoch") or 1)
    return known["epoch"]


@unit_of_work
def raise_epoch() -> int:
    """Raise the epoch by one (after restoring a backup); answers the new one."""
    following = int(state.get("epoch") or 1) + 1
    state.put("epoch", str(following))
    after_commit(lambda: current_app.extensions["suijian-state"].update(epoch=following))
    return following
