"""Tables of webhooks. A participant's id stands here only while an event waits or is dead."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version


class WebhookEndpoint(Base):
    """Where an agency wants events, and who answers for it.

    It looks through the eyes of ``role`` for ``purpose``, and lives as long as the administrator's
    grant under which it was made. Its secret is derived from ``id`` and ``generation``. ``last_…``
    is of the newest attempt that left: what was withheld shows nowhere.
    """

    __tablename__ = "webhook_endpoint"

    id: Mapped[UuidKey]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), index=True)
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    grant_id: Mapped[UUID] = mapped_column(ForeignKey("role_grant.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    url: Mapped[str]
    topics: Mapped[list[Any]]
    role: Mapped[str]
    purpose: Mapped[str]
    generation: Mapped[int]
    old_secret_until: Mapped[datetime | None]
    since_revision: Mapped[int]
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    version: Mapped[Version]
    last_event_id: Mapped[UUID | None]
    last_topic: Mapped[str | None]
    last_status: Mapped[int | None]
    last_at: Mapped[datetime | None]


class WebhookDelivery(Base):
    """One event for one endpoint. Its id is what the receiver is told."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "participant_id", "topic", "revision"),
        Index(
            "ix_webhook_delivery_due", "next_attempt_at",
            postgresql_where=text("state = 'WAITING'"),
        ),
        Index("ix_webhook_delivery_endpoint", "endpoint_id", "created_at"),
    )  # fmt: skip

    id: Mapped[UuidKey]
    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_endpoint.id"))
    participant_id: Mapped[UUID | None]
    topic: Mapped[str]
    revision: Mapped[int]
    state: Mapped[str]
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime]
    claim_id: Mapped[UUID | None]
    claimed_until: Mapped[datetime | None]
    last_status: Mapped[int | None]
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class WebhookCursor(Base):
    """The one row that says up to which revision agencies were told of what they gained."""

    __tablename__ = "webhook_cursor"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revision: Mapped[int]
