"""Rows of the registries. A code is unique per market entity and agency; premises may share one (codes.md 7.2 (4))."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Date, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from server.platform.db import UTCDateTime, db


class MarketEntityRow(db.Model):
    """市场主体."""

    __tablename__ = "market_entity"
    __table_args__ = (UniqueConstraint("agency_id", "uscc"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(200))
    uscc: Mapped[str | None] = mapped_column(String(18))
    registration_no: Mapped[str | None] = mapped_column(String(15))
    no_code_reason: Mapped[str | None] = mapped_column(String(200))


class UnitRow(db.Model):
    """检查对象: one premises of one market entity."""

    __tablename__ = "unit"
    __table_args__ = (
        UniqueConstraint("agency_id", "entity_id", "name", "address"),
        Index("ix_unit_name", "agency_id", "name"),
        Index("ix_unit_entity", "entity_id"),
        Index("ix_unit_import", "import_id"),
    )
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64))
    entity_id: Mapped[str] = mapped_column(ForeignKey("market_entity.id"))
    name: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(300))
    details: Mapped[dict[str, str]] = mapped_column(JSON)
    """The other fields of WC-9a by the names of ``domain.UNIT_HEADERS``."""
    blacklisted: Mapped[bool] = mapped_column(Boolean, default=False)
    """Whether a mark ``blacklist`` stands; dates and reason are in ``UnitMarkRow``."""
    state: Mapped[str] = mapped_column(String(8), default="active", server_default="active")  # active | closed | merged | below
    merged_into: Mapped[str | None] = mapped_column(String(36))
    origins: Mapped[dict[str, list[str]]] = mapped_column(JSON, default=dict, server_default="{}")
    """Field → [how, day, source, value that was turned down]; how is import | desk | visit (WC-9c)."""
    verified_on: Mapped[date | None] = mapped_column(Date)
    verified_by: Mapped[str] = mapped_column(String(36), default="", server_default="")
    import_id: Mapped[str | None] = mapped_column(String(36))
    """The import that made the unit."""
    source: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


class UnitFactRow(db.Model):
    """One fact that decides which checklist items apply (D-25), with where and when it was learnt."""

    __tablename__ = "unit_fact"
    unit_id: Mapped[str] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    fact: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(8))
    source: Mapped[str] = mapped_column(String(200))
    known_on: Mapped[date] = mapped_column(Date)


class InspectorRow(db.Model):
    """执法检查人员: a person of the agency with an enforcement certificate (WC-10)."""

    __tablename__ = "inspector"
    __table_args__ = (UniqueConstraint("agency_id", "certificate_no"),)
    user_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(80))
    certificate_no: Mapped[str] = mapped_column(String(40))
    valid_to: Mapped[date] = mapped_column(Date)
    details: Mapped[dict[str, object]] = mapped_column(JSON)
    """gender, unit, section, position, post, title_class, years_of_service, sector_groups, qualifications."""
    origins: Mapped[dict[str, list[str]]] = mapped_column(JSON, default=dict, server_default="{}")
    """As of a unit. Without ``import_id`` a field that is not in it was entered at the desk."""
    import_id: Mapped[str | None] = mapped_column(String(36))
    """The import that made the entry."""


class ConflictRow(db.Model):
    """利害关系: this inspector may not visit this unit (WS-4.2c)."""

    __tablename__ = "conflict_of_interest"
    __table_args__ = (UniqueConstraint("user_id", "unit_id"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64), index=True)
    user_id: Mapped[str] = mapped_column(String(36))
    unit_id: Mapped[str] = mapped_column(ForeignKey("unit.id"))
    reason: Mapped[str] = mapped_column(String(300))
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    withdrawn_by: Mapped[str] = mapped_column(String(36), default="", server_default="")
    withdrawn_reason: Mapped[str] = mapped_column(String(300), default="", server_default="")


class UnitMarkRow(db.Model):
    """What sets a unit apart in a draw: the blacklist (YS-3.2d) and the exceptions of C4, from a day, with reason and source."""

    __tablename__ = "unit_mark"
    __table_args__ = (Index("ix_unit_mark_unit", "unit_id"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64), index=True)
    unit_id: Mapped[str] = mapped_column(ForeignKey("unit.id"))
    kind: Mapped[str] = mapped_column(String(24))
    since: Mapped[date] = mapped_column(Date)
    until: Mapped[date | None] = mapped_column(Date)
    """The last day on which it stands; None: until it is ended."""
    reason: Mapped[str] = mapped_column(String(300))
    source: Mapped[str] = mapped_column(String(200))
    recorded_by: Mapped[str] = mapped_column(String(36), default="")
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_by: Mapped[str] = mapped_column(String(36), default="")
    ended_reason: Mapped[str] = mapped_column(String(300), default="")
    import_id: Mapped[str | None] = mapped_column(String(36))


class UnitItemRow(db.Model):
    """The pool of one item: this unit may be inspected for it (WG-4b)."""

    __tablename__ = "unit_item"
    unit_id: Mapped[str] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    item_code: Mapped[str] = mapped_column(String(64), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64), index=True)


class ExternalIdRow(db.Model):
    """What another system calls a unit or an inspector (WC-12)."""

    __tablename__ = "external_id"
    __table_args__ = (UniqueConstraint("agency_id", "kind", "system", "object_id"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(12))  # unit | inspector
    object_id: Mapped[str] = mapped_column(String(36), index=True)
    system: Mapped[str] = mapped_column(String(80))
    value: Mapped[str] = mapped_column(String(120))


class RegistryChangeRow(db.Model):
    """One field of one unit, inspector or member of the leading group that changed: from what to what, by whom, why (WC-11, YS-3.4c)."""

    __tablename__ = "registry_change"
    __table_args__ = (Index("ix_registry_change_object", "object_id", "at"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(12))  # unit | inspector | leader
    object_id: Mapped[str] = mapped_column(String(36))
    field: Mapped[str] = mapped_column(String(48))
    old: Mapped[str] = mapped_column(Text)
    new: Mapped[str] = mapped_column(Text)
    how: Mapped[str] = mapped_column(String(8))  # import | desk | visit | merge | undo
    source: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(String(300), default="")
    by_user: Mapped[str] = mapped_column(String(36), default="")
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    import_id: Mapped[str | None] = mapped_column(String(36), index=True)
    before: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Where the old value came from, so that an undo can put it back whole."""


class RegistryImportRow(db.Model):
    """One table that a clerk brought: looked at, decided on, stored, perhaps undone (D-34)."""

    __tablename__ = "registry_import"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64), index=True)
    kind: Mapped[str] = mapped_column(String(12), default="units", server_default="units")  # units | inspectors | leaders
    file_name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """The file itself; forgotten a month later, it holds people's telephone numbers."""
    state: Mapped[str] = mapped_column(String(8))  # checking | checked | storing | done | undone | failed
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    mapping: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    """Header of the file → field; a header that is left out is not read."""
    looked: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What looking or storing found: headers, sample, counts, errors, conflicts."""
    decisions: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    by_user: Mapped[str] = mapped_column(String(36), default="")
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    stored_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    undone_by: Mapped[str] = mapped_column(String(36), default="")
    undone_reason: Mapped[str] = mapped_column(String(300), default="")


class RegistrySettingRow(db.Model):
    """What an agency has set for its registries: the kept header mapping, the training gate, saved filters."""

    __tablename__ = "registry_setting"
    agency_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[dict[str, Any]] = mapped_column(JSON)


class SnapshotRow(db.Model):
    """The registry on the day on which a plan was signed (WS-3.4a)."""

    __tablename__ = "registry_snapshot"
    __table_args__ = (UniqueConstraint("agency_id", "of"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64))
    of: Mapped[str] = mapped_column(String(36))
    """The id of what it was taken for."""
    on: Mapped[date] = mapped_column(Date)
    count: Mapped[int]
    root: Mapped[str] = mapped_column(String(43))
    leaf: Mapped[int]
    units: Mapped[list[list[str]]] = mapped_column(JSON)
    """[id, name, hash of its fields], by id."""


class SubPoolRow(db.Model):
    """A sub-pool 子库: a filter with a name, always as large as the registry is today (YS-3.2b)."""

    __tablename__ = "sub_pool"
    __table_args__ = (UniqueConstraint("agency_id", "name"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(80))
    filter: Mapped[dict[str, Any]] = mapped_column(JSON)
    by_user: Mapped[str] = mapped_column(String(36), default="")
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class InspectorLeaveRow(db.Model):
    """Days on which an inspector is not drawn: leave, duty, training, secondment (D-34)."""

    __tablename__ = "inspector_leave"
    __table_args__ = (Index("ix_inspector_leave_days", "agency_id", "to_day"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[str] = mapped_column(String(36))
    kind: Mapped[str] = mapped_column(String(12))  # leave | duty | training | secondment | other
    from_day: Mapped[date] = mapped_column(Date)
    to_day: Mapped[date] = mapped_column(Date)
    note: Mapped[str] = mapped_column(String(200), default="")
    recorded_by: Mapped[str] = mapped_column(String(36), default="")
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class TrainingRow(db.Model):
    """A training that an inspector attended (YS-4.3, JD-2.5b, WG-10.5, WS-5.3)."""

    __tablename__ = "inspector_training"
    __table_args__ = (UniqueConstraint("user_id", "held_on", "subject"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64), index=True)
    user_id: Mapped[str] = mapped_column(String(36))
    held_on: Mapped[date] = mapped_column(Date)
    subject: Mapped[str] = mapped_column(String(120))
    half_hours: Mapped[int]
    note: Mapped[str] = mapped_column(String(200), default="")
    recorded_by: Mapped[str] = mapped_column(String(36), default="")
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)


class LeadingGroupRow(db.Model):
    """领导小组: who leads the double-random work of the agency (JD-3, WS-3.1)."""

    __tablename__ = "leading_group"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64), index=True)
    place: Mapped[str] = mapped_column(String(8))  # head | deputy | member | office
    name: Mapped[str] = mapped_column(String(80))
    post: Mapped[str] = mapped_column(String(120), default="")
    duty: Mapped[str] = mapped_column(String(200), default="")
    from_day: Mapped[date] = mapped_column(Date)
    to_day: Mapped[date | None] = mapped_column(Date)
    origins: Mapped[dict[str, list[str]]] = mapped_column(JSON, default=dict, server_default="{}")
    import_id: Mapped[str | None] = mapped_column(String(36))


class ProposalRow(db.Model):
    """What the field says the registry should hold: a field, a fact, or a unit that is not in it (WC-9b, YS-3.2a)."""

    __tablename__ = "unit_proposal"
    __table_args__ = (Index("ix_unit_proposal_state", "agency_id", "state", "at"),)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    """The hash of the event that proposes it, so that it is taken in once; a new id for a unit reported without a visit."""
    agency_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(8))  # field | fact | unit
    unit_id: Mapped[str | None] = mapped_column(String(36))
    insp: Mapped[str] = mapped_column(String(36), default="")
    field: Mapped[str] = mapped_column(String(48), default="")
    old: Mapped[str] = mapped_column(Text, default="")
    new: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(Text, default="")
    details: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    by_user: Mapped[str] = mapped_column(String(36), default="")
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[str] = mapped_column(String(8), default="open")  # open | accepted | rejected
    decided_by: Mapped[str] = mapped_column(String(36), default="")
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reason: Mapped[str] = mapped_column(String(300), default="")


def units_of(agency_id: str, text: str, limit: int, offset: int) -> list[tuple[UnitRow, MarketEntityRow]]:
    query = select(UnitRow, MarketEntityRow).join(MarketEntityRow, UnitRow.entity_id == MarketEntityRow.id).where(UnitRow.agency_id == agency_id, UnitRow.state != "merged")
    if text:
        like = f"%{text}%"
        query = query.where(UnitRow.name.like(like) | UnitRow.address.like(like) | MarketEntityRow.uscc.like(like))
    rows = db.session.execute(query.order_by(UnitRow.name, UnitRow.id).limit(limit).offset(offset))
    return [(unit, entity) for unit, entity in rows]
