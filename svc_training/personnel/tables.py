"""Table of the people who can be trained: staff of agencies."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from infra.tables import Base, UuidKey, Version


class Personnel(Base):
    """One person on one agency's roster. ``agency_id`` is the directory's id of the agency.

    External and account ids are unique within an agency only: a second agency must not learn
    from a refusal that another one has the same person.
    """

    __tablename__ = "personnel"
    __table_args__ = (
        UniqueConstraint("agency_id", "external_id"),
        UniqueConstraint("agency_id", "account_id"),
        Index("ix_personnel_agency_id_name", "agency_id", "family_name", "given_name", "id"),
        Index("ix_personnel_account_id", "account_id"),
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
    version: Mapped[Version]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
