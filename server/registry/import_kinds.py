"""What a table can become: units, inspectors, the leading group. Each kind knows its columns, reads its lines, says what
storing them would do, and stores them; everything around that is the same for all (``imports.py``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from server.accounts import operations as accounts
from server.audit import operations as audit
from server.kernel.moments import local_date
from server.platform import clock
from server.platform.sheets import Sheet, read_sheet
from server.registry import domain, fields, people_fields, reading, rosters, storing
from server.registry.holding import Cause
from server.registry.settings import setting
from server.rules import operations as rules
from server.rules.domain import ProfileNotInForce, UnknownAgency

Progress = Callable[[int], None]
Lines = tuple[Sequence[domain.Draft], list[domain.RowError]]


@dataclass(frozen=True)
class Column:
    key: str
    label: str
    required: bool


class Kind(Protocol):
    """``by`` is the person who brought the table: what it may do is what they may do."""

    name: str
    title: str
    roles: tuple[str, ...]
    """Who may bring such a table."""

    def columns(self, agency_id: str) -> list[Column]: ...
    def guess(self, agency_id: str, headers: tuple[str, ...]) -> dict[str, str]: ...
    def known(self, field: str) -> bool: ...
    def label(self, agency_id: str, field: str) -> str: ...
    def lacking(self, mapping: Mapping[str, str]) -> list[str]: ...
    def read(self, agency_id: str, by: str, sheet: Sheet, mapping: Mapping[str, str]) -> Lines: ...
    def look(self, agency_id: str, by: str, drafts: Sequence[domain.Draft], decisions: Mapping[str, str], progress: Progress) -> storing.Tally: ...
    def store(self, actor: audit.Who, agency_id: str, drafts: Sequence[domain.Draft], decisions: Mapping[str, str], cause: Cause, progress: Progress) -> storing.Tally: ...


def kept_under(kind: Kind) -> str:
    """The setting that holds the clerk's mapping of headers."""
    return "unit_headers" if kind.name == "units" else f"{kind.name}_headers"


def items_of(agency_id: str) -> dict[str, str]:
    """{code: name} of the agency's item list; empty where it has no rules."""
    try:
        return {str(item["code"]): str(item["item"]) for item in rules.rules_for(agency_id).items}
    except (UnknownAgency, ProfileNotInForce):
        return {}


def list_of(data: bytes, filename: str) -> Sheet:
    """A list that is only compared: a name or a code is enough of a header."""
    return read_sheet(data, filename, lambda headers: bool({"name", "entity_name", "uscc"} & set(fields.guess_mapping(headers, {}, {}).values())))


def sheet_of(kind: Kind, agency_id: str, data: bytes, filename: str) -> Sheet:
    """Three known columns make a header; a title or a remark above the table does not have them."""
    return read_sheet(data, filename, lambda headers: len(kind.guess(agency_id, headers)) >= 3)


class Units:
    name, title, roles = "units", "检查对象名录库", ("plan_officer",)

    def columns(self, agency_id: str) -> list[Column]:
        kind, facts = accounts.agency(agency_id).kind, rules.facts()
        names = [*domain.UNIT_HEADERS, *(fields.FACT + fact for fact in facts)]
        return [Column(name, fields.label(name, kind, facts), name in domain.REQUIRED) for name in names]

    def guess(self, agency_id: str, headers: tuple[str, ...]) -> dict[str, str]:
        return fields.guess_mapping(headers, setting(agency_id, kept_under(self)), rules.facts())

    def known(self, field: str) -> bool:
        return fields.known_field(field, rules.facts())

    def label(self, agency_id: str, field: str) -> str:
        return fields.label(field, accounts.agency(agency_id).kind, rules.facts())

    def lacking(self, mapping: Mapping[str, str]) -> list[str]:
        return reading.lacking(mapping)

    def read(self, agency_id: str, by: str, sheet: Sheet, mapping: Mapping[str, str]) -> Lines:
        return reading.read(sheet, mapping, items_of(agency_id))

    def look(self, agency_id: str, by: str, drafts: Sequence[domain.Draft], decisions: Mapping[str, str], progress: Progress) -> storing.Tally:
        return storing.look(agency_id, drafts, decisions, progress)

    def store(self, actor: audit.Who, agency_id: str, drafts: Sequence[domain.Draft], decisions: Mapping[str, str], cause: Cause, progress: Progress) -> storing.Tally:
        return storing.store(actor, agency_id, drafts, decisions, cause, progress)


class Roster:
    """A table of people. An administrator's table also makes the accounts that it names and nobody has yet."""

    def __init__(self, name: str, title: str, roles: tuple[str, ...], roster: rosters.Roster, headers: Mapping[str, tuple[str, ...]], required: tuple[str, ...]) -> None:
        self.name, self.title, self.roles = name, title, roles
        self.roster, self.headers, self.required = roster, headers, required

    def columns(self, agency_id: str) -> list[Column]:
        return [Column(name, words[0], name in self.required) for name, words in self.headers.items()]

    def guess(self, agency_id: str, headers: tuple[str, ...]) -> dict[str, str]:
        return fields.guess(headers, setting(agency_id, kept_under(self)), fields.aliases_of(self.headers))

    def known(self, field: str) -> bool:
        return field in self.headers

    def label(self, agency_id: str, field: str) -> str:
        return self.headers[field][0] if field in self.headers else field

    def lacking(self, mapping: Mapping[str, str]) -> list[str]:
        found = set(mapping.values())
        return [self.headers[name][0] for name in self.required if name not in found]

    def read(self, agency_id: str, by: str, sheet: Sheet, mapping: Mapping[str, str]) -> Lines:
        columns = {field: header for header, field in mapping.items() if header in sheet.headers}
        today = local_date(clock.now_ms())
        drafts: list[domain.Draft] = []
        errors: list[domain.RowError] = []
        for row in sheet.rows:
            numeric = frozenset(name for name, header in columns.items() if header in row.cells and row.cells[header].numeric)
            draft, faults = self.roster.read(row.number, {name: row.text(header) for name, header in columns.items()}, numeric, today)
            faults = faults if draft is None else reading.unprintable_names(draft, headers=self.headers)
            errors += reading.in_the_files_words(faults, columns, self.headers)
            drafts += [draft] if draft is not None and not faults else []
        found = self.roster.find(agency_id, drafts, makes_accounts(by))
        errors += reading.in_the_files_words(found.errors, columns, self.headers)
        return [draft for draft in drafts if draft.row in found.targets], sorted(errors, key=lambda error: error.row)

    def look(self, agency_id: str, by: str, drafts: Sequence[domain.Draft], decisions: Mapping[str, str], progress: Progress) -> storing.Tally:
        return rosters.look(agency_id, self.roster, drafts, decisions, makes_accounts(by))

    def store(self, actor: audit.Who, agency_id: str, drafts: Sequence[domain.Draft], decisions: Mapping[str, str], cause: Cause, progress: Progress) -> storing.Tally:
        return rosters.store(actor, agency_id, self.roster, drafts, decisions, cause, makes_accounts(actor.user_id), progress)


def makes_accounts(user_id: str) -> bool:
    """Accounts are the administrator's alone, by a table as at the desk."""
    person = accounts.person(user_id)
    return person.active and "administrator" in person.roles


UNITS = Units()
INSPECTORS = Roster("inspectors", "执法检查人员名录库", ("plan_officer", "administrator"), rosters.Inspectors(), people_fields.INSPECTOR_HEADERS, ("name", "certificate_no", "valid_to"))
LEADERS = Roster("leaders", "领导小组", ("plan_officer",), rosters.Leaders(), people_fields.LEADER_HEADERS, ("place", "name", "from_day"))
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (UNITS, INSPECTORS, LEADERS)}


def for_whom(actor_roles: Sequence[str], kind: Kind) -> None:
    """Raises ``ImportForbidden`` when nobody with these roles may bring a table of this kind."""
    if not set(actor_roles) & set(kind.roles):
        raise domain.ImportForbidden("没有导入这种表格的权限")
