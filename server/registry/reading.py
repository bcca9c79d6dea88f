"""A clerk's table → drafts and errors, under the mapping of its headers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from server.platform.sheets import Row, Sheet
from server.registry import domain, fields, planning

Unprintable = Callable[[str], list[str]]
unprintable: list[Unprintable] = []
PRINTED = ("name", "entity_name", "address", "responsible_name", "manager_name")
_NOTHING: frozenset[str] = frozenset()


def lacking(mapping: Mapping[str, str]) -> list[str]:
    """Labels of the columns without which no line means anything."""
    found = set(mapping.values())
    missing = [domain.UNIT_HEADERS[name][0] for name in domain.REQUIRED if name not in found]
    if not found & {"uscc", "registration_no"}:
        missing.append(domain.UNIT_HEADERS["uscc"][0])
    return missing


def read(sheet: Sheet, mapping: Mapping[str, str], items: Mapping[str, str]) -> tuple[list[domain.Draft], list[domain.RowError]]:
    """Every line is a draft or has errors. ``items`` is {code: name} of the agency's item list."""
    columns = {field: header for header, field in mapping.items() if header in sheet.headers}
    plain = {name: header for name, header in columns.items() if not name.startswith((fields.FACT, fields.EXTERNAL))}
    facts = {name.removeprefix(fields.FACT): header for name, header in columns.items() if name.startswith(fields.FACT)}
    external = {name: header for name, header in columns.items() if name.startswith(fields.EXTERNAL)}
    codes = {word: code for code, name in items.items() for word in (code, name)}
    drafts: list[domain.Draft] = []
    errors: list[domain.RowError] = []
    printable: set[str] = set()
    for row in sheet.rows:
        texts = {name: row.text(header) for name, header in plain.items()}
        draft, faults = domain.read_unit(row.number, texts, _numeric(row, plain), {fact: row.text(header) for fact, header in facts.items()})
        if draft is not None:
            faults = unprintable_names(draft, printable) + _pools(draft, codes)
        if draft is None or faults:
            errors.extend(in_the_files_words(faults, columns, domain.UNIT_HEADERS))
            continue
        foreign = {name: text for name, header in external.items() if (text := row.text(header).strip())}
        drafts.append(domain.Draft(draft.row, {**draft.values, **foreign, **_codes(draft, codes)}, draft.facts) if foreign or draft.values.get(fields.ITEMS) else draft)
    doubles = domain.doubled_codes(drafts)
    bad = {error.row for error in doubles}
    return [draft for draft in drafts if draft.row not in bad], sorted(errors + doubles, key=lambda error: error.row)


def _numeric(row: Row, plain: Mapping[str, str]) -> frozenset[str]:
    header = plain.get("uscc")
    return frozenset({"uscc"}) if header and header in row.cells and row.cells[header].numeric else _NOTHING


def in_the_files_words(faults: list[domain.RowError], columns: Mapping[str, str], headers: Mapping[str, tuple[str, ...]]) -> list[domain.RowError]:
    """Errors name the header that the file itself has."""
    own = {words[0]: columns[name] for name, words in headers.items() if name in columns}
    return [domain.RowError(one.row, own.get(one.column, one.column), one.text, one.code) for one in faults]


def unprintable_names(draft: domain.Draft, printable: set[str] | None = None, headers: Mapping[str, tuple[str, ...]] = domain.UNIT_HEADERS) -> list[domain.RowError]:
    """Names that no document could print. ``printable`` remembers the characters of the lines before."""
    known: set[str] = set() if printable is None else printable
    found = []
    for name in PRINTED:
        text = draft.values.get(name, "")
        fresh = set(text) - known
        if not fresh:
            continue
        missing = [character for check in unprintable for character in check("".join(sorted(fresh)))]
        known |= fresh - set(missing)
        if missing:
            found.append(domain.RowError(draft.row, headers[name][0], f"“{'、'.join(missing)}”字库中没有，文书无法打印，请核对或改用规范字", "E_FONT"))
    return found


def _pools(draft: domain.Draft, codes: Mapping[str, str]) -> list[domain.RowError]:
    wrong = [one for one in planning.split_items(draft.values.get(fields.ITEMS, "")) if one not in codes]
    return [domain.RowError(draft.row, domain.UNIT_HEADERS[fields.ITEMS][0], f"抽查事项“{'、'.join(wrong)}”不在随机抽查事项清单内", "E_ITEM_UNKNOWN")] if wrong else []


def _codes(draft: domain.Draft, codes: Mapping[str, str]) -> dict[str, str]:
    listed = planning.split_items(draft.values.get(fields.ITEMS, ""))
    return {fields.ITEMS: planning.join_items([codes[one] for one in listed])} if listed else {}
