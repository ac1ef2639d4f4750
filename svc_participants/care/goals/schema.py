"""GraphQL of goals."""

from datetime import date, datetime
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from infra.command_edge import run_command
from infra.entity_references import parse_id, reference_ids
from infra.mutation_result import UserError
from infra.owner_pages import page_request
from infra.pagination import Connection, connection
from infra.request_context import context_of
from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_participants.care.goals import commands, repository, rules
from svc_participants.care.goals.tables import GoalProgressRow, GoalRow
from svc_participants.people.schema import INPUT, After, First, GlobalId, Participant

_STRUCTURE = [category(Category.STRUCTURE)]
_GOALS = [category(Category.GOALS_PLAN)]
_OF_PARTICIPANT, _PROGRESS = "Participant.goals", "Goal.progress"

described_enum(rules.GoalArea, "What part of life a goal is about.", rules.AREA_MEANINGS)
described_enum(rules.StageOfChange, "Where somebody stands with a change.", rules.STAGE_MEANINGS)
described_enum(rules.GoalState, "Whether a goal is being worked on.", rules.STATE_MEANINGS)
described_enum(
    rules.ProgressMarker,
    "What kind of step it was. There is no marker for failing.",
    rules.MARKER_MEANINGS,
)


@strawberry.type(directives=_GOALS, description="One step towards a goal.")
class GoalProgress:
    """A step."""

    marker: rules.ProgressMarker | None = strawberry.field(description="What kind of step.")
    own_words: str | None = strawberry.field(description="How the participant puts it.")
    noted_on: date | None = strawberry.field(description="On which day.")
    recorded_at: datetime | None = strawberry.field(description="When it was recorded.")


@strawberry.federation.type(
    keys=["id"],
    directives=[category(Category.GOALS_PLAN), about("participantId")],
    description="What a participant wants, in their own words.",
)
class Goal:
    """A goal that the caller may see."""

    id: strawberry.ID = strawberry.field(description="Opaque id.", directives=_STRUCTURE)
    participant_id: strawberry.ID = strawberry.federation.field(
        description="Whose goal it is.", directives=_STRUCTURE, inaccessible=True
    )
    own_words: str | None = strawberry.field(description="The goal as the participant puts it.")
    area: rules.GoalArea | None = strawberry.field(description="What part of life it is about.")
    stage: rules.StageOfChange | None = strawberry.field(description="Stage of change.")
    state: rules.GoalState | None = strawberry.field(description="Whether it is worked on.")
    set_on: date | None = strawberry.field(description="Day on which it was set.")
    version: int = strawberry.field(
        description="Give it as `expectedVersion` for a change.", directives=_STRUCTURE
    )
    row: strawberry.Private[GoalRow]

    @classmethod
    async def resolve_references(
        cls, info: Info, representations: list[dict[str, Any]]
    ) -> list["Goal | None"]:
        """Resolve entity representations in one statement."""
        keys = reference_ids(representations)
        found = await context_of(info).loader(repository.GoalLoader).load_many(keys)
        return [None if each is None else goal_of(each) for each in found]

    @strawberry.field(description="Steps, oldest first.")
    async def progress(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[GoalProgress] | None:
        """Return a page of the steps."""
        context, order = context_of(info), repository.STEPS_IN_ORDER
        request = page_request(context, info, name=_PROGRESS, order=order, first=first, after=after)
        page = await context.loader(repository.ProgressOfGoal).load(self.row.id, request)
        return connection(
            page,
            seal=context.seal,
            caller=context.caller,
            name=_PROGRESS,
            after=after,
            key=order.key,
            node=_progress_of,
        )


def _progress_of(row: GoalProgressRow) -> GoalProgress:
    return GoalProgress(
        marker=rules.ProgressMarker(row.marker),
        own_words=row.own_words,
        noted_on=row.noted_on,
        recorded_at=row.recorded_at,
    )


def goal_of(row: GoalRow) -> Goal:
    """Return the GraphQL object of a goal."""
    return Goal(
        id=strawberry.ID(str(row.id)),
        participant_id=strawberry.ID(str(row.participant_id)),
        own_words=row.own_words,
        area=rules.GoalArea(row.area),
        stage=rules.StageOfChange(row.stage),
        state=rules.GoalState(row.state),
        set_on=row.set_on,
        version=row.version,
        row=row,
    )


async def _goals(
    root: strawberry.Parent[Participant], info: Info, first: First = 25, after: After = None
) -> Connection[Goal] | None:
    context, order = context_of(info), repository.BY_CREATION
    request = page_request(
        context, info, name=_OF_PARTICIPANT, order=order, first=first, after=after
    )
    loader = context.loader(repository.GoalsOfParticipant)
    return connection(
        await loader.load(root.seen.row.id, request),
        seal=context.seal,
        caller=context.caller,
        name=_OF_PARTICIPANT,
        after=after,
        key=order.key,
        node=goal_of,
    )


@strawberry.type(directives=_STRUCTURE, description="Reading about goals.")
class GoalQuery:
    """Root field about one goal."""

    @strawberry.field(description="One goal; null when there is none that you may see.")
    async def goal(self, info: Info, id: GlobalId) -> Goal | None:  # noqa: A002
        """Return one goal."""
        found = await Goal.resolve_references(info, [{"id": str(id)}])
        return found[0]


@strawberry.type
class GoalFields:
    """What goals add to ``Participant``; put there by ``subgraph``."""

    goals: Connection[Goal] | None = strawberry.field(
        resolver=_goals, description="Goals, oldest first.", directives=_GOALS
    )


@strawberry.input(description="A new goal.")
class AddGoalInput:
    """Input of ``addGoal``."""

    participant_id: strawberry.ID = strawberry.field(description="Whose goal it is.")
    idempotency_key: str = strawberry.field(description="Unique per intended goal.")
    own_words: str = strawberry.field(description="The goal as the participant puts it.")
    area: rules.GoalArea = strawberry.field(description="What part of life it is about.")
    stage: rules.StageOfChange = strawberry.field(description="Stage of change.")
    set_on: date = strawberry.field(description="Day on which it was set.")


@strawberry.input(description="A step towards a goal.")
class RecordGoalProgressInput:
    """Input of ``recordGoalProgress``."""

    goal_id: strawberry.ID = strawberry.field(description="Which goal.")
    expected_version: int = strawberry.field(description="Version you saw.")
    idempotency_key: str = strawberry.field(description="Unique per intended step.")
    marker: rules.ProgressMarker = strawberry.field(description="What kind of step.")
    noted_on: date = strawberry.field(description="On which day.")
    own_words: str | None = strawberry.field(
        default=None, description="How the participant puts it."
    )
    stage: rules.StageOfChange | None = strawberry.field(
        default=None, description="Stage of change, where it is another one now."
    )


@strawberry.type(directives=_STRUCTURE, description="Result of a change to a goal.")
class GoalPayload:
    """Payload with the goal as it is now."""

    goal: Goal | None = strawberry.field(description="The goal as now.")
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


@strawberry.type(directives=_STRUCTURE, description="Changes to goals.")
class GoalMutation:
    """Mutations about goals."""

    @strawberry.mutation(description="Record a goal (CM assigned, SUP of the agency).")
    async def add_goal(
        self,
        info: Info,
        input: Annotated[AddGoalInput, INPUT],  # noqa: A002
    ) -> GoalPayload:
        """Record a goal."""
        context = context_of(info)
        goal = commands.NewGoal(
            input.participant_id, input.own_words, input.area, input.stage, input.set_on
        )
        outcome = await run_command(
            context,
            "addGoal",
            input,
            key=input.idempotency_key,
            effect=lambda session: commands.add_goal(session, context.caller, goal),
        )
        return GoalPayload(
            goal=await _load_goal(info, outcome.id("goal")), user_errors=outcome.user_errors
        )

    @strawberry.mutation(description="Record a step towards a goal (CM assigned, SUP).")
    async def record_goal_progress(
        self,
        info: Info,
        input: Annotated[RecordGoalProgressInput, INPUT],  # noqa: A002
    ) -> GoalPayload:
        """Record a step."""
        context = context_of(info)
        progress = commands.NewProgress(
            input.expected_version, input.marker, input.noted_on, input.own_words, input.stage
        )
        outcome = await run_command(
            context,
            "recordGoalProgress",
            input,
            key=input.idempotency_key,
            effect=lambda session: commands.record_progress(
                session, context.caller, parse_id(input.goal_id), progress
            ),
        )
        return GoalPayload(
            goal=await _load_goal(info, outcome.id("goal")), user_errors=outcome.user_errors
        )


async def _load_goal(info: Info, goal_id: Any) -> Goal | None:
    if goal_id is None:
        return None
    row = await context_of(info).loader(repository.GoalLoader).load(goal_id)
    return None if row is None else goal_of(row)
