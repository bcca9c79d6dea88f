"""Rows of the registries. A code is unique per market entity and agency; premises may share one (codes.md 7.2 (4))."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, Boolean, Date, ForeignKey, Index, String, Text, UniqueConstraint, select
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
    __table_args__ = (UniqueConstraint("agency_id", "entity_id", "name", "address"), Index("ix_unit_name", "agency_id", "name"))
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64))
    entity_id: Mapped[str] = mapped_column(ForeignKey("market_entity.id"))
    name: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(300))
    details: Mapped[dict[str, str]] = mapped_column(JSON)
    """The other fields of WC-9a by the names of ``domain.UNIT_HEADERS``."""
    blacklisted: Mapped[bool] = mapped_column(Boolean, default=False)
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
    """gender, position, post, title_class, years_of_service, sector_groups, qualifications."""


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


def units_of(agency_id: str, text: str, limit: int, offset: int) -> list[tuple[UnitRow, MarketEntityRow]]:
    query = select(UnitRow, MarketEntityRow).join(MarketEntityRow, UnitRow.entity_id == MarketEntityRow.id).where(UnitRow.agency_id == agency_id)
    if text:
        like = f"%{text}%"
        query = query.where(UnitRow.name.like(like) | UnitRow.address.like(like) | MarketEntityRow.uscc.like(like))
    rows = db.session.execute(query.order_by(UnitRow.name, UnitRow.id).limit(limit).offset(offset))
    return [(unit, entity) for unit, entity in rows]
