"""Versions of a site's protocol. Adopted ones stay: referrals were judged under them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from infra import clock
from infra.tables import Base, UuidKey, Version


class ProtocolVersionRow(Base):
    """One version of a site's operational protocol; eligibility is data, never code."""

    __tablename__ = "protocol_version"
    __table_args__ = (UniqueConstraint("site_id", "number"),)

    id: Mapped[UuidKey]
    site_id: Mapped[UUID]
    number: Mapped[int]
    title: Mapped[str]
    effective_on: Mapped[date]
    rules: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default="ADOPTED")
    drafted_by: Mapped[str | None]
    drafted_at: Mapped[datetime] = mapped_column(default=clock.now)
    adopted_by: Mapped[str | None]
    adopted_at: Mapped[datetime | None]
    agreed_by: Mapped[str | None]
    version: Mapped[Version]
