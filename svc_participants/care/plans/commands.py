"""Commands about plans. Assigned case manager, supervisor of the own agency."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import uuid4

from infra import clock
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.vocabulary import Category
from svc_participants.care.goals.rules import GoalState, check_open
from svc_participants.care.keeping import (
    check_lines,
    check_not_before,
    check_step,
    keeper,
    locked,
    values_of,
)
from svc_participants.care.notes.rules import check_day, check_text
from svc_participants.care.plans import repository, rules
from svc_participants.care.plans.tables import CarePlanRow, GoalStepEventRow, GoalStepRow
from svc_participants.people.commands import own_agency, require_writable
from svc_participants.people.rules import check_version, not_found
from svc_participants.people.site_days import today_at


@dataclass(frozen=True, slots=True)
class NewPlan:
    """What a plan is made of."""

    participant_id: str
    hopes: str
    strengths: str | None
    supports: str | None
    agreed_on: date
    review_on: date | None


@dataclass(frozen=True, slots=True)
class NewStep:
    """What a planned step is made of."""

    goal_id: str
    what: str
    doer: rules.StepDoer
    planned_on: date


@dataclass(frozen=True, slots=True)
class Move:
    """How a step moves."""

    step_id: str
    expected_version: int
    state: rules.StepState
    happened_on: date
    own_words: str | None


async def agree_plan(
    session: WriteSession, caller: Caller, plan: NewPlan, expected_version: int
) -> dict[str, Any]:
    """Write down what was agreed; earlier versions stay.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT, or a text or day that is not acceptable.
    """
    found = await require_writable(session, caller, Category.GOALS_PLAN, plan.participant_id)
    number = await repository.latest_number(session, found, own_agency(caller))
    check_version(expected_version, number)
    rules.check_plan(plan.hopes)
    texts = {"hopes": plan.hopes, "strengths": plan.strengths, "supports": plan.supports}
    check_lines(texts, most=5_000)
    check_day(plan.agreed_on, await today_at(session, caller), "agreedOn")
    if plan.review_on is not None:
        check_not_before(plan.review_on, plan.agreed_on, "reviewOn")
    row = CarePlanRow(**keeper(caller, found), **values_of(plan), number=number + 1)
    session.add(row)
    return {"plan": str(row.id)}


async def plan_step(session: WriteSession, caller: Caller, step: NewStep) -> dict[str, Any]:
    """Plan a step towards a goal.

    Raises:
        RuleError: NOT_FOUND, GOAL_REACHED, or a text or day that is not acceptable.
    """
    goal_id = parse_id(step.goal_id)
    goal = None
    if goal_id is not None:
        goal = await repository.goal_for_step(session, caller, goal_id)
    if goal is None:
        raise not_found("goalId")
    check_open(GoalState(goal.state))
    check_text(step.what, "what")
    check_day(step.planned_on, await today_at(session, caller), "plannedOn")
    row = GoalStepRow(
        **keeper(caller, goal.participant_id),
        **values_of(step, but=("goal_id",)),
        goal_id=goal.id,
        state=rules.StepState.PLANNED.value,
    )
    row.agency_id = goal.agency_id
    session.add(row)
    return {"step": str(row.id)}


async def move_step(session: WriteSession, caller: Caller, move: Move) -> dict[str, Any]:
    """Move a step on, aside, or back to what is planned.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT, STEP_NOT_ALLOWED, or a day in the future.
    """
    row = await locked(
        session,
        caller,
        GoalStepRow,
        move.step_id,
        seen=repository.step_visible,
        category=Category.GOALS_PLAN,
        field="stepId",
    )
    check_version(move.expected_version, row.version)
    now = clock.now()
    check_day(move.happened_on, await today_at(session, caller), "happenedOn")
    check_lines({"ownWords": move.own_words}, most=5_000)
    check_step(rules.STEPS, rules.StepState(row.state), move.state, "state")
    session.add(
        GoalStepEventRow(
            id=uuid4(),
            step_id=row.id,
            participant_id=row.participant_id,
            from_state=row.state,
            to_state=move.state.value,
            happened_on=move.happened_on,
            own_words=move.own_words,
            recorded_at=now,
            recorded_by=caller.subject,
        )
    )
    row.state = move.state.value
    row.version += 1
    return {"step": str(row.id)}
