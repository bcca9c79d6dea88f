"""What the rules of one agency are, once the layers are laid over one another.

Pure: works on parsed documents, reads no file and no clock. Every resolved part has a content hash:
SHA-256 over its canonical JSON, so that an inspection can pin the version it started with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from server.kernel.errors import DomainError

Data = dict[str, Any]
Path = tuple[str | int, ...]


class UnknownAgency(DomainError):
    """没有这个机关的规则"""

    code = "E_RULES_AGENCY"


class ProfileNotInForce(DomainError):
    """该机关的规则在这一天没有生效"""

    code = "E_RULES_NOT_IN_FORCE"


class RulesFaulty(DomainError):
    """检查表数据有错误，不能使用"""

    code = "E_RULES_FAULTY"


class UnknownVersion(DomainError):
    """没有存下这个版本的规则或检查表"""

    code = "E_RULES_VERSION"


@dataclass(frozen=True, order=True)
class Fault:
    """One thing a clerk must repair. ``file`` is relative to the checklists folder, ``line`` from 1."""

    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"checklists/{self.file} 第{self.line}行：{self.sentence}"


@dataclass(frozen=True)
class Document:
    """One parsed file and the line on which each of its values begins."""

    file: str
    data: Any
    lines: Mapping[Path, int] = field(default_factory=dict)

    def line(self, path: Path = ()) -> int:
        """The line of the value at ``path``, or of the nearest value around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def fault(self, path: Path, sentence: str) -> Fault:
        return Fault(self.file, self.line(path), sentence)


@dataclass(frozen=True)
class KeyRule:
    """What may be said about one profile key: its Chinese name, and what counts as stricter.

    ``stronger``: ``true`` | ``more`` | ``fewer`` | ``superset`` | a list of words from weakest to
    strongest | None (no direction: such a key cannot be a floor)."""

    key: str
    label: str
    stronger: str | tuple[str, ...] | None


@dataclass(frozen=True)
class Layer:
    """The files of one folder: a layer (全国、行业、省) or an agency."""

    name: str
    profile: Document | None = None
    banks: tuple[Document, ...] = ()
    overrides: Document | None = None
    texts: Document | None = None
    items: Mapping[date, Document] = field(default_factory=dict)
    checklists: tuple[Document, ...] = ()

    def documents(self) -> Iterator[tuple[str, Document]]:
        """(kind of schema, document) of everything in the folder."""
        for kind, one in (("profile", self.profile), ("overrides", self.overrides), ("texts", self.texts)):
            if one is not None:
                yield kind, one
        yield from (("bank", bank) for bank in self.banks)
        yield from (("items", listing) for listing in self.items.values())
        yield from (("checklist", checklist) for checklist in self.checklists)


@dataclass(frozen=True)
class AgencyRules:
    """Everything that binds one agency: what the pack of an inspection is made of.

    ``profile``: {dotted key: {value, article, quote, layer}}; ``checklists``: {id: resolved dict};
    ``texts``: templates with ``{agency}``-like placeholders; ``local_days``: {date: is a workday}."""

    agency: Data
    profile: dict[str, Data]
    profile_hash: str
    items: list[Data]
    item_list: Data
    item_list_hash: str
    checklists: dict[str, Data]
    checklist_hashes: dict[str, str]
    texts: Data
    texts_hash: str
    local_days: dict[date, bool]
    valid_from: date
    valid_to: date | None

    @property
    def values(self) -> dict[str, Any]:
        """{dotted key: value}: the profile as phones and operations read it."""
        return {key: entry["value"] for key, entry in self.profile.items()}

    def value(self, key: str) -> Any:
        return self.profile[key]["value"]

    def item(self, code: str) -> Data | None:
        return next((item for item in self.items if item["code"] == code), None)

    def checklists_for(self, item_codes: list[str]) -> list[str]:
        """The checklists of several items of the list, each once, in the order of the items.

        Two sections at one enterprise (乌审旗方案四（一）) share the general checklist."""
        found: dict[str, None] = {}
        for code in item_codes:
            item = self.item(code)
            found.update(dict.fromkeys(item["checklists"] if item else []))
        return list(found)

    def versions(self) -> Iterator[tuple[str, str, Data]]:
        """(kind, hash, content) of every part an inspection may pin."""
        yield "profile", self.profile_hash, self.profile
        yield "item_list", self.item_list_hash, self.item_list
        yield "texts", self.texts_hash, self.texts
        for name, content in self.checklists.items():
            yield "checklist", self.checklist_hashes[name], content

    def in_force(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True)
class Library:
    """The whole folder ``checklists/``, parsed and resolved."""

    digest: str
    agencies: Mapping[str, Mapping[date, AgencyRules]]
    facts: Mapping[str, str]
    laws: Mapping[str, Data]
    calendar: Data

    def agency_ids(self) -> list[str]:
        return sorted(self.agencies)

    def agency(self, agency_id: str, on: date | None = None) -> AgencyRules:
        """The rules of an agency with the newest item list, or the one that holds on ``on``.

        Raises UnknownAgency, ProfileNotInForce."""
        lists = self.agencies.get(agency_id)
        if not lists:
            raise UnknownAgency(f"没有机关“{agency_id}”的规则", agency=agency_id)
        if on is None:
            return lists[max(lists)]
        # A list holds until the next one begins: an office without a list could not inspect.
        rules = lists[max((starts for starts in lists if starts <= on), default=min(lists))]
        if not rules.in_force(on):
            raise ProfileNotInForce(f"{rules.agency['name']}的规则在{on.isoformat()}没有生效", agency=agency_id)
        return rules


def canonical(value: Any) -> bytes:
    """Canonical JSON of a rule document: sorted ASCII keys, no white space, literal UTF-8, no floats.

    Wider than SJ-JSON 1 (null, dotted keys, any size): these documents are not events."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def content_hash(value: Any) -> str:
    """SHA-256 of the canonical JSON, 64 hex digits."""
    return hashlib.sha256(canonical(value)).hexdigest()
