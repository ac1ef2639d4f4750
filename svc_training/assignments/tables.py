"""Tables of assignments and of the steps that they took."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from infra.tables import Base, UuidKey, Version
from svc_training.assignments.rules import ENDED, HAS_TRAINING
from svc_training.personnel.tables import Personnel
from svc_training.sessions.tables import Session

_ENDED = ", ".join(f"'{status.value}'" for status in sorted(ENDED))
NOT_ENDED = text(f"status not in ({_ENDED})")
_SETTLED = ", ".join(f"'{status.value}'" for status in sorted(ENDED | HAS_TRAINING))
IS_OPEN_AND_DUE = text(f"due_on is not null and status not in ({_SETTLED})")

# The same conditions for statements that join tables with a status of their own. Literal, so that
# the planner sees that the partial indexes serve them.
ROW_NOT_ENDED = text(f"assignment.status not in ({_ENDED})")
ROW_IS_OPEN_AND_DUE = text(
    f"assignment.due_on is not null and assignment.status not in ({_SETTLED})"
)


class Assignment(Base):
    """One person assigned to one session; at most one assignment of a pair has not ended.

    ``agency_id`` is that of the roster entry, kept here so that an index serves lists by due date.
    """

    __tablename__ = "assignment"
    __table_args__ = (
        Index(
            "uq_assignment_personnel_id_session_id",
            "personnel_id",
            "session_id",
            unique=True,
            postgresql_where=NOT_ENDED,
        ),
        Index("ix_assignment_session_id", "session_id", "personnel_id"),
        Index("ix_assignment_batch_id", "batch_id"),
        Index("ix_assignment_due", "agency_id", "due_on", "id", postgresql_where=IS_OPEN_AND_DUE),
        Index("ix_assignment_agency_id", "agency_id", "assigned_at", "id"),
    )

    id: Mapped[UuidKey]
    personnel_id: Mapped[UUID] = mapped_column(ForeignKey("personnel.id"), index=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("session.id"))
    agency_id: Mapped[str]
    batch_id: Mapped[UUID | None]
    category: Mapped[str]
    due_on: Mapped[date | None]
    reminder_days: Mapped[int | None]
    reminded_at: Mapped[datetime | None]
    status: Mapped[str]
    assigned_by: Mapped[str]
    assigned_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[Version]

    personnel: Mapped[Personnel] = relationship(lazy="raise")
    session: Mapped[Session] = relationship(lazy="raise")


class AssignmentStep(Base):
    """One step of an assignment; ``version`` is the assignment's version that the step made.

    ``exception_reason`` says why somebody was taken before others who waited.
    """

    __tablename__ = "assignment_step"

    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    status: Mapped[str]
    comment: Mapped[str | None]
    exception_reason: Mapped[str | None]
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]
