"""Mutations of assignments: assigning, registering, moving along, reminding."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.types import Info

from infra.command_edge import run_command
from infra.database import WriteSession
from infra.entity_references import known, parse_id
from infra.mutation_result import UserError
from infra.request_context import context_of
from svc_training.assignments import commands, tables
from svc_training.assignments.repository import lists
from svc_training.assignments.rules import (
    AssignmentOutcome,
    AssignmentStatus,
    AssignmentTerms,
    RegistrationOutcome,
)
from svc_training.assignments.schema.reading import STRUCTURE, TRAINING, Assignment

_KEY = "The same key with the same input has its effect once (1 to 200 characters)."


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
        default=False, description="Everybody on the own roster, up to 1,000; then name nobody."
    )
    due_on: date | None = strawberry.field(default=None, description="Until when.")
    reminder_days: int | None = strawberry.field(
        default=None,
        description="Days before the due date from which on the person is to be reminded: "
        "remindersDue lists it and the person's own pages say so. No mail is sent.",
    )


@strawberry.type(directives=TRAINING, description="What was done for one person.")
class PersonAssignment:
    """Outcome for one person."""

    personnel_id: strawberry.ID = strawberry.field(description="The id that was asked for.")
    outcome: AssignmentOutcome = strawberry.field(description="What was done.")
    assignment: Assignment | None = strawberry.field(
        description="The person's assignment, when there is one."
    )


@strawberry.type(directives=STRUCTURE, description="Result of assignSession.")
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
    exception_reason: str | None = strawberry.field(
        default=None,
        description="Why this person is taken before others who wait (placesTaken says whose turn "
        "it is), up to 500 characters; asked for then alone, and kept in the history.",
    )


@strawberry.type(directives=STRUCTURE, description="Result of changeAssignmentStatus.")
class ChangeAssignmentStatusPayload:
    """Payload of changeAssignmentStatus."""

    assignment: Assignment | None = strawberry.field(
        default=None, description="The assignment as it is now."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What to put right in the input."
    )


@strawberry.input(description="Whom to register for a session.")
class RegisterAssignmentsInput:
    """Input of registerAssignments."""

    session_number: str = strawberry.field(description="For example 8020-1.")
    idempotency_key: str = strawberry.field(description=_KEY)
    assignment_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Only these; everybody of the own agency when absent."
    )


@strawberry.type(directives=TRAINING, description="What a registration did for one person.")
class Registration:
    """Outcome for one assignment."""

    outcome: RegistrationOutcome = strawberry.field(description="What was done.")
    assignment: Assignment | None = strawberry.field(description="The assignment as it is now.")


@strawberry.type(directives=STRUCTURE, description="Result of registerAssignments.")
class RegisterAssignmentsPayload:
    """Payload of registerAssignments."""

    registrations: list[Registration] = strawberry.field(
        default_factory=list, description="One for each person, in the order of assignment."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What to put right in the input."
    )


@strawberry.input(description="Who was reminded.")
class MarkRemindedInput:
    """Input of markReminded."""

    assignment_ids: list[strawberry.ID] = strawberry.field(description="Of which assignments.")
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.type(directives=STRUCTURE, description="Result of markReminded.")
class MarkRemindedPayload:
    """Payload of markReminded."""

    assignments: list[Assignment] = strawberry.field(
        default_factory=list, description="The assignments as they are now."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What to put right in the input."
    )


@strawberry.type
class AssignmentsMutation:
    """Mutations of assignments."""

    @strawberry.mutation(description="Register people who are assigned, as far as places go.")
    async def register_assignments(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            RegisterAssignmentsInput, strawberry.argument(description="Whom, for what.")
        ],
    ) -> RegisterAssignmentsPayload:
        """Register people."""
        context = context_of(info)
        wanted = [str(each) for each in input.assignment_ids or ()]

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.register(session, context.caller, input.session_number, wanted)

        name = "registerAssignments"
        outcome = await run_command(context, name, input, key=input.idempotency_key, effect=effect)
        made = outcome.result.get("outcomes", [])
        rows = await _rows(info, [each for each, _ in made])
        return RegisterAssignmentsPayload(
            registrations=[
                Registration(
                    outcome=RegistrationOutcome(what),
                    assignment=Assignment.from_row(rows[row_id]) if row_id in rows else None,
                )
                for row_id, what in ((parse_id(text), what) for text, what in made)
            ],
            user_errors=outcome.user_errors,
        )

    @strawberry.mutation(
        description="Note that people were reminded of what is due. It sends nothing to anybody."
    )
    async def mark_reminded(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            MarkRemindedInput, strawberry.argument(description="Who was reminded.")
        ],
    ) -> MarkRemindedPayload:
        """Note a reminder."""
        context = context_of(info)
        ids = [str(each) for each in input.assignment_ids]

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.mark_reminded(session, context.caller, ids)

        name = "markReminded"
        outcome = await run_command(context, name, input, key=input.idempotency_key, effect=effect)
        rows = await _rows(info, outcome.result.get("assignments", []))
        return MarkRemindedPayload(
            assignments=[Assignment.from_row(row) for row in rows.values()],
            user_errors=outcome.user_errors,
        )

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
            rows = await lists.assignments_by_id(session, context.caller, known(ids))
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
            input.assignment_id,
            input.status,
            input.expected_version,
            input.comment,
            input.exception_reason,
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
                rows = await lists.assignments_by_id(session, context.caller, [row_id])
        return ChangeAssignmentStatusPayload(
            assignment=Assignment.from_row(rows[row_id]) if row_id in rows else None,
            user_errors=outcome.user_errors,
        )


async def _rows(info: Info, ids: list[str]) -> dict[UUID | None, tables.Assignment]:
    context = context_of(info)
    async with context.reading() as session:
        wanted = known([parse_id(each) for each in ids])
        found = await lists.assignments_by_id(session, context.caller, wanted)
    return dict(found.items())
