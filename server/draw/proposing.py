"""A draw on paper: proposed, changed, discarded, as long as nothing of it is public."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from server.accounts import operations as accounts
from server.accounts.domain import Actor
from server.audit import operations as audit
from server.draw import districts, overview, rulebook, wish
from server.draw.refusals import SecondDraw, StepNotDue
from server.draw.tables import DrawCounterRow, DrawPartyRow, DrawRow, DrawSlotRow
from server.draw.wish import Wish
from server.kernel.moments import local_date
from server.platform import clock, feed
from server.platform.db import session, unit_of_work
from server.platform.ids import new_id

OFFICIAL_A, OFFICIAL_B, SUPERIOR = "official_a", "dice", "superior"


@unit_of_work
def propose(actor: Actor, agency_id: str, asked: Wish) -> overview.Draw:
    """Put a draw on paper. Raises ``ProposalWrong``, ``OfficialsWrong``, ``SecondDraw``."""
    own = wish.check(agency_id, asked)
    places = rulebook.slots(asked.purpose, asked.period, asked.section, asked.source_doc, asked.mode, asked.items)
    row = new_row(actor, agency_id, asked, wish.kind_of(asked))
    row.deadline = rulebook.last_day(own.values, asked.purpose, asked.period)
    row.late = row.deadline is not None and local_date(clock.now_ms()) > row.deadline
    occupy(row, places)
    add_parties(row, asked)
    districts.ask(row, asked.districts)
    audit.record(actor, "draw.proposed", "draw", row.id, agency_id, {"purpose": asked.purpose, "period": asked.period, "items": list(asked.items), "prev_void": asked.prev_void})
    feed.stamp(agency_id, "draw", row.id)
    session().flush()
    return overview.view(row)


def new_row(actor: Actor, agency_id: str, asked: Wish, kind: str) -> DrawRow:
    """The row with the next number of the agency's year."""
    now = clock.now()
    year = local_date(clock.now_ms()).year
    counter = held(agency_id, year)
    counter.last += 1
    row = DrawRow(
        id=new_id(), agency_id=agency_id, year=year, serial=counter.last, kind=kind, purpose=asked.purpose, period=asked.period,
        section=asked.section, title=asked.title, state="draft", proposal=asked.data(), witness_name=asked.witness_name,
        witness_user=asked.witness_user, prev_void=asked.prev_void, created_by=actor.user_id, created_at=now,
    )
    session().add(row)
    session().flush()
    return row


def held(agency_id: str, year: int) -> DrawCounterRow:
    """The counter of the agency's draws, locked until the commit: two proposals at one moment come one after the other."""
    dialect = postgresql if session().get_bind().dialect.name == "postgresql" else sqlite
    session().execute(dialect.insert(DrawCounterRow).values(agency_id=agency_id, year=year, last=0).on_conflict_do_nothing())
    return session().get_one(DrawCounterRow, (agency_id, year), with_for_update=True)


def occupy(row: DrawRow, places: Iterable[str]) -> None:
    """Take the places of this draw. Who finds one taken needs the void draw's id; a draw that stands is never repeated."""
    wanted = sorted(places)
    taken = session().execute(
        select(DrawSlotRow.slot, DrawSlotRow.attempt, DrawRow.id, DrawRow.state)
        .join(DrawRow, DrawRow.id == DrawSlotRow.draw_id)
        .where(DrawSlotRow.agency_id == row.agency_id, DrawSlotRow.slot.in_(wanted))
    ).all()
    newest: dict[str, tuple[int, str, str]] = {}
    for slot, attempt, draw_id, state in taken:
        newest[slot] = max(newest.get(slot, (0, "", "")), (attempt, draw_id, state))
    for attempt, draw_id, state in newest.values():
        if state != "void" or draw_id != row.prev_void:
            raise SecondDraw(
                "同一时段、同一事项已有一次抽取。" + ("它已作废：重新抽取须写明被作废的抽取（prev_void）" if state == "void" else "须先经批准作废，才能重新抽取"),
                draw=draw_id, state=state, attempt=attempt,
            )
    if row.prev_void and row.prev_void not in {draw_id for _attempt, draw_id, _state in newest.values()}:
        raise SecondDraw("写明的被作废抽取与本次的时段、事项不符", draw=row.prev_void)
    session().add_all(DrawSlotRow(agency_id=row.agency_id, slot=slot, attempt=newest.get(slot, (0, "", ""))[0] + 1, draw_id=row.id) for slot in wanted)
    try:
        session().flush()
    except IntegrityError as raced:
        raise SecondDraw("同一时段、同一事项刚刚由另一人提出抽取") from raced


def add_parties(row: DrawRow, asked: Wish) -> None:
    parent = accounts.agency(row.agency_id).parent_id or ""
    people = [(OFFICIAL_A, asked.official_a, row.agency_id), (OFFICIAL_B, asked.official_b, row.agency_id)]
    people += [(SUPERIOR, asked.superior, parent)] if asked.superior else []
    session().add_all(DrawPartyRow(draw_id=row.id, party=party, user_id=user, agency_id=agency) for party, user, agency in people)


@unit_of_work
def change(actor: Actor, draw_id: str, asked: Wish) -> overview.Draw:
    """Another wish for a draw that is still on paper."""
    row = _on_paper(actor, draw_id)
    if row.kind == "joint":
        raise StepNotDue("联合抽查的方案已经发给各部门；要改动请放弃后重新提出", state=row.state)
    own = wish.check(row.agency_id, asked)
    held(row.agency_id, row.year)
    session().execute(delete(DrawSlotRow).where(DrawSlotRow.draw_id == row.id))
    session().execute(delete(DrawPartyRow).where(DrawPartyRow.draw_id == row.id))
    row.proposal, row.title, row.purpose, row.period, row.section = asked.data(), asked.title, asked.purpose, asked.period, asked.section
    row.witness_name, row.witness_user, row.prev_void, row.kind = asked.witness_name, asked.witness_user, asked.prev_void, wish.kind_of(asked)
    row.deadline = rulebook.last_day(own.values, asked.purpose, asked.period)
    row.late = row.deadline is not None and local_date(clock.now_ms()) > row.deadline
    session().flush()
    occupy(row, rulebook.slots(asked.purpose, asked.period, asked.section, asked.source_doc, asked.mode, asked.items))
    add_parties(row, asked)
    districts.ask(row, asked.districts)
    audit.record(actor, "draw.changed", "draw", row.id, facts={"n": asked.n, "exclusions": len(asked.exclusions), "forces": len(asked.forces)})
    feed.stamp(row.agency_id, "draw", row.id)
    session().flush()
    return overview.view(row)


@unit_of_work
def discard(actor: Actor, draw_id: str) -> None:
    """Forget a draw of which nothing is public. From the intent on only a void ends a draw (3.2)."""
    row = _on_paper(actor, draw_id, ("draft", "frozen"))
    session().execute(delete(DrawSlotRow).where(DrawSlotRow.draw_id == row.id))
    row.state = "discarded"
    audit.record(actor, "draw.discarded", "draw", row.id)
    feed.stamp(row.agency_id, "draw", row.id, "del")


def _on_paper(actor: Actor, draw_id: str, states: tuple[str, ...] = ("draft",)) -> DrawRow:
    row = overview.row_for(actor, draw_id, lock=True)
    if row.state not in states:
        raise StepNotDue("抽取范围已经冻结，不能再改动；公布之后只能申请作废", state=row.state)
    return row
