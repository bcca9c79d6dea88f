"""Changing the log's key: the old one names the new one, both sign for thirty days, and the old one stays known.

The statement is a signed note of four lines, ``suijian/log-key/v1``, ``old <vkey>``, ``new <vkey>``, ``at <ms>``, under
both keys: a phone that has pinned the old key believes the new one by it, and whoever has learnt the new key elsewhere
believes records of the old one. That it was changed is a public leaf of the log as well."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from server.audit import operations, public_log
from server.audit.tables import LogKey
from server.kernel import checkpoint
from server.kernel.checkpoint import NoteKey, Sign
from server.platform import clock, jobs, keys
from server.platform.db import session, unit_of_work

BOTH = timedelta(days=30)
TITLE = "suijian/log-key/v1"


@dataclass(frozen=True, slots=True)
class OldKey:
    vkey: str
    changed_at: datetime
    statement: str


def statement(old: NoteKey, new: NoteKey, at_ms: int, sign_old: Sign, sign_new: Sign) -> str:
    """The note with which the old key names the new one, and the new one accepts."""
    text = f"{TITLE}\nold {old.vkey}\nnew {new.vkey}\nat {at_ms}\n"
    return checkpoint.add_signature(checkpoint.sign_note(text, old, sign_old), new, sign_new)


def old_keys() -> list[OldKey]:
    """The keys the log had before, oldest first."""
    rows = session().scalars(select(LogKey).order_by(LogKey.changed_at))
    return [OldKey(row.vkey, row.changed_at, row.statement) for row in rows]


def note_keys() -> list[NoteKey]:
    """Every key that may have signed something of this log: the present one first."""
    return [public_log.note_key(), *(checkpoint.read_vkey(old.vkey) for old in reversed(old_keys()))]


def change(folder: Path) -> OldKey:
    """Make a new log key in ``folder`` and write down that the old one named it. The servers must be restarted.

    Raises FileExistsError while the last change is less than thirty days old."""
    keys.change_log_key(folder)
    return noted(folder)


@unit_of_work
def noted(folder: Path) -> OldKey:
    """Write down the change that the key files show; a second time changes nothing. Also run after a crash between."""
    fresh = keys.load_or_create(folder)
    assert fresh.log_old is not None
    old = NoteKey(keys.LOG_NAME, fresh.log_old.public_key().public_bytes_raw())
    new = NoteKey(keys.LOG_NAME, fresh.log_public)
    known = {one.vkey: one for one in old_keys()}
    if old.vkey in known:
        return known[old.vkey]
    at = clock.now()
    note = statement(old, new, clock.to_ms(at), fresh.log_old.sign, fresh.log.sign)
    session().add(LogKey(vkey=old.vkey, changed_at=at, statement=note))
    public_log.append({"v": 1, "k": "log.key", "old": old.vkey, "new": new.vkey, "at": clock.to_ms(at)}, public=True)
    operations.record(None, "log.key", "log", keys.LOG_NAME, facts={"old": old.vkey, "new": new.vkey})
    return OldKey(old.vkey, at, note)


@jobs.every_hour("audit.old-log-key", 17)
def retire() -> bool:
    """Remove the old private key thirty days after the change; answers whether one was removed."""
    folder = keys.folder()
    found = old_keys()
    due = bool(found) and (folder / keys.OLD_LOG_KEY).exists() and found[-1].changed_at + BOTH <= clock.now()
    if due:
        keys.forget_old_log_key(folder)
    return due
