"""GraphQL of results: recording them, training elsewhere, and badges."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Self

import strawberry
from strawberry.types import Info

from infra.command_edge import Outcome as CommandOutcome
from infra.command_edge import run_command
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.mutation_result import UserError
from infra.pagination import Connection
from infra.request_context import context_of
from infra.schema_directives import category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_training.connections import paged
from svc_training.personnel.repository import personnel_by_id
from svc_training.personnel.schema import After, First, Personnel
from svc_training.records.rules import Attendance, Outcome
from svc_training.results import commands, repository, tables
from svc_training.results.rules import OutsideDetails, OutsideStatus, ResultOutcome

_TRAINING = [category(Category.TRAINING)]
_STRUCTURE = [category(Category.STRUCTURE)]
_KEY = "The same key with the same input has its effect once (1 to 200 characters)."

described_enum(
    ResultOutcome,
    "What recording a result did for one person.",
    {
        ResultOutcome.RECORDED: "It is on record now.",
        ResultOutcome.UNCHANGED: "The same was on record.",
        ResultOutcome.CORRECTED: "What was on record has been corrected.",
        ResultOutcome.HELD_BY_ACADIS: "The academy's system says something else; that stands.",
        ResultOutcome.NOT_ASSIGNED: "The person is not on the own roster or not assigned.",
        ResultOutcome.NOT_POSSIBLE: "The assignment's status allows no such result.",
    },
)
described_enum(
    OutsideStatus,
    "Where training completed elsewhere stands.",
    {
        OutsideStatus.SUBMITTED_FOR_APPROVAL: "Somebody else decides about it.",
        OutsideStatus.APPROVED: "It counts.",
        OutsideStatus.REJECTED: "It does not count.",
    },
    name="OutsideTrainingStatus",
)


@strawberry.type(directives=_TRAINING, description="Training that people completed elsewhere.")
class OutsideTraining:
    """One report."""

    id: strawberry.ID = strawberry.field(directives=_STRUCTURE, description="Global id.")
    title: str = strawberry.field(description="Title of the course.")
    description: str = strawberry.field(description="What it was about.")
    starts_on: date = strawberry.field(description="First day.")
    ends_on: date = strawberry.field(description="Last day.")
    category: str = strawberry.field(description="Training category.")
    hours: float = strawberry.field(description="Hours for each person.")
    instruction_provider: str = strawberry.field(description="Who taught it.")
    status: OutsideStatus = strawberry.field(description="Where it stands.")
    submitted_by: strawberry.ID = strawberry.field(description="Account of who reported it.")
    submitted_at: datetime = strawberry.field(description="When it was reported.")
    decided_at: datetime | None = strawberry.field(description="When it was decided.")
    comment: str | None = strawberry.field(description="What was noted with the decision.")
    row: strawberry.Private[tables.OutsideTraining]

    @strawberry.field(description="Who took part.")
    async def people(self, info: Info) -> list[Personnel]:
        """Return who took part, as far as visible."""
        context = context_of(info)
        async with context.reading() as session:
            ids = (await repository.people_of(session, [self.row.id])).get(self.row.id, [])
            rows = await personnel_by_id(session, context.caller, ids)
        return [Personnel.from_row(rows[each]) for each in ids if each in rows]

    @classmethod
    def from_row(cls, row: tables.OutsideTraining) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            title=row.title,
            description=row.description,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            category=row.category,
            hours=float(row.hours),
            instruction_provider=row.instruction_provider,
            status=OutsideStatus(row.status),
            submitted_by=strawberry.ID(row.submitted_by),
            submitted_at=row.submitted_at,
            decided_at=row.decided_at,
            comment=row.comment,
            row=row,
        )


@strawberry.type
class ResultsQuery:
    """Root fields about results."""

    @strawberry.field(
        description="The own agency's reports of training elsewhere, newest first.",
        directives=_TRAINING,
    )
    async def outside_trainings(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[OutsideTraining] | None:
        """Return one page of reports."""
        return await paged(
            info,
            name="Query.outsideTrainings",
            order=repository.ORDER,
            first=first,
            after=after,
            read=repository.page_of_outside,
            node=OutsideTraining.from_row,
        )


@strawberry.input(description="What is recorded of one person.")
class ResultInput:
    """One result."""

    personnel_id: strawberry.ID = strawberry.field(description="Whose.")
    attendance: Attendance = strawberry.field(description="Whether the person was there.")
    outcome: Outcome | None = strawberry.field(
        default=None, description="What came of it; follows from attendance when absent."
    )
    hours_credited: float | None = strawberry.field(
        default=None, description="Hours credited; all when absent, needed for a part."
    )
    score: float | None = strawberry.field(default=None, description="0 to 100.")


@strawberry.input(description="Results of a session.")
class RecordResultsInput:
    """Input of recordResults."""

    session_number: str = strawberry.field(description="For example 8020-1.")
    results: list[ResultInput] = strawberry.field(description="Up to 500 people.")
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.type(directives=_TRAINING, description="What recording did for one person.")
class RecordedResult:
    """Outcome for one person."""

    personnel_id: strawberry.ID = strawberry.field(description="The id that was given.")
    outcome: ResultOutcome = strawberry.field(description="What was done.")


@strawberry.type(directives=_STRUCTURE, description="Result of recordResults.")
class RecordResultsPayload:
    """Payload of recordResults."""

    outcomes: list[RecordedResult] = strawberry.field(
        default_factory=list, description="One for each person, in the order given."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What to put right in the input."
    )


@strawberry.input(description="Training that people of the own agency completed elsewhere.")
class SubmitOutsideTrainingInput:
    """Input of submitOutsideTraining."""

    title: str = strawberry.field(description="Title of the course.")
    description: str = strawberry.field(description="What it was about.")
    starts_on: date = strawberry.field(description="First day.")
    ends_on: date = strawberry.field(description="Last day.")
    category: str = strawberry.field(description="Training category.")
    hours: float = strawberry.field(description="Hours for each person.")
    instruction_provider: str = strawberry.field(description="Who taught it.")
    personnel_ids: list[strawberry.ID] = strawberry.field(description="Who took part.")
    idempotency_key: str = strawberry.field(description=_KEY)
    course_number: str | None = strawberry.field(
        default=None, description="The course of the catalogue that it stands for."
    )


@strawberry.input(description="A decision about training elsewhere.")
class DecideOutsideTrainingInput:
    """Input of decideOutsideTraining."""

    outside_training_id: strawberry.ID = strawberry.field(description="Which report.")
    approve: bool = strawberry.field(description="Whether it counts.")
    idempotency_key: str = strawberry.field(description=_KEY)
    comment: str | None = strawberry.field(
        default=None, description="What to note; needed for a rejection."
    )


@strawberry.type(directives=_STRUCTURE, description="How a report stands after a change.")
class OutsideTrainingPayload:
    """Payload of submitOutsideTraining and decideOutsideTraining."""

    outside_training: OutsideTraining | None = strawberry.field(
        default=None, description="The report as it is now."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What to put right in the input."
    )


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


@strawberry.type
class ResultsMutation:
    """Mutations of results."""

    @strawberry.mutation(description="Record attendance and credit of a session.")
    async def record_results(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            RecordResultsInput, strawberry.argument(description="Which session, whose results.")
        ],
    ) -> RecordResultsPayload:
        """Record results."""
        context = context_of(info)
        given = [
            commands.ResultGiven(
                each.personnel_id,
                each.attendance,
                each.outcome,
                _decimal(each.hours_credited),
                _decimal(each.score),
            )
            for each in input.results
        ]

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.record_results(
                session, context.caller, input.session_number, given
            )

        name = "recordResults"
        outcome = await run_command(context, name, input, key=input.idempotency_key, effect=effect)
        return RecordResultsPayload(
            outcomes=[
                RecordedResult(personnel_id=strawberry.ID(who), outcome=ResultOutcome(what))
                for who, what in outcome.result.get("outcomes", [])
            ],
            user_errors=outcome.user_errors,
        )

    @strawberry.mutation(description="Report training completed elsewhere, for approval.")
    async def submit_outside_training(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            SubmitOutsideTrainingInput, strawberry.argument(description="The report.")
        ],
    ) -> OutsideTrainingPayload:
        """Report training completed elsewhere."""
        context = context_of(info)
        details = OutsideDetails(
            input.title,
            input.description,
            input.starts_on,
            input.ends_on,
            input.category,
            Decimal(str(input.hours)),
            input.instruction_provider,
        )

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.submit_outside(
                session, context.caller, details, input.course_number, list(input.personnel_ids)
            )

        name = "submitOutsideTraining"
        outcome = await run_command(context, name, input, key=input.idempotency_key, effect=effect)
        return await _payload(info, outcome)

    @strawberry.mutation(description="Approve or reject training completed elsewhere.")
    async def decide_outside_training(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            DecideOutsideTrainingInput, strawberry.argument(description="The decision.")
        ],
    ) -> OutsideTrainingPayload:
        """Decide about a report."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.decide_outside(
                session,
                context.caller,
                input.outside_training_id,
                input.comment,
                is_approved=input.approve,
            )

        name = "decideOutsideTraining"
        outcome = await run_command(context, name, input, key=input.idempotency_key, effect=effect)
        return await _payload(info, outcome)


async def _payload(info: Info, outcome: CommandOutcome) -> OutsideTrainingPayload:
    context, row_id = context_of(info), parse_id(outcome.result.get("outsideTraining"))
    row = None
    if row_id is not None:
        async with context.reading() as session:
            row = await repository.outside_by_id(session, context.caller, row_id)
    found = OutsideTraining.from_row(row) if row else None
    return OutsideTrainingPayload(outside_training=found, user_errors=outcome.user_errors)
