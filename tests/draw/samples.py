"""Draws of any agency in two steps of their life, made through the operations; asking again gives the same ones."""

from __future__ import annotations

from sqlalchemy import select

from server.accounts import operations as accounts
from server.draw import operations, tickets
from server.draw.tables import DrawRow
from server.kernel import b64url
from server.platform.db import session
from server.rules import operations as rules
from tests.builders import a_client, a_person, actor_of
from tests.phone import a_picture
from tests.world import Client

NONCE = bytes(range(32))


def _draw(agency: str, period: str) -> str:
    known = session().scalar(select(DrawRow.id).where(DrawRow.agency_id == agency, DrawRow.period == period))
    if known:
        return str(known)
    first, second, third = (a_person("plan_officer" if at == 0 else "reviewer", agency=agency) for at in range(3))
    a, b, witness = map(actor_of, (first, second, third))
    item = rules.rules_for(agency).items[0]
    wish = operations.Wish("样本抽取", "monthly", period, (str(item["code"]),), a.user_id, b.user_id, n=2, section=str(item.get("section", "")), witness_name=third.name, witness_user=third.id)
    draw = operations.propose(a, agency, wish).id
    operations.freeze(a, draw)
    operations.commit(a, draw, b64url.encode(tickets.commitment(draw, "official_a", NONCE)))
    operations.announce(a, draw)
    operations.attend(witness, draw)
    operations.roll(b, draw, "01234567890123456789", photo=operations.keep_photo(b, draw, a_picture(7)))
    return draw


def a_published_draw(agency: str) -> str:
    draw = _draw(agency, "2026-03")
    row = session().get_one(DrawRow, draw)
    if row.state == "rolled":
        operations.reveal(actor_of(accounts.person(str(row.proposal["official_a"]))), draw, b64url.encode(NONCE))
        operations.publish_transcript(draw)
    return draw


def a_void_to_decide(agency: str) -> str:
    draw = _draw(agency, "2026-04")
    row = session().get_one(DrawRow, draw)
    operations.ask(actor_of(accounts.person(str(row.proposal["official_a"]))), draw, "browser_lost", "试验")
    return draw


def the_superior(agency: str) -> Client:
    parent = accounts.agency(agency).parent_id
    assert parent is not None
    return a_client(next(one for one in accounts.people(parent) if "superior" in one.roles))
