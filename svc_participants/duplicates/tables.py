"""Records that are of one person: linked, never poured together."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version


class PersonLinkRow(Base):
    """One record stands for the other while the link lasts; both keep all that is theirs."""

    __tablename__ = "person_link"
    __table_args__ = (
        Index(
            "uq_person_link_merged",
            "merged_id",
            unique=True,
            postgresql_where=text("ended_at is null"),
        ),
        Index("ix_person_link_surviving", "surviving_id", "linked_at", "id"),
    )

    id: Mapped[UuidKey]
    surviving_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"))
    merged_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"))
    score: Mapped[int]
    reason: Mapped[str]
    linked_at: Mapped[datetime]
    linked_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    end_reason: Mapped[str | None]
    version: Mapped[Version]
