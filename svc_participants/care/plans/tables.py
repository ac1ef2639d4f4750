"""Tables of plans and of planned steps. Plans and events are append-only."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version
from svc_participants.care.keeping import Kept


class CarePlanRow(Kept, Base):
    """One version of what was agreed."""

    __tablename__ = "care_plan"
    __table_args__ = (UniqueConstraint("participant_id", "agency_id", "number"),)

    number: Mapped[int]
    hopes: Mapped[str]
    strengths: Mapped[str | None]
    supports: Mapped[str | None]
    agreed_on: Mapped[date]
    review_on: Mapped[date | None]


class GoalStepRow(Kept, Base):
    """A step that is planned towards a goal."""

    __tablename__ = "goal_step"
    __table_args__ = (Index("ix_goal_step", "goal_id", "recorded_at", "id"),)

    goal_id: Mapped[UUID] = mapped_column(ForeignKey("goal.id"))
    what: Mapped[str]
    doer: Mapped[str]
    state: Mapped[str]
    planned_on: Mapped[date]
    version: Mapped[Version]


class GoalStepEventRow(Base):
    """One move of a step."""

    __tablename__ = "goal_step_event"
    __table_args__ = (Index("ix_goal_step_event", "step_id", "recorded_at", "id"),)

    id: Mapped[UuidKey]
    step_id: Mapped[UUID] = mapped_column(ForeignKey("goal_step.id"))
    participant_id: Mapped[UUID]
    from_state: Mapped[str]
    to_state: Mapped[str]
    happened_on: Mapped[date]
    own_words: Mapped[str | None]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str]
