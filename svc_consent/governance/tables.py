"""Tables of role requests, MOU documents, seats, access reviews, and who was last seen when."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, literal_column, text
from sqlalchemy.orm import Mapped, column_property, mapped_column

from infra.tables import Base, UuidKey, Version


class RoleRequest(Base):
    """A wish for a sensitive role, which a second person approves or declines."""

    __tablename__ = "role_request"
    __table_args__ = (
        Index("ix_role_request_agency_id", "agency_id", "requested_at", "id"),
        Index(
            "uq_role_request_open",
            "account_id",
            "agency_id",
            "site_id",
            "role",
            unique=True,
            postgresql_where=text("status = 'REQUESTED'"),
        ),
    )

    id: Mapped[UuidKey]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    role: Mapped[str]
    is_liaison: Mapped[bool]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    reason: Mapped[str]
    status: Mapped[str]
    requested_by: Mapped[UUID]
    requested_at: Mapped[datetime]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None]
    grant_id: Mapped[UUID | None]
    version: Mapped[Version]


class MouDocument(Base):
    """A file that belongs to a memorandum of understanding; kept as it came."""

    __tablename__ = "mou_document"

    id: Mapped[UuidKey]
    mou_id: Mapped[UUID] = mapped_column(ForeignKey("mou.id"), index=True)
    file_name: Mapped[str]
    media_type: Mapped[str]
    digest: Mapped[str]
    content: Mapped[bytes]
    added_by: Mapped[UUID]
    added_at: Mapped[datetime]


class Seat(Base):
    """That somebody sits on a site's PCG, OWG or CLT; with or without an account or an agency."""

    __tablename__ = "seat"
    __table_args__ = (Index("ix_seat_site_id", "site_id", "body", "starts_on", "id"),)

    id: Mapped[UuidKey]
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    body: Mapped[str]
    agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agency.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    name: Mapped[str]
    title: Mapped[str | None]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    version: Mapped[Version]


class ReviewCampaign(Base):
    """Somebody looks through who holds which role at an agency, until a deadline.

    ``reviewer`` is the role in which it is decided: PLA where it is about
    administrators and privacy officers, who are in no other review, else AGA.
    """

    __tablename__ = "review_campaign"
    __table_args__ = (Index("ix_review_campaign_agency_id", "agency_id", "opened_at", "id"),)

    id: Mapped[UuidKey]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    title: Mapped[str]
    opened_by: Mapped[UUID]
    opened_at: Mapped[datetime]
    deadline_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    version: Mapped[Version]
    reviewer: Mapped[str] = column_property(
        literal_column(
            "(select case when count(*) = 0 then 'AGA' else 'PLA' end from review_item item"
            " join role_grant held on held.id = item.grant_id"
            " where item.campaign_id = review_campaign.id and held.role in ('AGA', 'PRV', 'PLA'))",
            Text,
        )
    )


class ReviewItem(Base):
    """One grant in a review: KEEP, REMOVE, or not decided."""

    __tablename__ = "review_item"

    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("review_campaign.id"), primary_key=True)
    grant_id: Mapped[UUID] = mapped_column(ForeignKey("role_grant.id"), primary_key=True)
    decision: Mapped[str | None]
    reason: Mapped[str | None]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]


class AccountActivity(Base):
    """The last day on which an account was used."""

    __tablename__ = "account_activity"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    last_seen_on: Mapped[date]
