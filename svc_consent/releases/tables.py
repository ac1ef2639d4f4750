"""Tables of releases of information: one row for each version, one for each of its provisions."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version


class Release(Base):
    """One version of a participant's release. ``status`` as stored; expiry is computed on reading.

    ``series_id`` ties versions together; ``number`` counts them. ``version`` counts changes of
    the row. ``signature`` is the evidence: method, who signed, authority of a representative.
    ``packet_id`` ties forms that were signed together; ``narrowed_from`` names the version of
    which this one is what remained; ``covers`` is what the form is about besides categories.
    """

    __tablename__ = "release"
    __table_args__ = (
        CheckConstraint(
            "status in ('DRAFT', 'DEFECTIVE', 'ACTIVE', 'REVOKED', 'SUPERSEDED',"
            " 'ENTERED_IN_ERROR')",
            name="status",
        ),
        Index("ix_release_participant", "participant_id", "signed_at", "id"),
        Index("ix_release_site", "site_id", "signed_at"),
    )

    id: Mapped[UuidKey]
    series_id: Mapped[UUID]
    number: Mapped[int]
    participant_id: Mapped[UUID]
    disclosing_agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agency.id"))
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    kind: Mapped[str]
    form_version: Mapped[str | None]
    status: Mapped[str]
    signed_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    signature: Mapped[dict[str, Any] | None]
    missing_elements: Mapped[list[str]] = mapped_column(ARRAY(String))
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[UUID | None]
    revocation_reason: Mapped[str | None]
    superseded_by: Mapped[UUID | None]
    superseded_at: Mapped[datetime | None]
    recorded_by: Mapped[UUID | None]
    recorded_at: Mapped[datetime]
    version: Mapped[Version]
    packet_id: Mapped[UUID | None]
    covers: Mapped[list[str]] = mapped_column(ARRAY(String), server_default=text("'{}'"))
    expiry_event: Mapped[str | None]
    language: Mapped[str | None]
    document_sha256: Mapped[str | None]
    copy_given_at: Mapped[datetime | None]
    narrowed_from: Mapped[UUID | None]
    revocation_method: Mapped[str | None]
    revocation_said_at: Mapped[datetime | None]


class RevocationOrder(Base):
    """That a person took back everything signed up to an instant, whenever it is synced.

    A form that was signed before ``said_at`` and arrives later never comes into force.
    """

    __tablename__ = "release_revocation_order"

    id: Mapped[UuidKey]
    participant_id: Mapped[UUID] = mapped_column(index=True)
    kind: Mapped[str | None]
    said_at: Mapped[datetime]
    method: Mapped[str]
    reason: Mapped[str]
    recorded_by: Mapped[UUID | None]
    recorded_at: Mapped[datetime]


class Restriction(Base):
    """A request that one agency be told less (42 CFR 2.26, 45 CFR 164.522): a denial in force.

    ``category`` and ``purpose`` null: all of them. It ends when the participant lifts it.
    """

    __tablename__ = "restriction"

    id: Mapped[UuidKey]
    participant_id: Mapped[UUID] = mapped_column(index=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    category: Mapped[str | None]
    purpose: Mapped[str | None]
    reason: Mapped[str]
    recorded_by: Mapped[UUID | None]
    recorded_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[UUID | None]
    version: Mapped[Version]


class Provision(Base):
    """What one recipient may be told, or (``effect`` deny) must not be told."""

    __tablename__ = "release_provision"
    __table_args__ = (CheckConstraint("effect in ('permit', 'deny')", name="effect"),)

    id: Mapped[UuidKey]
    release_id: Mapped[UUID] = mapped_column(ForeignKey("release.id"), index=True)
    recipient_agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    effect: Mapped[str]
    categories: Mapped[list[str]] = mapped_column(ARRAY(String))
    purposes: Mapped[list[str]] = mapped_column(ARRAY(String))
    data_from: Mapped[date | None]
    data_to: Mapped[date | None]
    expires_at: Mapped[datetime | None]
