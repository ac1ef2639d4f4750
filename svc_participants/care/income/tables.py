"""Tables of income, which is the history itself, and of benefits."""

from datetime import date

from sqlalchemy import Index, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, Version
from svc_participants.care.keeping import Kept


class IncomeRow(Kept, Base):
    """Income as of a day; appended, never changed."""

    __tablename__ = "income_status"
    __table_args__ = (Index("ix_income_status", "participant_id", "as_of", "recorded_at", "id"),)

    any_source: Mapped[str]
    monthly_cents: Mapped[int | None]
    sources: Mapped[list[str]] = mapped_column(ARRAY(String))
    as_of: Mapped[date]


class BenefitRow(Kept, Base):
    """A benefit; its moves are in ``care_move``."""

    __tablename__ = "benefit"
    __table_args__ = (Index("ix_benefit", "participant_id", "applied_on", "id"),)

    kind: Mapped[str]
    applied_on: Mapped[date]
    state: Mapped[str]
    version: Mapped[Version]
