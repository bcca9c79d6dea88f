"""The fields of a unit: what they are called, which header of a clerk's table means which, how complete a unit is. Pure.

A field is a name of ``domain.UNIT_HEADERS``, a fact as ``fact.<fact>``, another system's number as ``ext.<system>``, or
``items`` (the pools of items it stands in)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from server.registry.domain import UNIT_HEADERS, unit_labels

ENTITY_FIELDS = ("entity_name", "uscc", "registration_no", "no_code_reason")
COLUMN_FIELDS = ("name", "address")
ITEMS, FACT, EXTERNAL = "items", "fact.", "ext."
DETAIL_FIELDS = tuple(name for name in UNIT_HEADERS if name not in (*ENTITY_FIELDS, *COLUMN_FIELDS, "blacklisted", ITEMS))

BASE_FIELDS = ("name", "address", "uscc", "responsible_name", "unit_type")
"""WC-9b: "单位名称、地址、统一社会信用代码（注册号）、消防安全责任人、单位类型为检查对象基础信息"."""
FIRE_FIELDS = (*BASE_FIELDS, "responsible_phone", "manager_name", "manager_phone", "floor_area", "building_class", "venue_class", "competent_dept", "district")
"""WC-9a."""
OTHER_FIELDS = (*BASE_FIELDS, "responsible_phone", "manager_name", "manager_phone", "district")
# The profile's words for fields that are kept under another name here.
PROFILE_FIELDS = {"responsible_person": "responsible_name", "safety_manager": "manager_name"}


def label(field: str, kind: str, facts: Mapping[str, str]) -> str:
    """What a field is called on screens and in tables of an agency of this kind."""
    if field.startswith(FACT):
        return facts.get(field.removeprefix(FACT), field.removeprefix(FACT))
    if field.startswith(EXTERNAL):
        return f"外部编号（{field.removeprefix(EXTERNAL)}）"
    return unit_labels(kind).get(field, field)


def normal(header: str) -> str:
    """A header without what clerks put around it: spaces, asterisks, remarks in brackets, a colon."""
    plain = re.sub(r"[\s*＊:：]", "", header)
    return re.sub(r"[（(](必填|选填|可选|文本|是/否|是否)[）)]", "", plain)


def guess(headers: Iterable[str], kept: Mapping[str, str], aliases: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Header → field: what the clerk chose last time for that header, else the first alias (word, field) that fits. One
    field, one header."""
    wanted = [header for header in headers if header]
    mapping = {header: kept[header] for header in wanted if kept.get(header)}
    taken = set(mapping.values())
    # In the order of the aliases, so that "单位名称" beats "名称" when a file has both.
    for word, field in aliases:
        if field in taken:
            continue
        for header in wanted:
            if header not in kept and header not in mapping and normal(word) == normal(header):
                mapping[header] = field
                taken.add(field)
                break
    return mapping


def aliases_of(headers: Mapping[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(word, field) for field, words in headers.items() for word in words]


def guess_mapping(headers: Iterable[str], kept: Mapping[str, str], facts: Mapping[str, str]) -> dict[str, str]:
    """``guess`` for a table of units, with its facts and other systems' numbers."""
    wanted = [header for header in headers if header]
    words = [(word, FACT + fact) for fact, said in facts.items() for word in (said, fact, f"是否{said}")]
    mapping = guess(wanted, kept, aliases_of(UNIT_HEADERS) + words)
    for header in wanted:
        found = re.fullmatch(r"外部编号[（(](.{1,80})[）)]", header)
        if found and header not in mapping and header not in kept:
            mapping[header] = EXTERNAL + found[1]
    return mapping


def known_field(field: str, facts: Mapping[str, str]) -> bool:
    if field.startswith(FACT):
        return field.removeprefix(FACT) in facts
    return field in UNIT_HEADERS or (field.startswith(EXTERNAL) and 0 < len(field) - len(EXTERNAL) <= 40)


def wanted_fields(kind: str, required: Iterable[str]) -> tuple[str, ...]:
    """What a complete unit holds: the line's fields and what the agency's own rules require (C15)."""
    own = FIRE_FIELDS if kind == "fire" else OTHER_FIELDS
    return tuple(dict.fromkeys((*own, *required_fields(required))))


def required_fields(required: Iterable[str]) -> tuple[str, ...]:
    """The profile's ``unit.required`` in our field names, with the five base fields where it says nothing (WC-9b)."""
    found = tuple(PROFILE_FIELDS.get(one, one) for one in required)
    return found or BASE_FIELDS


def completeness(values: Mapping[str, str], wanted: Iterable[str]) -> tuple[int, tuple[str, ...]]:
    """(percent filled, fields that are empty). A code may be a registration number or a reason for having none."""
    listed = tuple(wanted)
    empty = tuple(field for field in listed if not _filled(values, field))
    return (100 if not listed else (len(listed) - len(empty)) * 100 // len(listed)), empty


def _filled(values: Mapping[str, str], field: str) -> bool:
    if field == "uscc":
        return any(values.get(one) for one in ("uscc", "registration_no", "no_code_reason"))
    return bool(values.get(field))
