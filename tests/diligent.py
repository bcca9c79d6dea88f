"""A diligent pair of inspectors: carries a real agency's visit by its real pack until nothing is missing.

What they do is driven by ``needs`` and the pack, as the phone is, so a new rule of a profile is met here too."""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from server.accounts import passwords
from server.app import demo
from server.inspections import attest, needs
from server.inspections import operations as inspections
from server.inspections.fold import fold
from server.inspections.items import visible_items
from server.inspections.record_text import record_text
from server.inspections.steps import told_keys
from server.kernel import b64url, merkle
from server.plans import operations as plans
from server.platform import jobs
from server.registry import operations as registry
from server.rules import operations as rules
from tests import builders, kept
from tests.handset import FieldPhone, Visit, h_of, header_of
from tests.phone import a_field_phone, a_picture

_seeds = itertools.count(1)


@dataclass
class Team:
    """Two inspectors of an agency, one visit, and the bytes of every file they made."""

    visit: Visit
    first: FieldPhone
    second: FieldPhone
    files: dict[str, tuple[bytes, str]] = field(default_factory=dict)

    @property
    def insp(self) -> str:
        return self.visit.insp

    def fold(self) -> dict[str, Any]:
        return self.visit.fold()

    def keep(self, data: bytes, mime: str) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        self.files[sha256] = (data, mime)
        return sha256

    def photo(self, **body: Any) -> str:
        data = a_picture(next(_seeds))
        self.keep(data, "image/jpeg")
        self.first.photo(self.insp, data, **body)
        return hashlib.sha256(data).hexdigest()

    def upload(self, phone: FieldPhone) -> dict[str, Any]:
        """Everything a phone has: events, then the files that the server lacks."""
        answer = phone.send()
        for sha256 in answer["lacks"]:
            if sha256 in self.files:
                phone.upload(*self.files[sha256], insp=self.insp)
        return answer


@functools.cache
def _demo_of(agency_id: str, checklists: Path) -> demo.DemoAgency:
    return next(one for one in demo.demo_agencies(checklists) if one.agency["id"] == agency_id)


def an_agency_at_work(agency_id: str, checklists: Path) -> None:
    """The agency with its demo people and units, but no batch yet."""
    kept.once(f"{agency_id} {checklists}", lambda: _load_agency(_demo_of(agency_id, checklists)))


def _load_agency(found: demo.DemoAgency) -> None:
    agency_id = found.agency["id"]
    builders.an_agency(agency_id, found.agency["name"], short=found.agency["short"], kind=found.agency["kind"])
    password_hash = passwords.hash_password(demo.PASSWORD)
    for person in found.people:
        if "agency" not in person:
            demo._load_person(agency_id, person, password_hash)
    registry.load_demo(agency_id, found.folder)


def a_prepared_visit(agency_id: str, checklists: Path, item: str = "", nth: int = 0) -> Team:
    """The demo batch of the agency imported, and one of its visits on two enrolled phones."""
    return kept.once(f"visit {agency_id} {checklists} {item} {nth}", lambda: _a_prepared_visit(agency_id, checklists, item, nth))


def _a_prepared_visit(agency_id: str, checklists: Path, item: str, nth: int) -> Team:
    kept.once(f"batch {agency_id} {checklists}", lambda: _a_batch(agency_id, checklists))
    wanted = [
        view for view in inspections.inspections(agency_id)
        if not item or any(one.item_code == item for one in plans.assignments_of(view.id))
    ]
    return a_team_for(sorted(wanted, key=lambda one: one.number)[nth])


def _a_batch(agency_id: str, checklists: Path) -> None:
    an_agency_at_work(agency_id, checklists)
    plans.load_demo(agency_id, checklists / agency_id / "demo")
    jobs.drain()


def a_team_for(view: inspections.InspectionView) -> Team:
    """The first two members of a prepared visit, each with an enrolled phone."""
    from server.accounts import operations as accounts

    people = [accounts.person(str(member["user"])) for member in view.team]
    phones = [a_field_phone(person) for person in people[:2]]
    assert view.pack_sha is not None
    return Team(Visit(view.id, inspections.load_pack(view.pack_sha), view.pack_sha, phones), *phones)


def carry(team: Team, fails: int = 1, second_attests: bool = True, outcome: str = "completed") -> None:
    """The whole visit on the phones, nothing sent. ``fails``: how many items do not comply."""
    pack, first, insp = team.visit.pack, team.first, team.insp
    team.visit.open(first)
    for member in pack["team"]:
        first.event("recusal.declare", {"inspector": member["user"], "conflict": False}, insp)
    first.event("rec.mark", {"mark": "arrival"}, insp)
    first.event("outcome", {"kind": outcome}, insp)
    if pack["profile"].get("onsite.recorder") in ("required", "recommended"):
        first.event("rec.start", {"session": "r1", "device_no": "DEMO-REC-01", "kind": "body_worn", "wearer": first.user, "clock_checked": True, "battery": 90}, insp)
        first.event("rec.mark", {"mark": "spoken_notice", "session": "r1"}, insp)
    shown = [{"user": m["user"], "name": m["name"], "certificate_no": m["certificate_no"]} for m in pack["team"]]
    first.event("id.show", {"inspectors": shown, "party_name": "甄在场"}, insp)
    ink = team.keep(a_picture(next(_seeds), fmt="PNG"), "image/png")
    first.event("notice.give", {"number": pack["notice"]["number"], "doc": pack["notice"]["sha256"], "mode": "received", "receiver": "甄签收", "role": "经理", "ink": ink}, insp)
    for key in told_keys(pack["profile"]):
        first.event("told.tick", {"key": key, "spoken": True}, insp)
    _answer(team, fails)
    for _ in range(int(pack["profile"].get("onsite.min_photos") or 0)):
        team.photo(purpose="general")
    first.event("party.statement", {"text": "无异议"}, insp)
    lacking = needs.missing(team.fold(), pack, "attest")
    assert lacking == [], lacking
    close(team, second_attests)


def _answer(team: Team, fails: int) -> None:
    pack, first, insp = team.visit.pack, team.first, team.insp
    left = fails
    for entry in visible_items(team.fold(), pack):
        item, where = entry["item"], {"checklist": entry["checklist"], "item": entry["item"]["id"], "sheet": entry["sheet"]}
        body: dict[str, Any] = {**where, "val": "pass"}
        kind = item["answer"]["type"]
        if kind in ("choice", "multi"):
            choice = next((c for c in item["answer"]["choices"] if c["verdict"] == "pass"), item["answer"]["choices"][0])
            body |= {"choice": [choice["code"]], "val": choice["verdict"]}
        elif kind == "number":
            body["nums"] = {"value": "2"}
        elif kind == "text":
            body |= {"text": "已核对", "val": "neutral"}
        elif kind == "date":
            body |= {"dates": {"value": "2026-11-20"}, "val": "neutral"}
        elif kind == "quiz":
            body |= {"asked": 3, "correct": 3}
        elif kind == "c3" and left:
            left -= 1
            body |= {"val": "fail", "part": "一层大厅", "note": "通道堆放杂物，宽度不足", "fixed": False, "measure": "责令限期改正"}
        photo = item.get("evidence", {}).get("photo", "never")
        if photo == "always" or (photo == "on_fail" and body["val"] == "fail"):
            team.photo(purpose="item", **where)
        first.event("check.answer", body, insp)


def close(team: Team, second_attests: bool = True) -> None:
    """Both attest, the party signs, the recorder stops, the record phone seals."""
    insp, first = team.insp, team.first
    attest_now(team, first)
    if second_attests:
        attest_now(team, team.second)
    signed = record_text(team.fold(), team.visit.pack, with_annex=False)
    ink = team.keep(a_picture(next(_seeds), fmt="PNG"), "image/png")
    first.event("sign.party", {"mode": "signed", "name": "甄在场", "role": "经理", "ink": ink, "text": attest.text_hash(signed)}, insp)
    for session in team.fold()["recorder"]:
        if session["started"] is not None and session["stopped"] is None:
            first.event("rec.stop", {"session": session["session"]}, insp)
    seal_now(team)


def attest_now(team: Team, phone: FieldPhone) -> None:
    folded = team.fold()
    level = "A1" if phone is team.first else "A3"
    phone.event("attest", attest.attestation(folded, record_text(folded, team.visit.pack), level), team.insp)


def seal_now(team: Team) -> None:
    folded, phone = team.fold(), team.first
    claim = attest.attestation(folded, record_text(folded, team.visit.pack), "A1")
    own = [b64url.decode(h_of(wire)) for wire in phone.wires if header_of(wire)["insp"] == team.insp]
    previous = [seal["h"] for seal in folded["seals"] if seal["linked"]]
    phone.event(
        "seal",
        {
            "d": claim["d"], "text": claim["text"], "chains": claim["chains"], "count": len(own),
            "root": b64url.encode(merkle.root([merkle.leaf_hash(h) for h in own])),
            "outcome": (folded["outcome"] or {"kind": "completed"})["kind"], "party": folded["party"] is not None, "ended": phone.wall,
            **({"prev_seal": previous[-1]} if previous else {}),
        },
        team.insp,
    )


def opinion(team: Team, base: int = 0) -> None:
    """The lead's evaluation and opinion, written on the phone."""
    team.first.event("report.opinion", {"base": base, "evaluation": "制度较健全，现场有一处问题", "handling": "责令限期改正", "advice": "加强巡查"}, team.insp)


def folded_from_wire(wires: list[dict[str, str]], pack: dict[str, Any]) -> dict[str, Any]:
    """What anybody folds from exported wire events."""
    return fold([{"h": h_of(w), "header": header_of(w), "body": json.loads(w["b"])} for w in wires], pack)


def calendar(agency_id: str) -> Any:
    return rules.calendar_for(agency_id)
