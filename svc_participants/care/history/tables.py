"""Table of the moves of records of care; appended, never changed."""

from datetime import date
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from infra.tables import Base
from svc_participants.care.keeping import Kept


class CareMoveRow(Kept, Base):
    """One move of one record: an arranged service, a benefit, a spending, an appointment."""

    __tablename__ = "care_move"
    __table_args__ = (Index("ix_care_move", "record_id", "recorded_at", "id"),)

    record_id: Mapped[UUID]
    from_state: Mapped[str]
    to_state: Mapped[str]
    happened_on: Mapped[date]
    remark: Mapped[str | None]
