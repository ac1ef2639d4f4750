"""Table of progress summaries; an approved wording is replaced by a newer one, not changed."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version


class ProgressSummaryRow(Base):
    """One wording of the summary, as draft or approved."""

    __tablename__ = "progress_summary"
    __table_args__ = (
        Index("ix_progress_summary_participant", "participant_id", "written_at", "id"),
        Index(
            "uq_progress_summary_approved",
            "participant_id",
            unique=True,
            postgresql_where=text("state = 'APPROVED'"),
        ),
    )

    id: Mapped[UuidKey]
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"))
    agency_id: Mapped[UUID]
    statement: Mapped[str | None]
    engagement: Mapped[str | None]
    barriers: Mapped[str | None]
    what_would_help: Mapped[str | None]
    is_nothing_to_add: Mapped[bool]
    state: Mapped[str]
    written_at: Mapped[datetime]
    written_by: Mapped[str]
    approved_at: Mapped[datetime | None]
    approved_on: Mapped[date | None]
    approved_by: Mapped[str | None]
    version: Mapped[Version]
