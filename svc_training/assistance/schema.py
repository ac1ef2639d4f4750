"""GraphQL of requests for assistance.

Labelled CATALOGUE because the Bureau, which answers them, sees no training records; the service
itself shows a request to its own agency and to the Bureau alone.
"""

from datetime import datetime
from typing import Annotated, Any, Self

import strawberry
from strawberry.dataloader import DataLoader
from strawberry.types import Info

from infra.command_edge import Outcome, run_command
from infra.database import WriteSession
from infra.entity_references import known, parse_id
from infra.mutation_result import UserError
from infra.pagination import Connection
from infra.request_context import RequestContext, context_of
from infra.schema_directives import category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_training.assistance import commands, repository, tables
from svc_training.assistance.rules import AssistanceStatus, AssistanceTopic
from svc_training.connections import paged
from svc_training.personnel.schema import After, Agency, First

_CATALOGUE = [category(Category.CATALOGUE)]
_STRUCTURE = [category(Category.STRUCTURE)]
_KEY = "The same key with the same input has its effect once (1 to 200 characters)."

described_enum(
    AssistanceTopic,
    "What help is asked for.",
    {
        AssistanceTopic.EXPLORING: "Whether LEAD fits.",
        AssistanceTopic.DEVELOPING: "Designing an initiative.",
        AssistanceTopic.LAUNCHING: "Starting one.",
        AssistanceTopic.OPERATING: "Running one.",
        AssistanceTopic.TRAINING: "Training of staff and partners.",
        AssistanceTopic.EVALUATION: "Data and evaluation.",
        AssistanceTopic.OTHER: "Something else.",
    },
)
described_enum(
    AssistanceStatus,
    "Where a request stands.",
    {
        AssistanceStatus.OPEN: "Nobody has looked at it.",
        AssistanceStatus.ACKNOWLEDGED: "The Bureau has seen it.",
        AssistanceStatus.IN_PROGRESS: "The Bureau works on it.",
        AssistanceStatus.ANSWERED: "The Bureau has answered.",
        AssistanceStatus.CLOSED: "The agency is content.",
        AssistanceStatus.DECLINED: "The Bureau cannot help.",
        AssistanceStatus.WITHDRAWN: "The agency has taken it back.",
    },
)


@strawberry.type(directives=_CATALOGUE, description="One step of a request.")
class AssistanceStep:
    """One entry of a request's history."""

    status: AssistanceStatus = strawberry.field(description="Status from then on.")
    comment: str | None = strawberry.field(description="What was written with it.")
    changed_at: datetime = strawberry.field(description="When.")


@strawberry.type(
    directives=_CATALOGUE, description="What an agency asks the LEAD Support Bureau for."
)
class AssistanceRequest:
    """One request."""

    id: strawberry.ID = strawberry.field(directives=_STRUCTURE, description="Global id.")
    agency: Agency = strawberry.field(description="Which agency asks.")
    topic: AssistanceTopic = strawberry.field(description="What help is asked for.")
    question: str = strawberry.field(description="The question.")
    status: AssistanceStatus = strawberry.field(description="Where it stands.")
    requested_at: datetime = strawberry.field(description="When it was asked.")
    version: int = strawberry.field(description="Counts changes; an update names it.")

    @strawberry.field(description="Its steps, oldest first.")
    async def history(self, info: Info) -> list[AssistanceStep]:
        """Return the steps."""
        return await context_of(info).loader(Histories).loader.load(str(self.id))

    @classmethod
    def from_row(cls, row: tables.AssistanceRequest) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            agency=Agency(id=strawberry.ID(row.agency_id)),
            topic=AssistanceTopic(row.topic),
            question=row.question,
            status=AssistanceStatus(row.status),
            requested_at=row.requested_at,
            version=row.version,
        )


class Histories:
    """Loads the steps of all requests of a page in one statement."""

    def __init__(self, context: RequestContext) -> None:
        self._context = context
        self.loader: DataLoader[str, list[AssistanceStep]] = DataLoader(load_fn=self._load)

    async def _load(self, keys: list[str]) -> list[list[AssistanceStep]]:
        ids = [parse_id(key) for key in keys]
        async with self._context.reading() as session:
            steps = await repository.steps_of(session, known(ids))
        return [
            [
                AssistanceStep(
                    status=AssistanceStatus(step.status),
                    comment=step.comment,
                    changed_at=step.changed_at,
                )
                for step in (steps.get(each, ()) if each else ())
            ]
            for each in ids
        ]


@strawberry.type
class AssistanceQuery:
    """Root fields about requests for assistance."""

    @strawberry.field(
        description="Requests of the own agency, or all for the Bureau, newest first.",
        directives=_CATALOGUE,
    )
    async def assistance_requests(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[AssistanceRequest] | None:
        """Return one page of requests."""
        return await paged(
            info,
            name="Query.assistanceRequests",
            order=repository.ORDER,
            first=first,
            after=after,
            read=repository.page_of_requests,
            node=AssistanceRequest.from_row,
        )


@strawberry.input(description="A request for technical assistance. Never name a person served.")
class RequestAssistanceInput:
    """Input of requestAssistance."""

    topic: AssistanceTopic = strawberry.field(description="What help is asked for.")
    question: str = strawberry.field(description="The question, up to 4,000 characters.")
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.input(description="A step of a request.")
class ChangeAssistanceStatusInput:
    """Input of changeAssistanceStatus."""

    request_id: strawberry.ID = strawberry.field(description="Which request.")
    status: AssistanceStatus = strawberry.field(description="Its status from now on.")
    expected_version: int = strawberry.field(description="Its version as the client read it.")
    idempotency_key: str = strawberry.field(description=_KEY)
    comment: str | None = strawberry.field(
        default=None, description="What to write with it; an answer and a refusal need one."
    )


@strawberry.type(directives=_STRUCTURE, description="How a request stands after a change.")
class AssistanceRequestPayload:
    """Payload of the mutations about assistance."""

    request: AssistanceRequest | None = strawberry.field(
        default=None, description="The request as it is now."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What to put right in the input."
    )


@strawberry.type
class AssistanceMutation:
    """Mutations about assistance."""

    @strawberry.mutation(description="Ask the LEAD Support Bureau for technical assistance.")
    async def request_assistance(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            RequestAssistanceInput, strawberry.argument(description="The request.")
        ],
    ) -> AssistanceRequestPayload:
        """Ask for assistance."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.request(session, context.caller, input.topic, input.question)

        name = "requestAssistance"
        outcome = await run_command(context, name, input, key=input.idempotency_key, effect=effect)
        return await _payload(info, outcome)

    @strawberry.mutation(description="Move a request one step: each side takes its own.")
    async def change_assistance_status(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            ChangeAssistanceStatusInput, strawberry.argument(description="Which step.")
        ],
    ) -> AssistanceRequestPayload:
        """Move a request one step."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.change(
                session,
                context.caller,
                input.request_id,
                input.status,
                input.expected_version,
                input.comment,
            )

        name = "changeAssistanceStatus"
        outcome = await run_command(context, name, input, key=input.idempotency_key, effect=effect)
        return await _payload(info, outcome)


async def _payload(info: Info, outcome: Outcome) -> AssistanceRequestPayload:
    context, row_id, row = context_of(info), parse_id(outcome.result.get("request")), None
    if row_id is not None:
        async with context.reading() as session:
            row = await repository.request_by_id(session, context.caller, row_id)
    found = AssistanceRequest.from_row(row) if row else None
    return AssistanceRequestPayload(request=found, user_errors=outcome.user_errors)
