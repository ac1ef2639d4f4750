"""GraphQL of caseloads."""

from datetime import date, datetime
from typing import Annotated

import strawberry
from strawberry.types import Info

from infra.command_edge import Outcome, run_command
from infra.entity_references import parse_id
from infra.mutation_result import UserError
from infra.owner_pages import page_request
from infra.pagination import Connection, connection
from infra.request_context import context_of
from infra.schema_directives import about, category
from infra.vocabulary import Category
from svc_participants.caseloads import commands, repository
from svc_participants.caseloads.tables import AssignmentRow
from svc_participants.enrollments.commands import ExitRequest
from svc_participants.enrollments.rules import ExitReason
from svc_participants.enrollments.schema.mutations import EnrollmentPayload, enrollment_payload
from svc_participants.people.repository import StaffNames
from svc_participants.people.schema import INPUT, After, First, Participant

_STRUCTURE = [category(Category.STRUCTURE)]
_ENROLLMENT = [category(Category.ENROLLMENT)]
_OF_PARTICIPANT = "Participant.assignments"


@strawberry.type(
    directives=[category(Category.ENROLLMENT), about("participantId")],
    description="A case manager's work with a participant.",
)
class Assignment:
    """An assignment that the caller may see."""

    id: strawberry.ID = strawberry.field(description="Opaque id.", directives=_STRUCTURE)
    participant_id: strawberry.ID = strawberry.federation.field(
        description="Whom it is about.", directives=_STRUCTURE, inaccessible=True
    )
    agency_id: strawberry.ID | None = strawberry.field(description="Agency of the case manager.")
    starts_on: date | None = strawberry.field(description="First day.")
    ended_at: datetime | None = strawberry.field(description="When it ended.")
    version: int = strawberry.field(
        description="Give it as `expectedVersion` for a change.", directives=_STRUCTURE
    )
    row: strawberry.Private[AssignmentRow]

    @strawberry.field(description="Account of the case manager.")
    def case_manager_id(self) -> strawberry.ID | None:
        """Return the account."""
        return strawberry.ID(self.row.account_id)

    @strawberry.field(description="Name of the case manager.")
    async def case_manager_name(self, info: Info) -> str | None:
        """Return the name."""
        return await context_of(info).loader(StaffNames).of(self.row.account_id)


def assignment_of(row: AssignmentRow) -> Assignment:
    """Return the GraphQL object of an assignment."""
    return Assignment(
        id=strawberry.ID(str(row.id)),
        participant_id=strawberry.ID(str(row.participant_id)),
        agency_id=strawberry.ID(str(row.agency_id)),
        starts_on=row.starts_on,
        ended_at=row.ended_at,
        version=row.version,
        row=row,
    )


async def _assignments(
    root: strawberry.Parent[Participant], info: Info, first: First = 25, after: After = None
) -> Connection[Assignment] | None:
    context, order = context_of(info), repository.NEWEST_FIRST
    request = page_request(
        context, info, name=_OF_PARTICIPANT, order=order, first=first, after=after
    )
    loader = context.loader(repository.AssignmentsOfParticipant)
    return connection(
        await loader.load(root.seen.row.id, request),
        seal=context.seal,
        caller=context.caller,
        name=_OF_PARTICIPANT,
        after=after,
        key=order.key,
        node=assignment_of,
    )


@strawberry.type
class CaseloadFields:
    """What assignments add to ``Participant``; put there by ``subgraph``."""

    assignments: Connection[Assignment] | None = strawberry.field(
        resolver=_assignments,
        description="Who works with the participant, newest first.",
        directives=_ENROLLMENT,
    )


@strawberry.input(description="Put a participant on a case manager's caseload.")
class AssignCaseManagerInput:
    """Input of ``assignCaseManager``."""

    participant_id: strawberry.ID = strawberry.field(description="Whom.")
    account_id: strawberry.ID = strawberry.field(
        description="Account of a case manager of your agency."
    )
    idempotency_key: str = strawberry.field(description="Unique per intended assignment.")


@strawberry.input(description="Take a participant off a caseload.")
class EndAssignmentInput:
    """Input of ``endAssignment``."""

    assignment_id: strawberry.ID = strawberry.field(description="Which assignment.")
    expected_version: int = strawberry.field(description="Version you saw.")
    idempotency_key: str = strawberry.field(description="Unique per intended change.")


@strawberry.input(description="End an enrollment; the person may come back at any time.")
class ExitEnrollmentInput:
    """Input of ``exitEnrollment``."""

    enrollment_id: strawberry.ID = strawberry.field(description="Which enrollment.")
    expected_version: int = strawberry.field(description="Version you saw.")
    idempotency_key: str = strawberry.field(description="Unique per intended change.")
    reason: ExitReason = strawberry.field(description="How it ended.")
    exited_on: date = strawberry.field(description="Last day.")


@strawberry.type(directives=_STRUCTURE, description="Result of a change to a caseload.")
class AssignmentPayload:
    """Payload with the assignment as it is now."""

    assignment: Assignment | None = strawberry.field(description="The assignment as now.")
    near_limit: bool = strawberry.field(
        description="Whether the caseload has reached the size at which supervisors are warned."
    )
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


@strawberry.type(directives=_STRUCTURE, description="Changes to caseloads.")
class CaseloadMutation:
    """Mutations about caseloads."""

    @strawberry.mutation(description="Put somebody on a caseload (SUP of the own agency).")
    async def assign_case_manager(
        self,
        info: Info,
        input: Annotated[AssignCaseManagerInput, INPUT],  # noqa: A002
    ) -> AssignmentPayload:
        """Assign a case manager."""
        context = context_of(info)
        outcome = await run_command(
            context,
            "assignCaseManager",
            input,
            key=input.idempotency_key,
            effect=lambda session: commands.assign(
                session, context.caller, input.participant_id, input.account_id
            ),
        )
        return await _payload(info, outcome)

    @strawberry.mutation(description="Take somebody off a caseload (SUP of the own agency).")
    async def end_assignment(
        self,
        info: Info,
        input: Annotated[EndAssignmentInput, INPUT],  # noqa: A002
    ) -> AssignmentPayload:
        """End an assignment."""
        context = context_of(info)
        outcome = await run_command(
            context,
            "endAssignment",
            input,
            key=input.idempotency_key,
            effect=lambda session: commands.end_assignment(
                session, context.caller, parse_id(input.assignment_id), input.expected_version
            ),
        )
        return await _payload(info, outcome)

    @strawberry.mutation(
        description="End an enrollment and its assignments (CM assigned, SUP of the provider)."
    )
    async def exit_enrollment(
        self,
        info: Info,
        input: Annotated[ExitEnrollmentInput, INPUT],  # noqa: A002
    ) -> EnrollmentPayload:
        """End an enrollment."""
        context = context_of(info)
        request = ExitRequest(input.expected_version, input.reason, input.exited_on)
        outcome = await run_command(
            context,
            "exitEnrollment",
            input,
            key=input.idempotency_key,
            effect=lambda session: commands.exit_enrollment(
                session, context.caller, parse_id(input.enrollment_id), request
            ),
        )
        return await enrollment_payload(info, outcome)


async def _payload(info: Info, outcome: Outcome) -> AssignmentPayload:
    key = outcome.id("assignment")
    loader = context_of(info).loader(repository.AssignmentLoader)
    row = None if key is None else await loader.load(key)
    return AssignmentPayload(
        assignment=None if row is None else assignment_of(row),
        near_limit=bool(outcome.result.get("nearLimit")),
        user_errors=outcome.user_errors,
    )
