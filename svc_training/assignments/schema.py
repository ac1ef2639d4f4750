"""GraphQL types of assignments. Everything about them is TRAINING."""

from datetime import date, datetime
from typing import Annotated, Any, Self

import strawberry
from strawberry.dataloader import DataLoader
from strawberry.types import Info

from infra.command_edge import run_command
from infra.database import WriteSession
from infra.entity_references import known, parse_id, reference_ids
from infra.mutation_result import UserError
from infra.owner_pages import page_request
from infra.pagination import Connection, connection
from infra.request_context import RequestContext, context_of
from infra.schema_directives import category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_training.assignments import commands, repository, tables
from svc_training.assignments.rules import AssignmentOutcome, AssignmentStatus, AssignmentTerms
from svc_training.personnel.schema import After, First, Personnel
from svc_training.sessions.schema import Session, SessionNumber

_TRAINING = [category(Category.TRAINING)]
_STRUCTURE = [category(Category.STRUCTURE)]

described_enum(
    AssignmentStatus,
    "How far an assignment is.",
    {
        AssignmentStatus.ASSIGNED: "The training manager has assigned it.",
        AssignmentStatus.NOTIFIED: "The person has been told.",
        AssignmentStatus.REGISTERED: "The person is registered with the academy.",
        AssignmentStatus.WAITLISTED: "The academy has put the person on the waiting list.",
        AssignmentStatus.ALTERNATE: "The person gets a place if somebody drops out.",
        AssignmentStatus.ACCEPTED: "The person has a place.",
        AssignmentStatus.DENIED: "The academy has refused; ended.",
        AssignmentStatus.ATTENDED: "The person was there.",
        AssignmentStatus.NO_SHOW: "The person was not there; ended.",
        AssignmentStatus.CANCELLED: "The place was given up in time; ended.",
        AssignmentStatus.LATE_CANCELLED: "The place was given up too late; ended.",
        AssignmentStatus.COMPLETED: "The person has completed the class.",
        AssignmentStatus.INCOMPLETE: "Something is missing; ended.",
        AssignmentStatus.FAILED: "The person did not pass; ended.",
        AssignmentStatus.CREDITED: "The academy has credited it.",
        AssignmentStatus.RECERT_DUE: "The training is due again.",
        AssignmentStatus.EXPIRED: "The credit no longer counts; ended.",
    },
)
described_enum(
    AssignmentOutcome,
    "What an assignment did for one person.",
    {
        AssignmentOutcome.ASSIGNED: "The person is assigned now.",
        AssignmentOutcome.ALREADY_ASSIGNED: "The person was assigned already; nothing changed.",
        AssignmentOutcome.ALREADY_TRAINED: "The person has this course's training already.",
        AssignmentOutcome.NEEDS_PERSON_RECORD: "Nobody on your roster has this id; add them first.",
    },
)


@strawberry.type(directives=_TRAINING, description="One step that an assignment took.")
class AssignmentStatusChange:
    """One entry of an assignment's history."""

    status: AssignmentStatus = strawberry.field(description="Status from then on.")
    changed_at: datetime = strawberry.field(description="When.")
    changed_by: strawberry.ID = strawberry.field(description="Account of who did it.")
    comment: str | None = strawberry.field(description="What was noted with it.")
    version: int = strawberry.field(description="The assignment's version from then on.")


class StatusHistories:
    """Loads the histories of all assignments of a page in one statement."""

    def __init__(self, context: RequestContext) -> None:
        self._context = context
        self.loader: DataLoader[str, list[AssignmentStatusChange]] = DataLoader(load_fn=self._load)

    async def _load(self, keys: list[str]) -> list[list[AssignmentStatusChange]]:
        ids = [parse_id(key) for key in keys]
        async with self._context.reading() as session:
            steps = await repository.steps_of(session, known(ids))
        return [[_change(step) for step in steps.get(each, ())] if each else [] for each in ids]


def _change(step: tables.AssignmentStep) -> AssignmentStatusChange:
    return AssignmentStatusChange(
        status=AssignmentStatus(step.status),
        changed_at=step.changed_at,
        changed_by=strawberry.ID(step.changed_by),
        comment=step.comment,
        version=step.version,
    )


@strawberry.federation.type(
    name="TrainingAssignment",
    keys=["id"],
    directives=_TRAINING,
    description="A person assigned to a session.",
)
class Assignment:
    """One assignment."""

    id: strawberry.ID = strawberry.field(
        directives=_STRUCTURE, description="Global id of the assignment."
    )
    personnel: Personnel = strawberry.field(description="Who is assigned.")
    session: Session = strawberry.field(description="To which session.")
    category: str = strawberry.field(description="The agency's training category.")
    due_on: date | None = strawberry.field(description="Until when it is to be had.")
    reminder_days: int | None = strawberry.field(
        description="Days before the due date when a reminder goes out."
    )
    status: AssignmentStatus = strawberry.field(description="How far it is.")
    assigned_by: strawberry.ID = strawberry.field(description="Account of who assigned it.")
    assigned_at: datetime = strawberry.field(description="When it was assigned.")
    version: int = strawberry.field(description="Counts changes; an update names it.")

    @strawberry.field(description="Every status that it has had, oldest first.")
    async def status_history(self, info: Info) -> list[AssignmentStatusChange]:
        """Return the history."""
        return await context_of(info).loader(StatusHistories).loader.load(str(self.id))

    @classmethod
    def from_row(cls, row: tables.Assignment) -> Self:
        """Return the GraphQL object of a row, with its person, session and course."""
        return cls(
            id=strawberry.ID(str(row.id)),
            personnel=Personnel.from_row(row.personnel),
            session=Session.from_row(row.session),
            category=row.category,
            due_on=row.due_on,
            reminder_days=row.reminder_days,
            status=AssignmentStatus(row.status),
            assigned_by=strawberry.ID(row.assigned_by),
            assigned_at=row.assigned_at,
            version=row.version,
        )

    @classmethod
    async def resolve_references(
        cls, info: Info, representations: list[dict[str, Any]]
    ) -> list[Self | None]:
        """Return the assignments that a batch of representations names, as far as visible."""
        context = context_of(info)
        ids = reference_ids(representations)
        async with context.reading() as session:
            rows = await repository.assignments_by_id(session, context.caller, known(ids))
        return [cls.from_row(rows[each]) if each in rows else None for each in ids]


@strawberry.type
class AssignmentsQuery:
    """Root fields about assignments."""

    @strawberry.field(
        description="Who of the own agency is assigned to a session, by name.",
        directives=_TRAINING,
    )
    async def roster(
        self, info: Info, session_number: SessionNumber, first: First = 25, after: After = None
    ) -> Connection[Assignment] | None:
        """Return one page of a session's roster."""
        context = context_of(info)
        name, order = f"Query.roster({session_number})", repository.ROSTER_ORDER
        wanted = page_request(context, info, name=name, order=order, first=first, after=after)
        async with context.reading() as session:
            page = await repository.page_of_roster(session, context.caller, session_number, wanted)
        return connection(
            page,
            seal=context.seal,
            caller=context.caller,
            name=name,
            after=after,
            key=repository.roster_key,
            node=Assignment.from_row,
        )

    @strawberry.field(
        description="What the caller is assigned to, newest first.", directives=_TRAINING
    )
    async def my_assignments(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[Assignment] | None:
        """Return one page of the caller's own assignments."""
        context = context_of(info)
        name, order = "Query.myAssignments", repository.OWN_ORDER
        wanted = page_request(context, info, name=name, order=order, first=first, after=after)
        async with context.reading() as session:
            page = await repository.page_of_own(session, context.caller, wanted)
        return connection(
            page,
            seal=context.seal,
            caller=context.caller,
            name=name,
            after=after,
            key=order.key,
            node=Assignment.from_row,
        )


@strawberry.input(description="Whom to assign to a session, and on which terms.")
class AssignSessionInput:
    """Input of assignSession."""

    session_number: str = strawberry.field(description="For example 8020-1.")
    category: str = strawberry.field(description="The agency's training category.")
    idempotency_key: str = strawberry.field(
        description="The same key with the same input has its effect once (1 to 200 characters)."
    )
    personnel_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="People of the own roster; or ask for the whole agency."
    )
    whole_agency: bool = strawberry.field(
        default=False, description="Everybody on the own roster; then name nobody."
    )
    due_on: date | None = strawberry.field(default=None, description="Until when.")
    reminder_days: int | None = strawberry.field(
        default=None, description="Days before the due date when a reminder goes out."
    )


@strawberry.type(directives=_TRAINING, description="What was done for one person.")
class PersonAssignment:
    """Outcome for one person."""

    personnel_id: strawberry.ID = strawberry.field(description="The id that was asked for.")
    outcome: AssignmentOutcome = strawberry.field(description="What was done.")
    assignment: Assignment | None = strawberry.field(
        description="The person's assignment, when there is one."
    )


@strawberry.type(directives=_STRUCTURE, description="Result of assignSession.")
class AssignSessionPayload:
    """Payload of assignSession."""

    outcomes: list[PersonAssignment] = strawberry.field(
        default_factory=list, description="One for each person, in the order asked for."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What to put right in the input."
    )


@strawberry.input(description="A step of an assignment.")
class ChangeAssignmentStatusInput:
    """Input of changeAssignmentStatus."""

    assignment_id: strawberry.ID = strawberry.field(description="Which assignment.")
    status: AssignmentStatus = strawberry.field(description="Its status from now on.")
    expected_version: int = strawberry.field(description="Its version as the client read it.")
    idempotency_key: str = strawberry.field(
        description="The same key with the same input has its effect once (1 to 200 characters)."
    )
    comment: str | None = strawberry.field(
        default=None, description="What to note with it, up to 500 characters."
    )


@strawberry.type(directives=_STRUCTURE, description="Result of changeAssignmentStatus.")
class ChangeAssignmentStatusPayload:
    """Payload of changeAssignmentStatus."""

    assignment: Assignment | None = strawberry.field(
        default=None, description="The assignment as it is now."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What to put right in the input."
    )


@strawberry.type
class AssignmentsMutation:
    """Mutations of assignments."""

    @strawberry.mutation(description="Assign people of the own agency to a session.")
    async def assign_session(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            AssignSessionInput, strawberry.argument(description="Whom, to what, on which terms.")
        ],
    ) -> AssignSessionPayload:
        """Assign people to a session."""
        context = context_of(info)
        named = tuple(input.personnel_ids or ())
        terms = AssignmentTerms(input.category, input.due_on, input.reminder_days)
        request = commands.AssignmentRequest(
            input.session_number, named, terms, is_whole_agency=input.whole_agency
        )

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.assign_session(session, context.caller, request)

        outcome = await run_command(
            context, "assignSession", input, key=input.idempotency_key, effect=effect
        )
        made = outcome.result.get("outcomes", [])
        ids = [parse_id(assignment_id) for _, _, assignment_id in made]
        async with context.reading() as session:
            rows = await repository.assignments_by_id(session, context.caller, known(ids))
        return AssignSessionPayload(
            outcomes=[
                PersonAssignment(
                    personnel_id=strawberry.ID(personnel_id),
                    outcome=AssignmentOutcome(what),
                    assignment=Assignment.from_row(rows[row_id]) if row_id in rows else None,
                )
                for (personnel_id, what, _), row_id in zip(made, ids, strict=True)
            ],
            user_errors=outcome.user_errors,
        )

    @strawberry.mutation(description="Move an assignment of the own agency one step.")
    async def change_assignment_status(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            ChangeAssignmentStatusInput, strawberry.argument(description="Which step.")
        ],
    ) -> ChangeAssignmentStatusPayload:
        """Move an assignment one step."""
        context = context_of(info)
        change = commands.StatusChange(
            input.assignment_id, input.status, input.expected_version, input.comment
        )

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.change_status(session, context.caller, change)

        outcome = await run_command(
            context, "changeAssignmentStatus", input, key=input.idempotency_key, effect=effect
        )
        row_id = outcome.id("assignment")
        rows: dict[Any, tables.Assignment] = {}
        if row_id is not None:
            async with context.reading() as session:
                rows = await repository.assignments_by_id(session, context.caller, [row_id])
        return ChangeAssignmentStatusPayload(
            assignment=Assignment.from_row(rows[row_id]) if row_id in rows else None,
            user_errors=outcome.user_errors,
        )
