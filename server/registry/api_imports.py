"""Tables in and out over HTTP: look, map, decide, store, undo; the registry as an Excel table."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Response, g, request
from flask_smorest import Blueprint

from server.accounts import operations as accounts
from server.platform.access import access, body_limit
from server.platform.sheets import MAX_BYTES
from server.platform.uploads import sent_table
from server.registry import exports, import_kinds, imports, planning, undo, workbooks
from server.registry import schemas_imports as schemas
from server.registry.schemas import RegistryReasonIn
from server.registry.tables import RegistryImportRow

blp = Blueprint("registry_imports", "registry_imports", url_prefix="/registry", description="名录库的导入与导出")
CLERK = ("plan_officer", "administrator")
"""Who brings tables; which of them whose tables stands in ``import_kinds``."""
READERS = ("plan_officer", "reviewer", "administrator", "auditor")


def _line(row: RegistryImportRow, by: str) -> dict[str, Any]:
    found = row.looked
    return {
        "id": row.id, "kind": row.kind, "file_name": row.file_name, "state": row.state, "done": row.done, "total": row.total, "by": by, "at": row.at, "stored_at": row.stored_at, "undone_at": row.undone_at,
        "undone_reason": row.undone_reason, "trouble": found.get("trouble", ""), "again": bool(found.get("again")), **{name: found.get(name, 0) for name in ("rows", "added", "updated", "unchanged", "left", "wrong")},
    }


def _whole(row: RegistryImportRow) -> dict[str, Any]:
    found, kind = row.looked, import_kinds.KINDS[row.kind]
    headers, sample = found.get("headers", []), found.get("sample", [])
    every = row.decisions.get("*", "")
    conflicts = [
        {**one, "label": kind.label(row.agency_id, one["field"]), "decided": row.decisions.get(planning.key_of(one["row"], one["field"]), every)}
        for one in found.get("conflicts", [])
    ]
    return {
        **_line(row, _names([row]).get(row.by_user, "")), "lacking": found.get("lacking", []), "errors": found.get("errors", []), "error_count": found.get("error_count", 0),
        "notes": found.get("notes", []), "conflicts": conflicts, "conflict_count": found.get("conflict_count", 0),
        "headers": [{"header": header, "field": row.mapping.get(header, ""), "sample": [line[i] for line in sample]} for i, header in enumerate(headers)],
    }


def _names(rows: list[RegistryImportRow]) -> dict[str, str]:
    return {one.id: one.name for one in accounts.people_by_id(sorted({row.by_user for row in rows if row.by_user})).values()}


def table(data: bytes, name: str) -> Response:
    """An Excel table to keep; its name in Chinese."""
    return Response(data, mimetype=workbooks.MIME, headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}", "Cache-Control": "no-store"})


@blp.post("/imports")
@access(*CLERK)
@body_limit(MAX_BYTES + 64 * 1024)
@blp.response(200, schemas.ImportOut)
def post_import() -> dict[str, Any]:
    """multipart: ``file`` (.xlsx/.csv), ``kind`` (units, inspectors, leaders; units when it is not said). The file is looked
    at; ask ``GET /registry/imports/<id>`` until ``state`` is checked."""
    data, name, _ = sent_table()
    made = imports.begin(g.actor, g.actor.agency_id, data, name, request.form.get("kind", import_kinds.UNITS.name))
    return _whole(imports.one_import(g.actor.agency_id, made))


@blp.get("/imports")
@access(*CLERK, "auditor")
@blp.arguments(schemas.ImportsQuery, location="query")
@blp.response(200, schemas.ImportsOut)
def list_imports(query: dict[str, Any]) -> dict[str, Any]:
    """The last tables of units, or of people (inspectors, leading group)."""
    people = {kind for kind in import_kinds.KINDS if kind != import_kinds.UNITS.name}
    rows = imports.imports(g.actor.agency_id, people if query["of"] == "people" else {import_kinds.UNITS.name})
    names = _names(rows)
    return {"imports": [_line(row, names.get(row.by_user, "")) for row in rows]}


@blp.get("/imports/columns")
@access(*CLERK, "auditor")
@blp.arguments(schemas.KindQuery, location="query")
@blp.response(200, schemas.ColumnsOut)
def import_columns(query: dict[str, Any]) -> dict[str, Any]:
    """The fields that a table of this kind may bring, and who may bring one."""
    kind = import_kinds.KINDS[query["kind"]]
    return {"columns": kind.columns(g.actor.agency_id)}


@blp.get("/imports/template.xlsx")
@access(*CLERK)
@blp.arguments(schemas.KindQuery, location="query")
def import_template(query: dict[str, Any]) -> Response:
    """An empty table with every column, its cells set to text so that Excel does not shorten long numbers."""
    kind = import_kinds.KINDS[query["kind"]]
    headers = [one.label + ("（必填）" if one.required else "") for one in kind.columns(g.actor.agency_id)]
    return table(workbooks.workbook(kind.title, headers, []), f"{kind.title}导入模板.xlsx")


@blp.get("/imports/<import_id>")
@access(*CLERK, "auditor")
@blp.response(200, schemas.ImportOut)
def get_import(import_id: str) -> dict[str, Any]:
    return _whole(imports.one_import(g.actor.agency_id, import_id))


@blp.put("/imports/<import_id>/mapping")
@access(*CLERK)
@blp.arguments(schemas.MappingIn)
@blp.response(200, schemas.ImportOut)
def put_mapping(body: dict[str, Any], import_id: str) -> dict[str, Any]:
    """Header → field, "" for a column that is not read; kept for the agency's next tables."""
    imports.remap(g.actor, g.actor.agency_id, import_id, body["mapping"])
    return _whole(imports.one_import(g.actor.agency_id, import_id))


@blp.put("/imports/<import_id>/decisions")
@access(*CLERK)
@blp.arguments(schemas.DecisionsIn)
@blp.response(200, schemas.ImportOut)
def put_decisions(body: dict[str, Any], import_id: str) -> dict[str, Any]:
    imports.decide(g.actor, g.actor.agency_id, import_id, body["decisions"])
    return _whole(imports.one_import(g.actor.agency_id, import_id))


@blp.post("/imports/<import_id>/store")
@access(*CLERK)
@blp.response(200, schemas.ImportOut)
def store_import(import_id: str) -> dict[str, Any]:
    imports.begin_storing(g.actor, g.actor.agency_id, import_id)
    return _whole(imports.one_import(g.actor.agency_id, import_id))


@blp.post("/imports/<import_id>/undo")
@access(*CLERK)
@blp.arguments(RegistryReasonIn)
@blp.response(200, schemas.ImportOut)
def undo_import(body: dict[str, Any], import_id: str) -> dict[str, Any]:
    undo.undo(g.actor, g.actor.agency_id, import_id, body["reason"])
    return _whole(imports.one_import(g.actor.agency_id, import_id))


@blp.get("/imports/<import_id>/errors.xlsx")
@access(*CLERK)
def import_errors(import_id: str) -> Response:
    """The rows that are wrong, in the clerk's own columns, with a column 错误; corrected, this very file can be imported."""
    sheet, faults = imports.annotated(g.actor.agency_id, import_id)
    return table(workbooks.annotated(sheet, {row: [(one.column, one.text) for one in listed] for row, listed in faults.items()}), "需要修改的行.xlsx")


@blp.get("/units.xlsx")
@access(*READERS)
def export_units() -> Response:
    """Every active or closed unit with every column; what goes out can come in again."""
    return table(exports.units_table(g.actor, g.actor.agency_id), "检查对象名录库.xlsx")


@blp.get("/inspectors.xlsx")
@access(*READERS)
def export_inspectors() -> Response:
    """Every inspector with every column; what goes out can come in again."""
    return table(exports.inspectors_table(g.actor, g.actor.agency_id), "执法检查人员名录库.xlsx")
