"""Tables of incidents, legal demands, requests to amend and handouts."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version


class Incident(Base):
    """A report that an agency misused what it knew of a participant (GR-9).

    ``reported_by`` is null where the reporter wished so. The freeze holds from ``frozen_at`` to
    ``lifted_at``; the agency that serves the person is not frozen out.
    """

    __tablename__ = "incident"

    id: Mapped[UuidKey]
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    participant_id: Mapped[UUID] = mapped_column(index=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    what: Mapped[str]
    reported_by: Mapped[UUID | None]
    reported_at: Mapped[datetime]
    frozen_at: Mapped[datetime | None]
    lifted_at: Mapped[datetime | None]
    assessed_at: Mapped[datetime | None]
    assessed_by: Mapped[UUID | None]
    is_breach: Mapped[bool | None]
    affected: Mapped[int | None]
    outcome: Mapped[str | None]
    version: Mapped[Version]


class LegalDemand(Base):
    """A subpoena, warrant or order. Until ``hold_ended_at``, nothing of the person is purged."""

    __tablename__ = "legal_demand"

    id: Mapped[UuidKey]
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    participant_id: Mapped[UUID] = mapped_column(index=True)
    kind: Mapped[str]
    issued_by: Mapped[str]
    order_number: Mapped[str | None]
    scope: Mapped[str]
    return_on: Mapped[date | None]
    document_sha256: Mapped[str | None]
    recorded_by: Mapped[UUID | None]
    recorded_at: Mapped[datetime]
    hold_ended_at: Mapped[datetime | None]
    hold_ended_by: Mapped[UUID | None]
    outcome: Mapped[str | None]
    version: Mapped[Version]


class AmendmentRequest(Base):
    """A person's request to amend the record (45 CFR 164.526), kept beside it for good."""

    __tablename__ = "amendment_request"

    id: Mapped[UuidKey]
    participant_id: Mapped[UUID] = mapped_column(index=True)
    category: Mapped[str]
    what: Mapped[str]
    requested_by: Mapped[UUID | None]
    requested_at: Mapped[datetime]
    is_accepted: Mapped[bool | None]
    answer: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[UUID | None]
    version: Mapped[Version]


class Handout(Base):
    """That a person was given a notice or a paper copy, or was read the record to."""

    __tablename__ = "handout"

    id: Mapped[UuidKey]
    participant_id: Mapped[UUID] = mapped_column(index=True)
    kind: Mapped[str]
    what: Mapped[str]
    language: Mapped[str]
    given_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None]
    recorded_at: Mapped[datetime]
