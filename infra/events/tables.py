"""What happened and whom it may concern, until every gateway has heard of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base


class StreamEvent(Base):
    """One event; kept for an hour.

    ``xid`` is the transaction that wrote it: numbers are given before a commit, so that readers go
    by finished transactions instead and never pass one that was still to come.
    """

    __tablename__ = "stream_event"
    __table_args__ = (Index("ix_stream_event_xid", "xid", "number"),)

    number: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    xid: Mapped[int] = mapped_column(
        BigInteger, server_default=text("(pg_current_xact_id()::text::bigint)")
    )
    field: Mapped[str]
    entity_id: Mapped[UUID]
    keys: Mapped[list[Any]]
    at: Mapped[datetime] = mapped_column(index=True)
