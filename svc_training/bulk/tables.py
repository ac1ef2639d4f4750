"""Tables of batches of assignments."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from infra.tables import Base, UuidKey, Version
from svc_training.sessions.tables import Session


class AssignmentBatch(Base):
    """Many people assigned in one action. RUNNING, DONE or UNDONE; counts are of people."""

    __tablename__ = "assignment_batch"
    __table_args__ = (
        Index("ix_assignment_batch_agency_id", "agency_id", "requested_at", "id"),
        Index("ix_assignment_batch_running", "id", postgresql_where=text("status = 'RUNNING'")),
    )

    id: Mapped[UuidKey]
    agency_id: Mapped[str]
    session_id: Mapped[UUID] = mapped_column(ForeignKey("session.id"))
    category: Mapped[str]
    due_on: Mapped[date | None]
    reminder_days: Mapped[int | None]
    status: Mapped[str]
    total: Mapped[int]
    done: Mapped[int]
    assigned: Mapped[int]
    kept: Mapped[int]
    requested_by: Mapped[str]
    requested_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    undone_by: Mapped[str | None]
    undone_at: Mapped[datetime | None]
    version: Mapped[Version]

    session: Mapped[Session] = relationship(lazy="raise")


class BatchPerson(Base):
    """One person of a batch, in the order asked for; no outcome before its chunk has run."""

    __tablename__ = "assignment_batch_person"

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("assignment_batch.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    personnel_id: Mapped[str]
    outcome: Mapped[str | None]
    assignment_id: Mapped[UUID | None]
