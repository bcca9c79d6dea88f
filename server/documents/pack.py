"""The pack 检查资料包: everything one visit needs, as one immutable JSON that the phone carries into the basement.

Pure. The bytes are canonical JSON of the rules' kind (``server.rules.domain.canonical``) and are addressed by
their SHA-256; ``insp.open`` names that hash, so a running inspection keeps exactly these rules and texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from server.kernel import b64url, chain
from server.kernel.moments import zh_date
from server.rules.domain import AgencyRules, Data, canonical

MODE_WORDS = {"on_site": "现场检查", "document_review": "书面检查", "network_monitoring": "网络监测"}
ITEM_KEYS = ("id", "text", "answer", "extra", "evidence", "applies_when", "basis", "guidance", "star")


@dataclass(frozen=True)
class Member:
    """One drawn inspector as the documents name them."""

    user: str
    name: str
    certificate_no: str
    valid_to: date
    lead: bool


@dataclass(frozen=True)
class Task:
    """One assignment that this inspection carries."""

    id: str
    batch_no: str
    foreign_batch_no: str
    item_code: str
    item_name: str
    inspect_by: date


@dataclass(frozen=True)
class Premises:
    """The inspected unit at the moment of preparation."""

    id: str
    name: str
    entity_name: str
    address: str
    uscc: str
    registration_no: str
    details: Mapping[str, str]
    facts: Mapping[str, str]


@dataclass(frozen=True)
class Preparation:
    """What is known of one inspection when its pack is made."""

    insp: str
    number: str
    notice_number: str
    mode: str
    created_ms: int
    inspect_by: date
    unit: Premises
    team: Sequence[Member]
    tasks: Sequence[Task]
    visits_this_year: int
    history: Sequence[Data]


def _filled(template: Any, words: Mapping[str, str]) -> Any:
    """Replace ``{name}`` by its word, everywhere in a text tree; other braces stay as they are."""
    if isinstance(template, str):
        for name, word in words.items():
            template = template.replace("{" + name + "}", word)
        return template
    if isinstance(template, list):
        return [_filled(one, words) for one in template]
    if isinstance(template, dict):
        return {key: _filled(one, words) for key, one in template.items()}
    return template


def bases_of(rules: AgencyRules, codes: Sequence[str]) -> list[str]:
    """The legal bases that the item list names for these items, each once."""
    found: dict[str, None] = {}
    for code in codes:
        item = rules.item(code)
        for basis in (item or {}).get("bases", []):
            found[basis["text"] if isinstance(basis, dict) else str(basis)] = None
    return list(found)


def placeholders(facts: Preparation, rules: AgencyRules) -> dict[str, str]:
    """The words that may stand in the agency's texts (``checklists/README.md``)."""
    cap = rules.values.get("freq.max_per_year")
    return {
        "agency": str(rules.agency["name"]),
        "unit": facts.unit.name,
        "address": facts.unit.address,
        "inspectors": "、".join(f"{one.name}（执法证号 {one.certificate_no}）" for one in facts.team),
        "date": zh_date(facts.inspect_by),
        "inspect_by": zh_date(facts.inspect_by),
        "items": "、".join(dict.fromkeys(task.item_name for task in facts.tasks)),
        "basis": "；".join(bases_of(rules, [task.item_code for task in facts.tasks])),
        "phone": str(rules.agency.get("phone", "")),
        "visits": str(facts.visits_this_year + 1),
        "max": str(cap) if cap is not None else "未规定",
        "number": facts.notice_number,
        "mode": MODE_WORDS[facts.mode],
    }


def _checklist(content: Data, digest: str) -> Data:
    return {
        "id": content["id"], "title": content["title"], "hash": digest, "record_kind": content["record_kind"], "item_code": content["item_code"],
        "repeatable": bool(content.get("repeatable")), "draft": bool(content.get("draft")), "header": content.get("header", []),
        "sections": [
            {"title": section["title"], "items": [{key: item[key] for key in ITEM_KEYS if key in item} for item in section["items"]]}
            for section in content["sections"]
        ],
    }


def _person(details: Mapping[str, str], role: str) -> Data:
    return {"name": details.get(f"{role}_name", ""), "phone": details.get(f"{role}_phone", "")}


def build(facts: Preparation, rules: AgencyRules, fact_labels: Mapping[str, str], notice: Data) -> Data:
    """The pack as a document. ``notice`` = {number, sha256, size, title}, ``fact_labels`` the Chinese words of facts.

    Unknown values are empty, never invented."""
    ids = rules.checklists_for([task.item_code for task in facts.tasks])
    hashes = {name: rules.checklist_hashes[name] for name in ids}
    details = facts.unit.details
    texts = _filled(rules.texts, placeholders(facts, rules))
    asked = {fact for name in ids for section in rules.checklists[name]["sections"] for item in section["items"] for fact in item.get("applies_when", [])}
    return {
        "v": 1,
        "insp": facts.insp,
        "number": facts.number,
        "created_ms": facts.created_ms,
        "mode": facts.mode,
        "agency": {key: rules.agency.get(key, "") for key in ("id", "name", "short", "kind", "phone", "district_code")},
        "unit": {
            **{key: value for key, value in details.items() if not key.startswith(("responsible_", "manager_"))},
            "id": facts.unit.id, "name": facts.unit.name, "entity_name": facts.unit.entity_name, "address": facts.unit.address,
            "uscc": facts.unit.uscc, "registration_no": facts.unit.registration_no,
            "responsible_person": _person(details, "responsible"), "safety_manager": _person(details, "manager"),
        },
        "team": [{"user": one.user, "name": one.name, "certificate_no": one.certificate_no, "valid_to": one.valid_to.isoformat(), "lead": one.lead} for one in facts.team],
        "assignments": [
            {"id": one.id, "batch_no": one.batch_no, "foreign_batch_no": one.foreign_batch_no, "item_code": one.item_code, "item_name": one.item_name, "inspect_by": one.inspect_by.isoformat()}
            for one in facts.tasks
        ],
        "checklists": [_checklist(rules.checklists[name], hashes[name]) for name in ids],
        "profile": rules.values,
        "hashes": {"profile": rules.profile_hash, "item_list": rules.item_list_hash, "checklists": hashes, "texts": rules.texts_hash},
        "pin": b64url.encode(chain.pin_hash(hashes.values(), rules.item_list_hash, rules.profile_hash)),
        "facts": dict(facts.unit.facts),
        "texts": {**texts, "fact_labels": {fact: fact_labels[fact] for fact in sorted(asked)}},
        "notice": notice,
        "history": list(facts.history),
        "inspect_by": facts.inspect_by.isoformat(),
        "visits_this_year": facts.visits_this_year,
        "max_per_year": rules.values.get("freq.max_per_year"),
        "phrases": texts.get("phrases", []),
        "bases": bases_of(rules, [task.item_code for task in facts.tasks]),
    }


def to_bytes(pack: Data) -> bytes:
    """The bytes that are stored, synced and hashed."""
    return canonical(pack)
