"""All statements about plans and their steps, narrowed by GOALS_PLAN."""

from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select

from infra.database import WriteSession
from infra.identity_token import Caller
from infra.owner_pages import Order
from infra.vocabulary import Category
from svc_participants.care.goals import repository as goals
from svc_participants.care.goals.tables import GoalRow
from svc_participants.care.keeping import loader_of, newest_of, pages_of
from svc_participants.care.plans.tables import CarePlanRow, GoalStepEventRow, GoalStepRow
from svc_participants.people.repository import holding

PLANS = Order((CarePlanRow.recorded_at, CarePlanRow.id), is_descending=True)
STEPS = Order((GoalStepRow.recorded_at, GoalStepRow.id))
EVENTS = Order((GoalStepEventRow.recorded_at, GoalStepEventRow.id))


def plan_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may see this plan"."""
    return holding(
        caller,
        Category.GOALS_PLAN,
        CarePlanRow.participant_id,
        CarePlanRow.agency_id,
        CarePlanRow.agreed_on,
    )


def step_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may see this step"."""
    return holding(
        caller,
        Category.GOALS_PLAN,
        GoalStepRow.participant_id,
        GoalStepRow.agency_id,
        GoalStepRow.planned_on,
    )


def _event_visible(caller: Caller) -> ColumnElement[bool]:
    return exists().where(GoalStepRow.id == GoalStepEventRow.step_id, step_visible(caller))


PlanLoader = loader_of(CarePlanRow, plan_visible)
CurrentPlan = newest_of(CarePlanRow, plan_visible, PLANS)
PlansOfParticipant = pages_of(CarePlanRow, plan_visible, PLANS)
StepLoader = loader_of(GoalStepRow, step_visible)
StepsOfGoal = pages_of(GoalStepRow, step_visible, STEPS, GoalStepRow.goal_id)
EventsOfStep = pages_of(GoalStepEventRow, _event_visible, EVENTS, GoalStepEventRow.step_id)


async def latest_number(session: WriteSession, participant_id: UUID, agency_id: UUID) -> int:
    """Return the number of an agency's newest plan, 0 for none; the person was locked before."""
    found = await session.scalar(
        select(func.max(CarePlanRow.number)).where(
            CarePlanRow.participant_id == participant_id, CarePlanRow.agency_id == agency_id
        )
    )
    return found or 0


async def goal_for_step(session: WriteSession, caller: Caller, goal_id: UUID) -> GoalRow | None:
    """Return a goal, locked, that the caller may plan steps for."""
    return await goals.for_update(session, caller, goal_id)
