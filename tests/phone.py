"""Phones in Python, and whole visits with one call: ``carry_visit`` walks one with two phones, sent and uploaded."""

from __future__ import annotations

import hashlib
import io
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from server.accounts.operations import PersonView
from server.inspections import attest
from server.inspections import operations as inspections
from server.inspections.record_text import record_text
from server.platform.ids import new_id
from tests import builders, kept
from tests.handset import PREFIX, TUS, FieldPhone, Visit, Wire, h_of, header_of, metadata, salt

__all__ = [
    "PREFIX", "TUS", "Carried", "FieldPhone", "Visit", "Wire", "a_field_phone", "a_pack", "a_picture", "a_visit",
    "carry_visit", "h_of", "header_of", "metadata", "record_visit", "salt",
]  # fmt: skip


def a_picture(seed: int = 0, size: tuple[int, int] = (64, 48), fmt: str = "JPEG", **save: Any) -> bytes:
    """A small valid picture; every seed another one."""
    noise = hashlib.shake_128(seed.to_bytes(8)).digest(3 * size[0] * size[1])
    buffer = io.BytesIO()
    Image.frombytes("RGB", size, noise).save(buffer, fmt, **save)
    return buffer.getvalue()


def a_pack(insp: str, team: Sequence[PersonView], items: int = 30, **profile: Any) -> dict[str, Any]:
    """A small but whole pack (contract "Pack"): one checklist of three-way items, all facts known."""
    hashes = {"profile": "1" * 64, "item_list": "2" * 64, "checklists": {"CL-T-1": "3" * 64}}
    made = [
        {
            "id": f"T-{n:02d}",
            "text": f"试验项目{n}",
            "answer": {"type": "c3"},
            "extra": [],
            "evidence": {"photo": "never", "document": False, "mark": False},
            "applies_when": [],
            "basis": [],
            "guidance": "",
            "star": False,
        }
        for n in range(1, items + 1)
    ]
    return {
        "v": 1,
        "insp": insp,
        "number": "2026-11-0042",
        "created_ms": 0,
        "mode": "on_site",
        "agency": {
            "id": builders.AGENCY,
            "name": "偃师测试消防救援大队",
            "short": "测试大队",
            "kind": "fire",
            "phone": "",
        },
        "unit": {
            "id": "unit-1",
            "name": "试验百货商店",
            "address": "试验路一号",
            "uscc": "",
            "registration_no": "",
            "responsible_person": {"name": "甲某", "phone": ""},
            "safety_manager": {"name": "乙某", "phone": ""},
            "unit_type": "商场",
            "floor_area": "1200",
            "entity_name": "试验百货有限公司",
        },
        "team": [
            {"user": p.id, "name": p.name, "certificate_no": f"试{n}", "valid_to": "2030-01-01", "lead": n == 0}
            for n, p in enumerate(team)
        ],
        "assignments": [
            {
                "id": "a-1",
                "batch_no": "2026-11",
                "foreign_batch_no": "",
                "item_code": "T-1",
                "item_name": "试验抽查",
                "inspect_by": "2026-12-31",
            }
        ],
        "checklists": [
            {
                "id": "CL-T-1",
                "title": "试验检查表",
                "hash": "3" * 64,
                "record_kind": "fire_record",
                "repeatable": False,
                "item_code": "T-1",
                "sections": [{"title": "一", "items": made}],
            }
        ],
        "profile": {"team.min": 2, **profile},
        "hashes": hashes,
        "pin": attest.pin_of({"hashes": hashes}),
        "facts": {},
        "texts": {},
        "history": [],
        "notice": {"number": "〔2026〕第1号", "sha256": "4" * 64, "size": 1000, "title": "检查通知书"},
        "inspect_by": "2026-12-31",
        "visits_this_year": 0,
        "max_per_year": 2,
        "phrases": [],
    }


def a_field_phone(person: PersonView | None = None, installation: str = "") -> FieldPhone:
    """An enrolled phone with its genesis event made."""
    device = builders.an_enrolled_device(person, installation)
    phone = FieldPhone(device, builders.client_of(device))
    phone.genesis()
    return phone


def a_visit(*phones: FieldPhone, items: int = 30, **profile: Any) -> Visit:
    """An inspection drawn for the people of these phones, with its pack attached. Nothing is opened yet."""
    people = [phone.device.person for phone in phones]
    if len(people) == 1:
        people.append(builders.a_person(agency=people[0].agency_id))
    insp = new_id()
    pack = a_pack(insp, people, items, **profile)
    with builders.at_work():
        inspections.create_inspection(
            None,
            agency_id=people[0].agency_id,
            unit_id="unit-1",
            unit_name="试验百货商店",
            address="试验路一号",
            number=f"2026-11-{insp[-8:]}",
            mode="on_site",
            insp_id=insp,
            team=[
                {"user": p.id, "name": p.name, "certificate_no": f"试{n}", "lead": n == 0} for n, p in enumerate(people)
            ],
        )
        pack_sha = inspections.attach_pack(insp, canonical_json(pack))
    return Visit(insp, pack, pack_sha, list(phones))


def canonical_json(pack: Mapping[str, Any]) -> bytes:
    return json.dumps(pack, ensure_ascii=False, sort_keys=True).encode()


@dataclass
class Carried:
    """A finished visit: who carried it, the photos' bytes by SHA-256."""

    visit: Visit
    first: FieldPhone
    second: FieldPhone
    photos: dict[str, bytes]


def record_visit(first: FieldPhone, second: FieldPhone, photos: int = 4, answers: int = 30) -> Carried:
    """The first phone keeps the record, the second attests; nothing is sent. About 76 events with 57 answers."""
    visit = a_visit(first, second, items=answers)
    insp = visit.insp
    visit.open(first)
    first.event("rec.mark", {"mark": "arrival"}, insp)
    first.event("outcome", {"kind": "completed"}, insp)
    first.event(
        "id.show",
        {
            "inspectors": [
                {"user": m["user"], "name": m["name"], "certificate_no": m["certificate_no"]}
                for m in visit.pack["team"]
            ]
        },
        insp,
    )
    for key in ("basis", "rights"):
        first.event("told.tick", {"key": key, "spoken": True}, insp)
    for n in range(1, answers + 1):
        first.event("check.answer", {"checklist": "CL-T-1", "item": f"T-{n:02d}", "sheet": 0, "val": "pass"}, insp)
    taken = {}
    for _ in range(photos):
        data = a_picture(int.from_bytes(secrets.token_bytes(6)))
        taken[hashlib.sha256(data).hexdigest()] = data
        first.photo(insp, data, checklist="CL-T-1", item="T-01", sheet=0)
    first.event("note.add", {"text": "试验记录"}, insp)
    first.attest(visit, "A3")
    second.attest(visit, "A3")
    text = attest.text_hash(record_text(visit.fold(), visit.pack, with_annex=False))
    first.event("sign.party", {"mode": "refused", "reason": "试验拒签", "text": text}, insp)
    first.seal(visit)
    return Carried(visit, first, second, taken)


def carry_visit(photos: int = 4, answers: int = 30) -> Carried:
    """A whole visit with two phones, sent and uploaded."""
    with builders.at_work():
        return kept.once(f"carried {photos} {answers}", lambda: _carry_visit(photos, answers))


def _carry_visit(photos: int, answers: int) -> Carried:
    first, second = a_field_phone(), a_field_phone()
    carried = record_visit(first, second, photos, answers)
    second.send()
    lacks = first.send()["lacks"]
    for sha256 in lacks:
        first.upload(carried.photos[sha256], "image/jpeg")
    return carried
