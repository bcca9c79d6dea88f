"""Checkpoints that are given out: one every day and on demand, kept with every signature they ever had.

The day's checkpoint is issued after 07:00 China time, printed on the notice board or the official account, and
offered to the witnesses. Whoever keeps one can later show that the log was changed behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import structlog
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from server.audit import operations, proofs, public_log
from server.audit.domain import CheckpointUnknown
from server.audit.tables import LogBranch, LogCheckpoint, LogCosignature
from server.kernel import b64url, checkpoint, moments
from server.platform import clock, feed, jobs
from server.platform.db import session, unit_of_work
from server.platform.ids import new_id

log = structlog.get_logger("audit.checkpoints")

HOUR = 7
"""From this hour of the Chinese day on its checkpoint is issued."""

Stamp = Callable[[str], str]
"""A plug-in: gets the signed note, answers its token as text (base64). It may raise; then nothing is stored."""
_stamps: dict[str, Stamp] = {}


@dataclass(frozen=True, slots=True)
class Issued:
    """One stored checkpoint. ``cosigned`` names who else has signed: witness -> (kind, value, when)."""

    id: str
    epoch: int
    size: int
    root: bytes
    issued_at: datetime
    note: str
    cosigned: Mapping[str, tuple[str, str, datetime]]

    @property
    def whole_note(self) -> str:
        """The note with every cosignature line that is one (tokens of plug-ins stand beside it)."""
        lines = [value for kind, value, _ in self.cosigned.values() if kind == "cosignature/v1"]
        return self.note + "".join(lines)


@dataclass(frozen=True, slots=True)
class Branch:
    """Where the log went on after a restore."""

    epoch: int
    size: int
    root: bytes
    at: datetime


def stamp_with(name: str, stamp: Stamp) -> None:
    """Register a plug-in for the day's checkpoint: ``rfc3161`` (time stamp), ``sm2`` (co-signature). See docs/log.md."""
    _stamps[name] = stamp


@unit_of_work
def issue(id: str | None = None) -> Issued:
    """Sign the log as it is now and keep the checkpoint; an ``id`` that is there already changes nothing."""
    size = proofs.size()
    root = proofs.root(size)
    note = public_log.signed(checkpoint.format_checkpoint(checkpoint.Checkpoint(public_log.LOG_NAME, size, root)))
    row = {
        "id": id or new_id(), "epoch": feed.epoch(), "size": size, "root": root, "issued_at": clock.now(), "note": note,
    }
    dialect = postgresql if session().get_bind().dialect.name == "postgresql" else sqlite
    done = session().execute(
        dialect.insert(LogCheckpoint.__table__).values(row).on_conflict_do_nothing(),
        execution_options={"preserve_rowcount": True},
    )
    if done.rowcount:
        told = {"size": size, "root": b64url.encode(root)}
        operations.record(None, "log.checkpoint", "checkpoint", str(row["id"]), facts=told)
    found = get(str(row["id"]))
    assert found is not None
    return found


@jobs.every_hour("audit.checkpoint", 12)
def daily() -> Issued | None:
    """Issue the day's checkpoint when it is time and it is not there yet; answers it when it was made now."""
    now = moments.local(clock.now_ms())
    day = now.date().isoformat()
    if now.hour < HOUR or session().get(LogCheckpoint, day) is not None:
        return None
    made = issue(day)
    for name, stamp in sorted(_stamps.items()):
        _stamp(made, name, stamp)
    return made


def _stamp(made: Issued, name: str, stamp: Stamp) -> None:
    try:
        token = stamp(made.note)
    except Exception:
        # Somebody else's service: the checkpoint stands without it, and tomorrow's is stamped again.
        log.exception("stamp.failed", stamp=name, checkpoint=made.id)
        return
    add_cosignature(made.id, name, name, token)


@unit_of_work
def add_cosignature(checkpoint_id: str, witness: str, kind: str, value: str) -> None:
    """Keep what a witness or plug-in added; the first answer of each counts."""
    dialect = postgresql if session().get_bind().dialect.name == "postgresql" else sqlite
    session().execute(
        dialect.insert(LogCosignature.__table__)
        .values(checkpoint_id=checkpoint_id, witness=witness, kind=kind[:16], at=clock.now(), value=value)
        .on_conflict_do_nothing()
    )


def get(id: str) -> Issued | None:
    """A stored checkpoint by its id (a date for the day's)."""
    row = session().get(LogCheckpoint, id)
    return None if row is None else _issued(row)


def of_day(day: date) -> Issued:
    """The checkpoint of a day. Raises CheckpointUnknown."""
    found = get(day.isoformat())
    if found is None:
        raise CheckpointUnknown
    return found


def issued(limit: int = 100) -> list[Issued]:
    """The newest stored checkpoints, newest first."""
    return [_issued(row) for row in session().scalars(
        select(LogCheckpoint).order_by(LogCheckpoint.issued_at.desc(), LogCheckpoint.id.desc()).limit(limit)
    )]


def all_issued() -> list[Issued]:
    """Every stored checkpoint, oldest first; for the audit."""
    return [_issued(row) for row in session().scalars(
        select(LogCheckpoint).order_by(LogCheckpoint.issued_at, LogCheckpoint.id)
    )]


def branches() -> list[Branch]:
    """Where the log was restored from a backup, in order; empty when it never was."""
    return [
        Branch(row.epoch, row.size, bytes(row.root), row.at)
        for row in session().scalars(select(LogBranch).order_by(LogBranch.epoch))
    ]


def _issued(row: LogCheckpoint) -> Issued:
    found = session().scalars(
        select(LogCosignature).where(LogCosignature.checkpoint_id == row.id).order_by(LogCosignature.witness)
    )
    cosigned = {one.witness: (one.kind, one.value, one.at) for one in found}
    return Issued(row.id, row.epoch, row.size, bytes(row.root), row.issued_at, row.note, cosigned)
