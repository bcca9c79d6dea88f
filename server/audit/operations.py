"""Record a fact in the same commit as the rows it speaks of; list and verify them.

Every agency has its own chain; what belongs to no agency stands in the chain ``server``. Facts are
numbered at the end of the unit of work, just before the change feed, so the chain's row is locked for
as short a time as possible. Facts never hold names, phone numbers or texts of the record: ids and codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from server.audit import domain
from server.audit.tables import AuditFact, AuditHead
from server.platform import clock
from server.platform.db import before_commit, notes, session, unit_of_work

ORDER = 50
SERVER = "server"

# Built once, and of tables, not of classes: whatever anybody does ends with these three, and putting them together
# cost as much as running them.
_HEAD: Any = AuditHead.__table__
_FACT: Any = AuditFact.__table__
LOCK = {
    dialect: kind.insert(_HEAD).values(chain=bindparam("chain"), seq=0, hash=domain.GENESIS)
    .on_conflict_do_update(index_elements=["chain"], set_={"seq": _HEAD.c.seq}).returning(_HEAD.c.seq, _HEAD.c.hash)
    for dialect, kind in (("postgresql", postgresql), ("sqlite", sqlite))
}
MOVE = update(_HEAD).where(_HEAD.c.chain == bindparam("of")).values(seq=bindparam("to"), hash=bindparam("last"))
ADD = insert(_FACT)


class Who(Protocol):
    """Whoever does something: ``server.accounts.domain.Actor``, or None for the server itself."""

    @property
    def user_id(self) -> str: ...
    @property
    def agency_id(self) -> str: ...


@dataclass(frozen=True)
class Fact:
    seq: int
    at: datetime
    user_id: str
    verb: str
    object_kind: str
    object_id: str
    facts: Mapping[str, Any]


def record(
    actor: Who | None,
    verb: str,
    object_kind: str,
    object_id: str,
    agency: str | None = None,
    facts: Mapping[str, object] | None = None,
) -> None:
    """Add a fact to the running unit of work. ``agency`` defaults to the actor's, else the server's chain.

    ``verb`` is ``<capability>.<what>`` (``accounts.login``). ``facts`` are JSON values, ids and codes."""
    chain = agency or (actor.agency_id if actor else SERVER)
    user_id = actor.user_id if actor else ""
    notes("audit").append((chain, user_id, verb, object_kind, object_id, dict(facts or {})))
    before_commit("audit", ORDER, _write)


@unit_of_work
def record_read(actor: Who, verb: str, object_kind: str, object_id: str, **facts: object) -> None:
    """Record that something secret was read (seed 003): a unit of work of its own around a reading view."""
    record(actor, verb, object_kind, object_id, facts=facts)


def _write(current: Session) -> None:
    pending = notes("audit")
    at = clock.now()
    rows: list[dict[str, Any]] = []
    # Chains in id order, like the change feed: two writers can then never wait for each other.
    for chain in sorted({entry[0] for entry in pending}):
        seq, last = _lock(current, chain)
        for _, user_id, verb, kind, object_id, facts in (e for e in pending if e[0] == chain):
            seq += 1
            line = domain.line_of(chain, seq, clock.to_ms(at), user_id, verb, kind, object_id, facts)
            last = domain.hash_of(last, line)
            rows.append({"chain": chain, "seq": seq, "at": at, "user_id": user_id, "verb": verb,
                         "object_kind": kind, "object_id": object_id, "facts": facts,
                         "line": line, "hash": last})
        current.execute(MOVE, {"of": chain, "to": seq, "last": last})
    current.execute(ADD, rows)


def _lock(current: Session, chain: str) -> tuple[int, str]:
    """Lock the chain's head, making it if it is new; answers its number and hash."""
    found = current.execute(LOCK[current.get_bind().dialect.name], {"chain": chain}).one()
    return found[0], found[1]


def listing(
    agency_id: str, *, before: int | None = None, limit: int = 100,
    object_kind: str = "", object_id: str = "", user_id: str = "", verb: str = "",
) -> list[Fact]:
    """Facts of one chain, newest first, at most ``limit``, older than number ``before``."""
    query = select(AuditFact).where(AuditFact.chain == agency_id)
    if before is not None:
        query = query.where(AuditFact.seq < before)
    for column, wanted in (
        (AuditFact.object_kind, object_kind), (AuditFact.object_id, object_id),
        (AuditFact.user_id, user_id), (AuditFact.verb, verb),
    ):
        if wanted:
            query = query.where(column == wanted)
    found = session().scalars(query.order_by(AuditFact.seq.desc()).limit(limit))
    return [Fact(f.seq, f.at, f.user_id, f.verb, f.object_kind, f.object_id, f.facts) for f in found]


def objects_of(verb: str) -> set[str]:
    """The ids of everything that ``verb`` was ever done to, in all chains; for the audit."""
    return set(session().scalars(select(AuditFact.object_id).where(AuditFact.verb == verb)))


@dataclass(frozen=True)
class ChainCheck:
    """What verifying a chain found: ``fault`` is the first wrong number, None when the chain is whole."""

    length: int
    head: str
    fault: int | None


def verify(agency_id: str) -> ChainCheck:
    """Read the whole chain and compute every hash again. A head that runs ahead of the rows is a fault too."""
    current = session()
    facts = [
        domain.ChainedFact(row.seq, _line_of(row) if _line_of(row) == row.line else "", row.hash)
        for row in current.scalars(
            select(AuditFact).where(AuditFact.chain == agency_id).order_by(AuditFact.seq)
        )
    ]
    head = current.execute(
        select(AuditHead.seq, AuditHead.hash).where(AuditHead.chain == agency_id)
    ).one_or_none()
    expected = (head[0], head[1]) if head else (0, domain.GENESIS)
    fault = domain.first_fault(facts)
    actual = (len(facts), facts[-1].hash if facts else domain.GENESIS)
    if fault is None and actual != expected:
        fault = len(facts) + 1
    return ChainCheck(len(facts), expected[1], fault)


def _line_of(row: AuditFact) -> str:
    """The line as the columns tell it: a changed column must show even when the hashed line was left."""
    return domain.line_of(row.chain, row.seq, clock.to_ms(row.at), row.user_id, row.verb,
                          row.object_kind, row.object_id, row.facts)
