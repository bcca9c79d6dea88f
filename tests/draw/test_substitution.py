"""After the draw: never a manual pick. People by a new small ceremony, units by the next ticket, both counted (WC-16, WS-4.2d)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from server.audit import public_log
from server.draw import operations, replay
from server.draw.refusals import NobodyLeft, OfficialsWrong, ProposalWrong, SecondDraw
from server.draw.substitution import EXTERNAL
from server.draw.tables import DrawRow
from server.kernel import canonical
from server.platform.db import session
from server.registry import operations as registry
from tests import kept
from tests.builders import a_person, actor_of
from tests.draw.office import API, Ceremony, a_ceremony

AGENCY = "fire-wenchanghu"


@pytest.fixture
def office(ctx: Flask, repository: Path) -> Ceremony:
    return kept.once("drawn", lambda: a_ceremony(AGENCY, repository / "checklists").to_drawn())


def leaves(kind: str) -> list[dict[str, Any]]:
    session().rollback()
    found = [public_log.stored(index) for index in range(public_log.tail().size)]
    return [dict(canonical.decode(one.entry)) for one in found if one is not None and one.kind == kind]


def drawn(office: Ceremony) -> operations.Drawn:
    return operations.drawn_of(operations.row_for(actor_of(office.a.person), office.id))


def leaving(office: Ceremony, **more: Any) -> operations.Leaving:
    row = drawn(office).rows[0]
    return operations.Leaving(**{
        "reference": "assignment-1", "unit_id": row.unit_id, "items": row.item_codes, "leaving": row.team[:1], "staying": row.team[1:], "cause": "leave",
        "official_a": office.a.person.id, "official_b": office.b.person.id, "witness_name": "甄见证", "approval_ref": "批〔2026〕7号", "of_draw": office.id, **more,
    })


def propose(office: Ceremony, **more: Any) -> operations.Draw:
    return operations.propose_replacement(actor_of(office.a.person), AGENCY, leaving(office, **more))


def small(office: Ceremony, made: operations.Draw) -> Ceremony:
    """The small ceremony of a replacement, from the commitment on."""
    again = Ceremony(AGENCY, office.a, office.b, office.superior, draw={"id": made.id})
    for step, body in (("commit", {"commitment": again.commitment()}), ("intent", None)):
        answer = again.post(again.a, step, body)
        assert answer.status_code == 200, answer.get_json()
    assert again.roll().status_code == 200
    answer = again.reveal()
    assert answer.status_code == 200, answer.get_json()
    again.draw = answer.get_json()
    return again


def test_wc_16d_who_leaves_is_replaced_by_a_new_draw_among_the_remaining_candidates(office: Ceremony) -> None:
    """文昌湖指引第十六条："重新在执法检查人员名录库中随机选派，不得随意指定"."""
    asked = leaving(office)
    again = small(office, propose(office))
    (row,) = drawn(again).rows
    assert row.unit_id == asked.unit_id and len(row.team) == 1
    assert not set(row.team) & {*asked.leaving, *asked.staying}
    told = drawn(again)
    assert (told.purpose, told.reference) == ("replacement", "assignment-1")
    made = session().get_one(DrawRow, again.id)
    assert made.intent is not None and made.intent["kind"] == "people" and made.intent["of"] == {"draw": office.id, "hash": office.draw["transcript_hash"]}


def test_wc_16b_the_cause_is_one_of_the_listed_ones(office: Ceremony) -> None:
    """文昌湖指引第十六条："因岗位调整、公差、休假、回避等特殊情况确需调整的"."""
    with pytest.raises(ProposalWrong):
        propose(office, cause="convenience")


def test_wc_16c_without_the_heads_approval_there_is_no_small_ceremony(office: Ceremony) -> None:
    """文昌湖指引第十六条："报请组织实施抽查计划的消防救援机构负责人审批"."""
    with pytest.raises(ProposalWrong):
        propose(office, approval_ref="")


def test_ws_42d_the_section_redraws_without_approval(ctx: Flask, repository: Path) -> None:
    """乌审旗方案四（二）："如遇特殊情况，实施部门可再次随机生成替换人选"; the seed asks for nobody's approval."""
    office = a_ceremony("emergency-wushen", repository / "checklists").to_drawn()
    hands = [one for one in registry.inspectors_on("emergency-wushen", date(2026, 12, 1)) if one.available]
    row = drawn(office).rows[0]
    left = [one for one in hands if one.user_id not in row.team]
    assert left, "the demo has somebody who was not drawn"
    asked = operations.Leaving("a", row.unit_id, row.item_codes, row.team[:1], row.team[1:], "leave", office.a.person.id, office.b.person.id, "甄见证", section=office.draw["section"])
    assert operations.propose_replacement(actor_of(office.a.person), "emergency-wushen", asked).state == "frozen"


def test_abuse_38_a_recusal_declared_after_the_seed_goes_the_replacement_path_and_is_counted(office: Ceremony) -> None:
    """Reliability 38: "recusal declared after the seed | goes the replacement path, counted"."""
    before = operations.counts(AGENCY, 2026)
    small(office, propose(office, cause="recusal"))
    after = operations.counts(AGENCY, 2026)
    assert (before.people, after.people, after.by_cause) == (0, 1, {"recusal": 1})
    assert leaves("draw.change") == [{"v": 1, "k": "draw.change", "draw": leaves("draw.change")[0]["draw"], "what": "person", "cause": "recusal", "approved": True}]


def test_the_cause_is_in_the_log_before_anybody_can_know_the_new_seed(office: Ceremony) -> None:
    """draw.md 3.5: "declare cause and approval **first** (log leaf)"."""
    made = propose(office)
    assert [one["draw"] for one in leaves("draw.change")] == [made.id]
    small(office, made)
    session().rollback()
    order = [one.kind for one in (public_log.stored(index) for index in range(public_log.tail().size)) if one is not None]
    assert order == ["draw.intent", "draw.result", "draw.change", "draw.intent", "draw.result"]


def test_who_leaves_does_not_preside_over_the_own_replacement(office: Ceremony) -> None:
    row = drawn(office).rows[0]
    with pytest.raises(OfficialsWrong):
        propose(office, official_a=row.team[0], official_b=office.b.person.id)


def test_the_same_person_is_not_replaced_twice_in_one_assignment(office: Ceremony) -> None:
    small(office, propose(office))
    with pytest.raises(SecondDraw):
        propose(office)


def test_nobody_is_drawn_when_nobody_is_left(office: Ceremony) -> None:
    row = drawn(office).rows[0]
    for one in registry.inspectors(AGENCY):
        if one.user_id not in row.team:
            registry.declare_conflict(None, AGENCY, one.user_id, row.unit_id, "亲属在该单位任职")
    with pytest.raises(NobodyLeft):
        propose(office)


def test_a_team_that_was_drawn_elsewhere_is_replaced_here_as_well(office: Ceremony) -> None:
    made = propose(office, of_draw="", reference="jd-1")
    row = session().get_one(DrawRow, made.id)
    assert row.intent is not None and row.intent["of"] == {"hash": EXTERNAL}


def test_the_small_ceremony_is_replayed_like_every_other(office: Ceremony) -> None:
    again = small(office, propose(office))
    operations.publish_transcript(again.id)
    transcript = again.a.get(f"{API}/{again.id}/transcript").get_json()
    assert replay.replay(transcript) == transcript["want"]


def exchange(office: Ceremony, unit: str, **more: Any) -> operations.DrawnUnit:
    words = {"cause": "closed", "note": "到场已关停，有照片", "evidence": "e" * 64, **more}
    return operations.next_unit(actor_of(office.a.person), AGENCY, office.id, unit, **words)


def test_a_closed_unit_gives_way_to_the_next_ticket_of_its_stratum(office: Ceremony) -> None:
    """draw.md 3.5: "Units: next ticket of the same stratum (closed, moved, merged), with evidence"."""
    fates = office.result()["fates"]
    out = next(one for one in fates if one["fate"] == "drawn" and any(x["fate"] == "not_drawn" and x["st"] == one["st"] for x in fates))
    following = min((one for one in fates if one["fate"] == "not_drawn" and one["st"] == out["st"]), key=lambda one: one["ticket"])
    found = exchange(office, out["subject_id"])
    assert (found.unit_id, found.stratum) == (following["subject_id"], out["st"])
    assert exchange(office, out["subject_id"]) == found, "asking again gives the same successor"
    assert operations.counts(AGENCY, 2026).units == 1
    operations.publish_transcript(office.id)
    transcript = office.a.get(f"{API}/{office.id}/transcript").get_json()
    exchanged = transcript["exchanges"]
    whole = {**transcript, "intent": exchanged["intent"], "first": transcript["intent"]}
    assert replay.replay(whole) == exchanged["want"]


def test_a_unit_is_exchanged_only_with_evidence_and_for_a_listed_cause(office: Ceremony) -> None:
    out = next(one for one in office.result()["fates"] if one["fate"] == "drawn")["subject_id"]
    for wrong in ({"evidence": " "}, {"note": ""}, {"cause": "inconvenient"}):
        with pytest.raises(ProposalWrong):
            exchange(office, out, **wrong)


def test_more_than_one_change_of_a_unit_or_five_per_cent_overall_is_red(office: Ceremony) -> None:
    """draw.md 3.5: "more than 1 for a unit or 5 % overall = red"."""
    assert not operations.counts(AGENCY, 2026).red
    rows = drawn(office).rows
    propose(office)
    once = operations.counts(AGENCY, 2026)
    assert once.red == (len(rows) < 20) and (once.drawn, once.people, once.most_per_leader) == (len(rows), 1, 1)
    propose(office, leaving=rows[0].team[1:], staying=())
    assert operations.counts(AGENCY, 2026).red, "twice at one unit"


def test_a_replacement_says_nothing_of_the_unit_in_public_before_the_list_is(office: Ceremony) -> None:
    again = small(office, propose(office))
    name = registry.unit(AGENCY, leaving(office).unit_id).name
    session().rollback()
    public = operations.public_draws(AGENCY)
    assert all(name not in repr(one) for one in public) and again.id in {one.id for one in public}


def test_a_superior_person_of_another_agency_cannot_preside(office: Ceremony) -> None:
    with pytest.raises(OfficialsWrong):
        propose(office, official_b=a_person("reviewer", agency="fire-jindong").id)
