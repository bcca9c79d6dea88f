"""An import from the first look to its undoing. Reading and looking hold no lock; storing takes it a thousand lines at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import undefer

from server.accounts import operations as accounts
from server.audit import operations as audit
from server.kernel.errors import DomainError
from server.kernel.moments import local_date
from server.platform import clock
from server.platform.db import db, transaction, unit_of_work
from server.platform.ids import new_id
from server.platform.jobs import job
from server.platform.sheets import Sheet, UnreadableSheet
from server.registry import domain, storing
from server.registry.holding import Cause
from server.registry.import_kinds import KINDS, UNITS, Kind, for_whom, kept_under, makes_accounts, sheet_of
from server.registry.settings import keep_setting, setting
from server.registry.tables import RegistryImportRow

SHOWN = 1000
"""Errors and conflicts that are kept to be shown; the numbers are of all, and the annotated table names all."""
SAMPLE = 5
KEPT_FOR = timedelta(days=30)
BUSY = ("checking", "storing")


@unit_of_work
def begin(actor: audit.Who, agency_id: str, data: bytes, filename: str, kind: str = UNITS.name) -> str:
    """Keep the file and have it looked at; answers the import's id. Raises ``ImportForbidden``."""
    if kind not in KINDS:
        raise domain.ImportForbidden("没有这种表格的导入")
    for_whom(accounts.person(actor.user_id).roles, KINDS[kind])
    if not data:
        raise UnreadableSheet("文件是空的")
    forget = update(RegistryImportRow).where(RegistryImportRow.agency_id == agency_id, RegistryImportRow.at < clock.now() - KEPT_FOR)
    db.session.execute(forget.values(content=None))
    keep_setting(None, agency_id, storing.LOCK, {"one": 1})
    row = RegistryImportRow(
        id=new_id(), agency_id=agency_id, kind=kind, file_name=filename, sha256=hashlib.sha256(data).hexdigest(), content=data, state="checking", done=0, total=0,
        mapping={}, looked={}, decisions={}, by_user=actor.user_id, at=clock.now(),
    )
    db.session.add(row)
    audit.record(actor, "registry.import_begun", "import", row.id, agency_id, {"sha256": row.sha256, "kind": kind})
    look_job.enqueue(import_id=row.id)
    return row.id


def one_import(agency_id: str, import_id: str, content: bool = False) -> RegistryImportRow:
    """Raises ``ImportUnknown``, also for another agency's."""
    query = select(RegistryImportRow).where(RegistryImportRow.id == import_id, RegistryImportRow.agency_id == agency_id)
    row = db.session.scalar(query.options(undefer(RegistryImportRow.content)) if content else query)
    if row is None:
        raise domain.ImportUnknown("没有这次导入")
    return row


def imports(agency_id: str, kinds: Collection[str] = (UNITS.name,), limit: int = 30) -> list[RegistryImportRow]:
    """The last imports of these kinds, newest first."""
    return list(db.session.scalars(select(RegistryImportRow).where(RegistryImportRow.agency_id == agency_id, RegistryImportRow.kind.in_(kinds)).order_by(RegistryImportRow.at.desc()).limit(limit)))


@unit_of_work
def remap(actor: audit.Who, agency_id: str, import_id: str, mapping: Mapping[str, str]) -> None:
    """The clerk's own mapping: kept for this agency's next tables, and the file is looked at again."""
    row = one_import(agency_id, import_id)
    kind = _own(actor, row)
    _only(row, "checked", "failed")
    wrong = sorted(field for field in mapping.values() if field and not kind.known(field))
    if wrong:
        raise domain.FilterWrong(f"没有这样的字段：{'、'.join(wrong)}")
    chosen = [field for field in mapping.values() if field]
    if doubled := sorted({field for field in chosen if chosen.count(field) > 1}):
        raise domain.FilterWrong(f"两列对应了同一个字段：{'、'.join(kind.label(agency_id, field) for field in doubled)}")
    _keep_mapping(actor, agency_id, kind, mapping)
    row.state, row.done, row.mapping = "checking", 0, dict(mapping)
    look_job.enqueue(import_id=row.id)


@unit_of_work
def decide(actor: audit.Who, agency_id: str, import_id: str, decisions: Mapping[str, str]) -> None:
    """Who wins where table and registry differ: ``row:field`` (or ``*`` for all) → file | kept."""
    row = one_import(agency_id, import_id)
    _own(actor, row)
    _only(row, "checked")
    row.decisions = {**({} if "*" in decisions else row.decisions), **decisions}
    audit.record(actor, "registry.import_decided", "import", row.id, agency_id, {"decided": len(decisions)})


@unit_of_work
def begin_storing(actor: audit.Who, agency_id: str, import_id: str) -> None:
    """Have the accepted lines written."""
    row = one_import(agency_id, import_id, content=True)
    _own(actor, row)
    _only(row, "checked", *(("failed",) if row.looked.get("again") else ()))
    if row.looked.get("lacking"):
        raise domain.ImportHeadersWrong(f"表头缺少：{'、'.join(row.looked['lacking'])}", lacking=row.looked["lacking"])
    row.state, row.done = "storing", 0
    row.looked = {name: value for name, value in row.looked.items() if name not in ("trouble", "again")}
    store_job.enqueue(import_id=row.id)


def _own(actor: audit.Who, row: RegistryImportRow) -> Kind:
    """The kind of an import that this person may go on with. What a table does it does in the name of who brought it, so
    that an administrator's table, which makes accounts, is an administrator's to store and to undo."""
    kind, roles = KINDS[row.kind], accounts.person(actor.user_id).roles
    for_whom(roles, kind)
    if kind is not UNITS and makes_accounts(row.by_user) and "administrator" not in roles:
        raise domain.ImportForbidden("这张表由系统管理员导入，会建立账号，须由系统管理员办理")
    return kind


own = _own


def _keep_mapping(actor: audit.Who | None, agency_id: str, kind: Kind, mapping: Mapping[str, str]) -> None:
    key = kept_under(kind)
    keep_setting(actor, agency_id, key, {**setting(agency_id, key), **mapping})


def _only(row: RegistryImportRow, *states: str) -> None:
    if row.state not in states:
        words = {"checking": "正在检查", "storing": "正在写入", "done": "已经导入", "undone": "已经撤销", "failed": "没有完成", "checked": "还没有导入"}
        raise domain.ImportNotReady(f"这次导入{words[row.state]}，不能再做这一步", state=row.state)
    if row.content is None and row.state in ("checked", "failed"):
        raise domain.ImportNotReady("文件已过保存期，请重新选择文件", state=row.state)


@job("registry.look")
def look_job(import_id: str) -> None:
    """Read the file and say what storing it would do."""
    row = _loaded(import_id)
    if row is None or row.state != "checking":
        return
    agency_id, decisions, chosen, kind, by = row.agency_id, dict(row.decisions), dict(row.mapping), KINDS[row.kind], row.by_user
    try:
        sheet = sheet_of(kind, agency_id, row.content or b"", row.file_name)
    except DomainError as refusal:
        _note(import_id, state="failed", looked={"trouble": refusal.detail})
        return
    mapping = {header: field for header, field in chosen.items() if field} or kind.guess(agency_id, sheet.headers)
    lacking = kind.lacking(mapping)
    drafts, errors = ([], []) if lacking else kind.read(agency_id, by, sheet, mapping)
    _note(import_id, total=len(drafts), done=0)
    tally = kind.look(agency_id, by, drafts, decisions, _progress(import_id, "checking"))
    found = _found(tally, errors, sheet) | {"lacking": lacking, "headers": [header for header in sheet.headers if header], "sample": _sample(sheet)}
    _note(import_id, state="checked", mapping=mapping, looked=found, done=len(drafts))


@job("registry.store")
def store_job(import_id: str) -> None:
    """Write what the look has promised, against what the registry holds now."""
    row = _loaded(import_id)
    if row is None or row.state != "storing":
        return
    agency_id, by, kind = row.agency_id, row.by_user, KINDS[row.kind]
    now = clock.now()
    sheet = sheet_of(kind, agency_id, row.content or b"", row.file_name)
    drafts, errors = kind.read(agency_id, by, sheet, row.mapping)
    decisions, before, mapping = dict(row.decisions), dict(row.looked), dict(row.mapping)
    cause = Cause("import", f"导入：{row.file_name}", now, local_date(clock.to_ms(now)), by, "", import_id)
    _note(import_id, total=len(drafts), done=0)
    tally = kind.store(_By(by, agency_id), agency_id, drafts, decisions, cause, _progress(import_id, "storing"))
    with transaction():
        _keep_mapping(None, agency_id, kind, mapping)
        found = before | _found(tally, errors, sheet)
        db.session.execute(update(RegistryImportRow).where(RegistryImportRow.id == import_id).values(state="done", looked=found, stored_at=now, done=len(drafts)))
        audit.record(_By(by, agency_id), "registry.import_stored", "import", import_id, agency_id, {"added": tally.added, "updated": tally.updated, "left": tally.left, "errors": len(errors)})


@look_job.when_given_up
def _not_looked(problem: Exception, import_id: str) -> None:
    _failed(import_id, "checking", "检查文件", problem, again=False)


@store_job.when_given_up
def _not_stored(problem: Exception, import_id: str) -> None:
    _failed(import_id, "storing", "写入", problem, again=True)


def _failed(import_id: str, state: str, what: str, problem: Exception, again: bool) -> None:
    """The clerk learns that it is over and may begin again: writing twice changes nothing twice."""
    row = db.session.scalar(select(RegistryImportRow).where(RegistryImportRow.id == import_id, RegistryImportRow.state == state).with_for_update())
    if row is None:
        return
    why = problem.detail if isinstance(problem, DomainError) else "系统出错，多次重试都没有成功"
    rest = "已经写入的行保留着，重新写入不会重复" if again else "名录库没有改动，请重新选择文件"
    row.state, row.looked = "failed", row.looked | {"trouble": f"{what}没有完成：{why}。{rest}。", "again": again}
    audit.record(_By(row.by_user, row.agency_id), "registry.import_failed", "import", import_id, row.agency_id, {"at": state})


class _By:
    """Whoever asked for the job."""

    def __init__(self, user_id: str, agency_id: str) -> None:
        self.user_id = user_id
        self.agency_id = agency_id


def _loaded(import_id: str) -> RegistryImportRow | None:
    row = db.session.scalar(select(RegistryImportRow).where(RegistryImportRow.id == import_id).options(undefer(RegistryImportRow.content)))
    db.session.expunge_all()
    db.session.rollback()
    return row


def _note(import_id: str, **values: Any) -> None:
    with transaction():
        db.session.execute(update(RegistryImportRow).where(RegistryImportRow.id == import_id).values(**values))


def _progress(import_id: str, state: str) -> Callable[[int], None]:
    def note(done: int) -> None:
        with transaction():
            db.session.execute(update(RegistryImportRow).where(RegistryImportRow.id == import_id, RegistryImportRow.state == state).values(done=done))

    return note


def _found(tally: storing.Tally, errors: list[domain.RowError], sheet: Sheet) -> dict[str, Any]:
    return {
        "rows": len(sheet.rows), "added": tally.added, "updated": tally.updated, "unchanged": tally.unchanged, "left": tally.left,
        "wrong": len({error.row for error in errors}), "errors": [vars(error) for error in errors[:SHOWN]], "error_count": len(errors),
        "notes": [vars(note) for note in tally.notes[:SHOWN]], "conflicts": [vars(one) for one in tally.conflicts[:SHOWN]], "conflict_count": len(tally.conflicts),
    }


def _sample(sheet: Sheet) -> list[list[str]]:
    return [[row.text(header)[:80] for header in sheet.headers if header] for row in sheet.rows[:SAMPLE]]


def annotated(agency_id: str, import_id: str) -> tuple[Sheet, Mapping[int, list[domain.RowError]]]:
    """The clerk's own table and what is wrong in which of its rows."""
    row = one_import(agency_id, import_id, content=True)
    if row.content is None:
        raise domain.ImportNotReady("文件已过保存期，请重新选择文件", state=row.state)
    kind = KINDS[row.kind]
    sheet = sheet_of(kind, agency_id, row.content, row.file_name)
    _, errors = kind.read(agency_id, row.by_user, sheet, row.mapping)
    by_row: dict[int, list[domain.RowError]] = {}
    for error in errors:
        by_row.setdefault(error.row, []).append(error)
    return sheet, by_row
