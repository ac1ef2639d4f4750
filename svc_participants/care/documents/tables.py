"""Tables of documents. Parts are appended, never changed."""

from datetime import date
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, Version
from svc_participants.care.keeping import Kept


class DocumentRow(Kept, Base):
    """What a document is."""

    __tablename__ = "care_document"
    __table_args__ = (
        Index("ix_care_document", "participant_id", "recorded_at", "id"),
        Index(
            "uq_care_document_hash",
            "participant_id",
            "agency_id",
            "sha256",
            unique=True,
            postgresql_where=text("state <> 'WITHDRAWN'"),
        ),
    )

    kind: Mapped[str]
    title: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[str]
    dated_on: Mapped[date]
    state: Mapped[str]
    version: Mapped[Version]


class DocumentPartRow(Base):
    """A part of a document's bytes."""

    __tablename__ = "care_document_part"

    document_id: Mapped[UUID] = mapped_column(ForeignKey("care_document.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes]
