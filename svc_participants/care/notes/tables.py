"""Tables of case notes. All are append-only: a trigger refuses UPDATE and DELETE."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey


class CaseNoteRow(Base):
    """A note as it was first written."""

    __tablename__ = "case_note"
    __table_args__ = (Index("ix_case_note_participant", "participant_id", "written_at", "id"),)

    id: Mapped[UuidKey]
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"))
    agency_id: Mapped[UUID]
    author_account_id: Mapped[str]
    mode: Mapped[str]
    occurred_on: Mapped[date]
    text: Mapped[str]
    written_at: Mapped[datetime]


class NoteAmendmentRow(Base):
    """A later wording of a note; the newest is the note's text."""

    __tablename__ = "case_note_amendment"
    __table_args__ = (UniqueConstraint("note_id", "number"),)

    id: Mapped[UuidKey]
    note_id: Mapped[UUID] = mapped_column(ForeignKey("case_note.id"))
    participant_id: Mapped[UUID]
    number: Mapped[int]
    text: Mapped[str]
    reason: Mapped[str]
    author_account_id: Mapped[str]
    written_at: Mapped[datetime]


class NoteTopicRow(Base):
    """What a note tells of; added, never taken away."""

    __tablename__ = "case_note_topic"
    __table_args__ = (UniqueConstraint("note_id", "topic"),)

    id: Mapped[UuidKey]
    note_id: Mapped[UUID] = mapped_column(ForeignKey("case_note.id"))
    participant_id: Mapped[UUID]
    topic: Mapped[str]
    marked_at: Mapped[datetime]
    marked_by: Mapped[str]


class NoteSignOffRow(Base):
    """A supervisor's signature under one wording of a note (1: as first written)."""

    __tablename__ = "case_note_sign_off"
    __table_args__ = (UniqueConstraint("note_id", "wording"),)

    id: Mapped[UuidKey]
    note_id: Mapped[UUID] = mapped_column(ForeignKey("case_note.id"))
    participant_id: Mapped[UUID]
    wording: Mapped[int]
    signed_at: Mapped[datetime]
    signed_by: Mapped[str]
