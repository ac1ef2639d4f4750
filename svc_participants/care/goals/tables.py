"""Tables of goals and the steps towards them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version


class GoalRow(Base):
    """What a participant wants, in their own words."""

    __tablename__ = "goal"
    __table_args__ = (Index("ix_goal_participant", "participant_id", "created_at", "id"),)

    id: Mapped[UuidKey]
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"))
    agency_id: Mapped[UUID]
    own_words: Mapped[str]
    area: Mapped[str]
    stage: Mapped[str]
    state: Mapped[str]
    set_on: Mapped[date]
    created_at: Mapped[datetime]
    version: Mapped[Version]


class GoalProgressRow(Base):
    """One step; appended, never changed."""

    __tablename__ = "goal_progress"
    __table_args__ = (Index("ix_goal_progress", "goal_id", "recorded_at", "id"),)

    id: Mapped[UuidKey]
    goal_id: Mapped[UUID] = mapped_column(ForeignKey("goal.id"))
    participant_id: Mapped[UUID]
    agency_id: Mapped[UUID]
    marker: Mapped[str]
    own_words: Mapped[str | None]
    noted_on: Mapped[date]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str]
