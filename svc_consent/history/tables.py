"""Table of what was done in the directory; its role can neither change nor delete a row."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from infra.tables import Base, UuidKey


class DirectoryEvent(Base):
    """One change: what kind, about which agency and account, by whom, and the reason given."""

    __tablename__ = "directory_event"
    __table_args__ = (Index("ix_directory_event_agency_id", "agency_id", "at", "id"),)

    id: Mapped[UuidKey]
    kind: Mapped[str]
    site_id: Mapped[UUID]
    agency_id: Mapped[UUID | None]
    account_id: Mapped[UUID | None]
    role: Mapped[str | None]
    actor_id: Mapped[UUID | None]
    reason: Mapped[str | None]
    at: Mapped[datetime]
