"""Tables of requirements, exemptions, and of where each person stands."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from infra.tables import Base, UuidKey, Version
from svc_training.personnel.tables import Personnel


class Requirement(Base):
    """Training that is required of some people: by law or of everybody, or by one agency's policy.

    ``agency_id`` is None for what holds everywhere. ``applies_to`` and ``course_numbers`` are
    described in ``svc_training.compliance.rules``; ``clearance`` is what having it opens.
    """

    __tablename__ = "requirement"
    __table_args__ = (Index("ix_requirement_agency_id", "agency_id", "key"),)

    id: Mapped[UuidKey]
    key: Mapped[str] = mapped_column(unique=True)
    agency_id: Mapped[str | None]
    title: Mapped[str]
    authority: Mapped[str | None]
    applies_to: Mapped[dict[str, Any]]
    course_numbers: Mapped[list[Any]]
    academy_since: Mapped[date | None]
    in_force_on: Mapped[date]
    due_on: Mapped[date | None]
    due_days: Mapped[int | None]
    renew_months: Mapped[int | None]
    clearance: Mapped[str | None]
    is_active: Mapped[bool]
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]
    version: Mapped[Version]


class Exemption(Base):
    """That a person need not meet a requirement, why, and until when."""

    __tablename__ = "requirement_exemption"
    __table_args__ = (UniqueConstraint("requirement_id", "personnel_id"),)

    id: Mapped[UuidKey]
    requirement_id: Mapped[UUID] = mapped_column(ForeignKey("requirement.id"))
    personnel_id: Mapped[UUID] = mapped_column(ForeignKey("personnel.id"), index=True)
    reason: Mapped[str]
    ends_on: Mapped[date | None]
    granted_by: Mapped[str]
    granted_at: Mapped[datetime]


class Standing(Base):
    """Where a person stands with a requirement: days only, so that passing time needs no writing.

    No row means that the requirement does not apply. ``held_until`` is the last day on which it
    is met (9999-12-31: for good), ``exempt_until`` likewise; ``due_on`` is None when no day is set.
    """

    __tablename__ = "requirement_standing"
    __table_args__ = (
        Index("ix_requirement_standing_agency", "agency_id", "requirement_id", "due_on"),
        Index("ix_requirement_standing_requirement", "requirement_id", "agency_id"),
    )

    personnel_id: Mapped[UUID] = mapped_column(ForeignKey("personnel.id"), primary_key=True)
    requirement_id: Mapped[UUID] = mapped_column(ForeignKey("requirement.id"), primary_key=True)
    agency_id: Mapped[str]
    held_until: Mapped[date | None]
    exempt_until: Mapped[date | None]
    due_on: Mapped[date | None]
    reason: Mapped[str]
    basis: Mapped[str]

    personnel: Mapped[Personnel] = relationship(lazy="raise")
    requirement: Mapped[Requirement] = relationship(lazy="raise")
