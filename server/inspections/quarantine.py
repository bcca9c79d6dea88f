"""Quarantine 隔离: what is kept apart from the record, why, and who may let it in (record-log 2.10).

An event never changes and never moves: only our own columns ``status`` and ``code`` do. Three things can let an event
in: a replacement that is recorded (E_NOT_TEAM), the time of a loss put right, and a reviewer's reasoned decision.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, or_, select, update

from server.accounts import operations as accounts
from server.accounts.domain import Actor
from server.audit import operations as audit
from server.inspections import flags, projection, witness
from server.inspections.domain import NotReleasable, OwnQuarantine, QuarantineUnknown
from server.inspections.fold_order import embedded, read_event
from server.inspections.members import of_agency, tell_member
from server.inspections.tables import EventRow, InspectionMember, InspectionRow, QuarantineDecision
from server.inspections.verify import Event
from server.inspections.witness import Head, Own
from server.kernel import canonical
from server.platform import clock
from server.platform.db import session, unit_of_work

EVENTS = EventRow.__table__
RELEASABLE = frozenset({"E_DEV_REVOKED", "E_DEV_ROTATED"})
"""Kept apart for whose hand it may have been in. A fork, a false seal or a foreign hand no decision can heal."""
MOST = 500

WORDS = {
    "E_DEV_REVOKED": ("手机停用之后到达，停用之前没有其他手机见证", "核对停用时间；确系本人所记的，由负责人说明理由后放行"),
    "E_DEV_ROTATED": ("旧密钥声明更换之后仍用旧密钥签名", "核实手机是否被复制；确系本人所记的，由负责人说明理由后放行"),
    "E_KEY_ROTATE": ("更换密钥的声明不正确，密钥没有更换", "请检查人员在手机上重新更换，或重新登记"),
    "E_NOT_TEAM": ("记录人不是本次检查的检查人员", "如确已替换检查人员，请计划承办人登记替换，记录随即并入"),
    "E_INSP_UNKNOWN": ("没有这项检查", "核实任务是否已撤销；记录继续隔离保存"),
    "E_FORK": ("同一序号已有另一条记录，两条都已保留", "手机可能由旧备份恢复，请重新登记这部手机"),
    "E_SEAL_ROOT": ("封存的记录数或摘要与已收到的不一致", "请检查人员补传全部记录后重新封存"),
    "E_ATTEST_OTHER": ("扫码带入的核验属于另一次检查", "请第二名检查人员在本次检查中重新核验"),
    "E_ATTEST_REVOKED": ("扫码带入的核验来自已停用的手机", "请第二名检查人员重新登记手机后核验"),
    "E_SAME_PERSON": ("扫码带入的核验与记录人是同一个人", "须由同组的另一名检查人员核验"),
    "E_USER_DEV": ("扫码带入的核验所称的人不是该手机的登记人", "请第二名检查人员用本人手机重新核验"),
    "E_DEV_UNKNOWN": ("扫码带入的核验来自没有登记的手机", "请第二名检查人员用登记过的手机重新核验"),
    "E_SIG": ("扫码带入的核验签名不正确", "请第二名检查人员用本人手机重新核验"),
}


@dataclass(frozen=True, slots=True)
class Kept:
    """One quarantined event for the list. ``said`` is what it says, for reviewers only."""

    h: str
    dev: str
    user: str
    user_name: str
    insp: str
    number: str
    unit_name: str
    t: str
    code: str
    reason: str
    todo: str
    received_ms: int
    claimed_ms: int
    releasable: bool
    decision: str
    decision_reason: str
    decided_by: str
    decided_at: datetime | None
    said: str


# --- a phone that was lost ----------------------------------------------------------------------------------------


def judge_device(dev: str) -> dict[str, tuple[str, str]]:
    """Judge every event of a revoked device anew, inside the running unit of work; answers what changed: h → (status, code)."""
    device = accounts.device(dev)
    lost = device.heard_until if device is not None else None
    if device is None or lost is None:
        return {}
    columns = (EVENTS.c.h, EVENTS.c.n, EVENTS.c.insp, EVENTS.c.t.label("kind"), EVENTS.c.rx, EVENTS.c.status, EVENTS.c.code)
    rows = session().execute(select(*columns).where(EVENTS.c.dev == dev, EVENTS.c.place == "").order_by(EVENTS.c.n)).all()
    lost_ms = clock.to_ms(lost)
    own = [Own(row.h, row.n, row.insp, row.kind, row.rx) for row in rows]
    heads, named = _witnesses(dev, sorted({row.insp for row in rows if row.insp}), lost_ms)
    valid = witness.last_valid(own, lost_ms, heads, named)
    let_in = set(
        session().scalars(
            select(QuarantineDecision.h).where(
                QuarantineDecision.h.in_([row.h for row in rows]), QuarantineDecision.decision == "release"
            )
        )
    )
    rotated = next((row.n for row in rows if row.kind == "key.rotate" and row.status == "stored"), None)
    changed = {}
    for row in rows:
        believed = row.rx < lost_ms or row.n <= valid or row.h in let_in
        if believed and row.code == "E_DEV_REVOKED":
            after = rotated is not None and row.n > rotated
            changed[row.h] = ("quarantined", "E_DEV_ROTATED") if after and row.h not in let_in else _otherwise(row)
        elif not believed and row.status == "stored":
            changed[row.h] = ("quarantined", "E_DEV_REVOKED")
    _move(device.agency_id, changed)
    return changed


def _witnesses(dev: str, insps: Sequence[str], lost_ms: int) -> tuple[list[Head], set[str]]:
    """What other devices had signed about this one's events, and the server had received, before the loss."""
    heads: list[Head] = []
    named: set[str] = set()
    if not insps:
        return heads, named
    query = select(EVENTS.c.h, EVENTS.c.insp, EVENTS.c.t.label("kind"), EVENTS.c.header, EVENTS.c.body).where(
        EVENTS.c.insp.in_(insps), EVENTS.c.dev != dev, EVENTS.c.t.in_(witness.WITNESSES),
        EVENTS.c.rx < lost_ms, EVENTS.c.status == "stored", EVENTS.c.body.is_not(None),
    )  # fmt: skip
    for row in session().execute(query):
        body = json.loads(row.body)
        if row.kind == "attest.in":
            carrier = read_event(row.h, json.loads(row.header), body)
            inside = embedded(carrier) if carrier is not None else None
            # A's own attestation carried back to A would vouch for itself.
            if inside is None or inside[0].dev == dev or inside[1] != row.insp:
                continue
            body = inside[0].body
        heads += witness.heads_of(row.insp, body, dev)
        named.update(witness.hashes_in(body))
    return heads, named


def _otherwise(row: Row[Any]) -> tuple[str, str]:
    """What an event is once its phone is believed: the other reasons still hold."""
    if row.kind == "key.rotate":
        # The key it names was not enrolled when it came, and its phone is locked out by now.
        return "quarantined", "E_KEY_ROTATE"
    if not row.insp:
        return "stored", ""
    visit = session().get(InspectionRow, row.insp)
    full = session().execute(select(EVENTS).where(EVENTS.c.h == row.h)).one()
    if visit is None or (visit.agency_id != full.agency_id and not any(member.get("home") == full.agency_id for member in visit.team)):
        return "quarantined", "E_INSP_UNKNOWN"
    event = Event(full.h, canonical.decode(full.header), canonical.decode(full.body or b"{}"), full.header, full.body or b"", full.sig)
    if event.header["by"] not in {member["user"] for member in visit.team}:
        return "quarantined", "E_NOT_TEAM"
    if event.t == "seal":
        before = select(EVENTS.c.h).where(EVENTS.c.insp == row.insp, EVENTS.c.dev == event.dev, EVENTS.c.place == "", EVENTS.c.n < event.n)
        if not flags.seal_fits(event, list(session().scalars(before.order_by(EVENTS.c.n)))):
            return "quarantined", "E_SEAL_ROOT"
    return "stored", ""


def _move(agency_id: str, changed: dict[str, tuple[str, str]]) -> None:
    """Write the new judgements and compute the touched inspections again, in id order like intake."""
    if not changed:
        return
    insps = set(session().scalars(select(EVENTS.c.insp).where(EVENTS.c.h.in_(changed), EVENTS.c.insp != "").distinct()))
    query = select(InspectionRow).where(InspectionRow.id.in_(insps), of_agency(agency_id))
    rows = list(session().scalars(query.order_by(InspectionRow.id).with_for_update()))
    for h, (status, code) in sorted(changed.items()):
        session().execute(update(EventRow).where(EventRow.h == h).values(status=status, code=code))
    now = clock.now_ms()
    for row in rows:
        if row.report_state == "approved":
            row.kept_flags = {**row.kept_flags, "approved": "F_AFTER_APPROVAL"}
        if row.pack_sha is not None:
            projection.rebuild(row, now)
        for member in row.team:
            tell_member(row, member, "visit", row.id)
            tell_member(row, member, "events", f"{row.id}/")


def _decided_by(agency_id: str) -> ColumnElement[bool]:
    """Events that this agency decides about: of its phones, but not what a lent inspector's phone says of the visit of the
    agency that has drawn them; that is the other's record and the other's to read (D-4)."""
    pairs = select(InspectionMember.insp, InspectionMember.home, InspectionRow.agency_id).join(InspectionRow, InspectionRow.id == InspectionMember.insp).where(InspectionMember.home != "").subquery()
    lent = select(pairs.c.insp).where(pairs.c.insp == EVENTS.c.insp, pairs.c.home == EVENTS.c.agency_id)
    return or_(and_(EVENTS.c.agency_id == agency_id, ~lent.exists()), lent.where(pairs.c.agency_id == agency_id).exists())


# --- the list and the decision --------------------------------------------------------------------------------------


def kept(actor: Actor) -> list[Kept]:
    """The agency's quarantined events, the newest first. What they say is for reviewers, not for who runs the system."""
    query = (
        select(EVENTS, EVENTS.c.t.label("kind"), QuarantineDecision)
        .outerjoin(QuarantineDecision, QuarantineDecision.h == EVENTS.c.h)
        .where(_decided_by(actor.agency_id), EVENTS.c.status == "quarantined")
        .order_by(EVENTS.c.rx.desc(), EVENTS.c.dev, EVENTS.c.n)
        .limit(MOST)
    )
    rows = session().execute(query).all()
    insps = {row.insp for row in rows if row.insp}
    visits = {
        row.id: row
        for row in session().scalars(
            select(InspectionRow).where(InspectionRow.id.in_(insps), InspectionRow.agency_id == actor.agency_id)
        )
    }
    people = accounts.people_by_id(
        [json.loads(row.header)["by"] for row in rows] + [row.QuarantineDecision.by for row in rows if row.QuarantineDecision]
    )
    return [_kept(row, visits.get(row.insp), people, actor.has("reviewer")) for row in rows]


def _kept(row: Row[Any], visit: InspectionRow | None, people: dict[str, accounts.PersonView], tell: bool) -> Kept:
    header = json.loads(row.header)
    decided = row.QuarantineDecision
    reason, todo = WORDS.get(row.code, ("与记录的规则不符", "请联系管理员"))
    who = people.get(header["by"])
    by = people.get(decided.by) if decided else None
    return Kept(
        row.h, row.dev, header["by"], who.name if who else "", row.insp, visit.number if visit else "",
        visit.unit_name if visit else "", row.kind, row.code, reason, todo, row.rx, header["wall"] + header["off"],
        row.code in RELEASABLE, decided.decision if decided else "", decided.reason if decided else "",
        by.name if by else "", decided.at if decided else None, _said(row.body) if tell else "",
    )  # fmt: skip


def _said(body: bytes | None) -> str:
    """The texts of a body, for a person who has to decide about it."""
    if body is None:
        return ""
    told = [value for key, value in json.loads(body).items() if key in ("text", "note", "part", "caption", "reason", "val") and isinstance(value, str)]
    return "；".join(told)[:400]


@unit_of_work
def decide(actor: Actor, hashes: Sequence[str], decision: str, reason: str) -> list[str]:
    """A reviewer lets events in, or says that they stay apart; answers the H that are part of the record now.

    Raises QuarantineUnknown, NotReleasable, OwnQuarantine; all or nothing."""
    rows = _waiting(actor, hashes)
    changed = {}
    for row in rows:
        if row.code not in RELEASABLE:
            raise NotReleasable(f"{WORDS.get(row.code, ('这条记录', ''))[0]}，不能由人放行", h=row.h, code=row.code)
        if row.insp and session().get(InspectionMember, (row.insp, actor.user_id)) is not None:
            raise OwnQuarantine("本人参加的检查，须由其他负责人决定")
        known = session().get(QuarantineDecision, row.h)
        if known is None:
            known = QuarantineDecision(h=row.h, agency_id=actor.agency_id)
            session().add(known)
        known.decision, known.reason, known.by, known.at = decision, reason, actor.user_id, clock.now()
        if decision == "release":
            changed[row.h] = _otherwise(row)
        audit.record(actor, f"inspections.quarantine_{decision}", "event", row.h,
                     facts={"insp": row.insp, "dev": row.dev, "code": row.code, "reason": reason})
    session().flush()
    _move(actor.agency_id, changed)
    return sorted(h for h, (status, _) in changed.items() if status == "stored")


def _waiting(actor: Actor, hashes: Iterable[str]) -> list[Row[Any]]:
    wanted = sorted(set(hashes))
    query = select(EVENTS.c.h, EVENTS.c.dev, EVENTS.c.insp, EVENTS.c.code, EVENTS.c.t.label("kind")).where(
        EVENTS.c.h.in_(wanted), _decided_by(actor.agency_id), EVENTS.c.status == "quarantined"
    )
    rows = list(session().execute(query.order_by(EVENTS.c.h)))
    if len(rows) != len(wanted):
        raise QuarantineUnknown("有的记录不存在，或已不在隔离中；请刷新后重试")
    return rows
