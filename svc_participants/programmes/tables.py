"""Programmes of a site, and who has a place in one."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version


class ProgrammeRow(Base):
    """One programme of a site."""

    __tablename__ = "programme"
    __table_args__ = (UniqueConstraint("site_id", "name"),)

    id: Mapped[UuidKey]
    site_id: Mapped[UUID]
    kind: Mapped[str]
    name: Mapped[str]
    entry_doors: Mapped[list[str]] = mapped_column(ARRAY(String))
    capacity: Mapped[int]
    lodging_units: Mapped[int]
    is_open: Mapped[bool]
    funding_source: Mapped[str] = mapped_column(server_default="NOT_KNOWN")
    created_at: Mapped[datetime]
    version: Mapped[Version]


class ProgrammePlaceRow(Base):
    """A participant's place in a programme."""

    __tablename__ = "programme_place"
    __table_args__ = (
        Index("ix_programme_place_participant", "participant_id", "created_at", "id"),
        Index(
            "uq_programme_place_open",
            "programme_id",
            "participant_id",
            unique=True,
            postgresql_where=text("left_on is null"),
        ),
    )

    id: Mapped[UuidKey]
    programme_id: Mapped[UUID] = mapped_column(ForeignKey("programme.id"))
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"))
    agency_id: Mapped[UUID]
    entered_on: Mapped[date]
    left_on: Mapped[date | None]
    is_lodged: Mapped[bool]
    created_at: Mapped[datetime]
    recorded_by: Mapped[str]
    version: Mapped[Version]
