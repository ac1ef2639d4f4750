"""Tables of enrollment. A stay that has ended stays; coming back is a new row."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version


class EnrollmentRow(Base):
    """One stay in the programme of one site, with one provider."""

    __tablename__ = "enrollment"
    __table_args__ = (
        Index("ix_enrollment_participant", "participant_id", "created_at", "id"),
        Index("ix_enrollment_site", "site_id", "enrolled_on"),
        Index(
            "uq_enrollment_open",
            "participant_id",
            "site_id",
            unique=True,
            postgresql_where=text("status <> 'EXITED'"),
        ),
    )

    id: Mapped[UuidKey]
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"))
    site_id: Mapped[UUID]
    provider_agency_id: Mapped[UUID]
    referral_id: Mapped[UUID | None] = mapped_column(ForeignKey("referral.id"))
    status: Mapped[str]
    consent_to_contact: Mapped[str] = mapped_column(default="NOT_ASKED")
    enrolled_on: Mapped[date | None]
    intake_completed_on: Mapped[date | None]
    inactive_reason: Mapped[str | None]
    exited_on: Mapped[date | None]
    exit_reason: Mapped[str | None]
    created_at: Mapped[datetime]
    version: Mapped[Version]


class EnrollmentEventRow(Base):
    """One change of an enrollment's status; appended, never changed.

    ``source`` names the earlier system of one that was brought in.
    """

    __tablename__ = "enrollment_event"
    __table_args__ = (Index("ix_enrollment_event", "enrollment_id", "happened_at", "id"),)

    id: Mapped[UuidKey]
    enrollment_id: Mapped[UUID] = mapped_column(ForeignKey("enrollment.id"))
    participant_id: Mapped[UUID]
    from_status: Mapped[str]
    to_status: Mapped[str]
    happened_on: Mapped[date]
    happened_at: Mapped[datetime]
    by_subject: Mapped[str]
    source: Mapped[str | None]


class DateCorrectionRow(Base):
    """One corrected day of an enrollment, with what stood there; appended, never changed."""

    __tablename__ = "enrollment_date_correction"
    __table_args__ = (
        Index("ix_enrollment_date_correction", "enrollment_id", "corrected_at", "id"),
    )

    id: Mapped[UuidKey]
    enrollment_id: Mapped[UUID] = mapped_column(ForeignKey("enrollment.id"))
    participant_id: Mapped[UUID]
    field: Mapped[str]
    before_on: Mapped[date]
    after_on: Mapped[date]
    reason: Mapped[str]
    corrected_at: Mapped[datetime]
    by_subject: Mapped[str]
