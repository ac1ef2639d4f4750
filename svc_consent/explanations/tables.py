"""Table of reviews that privacy officers opened."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey


class PrivacyReview(Base):
    """That a privacy officer opened a participant's record, for which reason, until when."""

    __tablename__ = "privacy_review"

    id: Mapped[UuidKey]
    participant_id: Mapped[UUID] = mapped_column(index=True)
    site_id: Mapped[UUID]
    opened_by: Mapped[UUID]
    reason: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
