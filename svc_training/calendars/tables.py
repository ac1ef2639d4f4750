"""Table of the addresses by which calendar programs ask for somebody's own sessions."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey


class CalendarSubscription(Base):
    """One address that somebody made; at most one of an account has not ended.

    The secret itself is stored nowhere. ``agency_id`` is for which agency the account acted;
    ``is_manager`` says that it then managed that agency's training, on the roster or not.
    ``ended_why`` is REPLACED, BY_OWNER or LEFT.
    """

    __tablename__ = "calendar_subscription"
    __table_args__ = (
        Index(
            "uq_calendar_subscription_account_id",
            "account_id",
            unique=True,
            postgresql_where=text("ended_at is null"),
        ),
    )

    id: Mapped[UuidKey]
    account_id: Mapped[str]
    agency_id: Mapped[str]
    is_manager: Mapped[bool]
    secret_hash: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str | None]
