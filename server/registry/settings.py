"""What an agency has set for its registries: one small JSON object per key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.audit import operations as audit
from server.platform.db import db
from server.registry.tables import RegistrySettingRow


def setting(agency_id: str, key: str) -> dict[str, Any]:
    """The agency's setting; empty when it has never been set."""
    row = db.session.get(RegistrySettingRow, (agency_id, key))
    return dict(row.value) if row else {}


def keep_setting(actor: audit.Who | None, agency_id: str, key: str, value: Mapping[str, Any]) -> None:
    """Part of the caller's unit of work."""
    row = db.session.get(RegistrySettingRow, (agency_id, key))
    if row is None:
        db.session.add(RegistrySettingRow(agency_id=agency_id, key=key, value=dict(value)))
    elif row.value != dict(value):
        row.value = dict(value)
    else:
        return
    audit.record(actor, "registry.setting_kept", "agency", agency_id, agency_id, {"key": key})
