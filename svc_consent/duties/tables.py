"""Table of duties."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version


class Duty(Base):
    """One thing to be done about a participant's record. ``about_id`` names what raised it."""

    __tablename__ = "duty"
    __table_args__ = (
        Index("ix_duty_participant", "participant_id", "raised_at", "id"),
        Index("ix_duty_open", "site_id", "due_at", "id", postgresql_where=text("done_at is null")),
    )

    id: Mapped[UuidKey]
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    participant_id: Mapped[UUID]
    kind: Mapped[str]
    about_id: Mapped[UUID]
    raised_at: Mapped[datetime]
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    done_by: Mapped[UUID | None]
    outcome: Mapped[str | None]
    version: Mapped[Version]
