"""Intake: what a phone sends becomes part of the record, once, whatever happens on the way.

One unit of work per batch: chain, flags, events, evidence names, projection, receipt leaf and change feed are
committed together or not at all. Every write is idempotent on H; a race between two sends of the same batch is
seen by the unique keys, rolled back and judged again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from server.accounts import operations as accounts
from server.accounts.domain import Actor, BadKey
from server.audit import operations as audit
from server.audit import restore
from server.evidence import operations as evidence
from server.evidence.domain import Named
from server.inspections import attest_in, projection, quarantine, receipts, verify
from server.inspections import flags as judged_flags
from server.inspections.domain import PHOTO_EVENTS, NamedBlob, blobs_of
from server.inspections.intake_chain import Batch, Judged, Result, enrolled, place
from server.inspections.members import homes_of, of_agency, tell_member
from server.inspections.tables import EventRow, InspectionRow
from server.inspections.verify import Event, Refused
from server.kernel import b64url, chain
from server.kernel.errors import DomainError
from server.platform import clock, feed
from server.platform.db import session, unit_of_work
from server.platform.ids import new_id

ATTEMPTS = 4
EVENTS = EventRow.__table__


class Raced(RuntimeError):
    """Another request stored one of these events between our reading and our writing."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to one batch. ``receipt`` is the sender's own device's; ``receipts`` has one per device."""

    results: list[Result]
    receipt: str | None
    receipts: dict[str, str]
    next: dict[str, int]
    lacks: list[str]


def take_in(actor: Actor, wires: Sequence[Mapping[str, str]]) -> Outcome:
    """Take a batch of wire events ``{h, s, b}`` from anybody of the agency; results in the order sent."""
    for _ in range(ATTEMPTS - 1):
        try:
            return _take_in(actor, wires)
        except Raced:
            continue
    return _take_in(actor, wires)


def standing(actor: Actor) -> Outcome:
    """What is known of the sender's own device, for a phone that lost an answer: next counter and receipt."""
    found = receipts.newest(actor.dev) if actor.dev else None
    if found is None:
        return Outcome([], None, {}, {actor.dev: 0} if actor.dev else {}, [])
    return Outcome([], found[1], {actor.dev: found[1]}, {actor.dev: found[0]}, [])


@unit_of_work
def _take_in(actor: Actor, wires: Sequence[Mapping[str, str]]) -> Outcome:
    rx = clock.now_ms()
    results: dict[str, Result] = {}
    by_dev: dict[str, list[Event]] = {}
    order = [_read(wire, results, by_dev) for wire in wires]
    batches = []
    for dev, events in sorted(by_dev.items()):
        device = enrolled(dev, actor)
        if device is None or device.agency != actor.agency_id:
            _refuse(events, results, "E_DEV_UNKNOWN", "设备没有登记")
            continue
        own = [event for event in events if event.header["by"] == device.user]
        _refuse([e for e in events if e.header["by"] != device.user], results, "E_USER_DEV", "记录人与设备登记人不一致")
        if own:
            batches.append(place(device, own, results))
    judged = [item for batch in batches for item in batch.judged]
    sent = [event for events in by_dev.values() for event in events]
    rows = _inspections(actor.agency_id, judged)
    homes = homes_of(actor.agency_id, (event.insp for event in sent), rows)
    named, lacks, reused = _named(homes, sent, results, judged)
    visits = projection.Work.load(rows)
    _judge(actor, batches, rows, visits, rx, reused)
    visits.fold(judged)
    _alarm(actor, judged)
    batch_id = new_id()
    _write(actor.agency_id, judged, batch_id, rx)
    _name_blobs(homes, judged, named, reused, visits)
    visits.store({b.device.dev: b.device for b in batches}, rx)
    made = _receipts(batches, visits.log, rx)
    _tell(rows, judged, batch_id)
    _tell_auditors(actor, judged)
    for item in judged:
        results[item.event.h] = item.result()
    _judge_revoked(batches, results)
    _receipts_again(batches, by_dev, made)
    receipt = made.get(actor.dev) or (next(iter(made.values())) if len(made) == 1 else None)
    return Outcome(_in_order(order, results), receipt, made, {b.device.dev: b.next_n for b in batches}, lacks)


def _judge_revoked(batches: Sequence[Batch], results: dict[str, Result]) -> None:
    """What another phone had witnessed before the loss is believed, whenever it arrives (record-log 2.10)."""
    for batch in batches:
        if batch.device.revoked and batch.judged:
            for h, (status, code) in quarantine.judge_device(batch.device.dev).items():
                if h in results:
                    results[h] = Result(h, status, code, results[h].detail if code else "", results[h].flags)


def _alarm(actor: Actor, judged: Sequence[Judged]) -> None:
    """Two events with one number: somebody rewrote a chain. A fact of the agency, for the auditor to find."""
    for item in judged:
        if item.code == "E_FORK":
            audit.record(actor, "inspections.fork", "device", item.event.dev,
                         facts={"n": item.event.n, "h": item.event.h, "insp": item.event.insp})


def _in_order(order: Sequence[str], results: Mapping[str, Result]) -> list[Result]:
    """One result per event sent; the second copy of an event just stored is ``known``."""
    listed, told = [], set()
    for h in order:
        result = results[h]
        listed.append(Result(h, "known") if h in told and result.status == "stored" else result)
        told.add(h)
    return listed


def _read(wire: Mapping[str, str], results: dict[str, Result], by_dev: dict[str, list[Event]]) -> str:
    """Parse one wire event into ``by_dev``, or note its refusal; answers its H."""
    h = verify.hash_of(wire)
    try:
        event = verify.read(wire)
    except Refused as refusal:
        # A second, broken copy of a good event must not hide the good one.
        results.setdefault(h, Result(h, "refused", refusal.code, refusal.detail))
        return h
    by_dev.setdefault(event.dev, []).append(event)
    return h


def _refuse(events: Sequence[Event], results: dict[str, Result], code: str, detail: str) -> None:
    for event in events:
        results[event.h] = Result(event.h, "refused", code, detail)


# --- judging ----------------------------------------------------------------------------------------------------


def _inspections(agency_id: str, judged: Sequence[Judged]) -> dict[str, InspectionRow]:
    """The inspections that chained events speak of, locked in id order: the agency's, and those that its lent inspectors
    are drawn for. Another agency's does not exist."""
    ids = {item.event.insp for item in judged if not item.place and item.event.insp}
    if not ids:
        return {}
    query = select(InspectionRow).where(InspectionRow.id.in_(ids), of_agency(agency_id))
    return {row.id: row for row in session().scalars(query.order_by(InspectionRow.id).with_for_update())}


def _judge(
    actor: Actor,
    batches: Sequence[Batch],
    rows: Mapping[str, InspectionRow],
    visits: projection.Work,
    rx: int,
    reused: Mapping[str, set[str]],
) -> None:
    """Codes and flags of every event that stands in a chain."""
    sizes = {item.event.header["seen"][0] for b in batches for item in b.judged if "seen" in item.event.header}
    visits.log = receipts.tail(sizes, [b.device.dev for b in batches]) if any(b.judged for b in batches) else None
    log = _log_view(visits.log)
    for batch in batches:
        before = batch.before
        for item in batch.judged:
            if item.place:
                continue
            event = item.event
            item.code, item.detail = _quarantine(actor, batch, event, rows, visits)
            item.status = "quarantined" if item.code else "stored"
            item.flags = judged_flags.event_flags(event, before, rx, log)
            if event.t in PHOTO_EVENTS and reused.get(str(event.body.get("sha256")), set()) - {event.insp}:
                item.flags.append("F_PHOTO_REUSED")
            visits.note(event, item.status)
            before = event


def _log_view(log: receipts.Tail | None) -> judged_flags.LogView:
    """What the log says to this batch; where it was restored is asked only when that ever happened."""
    restored = tuple(one.size for one in restore.branches()) if feed.epoch() > 1 else ()
    return judged_flags.LogView(log.anchors, log.heads, restored) if log else judged_flags.LogView({}, {}, restored)


def _quarantine(
    actor: Actor, batch: Batch, event: Event, rows: Mapping[str, InspectionRow], visits: projection.Work
) -> tuple[str, str]:
    """Why an event, though genuine and in its chain, must not become part of a record; ("", "") when it may."""
    device = batch.device
    if device.revoked:
        return "E_DEV_REVOKED", "设备已停用，记录已隔离保存"
    if batch.replaced:
        return "E_DEV_ROTATED", "此密钥已更换，更换之后的记录已隔离保存"
    if event.t == "key.rotate":
        return _rotate(batch, event)
    if not event.insp:
        return "", ""
    row = rows.get(event.insp)
    if row is None:
        return "E_INSP_UNKNOWN", "没有这项检查，记录已隔离保存"
    if device.user not in {member["user"] for member in row.team}:
        return "E_NOT_TEAM", "记录人不是本次检查的检查人员，记录已隔离保存"
    if event.t == "seal" and not judged_flags.seal_fits(event, visits.own(event)):
        return "E_SEAL_ROOT", "封存的记录数或摘要与已收到的记录不一致"
    if event.t == "attest.in":
        return _carried(event, row, visits, actor)
    return "", ""


def _rotate(batch: Batch, event: Event) -> tuple[str, str]:
    """The key named by a signed event is enrolled in the same transaction; from here on the old one says nothing more."""
    spki = event.body.get("spki")
    try:
        if not isinstance(spki, str) or event.body.get("dev") != chain.device_id(b64url.decode(spki)):
            raise BadKey("新密钥与其编号不符")
        accounts.succeed(event.dev, spki, event.h)
    except (DomainError, ValueError) as refusal:
        return "E_KEY_ROTATE", f"密钥没有更换：{refusal.detail if isinstance(refusal, DomainError) else '新密钥格式不正确'}"
    batch.replaced = True
    return "", ""


def _carried(event: Event, row: InspectionRow, visits: projection.Work, actor: Actor) -> tuple[str, str]:
    """Judge the attestation that came by QR code; its phone takes part in the visit from now on."""
    carried = attest_in.inner(event)
    device = None if carried is None else enrolled(carried.dev, actor)
    code, detail = attest_in.problem(event, carried, device, row.team, row.agency_id)
    if code or carried is None or device is None:
        return code, detail
    if attest_in.usurped({(carried.dev, carried.n): carried.h}):
        return "E_FORK", "扫码带入的核验在其手机的记录链上另有一条记录"
    visits.meet(row.id, device, carried.dev)
    return "", ""


# --- blobs ------------------------------------------------------------------------------------------------------


def _named(
    homes: Callable[[str], str], events: Sequence[Event], results: Mapping[str, Result], judged: Sequence[Judged]
) -> tuple[dict[str, list[NamedBlob]], list[str], dict[str, set[str]]]:
    """(named blobs per event, blobs of this batch still lacking, inspections that named them before)."""
    told = {item.event.h: item.event for item in judged}
    told |= {event.h: event for event in events if event.h not in told and (event.h not in results or results[event.h].status != "refused")}
    named = {h: blobs_of(event.t, event.body) for h, event in told.items()}
    by_agency: dict[str, dict[str, None]] = {}
    for h, found in named.items():
        by_agency.setdefault(homes(told[h].insp), {}).update(dict.fromkeys(blob.sha256 for blob in found))
    lacking: dict[str, None] = {}
    insps: dict[str, set[str]] = {}
    for agency_id, shas in by_agency.items():
        held, before = evidence.named_before(agency_id, list(shas))
        lacking |= {sha: None for sha in shas if sha not in held}
        for sha, seen in before.items():
            insps.setdefault(sha, set()).update(seen)
    return named, list(lacking), insps


def _name_blobs(
    homes: Callable[[str], str],
    judged: Sequence[Judged],
    named: Mapping[str, list[NamedBlob]],
    known: dict[str, set[str]],
    visits: projection.Work,
) -> None:
    """Blobs may be uploaded once a signed event names them, a held or quarantined one too: it is evidence."""
    by_insp: dict[str, list[Named]] = {}
    for item in judged:
        for blob in named.get(item.event.h, ()):
            allowed = visits.geotag_allowed(item.event.insp)
            by_insp.setdefault(item.event.insp, []).append(Named(blob.sha256, blob.size, blob.mime, blob.kind, allowed))
    for insp, blobs in sorted(by_insp.items()):
        evidence.name_blobs(homes(insp), insp, blobs, known)


# --- writing ----------------------------------------------------------------------------------------------------


def _write(agency_id: str, judged: Sequence[Judged], batch_id: str, rx: int) -> None:
    """Insert the new rows, promote the held ones. Raises Raced when a unique key says somebody was faster."""
    fresh = [_row(agency_id, item, batch_id, rx) for item in judged if not item.promoted]
    if fresh:
        dialect = postgresql if session().get_bind().dialect.name == "postgresql" else sqlite
        done = session().execute(
            dialect.insert(EVENTS).on_conflict_do_nothing(), fresh, execution_options={"preserve_rowcount": True}
        )
        if done.rowcount != len(fresh):
            raise Raced
    promoted = [_promotion(item, batch_id) for item in judged if item.promoted]
    if promoted:
        session().execute(
            update(EVENTS)
            .where(EVENTS.c.h == bindparam("key"))
            .values(
                place="", status=bindparam("to"), code=bindparam("why"), flags=bindparam("odd"), batch=bindparam("lot")
            ),
            promoted,
        )


def _row(agency_id: str, item: Judged, batch_id: str, rx: int) -> dict[str, object]:
    event = item.event
    return {
        "h": event.h,
        "dev": event.dev,
        "n": event.n,
        "place": item.place,
        "prev": event.prev,
        "agency_id": agency_id,
        "insp": event.insp,
        "t": event.t,
        "status": item.status,
        "code": item.code,
        "flags": " ".join(item.flags),
        "batch": batch_id,
        "rx": rx,
        "header": event.header_bytes,
        "sig": event.sig,
        "body": event.body_bytes,
    }


def _promotion(item: Judged, batch_id: str) -> dict[str, object]:
    return {"key": item.event.h, "to": item.status, "why": item.code, "odd": " ".join(item.flags), "lot": batch_id}


def _receipts(batches: Sequence[Batch], log: receipts.Tail | None, rx: int) -> dict[str, str]:
    """One leaf and receipt for every device whose chain grew."""
    made = {}
    for batch in batches:
        if batch.head != batch.view.head and log is not None:
            log, made[batch.device.dev] = receipts.append(
                log, receipts.Head(batch.device.dev, batch.next_n - 1, batch.head, rx)
            )
    return made


def _receipts_again(batches: Sequence[Batch], by_dev: Mapping[str, list[Event]], made: dict[str, str]) -> None:
    """For a batch that brought nothing new: the receipt that covered it the first time."""
    for batch in batches:
        dev = batch.device.dev
        if dev not in made:
            last = max((event.n for event in by_dev[dev] if event.n < batch.next_n), default=None)
            known = None if last is None else receipts.latest(dev, last)
            if known is not None:
                made[dev] = known


def _tell_auditors(actor: Actor, judged: Sequence[Judged]) -> None:
    """A phone that knows another log than ours is a matter for the auditor, not only for who reads the visit."""
    odd = [item.event for item in judged if "F_LOG_EQUIVOCATION" in item.flags]
    if odd:
        audit.record(actor, "log.equivocation", "event", odd[0].h, facts={"dev": odd[0].dev, "events": len(odd)})


def _tell(rows: Mapping[str, InspectionRow], judged: Sequence[Judged], batch_id: str) -> None:
    """Team mates hear of new events and of the visit's new state."""
    touched = {item.event.insp for item in judged if not item.place and item.status == "stored"}
    for insp in sorted(touched & rows.keys()):
        row = rows[insp]
        for member in row.team:
            tell_member(row, member, "visit", insp)
            tell_member(row, member, "events", f"{insp}/{batch_id}")
