"""Tables of the public record. No column here names or depends on a participant."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version


class Court(Base):
    """A court, by a code that clients name it with; ``id`` is its agency's."""

    __tablename__ = "court"

    id: Mapped[UuidKey]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    site_id: Mapped[UUID]
    time_zone: Mapped[str]


class LegalCase(Base):
    """One case. ``filed_on`` is null until it is filed; only from then on it is public.

    A number is one office's once, and on the public record once. Two offices may hold the same
    before filing: that the other has it must not show.
    """

    __tablename__ = "legal_case"
    __table_args__ = (
        Index("ix_legal_case_prosecutor_agency_id", "prosecutor_agency_id"),
        Index("ix_legal_case_site_id", "site_id"),
        Index("uq_legal_case_number_office", "number", "prosecutor_agency_id", unique=True),
        Index(
            "uq_legal_case_number_filed",
            "number",
            unique=True,
            postgresql_where=text("filed_on is not null"),
        ),
    )

    id: Mapped[UuidKey]
    number: Mapped[str]
    court_id: Mapped[UUID] = mapped_column(ForeignKey("court.id"))
    site_id: Mapped[UUID]
    prosecutor_agency_id: Mapped[UUID]
    defendant_given_name: Mapped[str]
    defendant_family_name: Mapped[str]
    status: Mapped[str]
    incident_on: Mapped[date | None]
    filed_on: Mapped[date | None]
    closed_on: Mapped[date | None]
    version: Mapped[Version]


class Charge(Base):
    """One charge of a case, in the order of the charging document."""

    __tablename__ = "charge"

    id: Mapped[UuidKey]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("legal_case.id"), index=True)
    position: Mapped[int]
    statute: Mapped[str]
    description: Mapped[str]
    nibrs: Mapped[str]
    charge_class: Mapped[str]
    status: Mapped[str]


class Hearing(Base):
    """A court date."""

    __tablename__ = "hearing"
    __table_args__ = (Index("ix_hearing_starts_at_case_id", "starts_at", "case_id"),)

    id: Mapped[UuidKey]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("legal_case.id"), index=True)
    kind: Mapped[str]
    starts_at: Mapped[datetime]
    courtroom: Mapped[str | None]
    is_cancelled: Mapped[bool] = mapped_column(default=False)


class Statute(Base):
    """One edition of an offence in a site's list of statutes: the only words of a charge."""

    __tablename__ = "statute"
    __table_args__ = (Index("uq_statute_site_code", "site_id", "code", "from_on", unique=True),)

    id: Mapped[UuidKey]
    site_id: Mapped[UUID]
    code: Mapped[str]
    title: Mapped[str]
    nibrs: Mapped[str]
    charge_class: Mapped[str]
    from_on: Mapped[date]
    to_on: Mapped[date | None]


class DateCorrection(Base):
    """A corrected date of a case, with what stood there before; never overwritten."""

    __tablename__ = "case_date_correction"

    id: Mapped[UuidKey]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("legal_case.id"), index=True)
    field: Mapped[str]
    before_on: Mapped[date | None]
    after_on: Mapped[date | None]
    reason: Mapped[str]
    corrected_by: Mapped[str]
    agency_id: Mapped[str]
    corrected_at: Mapped[datetime]
