"""Tables of assessments. Answers and scores are append-only: a new wording adds all anew."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, Version
from svc_participants.care.keeping import Kept


class AssessmentRow(Kept, Base):
    """An assessment by one version of an instrument; ``wording`` is the newest set of answers."""

    __tablename__ = "assessment"
    __table_args__ = (Index("ix_assessment_participant", "participant_id", "taken_on", "id"),)

    instrument: Mapped[str]
    instrument_version: Mapped[int]
    taken_on: Mapped[date]
    state: Mapped[str]
    wording: Mapped[int]
    signed_at: Mapped[datetime | None]
    signed_by: Mapped[str | None]
    version: Mapped[Version]


class UsedInstrumentRow(Base):
    """What a version said when somebody was first assessed by it; kept for good, of nobody."""

    __tablename__ = "used_instrument"

    instrument: Mapped[str] = mapped_column(primary_key=True)
    instrument_version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str]


class AssessmentAnswerRow(Kept, Base):
    """An answer of one wording; it tells of the category of its section."""

    __tablename__ = "assessment_answer"
    __table_args__ = (UniqueConstraint("assessment_id", "wording", "item"),)

    assessment_id: Mapped[UUID] = mapped_column(ForeignKey("assessment.id"))
    wording: Mapped[int]
    place: Mapped[int]
    item: Mapped[str]
    category: Mapped[str]
    state: Mapped[str]
    choices: Mapped[list[str]] = mapped_column(ARRAY(String))
    number: Mapped[int | None]
    text: Mapped[str | None]


class AssessmentScoreRow(Kept, Base):
    """A score of one wording."""

    __tablename__ = "assessment_score"
    __table_args__ = (UniqueConstraint("assessment_id", "wording", "key"),)

    assessment_id: Mapped[UUID] = mapped_column(ForeignKey("assessment.id"))
    wording: Mapped[int]
    key: Mapped[str]
    title: Mapped[str]
    category: Mapped[str]
    points: Mapped[int | None]
    meaning: Mapped[str | None]
