"""Table of arranged services; their moves are in ``care_move``."""

from datetime import date

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from infra.tables import Base, Version
from svc_participants.care.keeping import Kept


class ArrangementRow(Kept, Base):
    """A service that was arranged."""

    __tablename__ = "arranged_service"
    __table_args__ = (Index("ix_arranged_service", "participant_id", "arranged_on", "id"),)

    kind: Mapped[str]
    provider: Mapped[str]
    arranged_on: Mapped[date]
    state: Mapped[str]
    version: Mapped[Version]
