"""GraphQL of plans and planned steps."""

from datetime import date, datetime
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from infra.mutation_result import UserError
from infra.pagination import Connection
from infra.request_context import context_of
from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_participants.care.plans import commands, repository, rules
from svc_participants.care.presenting import (
    KEY,
    SEEN_VERSION,
    STRUCTURE,
    VERSION,
    KeptFields,
    carried_out,
    filled,
    now_seen,
    paged,
    shown,
)
from svc_participants.people.schema import INPUT, Participant

_GOALS = [category(Category.GOALS_PLAN)]
_ABOUT = [category(Category.GOALS_PLAN), about("participantId")]

described_enum(rules.StepState, "Where a planned step stands.", rules.STATE_MEANINGS)
described_enum(rules.StepDoer, "Who takes a step.", rules.DOER_MEANINGS)


@strawberry.type(
    directives=_ABOUT, description="What was agreed, in the participant's own words; a version."
)
class CarePlan(KeptFields):
    """A version of the plan."""

    number: int | None = strawberry.field(description="Version, from 1.")
    hopes: str | None = strawberry.field(description="What the person wants, in their words.")
    strengths: str | None = strawberry.field(description="What they build on.")
    supports: str | None = strawberry.field(description="Who and what helps.")
    agreed_on: date | None = strawberry.field(description="Day on which it was agreed.")
    review_on: date | None = strawberry.field(description="Day to look at it again; no deadline.")


@strawberry.type(directives=_GOALS, description="One move of a step.")
class GoalStepEvent:
    """A move."""

    from_state: rules.StepState | None = strawberry.field(description="Where it stood.")
    to_state: rules.StepState | None = strawberry.field(description="Where it has stood since.")
    happened_on: date | None = strawberry.field(description="On which day.")
    own_words: str | None = strawberry.field(description="How the participant puts it.")
    recorded_at: datetime | None = strawberry.field(description="When it was recorded.")


@strawberry.type(directives=_ABOUT, description="A step that is planned towards a goal.")
class GoalStep(KeptFields):
    """A planned step."""

    what: str | None = strawberry.field(description="What is to be done.")
    doer: rules.StepDoer | None = strawberry.field(description="Who takes the step.")
    state: rules.StepState | None = strawberry.field(description="Where it stands.")
    planned_on: date | None = strawberry.field(description="Day on which it was planned.")
    version: int = strawberry.field(description=VERSION, directives=STRUCTURE)
    history: Connection[GoalStepEvent] | None = paged(
        GoalStepEvent,
        name="GoalStep.history",
        pages=repository.EventsOfStep,
        node=lambda row: shown(GoalStepEvent, row),
        of=Category.GOALS_PLAN,
        description="How it has moved.",
    )


def plan_of(row: Any) -> CarePlan:
    """Return the GraphQL object of a plan."""
    return shown(CarePlan, row)


def step_of(row: Any) -> GoalStep:
    """Return the GraphQL object of a step."""
    return shown(GoalStep, row)


async def _plan(root: strawberry.Parent[Participant], info: Info) -> CarePlan | None:
    row = await context_of(info).loader(repository.CurrentPlan).load(root.seen.row.id)
    return None if row is None else plan_of(row)


@strawberry.type
class PlanFields:
    """What plans add to ``Participant``; put there by ``subgraph``."""

    plan: CarePlan | None = strawberry.field(
        resolver=_plan, description="The plan as agreed last.", directives=_GOALS
    )
    plan_history: Connection[CarePlan] | None = paged(
        CarePlan,
        name="Participant.planHistory",
        pages=repository.PlansOfParticipant,
        node=plan_of,
        of=Category.GOALS_PLAN,
        description="All versions of the plan.",
    )


@strawberry.type
class StepFields:
    """What plans add to ``Goal``; put there by ``subgraph``."""

    steps: Connection[GoalStep] | None = paged(
        GoalStep,
        name="Goal.steps",
        pages=repository.StepsOfGoal,
        node=step_of,
        of=Category.GOALS_PLAN,
        description="Steps that are planned towards it.",
        only=("state", rules.StepState, "Only steps that stand here."),
    )


@strawberry.input(description="What was agreed; replaces nothing, earlier versions stay.")
class AgreePlanInput:
    """Input of ``agreePlan``."""

    participant_id: strawberry.ID = strawberry.field(description="Whose plan.")
    expected_version: int = strawberry.field(
        description="Number of your agency's newest plan that you saw, 0 for none."
    )
    idempotency_key: str = strawberry.field(description=KEY)
    hopes: str = strawberry.field(description="What the person wants, in their words.")
    agreed_on: date = strawberry.field(description="Day on which it was agreed.")
    strengths: str | None = strawberry.field(default=None, description="What they build on.")
    supports: str | None = strawberry.field(default=None, description="Who and what helps.")
    review_on: date | None = strawberry.field(default=None, description="Day to look again.")


@strawberry.input(description="A step to be planned.")
class PlanGoalStepInput:
    """Input of ``planGoalStep``."""

    goal_id: strawberry.ID = strawberry.field(description="Towards which goal.")
    idempotency_key: str = strawberry.field(description=KEY)
    what: str = strawberry.field(description="What is to be done.")
    doer: rules.StepDoer = strawberry.field(description="Who takes the step.")
    planned_on: date = strawberry.field(description="Day on which it was planned.")


@strawberry.input(description="How a step moves.")
class MoveGoalStepInput:
    """Input of ``moveGoalStep``."""

    step_id: strawberry.ID = strawberry.field(description="Which step.")
    expected_version: int = strawberry.field(description=SEEN_VERSION)
    idempotency_key: str = strawberry.field(description=KEY)
    state: rules.StepState = strawberry.field(description="Where it stands now.")
    happened_on: date = strawberry.field(description="On which day.")
    own_words: str | None = strawberry.field(
        default=None, description="How the participant puts it."
    )


@strawberry.type(directives=STRUCTURE, description="Result of agreeing a plan.")
class CarePlanPayload:
    """Payload with the plan."""

    plan: CarePlan | None = strawberry.field(description="The plan as now.")
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


@strawberry.type(directives=STRUCTURE, description="Result of a change to a planned step.")
class GoalStepPayload:
    """Payload with the step as it is now."""

    step: GoalStep | None = strawberry.field(description="The step as now.")
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


@strawberry.type(directives=STRUCTURE, description="Changes to plans.")
class PlanMutation:
    """Mutations about plans."""

    @strawberry.mutation(description="Write down the plan that was agreed (CM assigned, SUP).")
    async def agree_plan(
        self,
        info: Info,
        input: Annotated[AgreePlanInput, INPUT],  # noqa: A002
    ) -> CarePlanPayload:
        """Agree a plan."""
        plan = filled(commands.NewPlan, input)
        outcome = await carried_out(
            info,
            "agreePlan",
            input,
            lambda session, caller: commands.agree_plan(
                session, caller, plan, input.expected_version
            ),
        )
        row = await now_seen(info, outcome, "plan", repository.PlanLoader)
        return CarePlanPayload(
            plan=None if row is None else plan_of(row), user_errors=outcome.user_errors
        )

    @strawberry.mutation(description="Plan a step towards a goal (CM assigned, SUP).")
    async def plan_goal_step(
        self,
        info: Info,
        input: Annotated[PlanGoalStepInput, INPUT],  # noqa: A002
    ) -> GoalStepPayload:
        """Plan a step."""
        step = filled(commands.NewStep, input)
        outcome = await carried_out(
            info,
            "planGoalStep",
            input,
            lambda session, caller: commands.plan_step(session, caller, step),
        )
        row = await now_seen(info, outcome, "step", repository.StepLoader)
        return GoalStepPayload(
            step=None if row is None else step_of(row), user_errors=outcome.user_errors
        )

    @strawberry.mutation(description="Move a planned step (CM assigned, SUP).")
    async def move_goal_step(
        self,
        info: Info,
        input: Annotated[MoveGoalStepInput, INPUT],  # noqa: A002
    ) -> GoalStepPayload:
        """Move a step."""
        move = filled(commands.Move, input)
        outcome = await carried_out(
            info,
            "moveGoalStep",
            input,
            lambda session, caller: commands.move_step(session, caller, move),
        )
        row = await now_seen(info, outcome, "step", repository.StepLoader)
        return GoalStepPayload(
            step=None if row is None else step_of(row), user_errors=outcome.user_errors
        )
