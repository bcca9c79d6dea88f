"""Tables of people: what a line means among those who are known, and how it is written. A roster is small: it is read whole
and stored in one unit of work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select

from server.accounts import operations as accounts
from server.audit import operations as audit
from server.platform.db import db, transaction
from server.platform.ids import new_id
from server.registry import domain, people_fields, planning
from server.registry.holding import Cause, Writer
from server.registry.people_fields import LISTS, LOGIN, PersonDraft
from server.registry.planning import Known
from server.registry.storing import Tally, hold_lock
from server.registry.tables import InspectorRow, LeadingGroupRow

ACCOUNT = LOGIN
"""The history line of an account that a table made; its undoing closes it."""


@dataclass(frozen=True)
class Target:
    """Whom a line means: an account, the row of the registry if there is one, or neither yet."""

    object_id: str = ""
    known: Known | None = None


@dataclass
class Found:
    """What every line of a table means now, and the lines that mean nobody."""

    targets: dict[int, Target] = field(default_factory=dict)
    errors: list[domain.RowError] = field(default_factory=list)


class Inspectors:
    kind = "inspector"
    table = InspectorRow

    def rows(self, agency_id: str) -> list[InspectorRow]:
        return list(db.session.scalars(select(InspectorRow).where(InspectorRow.agency_id == agency_id).order_by(InspectorRow.user_id)))

    def id_of(self, row: InspectorRow) -> str:
        return row.user_id

    def values(self, row: InspectorRow) -> dict[str, str]:
        """All fields as text, without empty ones."""
        plain = {"name": row.name, "certificate_no": row.certificate_no, "valid_to": row.valid_to.isoformat(), **row.details}
        texts = {name: "、".join(map(str, value)) if isinstance(value, list) else str(value) for name, value in plain.items() if value is not None}
        return {name: text for name, text in texts.items() if text}

    def put(self, row: InspectorRow, name: str, text: str) -> None:
        if name == "valid_to":
            row.valid_to = date.fromisoformat(text)
        elif name in ("name", "certificate_no"):
            setattr(row, name, text)
        else:
            value: object = int(text) if name == "years_of_service" and text else text.split("、") if name in LISTS and text else text
            row.details = {key: kept for key, kept in {**row.details, name: value}.items() if kept not in ("", [])}

    def find(self, agency_id: str, drafts: Sequence[domain.Draft], may_add: bool) -> Found:
        found, taken = Found(), dict[str, int]()
        known = {row.user_id: self._known(row) for row in self.rows(agency_id)}
        by_certificate = {one.values["certificate_no"]: one for one in known.values()}
        staff = {one.login: one for one in accounts.people(agency_id)}
        for draft in drafts:
            assert isinstance(draft, PersonDraft)
            target, problem = self._meant(draft, known, by_certificate, staff, may_add)
            holder = by_certificate.get(draft.values["certificate_no"])
            key = target.object_id or draft.login
            if not problem and holder is not None and holder.unit_id != target.object_id:
                problem = f"执法证号 {draft.values['certificate_no']} 已登记给“{holder.values['name']}”"
            elif not problem and (key in taken or draft.values["certificate_no"] in taken):
                problem = f"与第{taken.get(key) or taken[draft.values['certificate_no']]}行是同一个人或同一个执法证号"
            if problem:
                found.errors.append(domain.RowError(draft.row, people_fields.INSPECTOR_HEADERS["name"][0], problem, "E_PERSON"))
                continue
            taken |= {key: draft.row, draft.values["certificate_no"]: draft.row}
            found.targets[draft.row] = target
        return found

    def _known(self, row: InspectorRow) -> Known:
        return Known(row.user_id, self.values(row), _origins(row, self.values(row)))

    def _meant(
        self, draft: PersonDraft, known: Mapping[str, Known], by_certificate: Mapping[str, Known], staff: Mapping[str, accounts.PersonView], may_add: bool
    ) -> tuple[Target, str]:
        """By login; else by certificate; else by a name that only one person has, first in the registry, then among the accounts."""
        name = draft.values["name"]
        if draft.login:
            person = staff.get(draft.login)
            if person is not None:
                return self._of_account(person, known)
            if not may_add:
                return Target(), f"没有账号“{draft.login}”。账号由系统管理员建立，也可以由系统管理员导入这张表"
            return Target(), accounts.why_not_login(draft.login)
        holder = by_certificate.get(draft.values["certificate_no"])
        if holder is not None and holder.values["name"] == name:
            return Target(holder.unit_id, holder), ""
        same = [one for one in known.values() if one.values["name"] == name]
        if len(same) == 1:
            return Target(same[0].unit_id, same[0]), ""
        free = [one for one in staff.values() if one.name == name and one.active and "inspector" in one.roles and one.id not in known]
        if len(same) + len(free) > 1:
            return Target(), f"有 {len(same) + len(free)} 个“{name}”，请填写“账号”一列"
        if free:
            return Target(free[0].id), ""
        return Target(), f"“{name}”还没有账号。" + ("请填写“账号”一列，导入时一并建立" if may_add else "请系统管理员建立账号，或由系统管理员导入这张表")

    def _of_account(self, person: accounts.PersonView, known: Mapping[str, Known]) -> tuple[Target, str]:
        if not person.active:
            return Target(), f"账号“{person.login}”已停用"
        if "inspector" not in person.roles:
            return Target(), f"账号“{person.login}”没有执法检查人员角色"
        return Target(person.id, known.get(person.id)), ""

    def make(self, actor: audit.Who, agency_id: str, draft: domain.Draft, target: Target, cause: Cause, writer: Writer, no_password: str) -> str:
        assert isinstance(draft, PersonDraft)
        user_id = target.object_id
        if not user_id:
            user_id = accounts.add_hashed_person(actor, agency_id, draft.login, draft.values["name"], ["inspector"], no_password).id
            writer.line(user_id, ACCOUNT, "", draft.login, kind=self.kind)
        row = InspectorRow(user_id=user_id, agency_id=agency_id, name="", certificate_no="", valid_to=cause.day, details={}, origins={}, import_id=cause.import_id)
        for name, text in draft.values.items():
            self.put(row, name, text)
        db.session.add(row)
        return user_id

    def note(self, draft: domain.Draft, target: Target) -> domain.RowError | None:
        if target.object_id or not isinstance(draft, PersonDraft):
            return None
        return domain.RowError(draft.row, people_fields.INSPECTOR_HEADERS[LOGIN][0], f"为“{draft.values['name']}”建立账号 {draft.login}：没有密码，凭登记码登记手机", "W_ACCOUNT")

    def read(self, row: int, texts: Mapping[str, str], numeric: frozenset[str], today: date) -> tuple[domain.Draft | None, list[domain.RowError]]:
        return people_fields.read_inspector(row, texts, numeric, today)


class Leaders:
    kind = "leader"
    table = LeadingGroupRow

    def rows(self, agency_id: str) -> list[LeadingGroupRow]:
        return list(db.session.scalars(select(LeadingGroupRow).where(LeadingGroupRow.agency_id == agency_id).order_by(LeadingGroupRow.id)))

    def id_of(self, row: LeadingGroupRow) -> str:
        return row.id

    def values(self, row: LeadingGroupRow) -> dict[str, str]:
        plain = {"place": row.place, "name": row.name, "post": row.post, "duty": row.duty, "from_day": row.from_day.isoformat(), "to_day": row.to_day.isoformat() if row.to_day else ""}
        return {name: text for name, text in plain.items() if text}

    def put(self, row: LeadingGroupRow, name: str, text: str) -> None:
        setattr(row, name, (date.fromisoformat(text) if text else None) if name in ("from_day", "to_day") else text)

    def find(self, agency_id: str, drafts: Sequence[domain.Draft], _may_add: bool) -> Found:
        """The same person in the same place from the same day is one entry: a later time in the group is another."""
        found, taken = Found(), dict[tuple[str, ...], int]()
        known = {self._key(self.values(row)): Known(row.id, self.values(row), _origins(row, self.values(row))) for row in self.rows(agency_id)}
        for draft in drafts:
            key = self._key(draft.values)
            if key in taken:
                found.errors.append(domain.RowError(draft.row, "", f"与第{taken[key]}行重复", "E_ROW_DOUBLE"))
                continue
            taken[key] = draft.row
            one = known.get(key)
            found.targets[draft.row] = Target(one.unit_id, one) if one else Target()
        return found

    def _key(self, values: Mapping[str, str]) -> tuple[str, ...]:
        return values["place"], values["name"], values["from_day"]

    def make(self, _actor: audit.Who, agency_id: str, draft: domain.Draft, _target: Target, cause: Cause, _writer: Writer, _no_password: str) -> str:
        row = LeadingGroupRow(id=new_id(), agency_id=agency_id, place="", name="", post="", duty="", from_day=cause.day, to_day=None, origins={}, import_id=cause.import_id)
        for name, text in draft.values.items():
            self.put(row, name, text)
        db.session.add(row)
        return row.id

    def note(self, _draft: domain.Draft, _target: Target) -> domain.RowError | None:
        return None

    def read(self, row: int, texts: Mapping[str, str], numeric: frozenset[str], today: date) -> tuple[domain.Draft | None, list[domain.RowError]]:
        return people_fields.read_leader(row, texts, numeric, today)


Roster = Inspectors | Leaders
Entry = InspectorRow | LeadingGroupRow


def _origins(row: Entry, values: Mapping[str, str]) -> dict[str, list[str]]:
    """Whatever no table brought, a person entered at the desk."""
    return dict(row.origins) if row.import_id else {name: ["desk", "", ""] for name in values} | row.origins


def look(agency_id: str, roster: Roster, drafts: Sequence[domain.Draft], decisions: Mapping[str, str], may_add: bool) -> Tally:
    """What storing would do now. Writes nothing; the lines that mean nobody are already left out."""
    tally, found = Tally(), roster.find(agency_id, drafts, may_add)
    for draft in drafts:
        target = found.targets[draft.row]
        tally.take(planning.plan_row(draft, target.known, decisions))
        if (note := roster.note(draft, target)) is not None:
            tally.notes.append(note)
    return tally


def store(
    actor: audit.Who, agency_id: str, roster: Roster, drafts: Sequence[domain.Draft], decisions: Mapping[str, str], cause: Cause, may_add: bool, progress: Callable[[int], None]
) -> Tally:
    """Write what is new or changed; conflicts that nobody decided are left as they are."""
    tally = Tally()
    # Before the unit of work: a hash takes a fifth of a second.
    no_password = accounts.no_password() if may_add and roster.kind == Inspectors.kind else ""
    with transaction():
        hold_lock(agency_id)
        found = roster.find(agency_id, drafts, may_add)
        # Somebody else changed the registry since the look: such a line is left out and named.
        tally.notes += found.errors
        writer, held = Writer(agency_id, cause), {roster.id_of(row): row for row in roster.rows(agency_id)}
        for draft in drafts:
            target = found.targets.get(draft.row)
            if target is None:
                continue
            plan = planning.plan_row(draft, target.known, decisions)
            tally.take(plan)
            if target.known is None:
                tally.notes += [note] if (note := roster.note(draft, target)) is not None else []
                roster.make(actor, agency_id, draft, target, cause, writer, no_password)
                continue
            row = held[target.known.unit_id]
            for change in plan.changes:
                put(roster, writer, row, change.field, change.new)
            for kept in plan.kept:
                row.origins = row.origins | {kept.field: [*target.known.origins[kept.field][:3], kept.new]}
        writer.flush()
        audit.record(actor, f"registry.{roster.kind}s_imported", "agency", agency_id, agency_id, {"import": cause.import_id or "", "added": tally.added, "updated": tally.updated})
        progress(len(drafts))
    return tally


def put(roster: Roster, writer: Writer, row: Any, name: str, text: str, origin: list[str] | None = None) -> None:
    """Set one field with its origin and its line of history; ``origin`` is given by an undo."""
    values = roster.values(row)
    if values.get(name, "") == text:
        return
    cause, before = writer.cause, row.origins.get(name, [])
    roster.put(row, name, text)
    origins = dict(row.origins)
    if origin is None:
        origins[name] = [cause.how, cause.day.isoformat(), cause.source]
    elif origin:
        origins[name] = origin
    else:
        origins.pop(name, None)
    row.origins = origins
    writer.line(roster.id_of(row), name, values.get(name, ""), text, before, roster.kind)
