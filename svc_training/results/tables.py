"""Tables of training that was completed elsewhere and waits for approval."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version


class OutsideTraining(Base):
    """Training completed elsewhere: SUBMITTED_FOR_APPROVAL, then APPROVED or REJECTED."""

    __tablename__ = "outside_training"
    __table_args__ = (Index("ix_outside_training_agency_id", "agency_id", "submitted_at", "id"),)

    id: Mapped[UuidKey]
    agency_id: Mapped[str]
    course_id: Mapped[UUID | None] = mapped_column(ForeignKey("course.id"))
    title: Mapped[str]
    description: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    category: Mapped[str]
    hours: Mapped[Decimal] = mapped_column(Numeric(6, 2))
    instruction_provider: Mapped[str]
    status: Mapped[str]
    submitted_by: Mapped[str]
    submitted_at: Mapped[datetime]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    comment: Mapped[str | None]
    version: Mapped[Version]


class OutsideTrainingPerson(Base):
    """That a person took part in training completed elsewhere."""

    __tablename__ = "outside_training_person"

    outside_training_id: Mapped[UUID] = mapped_column(
        ForeignKey("outside_training.id"), primary_key=True
    )
    personnel_id: Mapped[UUID] = mapped_column(
        ForeignKey("personnel.id"), primary_key=True, index=True
    )
