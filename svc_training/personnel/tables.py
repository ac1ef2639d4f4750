"""Table of the people who can be trained: staff of agencies."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version


class Personnel(Base):
    """One person on one agency's roster. ``agency_id`` is the directory's id of the agency.

    External and account ids are unique within an agency only: a second agency must not learn
    from a refusal that another one has the same person. ``academy_on`` is the day on which basic
    academy training was finished; ``is_assessed`` says that compliance has seen the entry as it is.
    """

    __tablename__ = "personnel"
    __table_args__ = (
        UniqueConstraint("agency_id", "external_id"),
        UniqueConstraint("agency_id", "account_id"),
        Index("ix_personnel_agency_id_name", "agency_id", "family_name", "given_name", "id"),
        Index("ix_personnel_account_id", "account_id"),
        Index("ix_personnel_external_id", "external_id"),
        Index("ix_personnel_to_assess", "id", postgresql_where=text("not is_assessed")),
    )

    id: Mapped[UuidKey]
    agency_id: Mapped[str]
    external_id: Mapped[str | None]
    account_id: Mapped[str | None]
    given_name: Mapped[str]
    family_name: Mapped[str]
    email: Mapped[str | None]
    appointment_type: Mapped[str]
    is_certified: Mapped[bool]
    is_active: Mapped[bool] = mapped_column(default=True)
    is_training_manager: Mapped[bool] = mapped_column(default=False)
    hired_on: Mapped[date | None]
    academy_on: Mapped[date | None]
    is_assessed: Mapped[bool] = mapped_column(default=False)
    version: Mapped[Version]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
