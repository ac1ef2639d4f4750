"""Table of the clearances that people hold through training, as they were last handed over."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey


class Clearance(Base):
    """That one entry of a roster opens something to its account, at the roster's agency.

    ``held_until`` is the last day (9999-12-31: for good), where the academy is.
    """

    __tablename__ = "training_clearance"
    __table_args__ = (
        UniqueConstraint("personnel_id", "kind"),
        Index("ix_training_clearance_account_id", "account_id"),
    )

    id: Mapped[UuidKey]
    personnel_id: Mapped[UUID] = mapped_column(nullable=True)
    account_id: Mapped[str]
    agency_id: Mapped[str] = mapped_column(nullable=True)
    kind: Mapped[str]
    held_until: Mapped[date]
    changed_at: Mapped[datetime]
