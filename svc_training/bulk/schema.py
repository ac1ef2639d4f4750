"""GraphQL of batches: many people assigned in one action, with progress and an undo."""

from datetime import date, datetime
from typing import Annotated, Any, Self

import strawberry
from strawberry.types import Info

from infra.command_edge import Outcome, run_command
from infra.database import ReadSession, WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import UserError
from infra.owner_pages import PageRequest
from infra.pagination import Connection, Page
from infra.request_context import context_of
from infra.schema_directives import category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_training.assignments.commands import AssignmentRequest
from svc_training.assignments.rules import AssignmentOutcome, AssignmentTerms
from svc_training.bulk import commands, repository, tables
from svc_training.bulk.rules import BatchStatus
from svc_training.connections import paged
from svc_training.personnel.schema import After, First
from svc_training.sessions.schema import Session

_TRAINING = [category(Category.TRAINING)]
_STRUCTURE = [category(Category.STRUCTURE)]
_KEY = "The same key with the same input has its effect once (1 to 200 characters)."

described_enum(
    BatchStatus,
    "Where a batch stands.",
    {
        BatchStatus.RUNNING: "People are being assigned.",
        BatchStatus.DONE: "Everybody has an outcome.",
        BatchStatus.UNDONE: "Taken back.",
    },
    name="AssignmentBatchStatus",
)

BatchId = Annotated[strawberry.ID, strawberry.argument(description="Which batch.")]


@strawberry.type(directives=_TRAINING, description="Many people assigned in one action.")
class AssignmentBatch:
    """One batch."""

    id: strawberry.ID = strawberry.field(directives=_STRUCTURE, description="Global id.")
    session: Session = strawberry.field(description="To which session.")
    category: str = strawberry.field(description="The agency's training category.")
    due_on: date | None = strawberry.field(description="Until when it is to be had.")
    status: BatchStatus = strawberry.field(description="Where it stands.")
    total: int = strawberry.field(description="People asked for.")
    done: int = strawberry.field(description="People who have an outcome.")
    assigned: int = strawberry.field(description="People newly assigned.")
    kept: int = strawberry.field(description="People whom an undo has left where they were.")
    requested_by: strawberry.ID = strawberry.field(description="Account of who started it.")
    requested_at: datetime = strawberry.field(description="When it was started.")
    finished_at: datetime | None = strawberry.field(description="When everybody had an outcome.")
    undone_at: datetime | None = strawberry.field(description="When it was taken back.")

    @classmethod
    def from_row(cls, row: tables.AssignmentBatch) -> Self:
        """Return the GraphQL object of a row, with its session."""
        return cls(
            id=strawberry.ID(str(row.id)),
            session=Session.from_row(row.session),
            category=row.category,
            due_on=row.due_on,
            status=BatchStatus(row.status),
            total=row.total,
            done=row.done,
            assigned=row.assigned,
            kept=row.kept,
            requested_by=strawberry.ID(row.requested_by),
            requested_at=row.requested_at,
            finished_at=row.finished_at,
            undone_at=row.undone_at,
        )


@strawberry.type(directives=_TRAINING, description="What a batch did for one person.")
class BatchPerson:
    """One person of a batch."""

    personnel_id: strawberry.ID = strawberry.field(description="The id that was asked for.")
    outcome: AssignmentOutcome | None = strawberry.field(
        description="What was done; none before the person's turn."
    )
    assignment_id: strawberry.ID | None = strawberry.field(
        description="The person's assignment, when there is one."
    )

    @classmethod
    def from_row(cls, row: tables.BatchPerson) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            personnel_id=strawberry.ID(row.personnel_id),
            outcome=AssignmentOutcome(row.outcome) if row.outcome else None,
            assignment_id=strawberry.ID(str(row.assignment_id)) if row.assignment_id else None,
        )


@strawberry.type
class BulkQuery:
    """Root fields about batches."""

    @strawberry.field(description="A batch of the own agency.", directives=_TRAINING)
    async def assignment_batch(
        self,
        info: Info,
        id: BatchId,  # noqa: A002 - the name of the GraphQL argument
    ) -> AssignmentBatch | None:
        """Return a batch, or None."""
        return await _batch(info, str(id))

    @strawberry.field(description="Batches of the own agency, newest first.", directives=_TRAINING)
    async def assignment_batches(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[AssignmentBatch] | None:
        """Return one page of batches."""
        return await paged(
            info,
            name="Query.assignmentBatches",
            order=repository.ORDER,
            first=first,
            after=after,
            read=repository.page_of_batches,
            node=AssignmentBatch.from_row,
        )

    @strawberry.field(
        description="The people of a batch, in the order asked for.", directives=_TRAINING
    )
    async def assignment_batch_people(
        self, info: Info, batch_id: BatchId, first: First = 25, after: After = None
    ) -> Connection[BatchPerson] | None:
        """Return one page of a batch's people."""
        row_id = parse_id(str(batch_id))
        if row_id is None:
            return None

        async def read(
            session: ReadSession, caller: Caller, wanted: PageRequest
        ) -> Page[tables.BatchPerson]:
            return await repository.page_of_people(session, caller, wanted, row_id)

        return await paged(
            info,
            name=f"Query.assignmentBatchPeople({row_id})",
            order=repository.PERSON_ORDER,
            first=first,
            after=after,
            read=read,
            node=BatchPerson.from_row,
        )


@strawberry.input(description="Whom to assign to a session in the background.")
class StartAssignmentBatchInput:
    """Input of startAssignmentBatch."""

    session_number: str = strawberry.field(description="For example 8020-1.")
    category: str = strawberry.field(description="The agency's training category.")
    idempotency_key: str = strawberry.field(description=_KEY)
    personnel_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Up to 1,000 people of the own roster; or the whole agency."
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


@strawberry.input(description="A batch to take back.")
class UndoAssignmentBatchInput:
    """Input of undoAssignmentBatch."""

    batch_id: strawberry.ID = strawberry.field(description="Which batch.")
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.type(directives=_STRUCTURE, description="How a batch stands after a change.")
class AssignmentBatchPayload:
    """Payload of the mutations of batches."""

    batch: AssignmentBatch | None = strawberry.field(
        default=None, description="The batch as it is now."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What to put right in the input."
    )


@strawberry.type
class BulkMutation:
    """Mutations of batches."""

    @strawberry.mutation(description="Assign up to 1,000 people; follow it by its batch.")
    async def start_assignment_batch(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            StartAssignmentBatchInput, strawberry.argument(description="Whom, to what.")
        ],
    ) -> AssignmentBatchPayload:
        """Start a batch."""
        context = context_of(info)
        request = AssignmentRequest(
            input.session_number,
            tuple(input.personnel_ids or ()),
            AssignmentTerms(input.category, input.due_on, input.reminder_days),
            is_whole_agency=input.whole_agency,
        )

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.start(session, context.caller, request)

        name = "startAssignmentBatch"
        outcome = await run_command(context, name, input, key=input.idempotency_key, effect=effect)
        return await _payload(info, outcome)

    @strawberry.mutation(description="Take a batch back, as far as nobody is registered yet.")
    async def undo_assignment_batch(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            UndoAssignmentBatchInput, strawberry.argument(description="Which batch.")
        ],
    ) -> AssignmentBatchPayload:
        """Undo a batch."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.undo(session, context.caller, input.batch_id)

        name = "undoAssignmentBatch"
        outcome = await run_command(context, name, input, key=input.idempotency_key, effect=effect)
        return await _payload(info, outcome)


async def _batch(info: Info, text: str | None) -> AssignmentBatch | None:
    row_id, context = parse_id(text), context_of(info)
    if row_id is None:
        return None
    async with context.reading() as session:
        row = await repository.batch_by_id(session, context.caller, row_id)
    return AssignmentBatch.from_row(row) if row else None


async def _payload(info: Info, outcome: Outcome) -> AssignmentBatchPayload:
    batch = await _batch(info, outcome.result.get("batch"))
    return AssignmentBatchPayload(batch=batch, user_errors=outcome.user_errors)
