"""Item lists over HTTP: versions, one of them as a table, the difference of two, a scheme made from items."""

from __future__ import annotations

from typing import Any

from flask import g
from flask_smorest import Blueprint

from server.platform.access import access
from server.rules import item_lists, operations, schemas

blp = Blueprint("item_lists", "item_lists", url_prefix="/item-lists", description="随机抽查事项清单")
READERS = ("plan_officer", "reviewer", "inspector", "administrator", "auditor")


@blp.get("")
@access(*READERS)
@blp.response(200, schemas.ItemVersionsOut)
def list_versions() -> dict[str, Any]:
    return {"versions": item_lists.history(g.actor.agency_id)}


@blp.get("/<digest>")
@access(*READERS)
@blp.response(200, schemas.ItemListOut)
def one_version(digest: str) -> dict[str, Any]:
    version, content, table = item_lists.version(g.actor.agency_id, digest)
    return {
        "version": version, "agency": operations.rules_for(g.actor.agency_id).agency["name"],
        "columns": [{"key": key, "label": label} for key, label in table.columns], "rows": table.rows, "left_out": content.get("left_out", []),
    }  # fmt: skip


@blp.get("/<old>/changes/<new>")
@access(*READERS)
@blp.response(200, schemas.ItemChangesOut)
def changes(old: str, new: str) -> dict[str, Any]:
    return {"lines": item_lists.compare(g.actor.agency_id, old, new)}


@blp.post("/schemes")
@access("plan_officer", "reviewer")
@blp.arguments(schemas.SchemeIn)
@blp.response(200, schemas.SchemeOut)
def post_scheme(data: dict[str, Any]) -> item_lists.Made:
    """A checking scheme 检查方案; other checklists than the items name need ``deviation``."""
    return item_lists.make_scheme(g.actor, data["items"], data.get("checklists"), data.get("deviation", ""))
