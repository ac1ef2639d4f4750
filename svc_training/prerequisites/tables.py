"""Tables of prerequisites, of the documents that show them, and of how far people are."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version


class Prerequisite(Base):
    """What a course asks for: another course (``required_course_id``), or a document.

    One that was taken back stays, not active, with who did it and when.
    """

    __tablename__ = "prerequisite"

    id: Mapped[UuidKey]
    course_id: Mapped[UUID] = mapped_column(ForeignKey("course.id"), index=True)
    kind: Mapped[str]
    title: Mapped[str]
    required_course_id: Mapped[UUID | None] = mapped_column(ForeignKey("course.id"))
    is_active: Mapped[bool]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    ended_by: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    version: Mapped[Version]


class TrainingDocument(Base):
    """A file that shows something about a member of staff's training; small, kept as it came."""

    __tablename__ = "training_document"

    id: Mapped[UuidKey]
    personnel_id: Mapped[UUID] = mapped_column(ForeignKey("personnel.id"), index=True)
    file_name: Mapped[str]
    media_type: Mapped[str]
    digest: Mapped[str]
    content: Mapped[bytes]
    uploaded_by: Mapped[str]
    uploaded_at: Mapped[datetime]


class Fulfillment(Base):
    """How far one person is with one prerequisite; no row means UNMET."""

    __tablename__ = "fulfillment"
    __table_args__ = (UniqueConstraint("personnel_id", "prerequisite_id"),)

    id: Mapped[UuidKey]
    personnel_id: Mapped[UUID] = mapped_column(ForeignKey("personnel.id"))
    prerequisite_id: Mapped[UUID] = mapped_column(ForeignKey("prerequisite.id"))
    status: Mapped[str]
    document_id: Mapped[UUID | None] = mapped_column(ForeignKey("training_document.id"))
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]
    version: Mapped[Version]


class FulfillmentStep(Base):
    """One step of a fulfillment; ``version`` is the version that the step made."""

    __tablename__ = "fulfillment_step"

    fulfillment_id: Mapped[UUID] = mapped_column(ForeignKey("fulfillment.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    status: Mapped[str]
    comment: Mapped[str | None]
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]
