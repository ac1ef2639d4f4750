"""The table of sessions that have ended; in no journal, since each entry is worth a working day."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base


class EndedSession(Base):
    """What has ended, by a name that only gateways can make, and when that was last said."""

    __tablename__ = "ended_session"
    __table_args__ = (Index("ix_ended_session_ended_at", "ended_at"),)

    name: Mapped[bytes] = mapped_column(primary_key=True)
    ended_at: Mapped[datetime]
