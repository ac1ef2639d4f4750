"""Tables of what ties cases to participants. The public record refers to none of them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version


class LeadLink(Base):
    """That a case is a participant's. Ended, never deleted."""

    __tablename__ = "lead_link"
    __table_args__ = (
        Index("ix_lead_link_participant_id_matched_at", "participant_id", "matched_at", "id"),
        Index(
            "uq_lead_link_case_participant",
            "case_id",
            "participant_id",
            unique=True,
            postgresql_where=text("ended_at is null"),
        ),
    )

    id: Mapped[UuidKey]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("legal_case.id"))
    participant_id: Mapped[UUID]
    is_diverted_arrest: Mapped[bool]
    coordination_status: Mapped[str]
    matched_by: Mapped[str]
    matched_on: Mapped[date]
    matched_at: Mapped[datetime]
    ended_by: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]
    version: Mapped[Version]


class FilingDecision(Base):
    """One decision of the liaison prosecutor; never overwritten."""

    __tablename__ = "filing_decision"

    id: Mapped[UuidKey]
    link_id: Mapped[UUID] = mapped_column(ForeignKey("lead_link.id"), index=True)
    participant_id: Mapped[UUID]
    decision: Mapped[str]
    reason: Mapped[str]
    independent_source: Mapped[str | None]
    decided_on: Mapped[date]
    decided_by: Mapped[str]
    agency_id: Mapped[str]
    recorded_at: Mapped[datetime]


class Warrant(Base):
    """A warrant in a matched case, by its present status."""

    __tablename__ = "warrant"

    id: Mapped[UuidKey]
    link_id: Mapped[UUID] = mapped_column(ForeignKey("lead_link.id"), index=True)
    participant_id: Mapped[UUID] = mapped_column(index=True)
    status: Mapped[str]
    source: Mapped[str]
    issued_on: Mapped[date | None]
    recorded_on: Mapped[date]
    version: Mapped[Version]


class WarrantChange(Base):
    """One recorded status of a warrant, with who said so; never overwritten."""

    __tablename__ = "warrant_change"

    id: Mapped[UuidKey]
    warrant_id: Mapped[UUID] = mapped_column(ForeignKey("warrant.id"), index=True)
    status: Mapped[str]
    source: Mapped[str]
    recorded_by: Mapped[str]
    agency_id: Mapped[str]
    recorded_at: Mapped[datetime]
