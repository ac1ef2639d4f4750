"""The table of court orders."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version


class CourtOrder(Base):
    """An order that counsel has admitted; ``ended_at`` where it was stayed, vacated or done with.

    What it opened is never rewritten: another order is another row.
    """

    __tablename__ = "court_order"

    id: Mapped[UuidKey]
    demand_id: Mapped[UUID] = mapped_column(ForeignKey("legal_demand.id"))
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    participant_id: Mapped[UUID] = mapped_column(index=True)
    number: Mapped[str]
    counsel_name: Mapped[str]
    keeper_agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    recipient_agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    categories: Mapped[list[str]] = mapped_column(ARRAY(String))
    data_from: Mapped[date | None]
    data_to: Mapped[date | None]
    expires_at: Mapped[datetime]
    admitted_by: Mapped[UUID | None]
    admitted_at: Mapped[datetime]
    ended_by: Mapped[UUID | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]
    version: Mapped[Version]
