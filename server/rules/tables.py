"""Every version of a profile, item list, checklist or text that was ever published, by its hash; schemes made of items.

Rows are only ever added: an inspection keeps the versions it started with (文昌湖工作指引 第七条)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.platform.db import UTCDateTime, db


class RuleVersionRow(db.Model):
    """One published version; ``hash`` is the SHA-256 of the canonical JSON of ``json``."""

    __tablename__ = "rule_version"
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    agency: Mapped[str] = mapped_column(String(64), primary_key=True)
    json: Mapped[dict[str, Any]] = mapped_column(JSON)
    created: Mapped[datetime] = mapped_column(UTCDateTime)


class CheckingSchemeRow(db.Model):
    """A checking scheme 检查方案 made from items of one version of the list; a deviation with its written reason (YS-3.3c)."""

    __tablename__ = "checking_scheme"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency: Mapped[str] = mapped_column(String(64), index=True)
    item_list: Mapped[str] = mapped_column(String(64))
    items: Mapped[list[str]] = mapped_column(JSON)
    checklists: Mapped[list[str]] = mapped_column(JSON)
    deviation: Mapped[str] = mapped_column(Text)
    made_by: Mapped[str] = mapped_column(String(36))
    created: Mapped[datetime] = mapped_column(UTCDateTime)
