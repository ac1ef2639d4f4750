"""All statements about goals, narrowed by GOALS_PLAN."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select

from infra.batch_loader import IDS, AnySelect, BatchLoader
from infra.database import WriteSession
from infra.identity_token import Caller
from infra.owner_pages import Order, OwnerPages
from infra.vocabulary import Category
from svc_participants.care.goals.tables import GoalProgressRow, GoalRow
from svc_participants.people.repository import holding, may_write

BY_CREATION = Order((GoalRow.created_at, GoalRow.id))
STEPS_IN_ORDER = Order((GoalProgressRow.recorded_at, GoalProgressRow.id))


def goal_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may see this goal"."""
    return holding(
        caller, Category.GOALS_PLAN, GoalRow.participant_id, GoalRow.agency_id, GoalRow.set_on
    )


class GoalLoader(BatchLoader[GoalRow]):
    """Goals by id."""

    def statement(self, caller: Caller) -> AnySelect:
        """Those that the caller may see."""
        return select(GoalRow).where(GoalRow.id == IDS, goal_visible(caller))

    def collect(self, rows: Iterable[Any]) -> dict[UUID, GoalRow]:
        """By id."""
        return {row.id: row for (row,) in rows}


class GoalsOfParticipant(OwnerPages[GoalRow]):
    """Goals of participants, oldest first."""

    row = GoalRow
    owner = GoalRow.participant_id
    order = BY_CREATION

    def narrowed(self, caller: Caller) -> ColumnElement[bool]:
        """Those that the caller may see."""
        return goal_visible(caller)


class ProgressOfGoal(OwnerPages[GoalProgressRow]):
    """Steps of goals, oldest first."""

    row = GoalProgressRow
    owner = GoalProgressRow.goal_id
    order = STEPS_IN_ORDER

    def narrowed(self, caller: Caller) -> ColumnElement[bool]:
        """Those that the caller may see."""
        return holding(
            caller,
            Category.GOALS_PLAN,
            GoalProgressRow.participant_id,
            GoalProgressRow.agency_id,
            GoalProgressRow.noted_on,
        )


async def for_update(session: WriteSession, caller: Caller, goal_id: UUID) -> GoalRow | None:
    """Return a goal, locked, that the caller may see and write about."""
    row: GoalRow | None = await session.scalar(
        select(GoalRow)
        .where(
            GoalRow.id == goal_id,
            goal_visible(caller),
            may_write(caller, Category.GOALS_PLAN, GoalRow.participant_id),
        )
        .with_for_update(of=GoalRow)
    )
    return row
