"""Step 7: the list leaves secrecy. Intents, voids and hashes were public all along; now everybody can run the draw again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from server.accounts import operations as accounts
from server.accounts.domain import Actor
from server.audit import operations as audit
from server.draw import ceremony, departments, lending, overview, substitution
from server.draw.refusals import DrawUnknown, StepNotDue
from server.draw.tables import DrawPersonRow, DrawRow, DrawUnitRow, DrawVoidRow
from server.kernel import b64url
from server.platform import clock, feed
from server.platform.db import session, unit_of_work
from server.rules import operations as rules

PUBLIC = ("open", "rolled", "drawn", "published", "void")
Finished = Callable[[str, str], bool]
_finished: list[Finished] = []


def visits_over_by(source: Finished) -> None:
    """Let ``source(agency_id, draw_id)`` say whether the visits of a draw are over, for agencies that publish afterwards (WG-9b)."""
    _finished[:] = [source]


@unit_of_work
def publish_transcript(draw_id: str, actor: Actor | None = None) -> None:
    """Publish a made draw; part of the plan's publication. Publishing it again changes nothing."""
    row = session().get(DrawRow, draw_id, with_for_update=True)
    if row is None:
        raise DrawUnknown("没有这次抽取")
    if row.state == "published":
        return
    if row.state != "drawn":
        raise StepNotDue("只有已经抽取、没有作废的结果才能公开", state=row.state)
    row.state, row.published_at = "published", clock.now()
    audit.record(actor, "draw.published", "draw", row.id, row.agency_id, {"transcript": row.transcript_hash})
    lending.note(actor, row, "draw.inspectors_named", named=True)
    feed.stamp(row.agency_id, "draw", row.id)


def publish_after_visits(actor: Actor, draw_id: str) -> overview.Draw:
    """A plan officer publishes a draw whose list is not public before the visits (C10). Raises ``StepNotDue``."""
    row = overview.row_for(actor, draw_id)
    if rules.rules_for(row.agency_id).value("publish.plan_before_visit") and row.purpose != "replacement":
        raise StepNotDue("本机关的名单随抽查计划公开，请在计划中办理", state=row.state)
    if any(not over(row.agency_id, row.id) for over in _finished):
        raise StepNotDue("检查尚未全部完成，名单在此之前保密", article="舞钢细则 九")
    publish_transcript(draw_id, actor)
    return overview.view(overview.row_for(actor, draw_id))


def transcript_for(actor: Actor, draw_id: str) -> dict[str, Any]:
    """The whole transcript for somebody of the agency. Before publication nobody exports it: 403, and a fact (abuse 24)."""
    row = overview.row_for(actor, draw_id)
    if row.state != "published":
        audit.record_read(actor, "draw.export_refused", "draw", draw_id)
        raise overview.StillSecret("名单公开之前不得导出；本次尝试已记录")
    return public_transcript(row)


def public_transcript(row: DrawRow) -> dict[str, Any]:
    """The file that anybody may run again, with the openings of the drawn units (and of the people, where the plan names them)."""
    assert row.want is not None
    log = {"intent": row.intent_leaf, "result": row.result_leaf, "transcript": row.transcript_hash}
    if row.kind == "joint":
        return ceremony.transcript(row) | {"want": row.want, "openings": departments.openings(row), "log": log}
    chosen = [uid for _st, uid, *_rest in row.want["selected"]]
    units = {one.uid: one for one in session().scalars(select(DrawUnitRow).where(DrawUnitRow.draw_id == row.id, DrawUnitRow.uid.in_(chosen)))}
    whole = ceremony.transcript(row) | {"want": row.want}
    whole["openings"] = [[uid, b64url.encode(units[uid].salt), units[uid].subject_id, units[uid].name] for uid in chosen]
    if not rules.rules_for(row.agency_id).value("publish.hide_inspectors_in_plan"):
        whole["people_openings"] = [[one.pid, b64url.encode(one.salt), one.user_id, one.name] for one in _members(row)]
    whole["log"] = log
    exchanged = substitution.exchanges(row) if row.kind == "draw" else None
    return whole | ({"exchanges": {"intent": exchanged["intent"], "want": exchanged["want"]}} if exchanged else {})


def _members(row: DrawRow) -> Iterable[DrawPersonRow]:
    assert row.want is not None
    drawn = {pid for _st, _uid, team, *_rest in row.want["selected"] for pid in team}
    return session().scalars(select(DrawPersonRow).where(DrawPersonRow.draw_id == row.id, DrawPersonRow.pid.in_(drawn)).order_by(DrawPersonRow.pid))


def opening(actor: Actor, draw_id: str, unit_id: str) -> dict[str, Any]:
    """A unit's own opening, to be handed to it: with it the unit finds its row in the public table and its chance.

    Only once published; who opened which unit is a fact."""
    row = overview.row_of(actor.agency_id, draw_id)
    if row.state != "published":
        raise DrawUnknown("这次抽取尚未公开")
    found = departments.opening(row.id, actor.agency_id, unit_id) if row.kind == "joint" else _opening(row, unit_id)
    if found is None:
        raise DrawUnknown("这家单位不在本次抽取范围内")
    audit.record_read(actor, "draw.opening_read", "draw", draw_id, unit=unit_id)
    return {"draw": row.id, "number": overview.number_of(row), **found}


def _opening(row: DrawRow, unit_id: str) -> dict[str, Any] | None:
    for one in session().scalars(select(DrawUnitRow).where(DrawUnitRow.draw_id == row.id)):
        if unit_id in (one.subject_id, *one.premises):
            return {"uid": one.uid, "salt": b64url.encode(one.salt), "id": one.subject_id, "name": one.name, "leaf": one.leaf}
    return None


@dataclass(frozen=True)
class PublicDraw:
    """What the public reads of a draw at each moment: never the list before its publication."""

    id: str
    number: str
    agency: str
    title: str
    purpose: str
    kind: str
    state: str
    late: bool
    intent: dict[str, Any]
    intent_leaf: int | None
    intent_at: datetime | None
    rolled_at: datetime | None
    drawn_at: datetime | None
    published_at: datetime | None
    result_leaf: int | None
    transcript_hash: str
    prev_void: str
    void_cause: str
    void_leaf: int | None
    void_approved: bool
    witnessed: str
    objection: str


def public_draws(agency_id: str = "") -> list[PublicDraw]:
    """Every draw from its intent on, newest first: the voids as well, so that nobody can draw until it fits."""
    query = select(DrawRow, DrawVoidRow).outerjoin(DrawVoidRow, DrawVoidRow.draw_id == DrawRow.id)
    query = query.where(DrawRow.state.in_(PUBLIC), DrawRow.intent_at.is_not(None)).order_by(DrawRow.intent_at.desc(), DrawRow.id.desc())
    if agency_id:
        query = query.where(DrawRow.agency_id == agency_id)
    names = {one.id: one.name for one in accounts.agencies()}
    return [_public(row, void, names) for row, void in session().execute(query.limit(500))]


def public_draw(draw_id: str) -> tuple[PublicDraw, DrawRow]:
    """Raises ``DrawUnknown`` for a draw of which nothing is public."""
    row = session().get(DrawRow, draw_id)
    if row is None or row.state not in PUBLIC or row.intent_at is None:
        raise DrawUnknown("没有这次抽取")
    return _public(row, session().get(DrawVoidRow, row.id), {row.agency_id: accounts.agency(row.agency_id).name}), row


def _public(row: DrawRow, void: DrawVoidRow | None, names: dict[str, str]) -> PublicDraw:
    ended = void if void is not None and void.state == "granted" else None
    # A replacement's title names the unit: it stays inside until the list is public.
    title = "更换检查人员" if row.purpose == "replacement" and row.state != "published" else row.title
    return PublicDraw(
        row.id, overview.number_of(row), names.get(row.agency_id, row.agency_id), title, row.purpose, row.kind, row.state, row.late, row.intent or {},
        row.intent_leaf, row.intent_at, row.rolled_at, row.drawn_at, row.published_at, row.result_leaf, row.transcript_hash, row.prev_void,
        ended.cause if ended else "", ended.leaf if ended else None, bool(ended and ended.decided_by),
        "superior" if row.witness_user and accounts.person(row.witness_user).agency_id != row.agency_id else "yes" if row.witness_at or row.witness_name else "",
        row.witness_word,
    )
