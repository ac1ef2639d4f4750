"""Tables of the authority replica, alike in every service (and the original in ``svc_consent``)."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey


class Visibility(Base):
    """One ground on which a holder may (or must not) see a participant.

    ``holder`` is ``agency:<id>``, ``subject:<id>`` or ``any`` (denials only). A null category or
    purpose means all of them. ``effect`` is ``permit`` or ``deny``; a denial wins.
    ``data_from``/``data_to`` limit the dates of the records that a release covers.
    """

    __tablename__ = "authority_visibility"
    __table_args__ = (
        CheckConstraint("effect in ('permit', 'deny')", name="effect"),
        Index("ix_authority_visibility_holder", "holder", "basis", "category", "participant_id"),
        Index("ix_authority_visibility_participant", "participant_id", "holder"),
        # Denials are few, and every statement asks whether there is one.
        Index(
            "ix_authority_visibility_denials",
            "participant_id",
            postgresql_where=text("effect = 'deny'"),
        ),
        # The next instant at which time alone changes what a holder sees is the first entry.
        Index("ix_authority_visibility_starts", "holder", "starts_at"),
        Index(
            "ix_authority_visibility_ends",
            "holder",
            "ends_at",
            postgresql_where=text("ends_at is not null"),
        ),
    )

    id: Mapped[UuidKey]
    participant_id: Mapped[UUID]
    holder: Mapped[str]
    basis: Mapped[str]
    effect: Mapped[str]
    category: Mapped[str | None]
    purpose: Mapped[str | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    data_from: Mapped[date | None]
    data_to: Mapped[date | None]
    source_id: Mapped[UUID | None]
    revision: Mapped[int]


class AgencyWindow(Base):
    """A period in which an agency is a live member of a site under an MOU."""

    __tablename__ = "authority_agency_window"

    id: Mapped[UuidKey]
    agency_id: Mapped[str] = mapped_column(index=True)
    site_id: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    revision: Mapped[int]


class AppliedRevision(Base):
    """The one row that says up to which revision this database has the authority facts."""

    __tablename__ = "authority_applied"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revision: Mapped[int]


class OutboxEntry(Base):
    """A change of facts that this service owns, on its way to ``svc_consent``."""

    __tablename__ = "authority_outbox"

    id: Mapped[UuidKey]
    operations: Mapped[list[dict[str, object]]]
    created_at: Mapped[datetime]
    revision: Mapped[int | None]
