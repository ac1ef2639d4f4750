"""Table of the training that people have had."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Numeric, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from infra.tables import Base, UuidKey, Version
from svc_training.catalogue.tables import Course
from svc_training.personnel.tables import Personnel
from svc_training.sessions.tables import Session


class TrainingRecord(Base):
    """What one person has from one session, or from training elsewhere (no session).

    One row for each person and session, whoever reports it; ``source`` is OURS, ACADIS or OUTSIDE.
    Only a row with outcome COMPLETED counts as training had. ``agency_id`` is that of the person's
    roster; a trigger fills it when a row is stored, nothing else writes it.
    """

    __tablename__ = "training_record"
    __table_args__ = (
        UniqueConstraint("personnel_id", "session_id"),
        UniqueConstraint("certificate_number"),
        Index("ix_training_record_course_id", "course_id", "personnel_id"),
        Index("ix_training_record_session_id", "session_id"),
        Index("ix_training_record_personnel_id", "personnel_id", "completed_on", "id"),
        Index("ix_training_record_agency_id", "agency_id", "completed_on", "id"),
    )

    id: Mapped[UuidKey]
    personnel_id: Mapped[UUID] = mapped_column(ForeignKey("personnel.id"))
    session_id: Mapped[UUID | None] = mapped_column(ForeignKey("session.id"))
    course_id: Mapped[UUID | None] = mapped_column(ForeignKey("course.id"))
    title: Mapped[str]
    attendance: Mapped[str]
    outcome: Mapped[str]
    hours_credited: Mapped[Decimal] = mapped_column(Numeric(6, 2))
    score: Mapped[Decimal | None] = mapped_column(Numeric(6, 2))
    completed_on: Mapped[date]
    certificate_number: Mapped[str | None]
    expires_on: Mapped[date | None]
    instruction_provider: Mapped[str | None]
    source: Mapped[str]
    recorded_by: Mapped[str]
    recorded_at: Mapped[datetime]
    version: Mapped[Version]
    agency_id: Mapped[str | None]

    personnel: Mapped[Personnel] = relationship(lazy="raise")
    session: Mapped[Session | None] = relationship(lazy="raise")
    course: Mapped[Course | None] = relationship(lazy="raise")
