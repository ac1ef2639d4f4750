"""Tables of flexible funds. Limits are versions: the newest that has begun is in force."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from infra.tables import Base, UuidKey, Version
from svc_participants.care.keeping import Kept


class FundLimitRow(Base):
    """A site's limits from a day on; appended, never changed."""

    __tablename__ = "fund_limit"
    __table_args__ = (UniqueConstraint("site_id", "number"),)

    id: Mapped[UuidKey]
    site_id: Mapped[UUID]
    number: Mapped[int]
    each_cents: Mapped[int]
    year_cents: Mapped[int]
    effective_on: Mapped[date]
    set_at: Mapped[datetime]
    set_by: Mapped[str]


class FundSpendRow(Kept, Base):
    """A spending; its moves are in ``care_move``."""

    __tablename__ = "fund_spend"
    __table_args__ = (Index("ix_fund_spend", "participant_id", "asked_on", "id"),)

    purpose: Mapped[str]
    amount_cents: Mapped[int]
    asked_on: Mapped[date]
    payee: Mapped[str | None]
    fund: Mapped[str]
    state: Mapped[str]
    version: Mapped[Version]
