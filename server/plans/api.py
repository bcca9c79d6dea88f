"""Batches over HTTP: import a list that was drawn elsewhere, look at what came of it."""

from __future__ import annotations

from typing import Any

from flask import g
from flask_smorest import Blueprint

from server.accounts.secrecy import counts, secret
from server.plans import operations, schemas
from server.platform.access import access, body_limit
from server.platform.sheets import MAX_BYTES
from server.platform.uploads import sent_table
from server.registry import operations as registry

blp = Blueprint("plans", "plans", url_prefix="/plans", description="批次与任务")


@blp.post("/batches")
@access("plan_officer")
@body_limit(MAX_BYTES + 64 * 1024)
@blp.response(200, schemas.BatchOutcomeOut)
def post_batch() -> operations.BatchOutcome:
    """multipart: ``file`` (.xlsx/.csv), ``dry_run`` = 1 to look only. With errors in any line nothing is stored."""
    data, name, dry_run = sent_table()
    return operations.import_batch(g.actor, g.actor.agency_id, data, name, dry_run)


@blp.get("/batches")
@access("plan_officer", "reviewer", "auditor")
@blp.response(200, schemas.BatchesOut)
def list_batches() -> dict[str, Any]:
    return {"batches": operations.batches(g.actor.agency_id)}


@blp.get("/batches/<batch_id>")
@access("plan_officer", "reviewer", "auditor")
@blp.response(200, schemas.BatchDetailOut)
@secret("batch", of="batch_id", need_to_know=True)
def one_batch(batch_id: str) -> dict[str, Any]:
    agency_id = g.actor.agency_id
    batch, assignments = operations.batch(agency_id, batch_id)
    units = registry.unit_names(agency_id, [one.unit_id for one in assignments])
    people = registry.inspector_names(agency_id)
    rows = [
        {
            "id": one.id, "visit_group": one.visit_group, "unit_id": one.unit_id, "unit_name": units.get(one.unit_id, one.unit_id),
            "item_code": one.item_code, "item_name": one.item_name, "inspectors": [people.get(user, user) for user in one.inspectors],
            "lead": people.get(one.lead) if one.lead else None, "inspect_by": one.inspect_by, "mode": one.mode,
        }
        for one in assignments
    ]
    counts(len(rows))
    return {"batch": batch, "assignments": rows}
