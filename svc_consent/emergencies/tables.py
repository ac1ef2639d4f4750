"""Table of emergency accesses."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version


class EmergencyAccess(Base):
    """That somebody looked without consent: the five facts of 42 CFR 2.51(c), and why.

    ``participant_id`` is what was asked for; whether it names anybody is not known here.
    """

    __tablename__ = "emergency_access"

    id: Mapped[UuidKey]
    participant_id: Mapped[UUID] = mapped_column(index=True)
    account_id: Mapped[UUID]
    agency_id: Mapped[UUID | None]
    site_id: Mapped[UUID]
    recipient_name: Mapped[str]
    recipient_facility: Mapped[str]
    discloser: Mapped[str]
    nature: Mapped[str]
    unobtainable_because: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    version: Mapped[Version]
