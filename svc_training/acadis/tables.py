"""Tables of the exchange with the academy's system."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey


class ExchangeBatch(Base):
    """One import: files of one manifest, or one run over the REST interface.

    ``errors`` are the rows that were not taken (row, column, code; never a person's name).
    """

    __tablename__ = "exchange_batch"
    __table_args__ = (
        UniqueConstraint("source", "batch_id"),
        Index("ix_exchange_batch_finished_at", "finished_at", "id"),
    )

    id: Mapped[UuidKey]
    source: Mapped[str]
    batch_id: Mapped[str]
    digest: Mapped[str]
    counts: Mapped[dict[str, Any]]
    errors: Mapped[list[Any]]
    imported_by: Mapped[str]
    agency_id: Mapped[str | None]
    finished_at: Mapped[datetime]


class ExchangeCursor(Base):
    """How far the changes of a source have been read."""

    __tablename__ = "exchange_cursor"

    source: Mapped[str] = mapped_column(primary_key=True)
    cursor: Mapped[str]
    updated_at: Mapped[datetime]


class ExchangeConflict(Base):
    """Where the two systems say different things; listed until somebody settles it."""

    __tablename__ = "exchange_conflict"
    __table_args__ = (
        Index(
            "uq_exchange_conflict_open",
            "kind",
            "personnel_id",
            "session_number",
            unique=True,
            postgresql_where=text("settled_at is null"),
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_exchange_conflict_agency_id", "agency_id", "found_at", "id"),
    )

    id: Mapped[UuidKey]
    kind: Mapped[str]
    agency_id: Mapped[str | None]
    personnel_id: Mapped[UUID | None] = mapped_column(ForeignKey("personnel.id"))
    person_external_id: Mapped[str | None]
    session_number: Mapped[str | None]
    ours: Mapped[str | None]
    theirs: Mapped[str | None]
    found_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None]
    settlement: Mapped[str | None]
    comment: Mapped[str | None]


class ExchangeEnrollment(Base):
    """Our wish that the provider enrols a person, or gives the place up, and what it said."""

    __tablename__ = "exchange_enrollment"
    __table_args__ = (
        Index("ix_exchange_enrollment_open", "id", postgresql_where=text("state = 'OPEN'")),
    )

    id: Mapped[UuidKey]
    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"), unique=True)
    state: Mapped[str]
    tries: Mapped[int]
    requested_by: Mapped[str]
    updated_at: Mapped[datetime]


class ExchangeEvent(Base):
    """A report of training completed elsewhere that went to the provider, and what it said."""

    __tablename__ = "exchange_event"

    id: Mapped[UuidKey]
    outside_training_id: Mapped[UUID] = mapped_column(
        ForeignKey("outside_training.id"), unique=True
    )
    state: Mapped[str]
    tries: Mapped[int]
    updated_at: Mapped[datetime]


class ExchangeOrganization(Base):
    """Which agency an organization of the academy's system is."""

    __tablename__ = "exchange_organization"

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str]
    linked_by: Mapped[str]
    linked_at: Mapped[datetime]


class ExchangeRoster(Base):
    """What the academy's system last said of a person at a session."""

    __tablename__ = "exchange_roster"

    person_external_id: Mapped[str] = mapped_column(primary_key=True)
    session_number: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str]
    seen_at: Mapped[datetime]
