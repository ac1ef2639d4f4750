"""Table of assignments. An ended one stays, with its end."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version


class AssignmentRow(Base):
    """One participant on one case manager's caseload."""

    __tablename__ = "caseload_assignment"
    __table_args__ = (
        Index("ix_caseload_assignment_account", "account_id", "created_at", "id"),
        Index("ix_caseload_assignment_participant", "participant_id", "created_at", "id"),
        Index(
            "uq_caseload_assignment_open",
            "participant_id",
            "account_id",
            unique=True,
            postgresql_where=text("ended_at is null"),
        ),
    )

    id: Mapped[UuidKey]
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"))
    agency_id: Mapped[UUID]
    account_id: Mapped[str]
    starts_on: Mapped[date]
    ended_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    version: Mapped[Version]
