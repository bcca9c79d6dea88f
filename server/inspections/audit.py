"""The audit run: everything ever stored against everything ever promised (record-log 2.11, 21, 24 and 25).

Intake authenticates a contiguous run by its last signature and the hash chain. This reads what is stored and
checks each signature by itself, each body against its header, each chain for gaps, each leaf of the log for the
event it promised, every head of the log that a phone has signed, every checkpoint that was given out, and the
chains of facts. It only reads. Signatures may be verified in further processes (``workers``).
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from server.accounts import operations as accounts
from server.audit import log_audit, operations
from server.audit.log_audit import Fault, LogState
from server.evidence import operations as evidence
from server.inspections import audit_signatures
from server.inspections.audit_signatures import Signed
from server.inspections.tables import EventRow
from server.kernel import b64url, canonical, chain
from server.platform.db import session

__all__ = ["Audited", "Fault", "audit"]

EVENTS = EventRow.__table__
AT_ONCE = 2_000
IN_FLIGHT = 4


@dataclass(slots=True)
class Audited:
    """What was looked at, and what was wrong."""

    events: int = 0
    leaves: int = 0
    facts: int = 0
    checkpoints: int = 0
    blobs: int = 0
    faults: list[Fault] = field(default_factory=list)


@dataclass(slots=True)
class _Device:
    """One enrolment on the way through its chain; ``known`` has None where a number is missing."""

    spki: bytes | None
    agency: str
    known: list[str | None] = field(default_factory=list)
    start: str = chain.GENESIS_PREV  # or the event in which an older key named this one


def audit(*, workers: int = 0, with_blobs: bool = False, outside: Sequence[tuple[str, str]] = ()) -> Audited:
    """Check everything. ``outside``: (name, note) of checkpoints that somebody kept elsewhere."""
    found, state = Audited(), LogState()
    found.faults += log_audit.leaves(state)
    found.leaves = state.leaves
    devices: dict[str, _Device] = {}
    with _signature_checks(workers) as pool:
        _events(found, devices, state, pool)
    found.faults += _promises(devices, state)
    found.faults += log_audit.stored_checkpoints(state)
    found.faults += log_audit.outside_checkpoints(outside, state)
    found.faults += log_audit.restored()
    found.checkpoints = len(state.roots) - 1
    for length, fault in log_audit.fact_chains():
        found.facts += length
        found.faults += [fault] if fault else []
    if with_blobs:
        for fault in _blobs():
            found.blobs += 1
            found.faults += [fault] if fault else []
    return found


# --- events -----------------------------------------------------------------------------------------------------


def _signature_checks(workers: int) -> Any:
    if workers < 1:
        return nullcontext(None)
    # A forked child would share the database connection; it needs none.
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


def _events(
    found: Audited, devices: dict[str, _Device], state: LogState, pool: ProcessPoolExecutor | None
) -> None:
    """Every stored event; fills ``devices`` with their chains and ``found`` with what is wrong."""
    query = select(EVENTS).order_by(EVENTS.c.dev, EVENTS.c.place, EVENTS.c.n).execution_options(yield_per=AT_ONCE)
    erased = _erased()
    running: list[Future[list[str]]] = []
    lot: list[Signed] = []
    # Kept apart: an event that is false in itself is one fault, whatever its signature says.
    odd: dict[str, Fault] = {}
    for row in session().execute(query):
        found.events += 1
        device = devices.get(row.dev) or devices.setdefault(row.dev, _device(row.dev))
        where = f"{row.dev}/{row.n}"
        told = _header(row)
        text = _stored_fault(row, told, device, erased)
        if text:
            odd[where] = Fault("A_STORED_EVENT", where, text)
        elif device.spki is not None:
            lot.append((where, device.spki, bytes(row.sig), chain.pae(bytes(row.header))))
        if not row.place:
            found.faults += _in_chain(row, where, device)
        if told is not None and not text:
            found.faults += _seen(told, row, where, state)
        if len(lot) >= AT_ONCE:
            _check(lot, odd, running, pool)
            lot = []
    _check(lot, odd, running, pool)
    for waiting in running:
        _take(waiting.result(), odd)
    found.faults += odd.values()


def _check(
    lot: list[Signed], odd: dict[str, Fault], running: list[Future[list[str]]], pool: ProcessPoolExecutor | None
) -> None:
    if pool is None:
        _take(audit_signatures.false_ones(lot), odd)
        return
    running.append(pool.submit(audit_signatures.false_ones, lot))
    if len(running) > IN_FLIGHT:
        _take(running.pop(0).result(), odd)


def _take(wrong: list[str], odd: dict[str, Fault]) -> None:
    for where in wrong:
        odd[where] = Fault("A_STORED_EVENT", where, f"事件 {where} 的签名不成立：签名或内容被改动")


def _device(dev: str) -> _Device:
    known = accounts.device(dev)
    return _Device(None, "") if known is None else _Device(known.spki, known.agency_id, start=known.rotated_by or chain.GENESIS_PREV)


def _header(row: Any) -> Mapping[str, Any] | None:
    try:
        found = canonical.decode(bytes(row.header), canonical.HEADER_LIMIT)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _stored_fault(row: Any, told: Mapping[str, Any] | None, device: _Device, erased: set[str]) -> str:
    """What is wrong with one row in itself, but for its signature; "" when nothing is."""
    event = f"事件 {row.dev}/{row.n} "
    if device.spki is None:
        return event + "的设备没有登记：登记被删除"
    if told is None or row.h != b64url.encode(chain.event_hash(bytes(row.header))):
        return event + "的头部被改动"
    # The columns we search by are not signed; they must say what the header says.
    columns = row._mapping
    wrong = [name for name in ("dev", "n", "prev", "insp", "t") if told.get(name) != columns[name]]
    if wrong or row.agency_id != device.agency:
        return event + f"的字段 {wrong[0] if wrong else 'agency_id'} 被改动"
    if row.body is None:
        return "" if row.h in erased else event + "的内容被删除"
    return "" if told["body"] == b64url.encode(chain.body_hash(bytes(row.body))) else event + "的内容被改动"


def _erased() -> set[str]:
    """H of the events whose body was erased by law: each has its fact, with who and why."""
    return operations.objects_of("event.erase")


def _in_chain(row: Any, where: str, device: _Device) -> Iterator[Fault]:
    known = device.known
    if row.n > len(known):
        yield _deleted(row.dev, len(known), row.n - 1)
        known += [None] * (row.n - len(known))
    before = known[-1] if known else device.start
    if row.n < len(known) or (before is not None and row.prev != before):
        yield Fault("A_CHAIN", where, f"事件 {where} 不接在它前面的一条之后")
    if row.n == len(known):
        known.append(row.h)


def _deleted(dev: str, first: int, last: int) -> Fault:
    which = f"{dev}/{first}" if first == last else f"{dev}/{first}-{last}"
    return Fault("A_EVENT_DELETED", which, f"事件 {which} 曾经收到，现在被删除")


def _seen(told: Mapping[str, Any], row: Any, where: str, state: LogState) -> Iterator[Fault]:
    seen = told.get("seen")
    if isinstance(seen, list) and len(seen) == 2:
        fault = log_audit.seen_elsewhere(seen[0], seen[1], where, f"手机（事件 {where}）", state)
        if fault is not None:
            yield fault
    if row._mapping["t"] == "dev.health" and "F_LOG_EQUIVOCATION" in row.flags.split():
        yield Fault("A_SEEN", where, f"手机（事件 {where}）报告：服务器不能证明日志没有被改动")


# --- the log against the events, and the files ----------------------------------------------------------------------


def _promises(devices: Mapping[str, _Device], state: LogState) -> Iterator[Fault]:
    """Every receipt ever given: its head is still there."""
    for dev, heads in sorted(state.heads.items()):
        known = devices[dev].known if dev in devices else []
        last = max(n for n, _, _ in heads)
        if last >= len(known):
            yield _deleted(dev, len(known), last)
        for n, h, leaf in heads:
            if n < len(known) and known[n] is not None and known[n] != h:
                yield Fault("A_LOG", f"log {leaf}", f"公开日志第 {leaf} 条确认的事件 {dev}/{n} 与库中的不同")


def _blobs() -> Iterator[Fault | None]:
    """One verdict per file that is said to be held: it is there, and its hash is its name."""
    for sha256 in evidence.held_everywhere():
        what = evidence.stored_digest(sha256)
        if what is None:
            yield Fault("A_BLOB", sha256, f"证据文件 {sha256[:12]}… 被删除")
        else:
            yield None if what == sha256 else Fault("A_BLOB", sha256, f"证据文件 {sha256[:12]}… 的内容被改动")
