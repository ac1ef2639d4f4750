"""Requests to the prosecuting office, in GraphQL."""

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry.types import Info

from infra.mutation_result import UserError
from infra.request_context import RequestContext, context_of
from svc_cases.cases.schema import STRUCTURE, perform, read_id
from svc_cases.coordination.schema.words import SUMMARY
from svc_cases.docket.schema.public import INPUT, KEY_DESCRIPTION
from svc_cases.requests import repository
from svc_cases.requests.rules import RequestKind, RequestStatus
from svc_cases.requests.schema import CoordinationRequest
from svc_cases.workbench import commands

VERSION_DESCRIPTION = "Version as you read it."


@strawberry.input(description="What is asked of the office that prosecutes a matched case.")
class RequestCoordinationInput:
    """Input of ``requestCoordination``."""

    link_id: strawberry.ID = strawberry.field(description="Id of the match.")
    kind: RequestKind = strawberry.field(description="What is asked for.")
    context: str = strawberry.field(
        description=(
            "Why, in words written for the office: at most 1,000 characters. Nothing that could"
            " found enforcement, and nothing out of a note."
        )
    )
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)
    warrant_id: strawberry.ID | None = strawberry.field(
        default=None, description="The warrant to be quashed; for that kind only."
    )


@strawberry.input(description="That a request is taken back.")
class WithdrawRequestInput:
    """Input of ``withdrawCoordinationRequest``."""

    request_id: strawberry.ID = strawberry.field(description="Id of the request.")
    expected_version: int = strawberry.field(description=VERSION_DESCRIPTION)
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)


@strawberry.input(description="What the liaison prosecutor answers.")
class AnswerRequestInput:
    """Input of ``answerCoordinationRequest``."""

    request_id: strawberry.ID = strawberry.field(description="Id of the request.")
    status: RequestStatus = strawberry.field(description="GRANTED, NOT_GRANTED or NOTED.")
    answer: str = strawberry.field(description="The answer: at most 500 characters.")
    expected_version: int = strawberry.field(description=VERSION_DESCRIPTION)
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)


@strawberry.type(directives=STRUCTURE, description="Result of a change of a request.")
class CoordinationRequestPayload:
    """The request as it stands now, or what was wrong."""

    request: CoordinationRequest | None = strawberry.field(
        directives=SUMMARY, description="The request; null when nothing was changed."
    )
    user_errors: list[UserError] = strawberry.field(description="What to put right.")


async def _payload(
    context: RequestContext, request_id: UUID, errors: list[UserError]
) -> CoordinationRequestPayload:
    if errors:
        return CoordinationRequestPayload(request=None, user_errors=errors)
    async with context.reading() as session:
        found = await repository.requests_by_ids(session, context.caller, [request_id])
    shown = CoordinationRequest(row=found[request_id]) if request_id in found else None
    return CoordinationRequestPayload(request=shown, user_errors=[])


@strawberry.type(description="Changes of requests.")
class RequestMutation:
    """Roots of changes."""

    @strawberry.mutation(
        description=(
            "Ask something of the office that prosecutes a matched case (CM assigned, SUP,"
            " counsel of record)."
        )
    )
    async def request_coordination(
        self, info: Info, given: Annotated[RequestCoordinationInput, INPUT]
    ) -> CoordinationRequestPayload:
        """Ask something."""
        context = context_of(info)
        warrant_id = None if given.warrant_id is None else read_id(given.warrant_id)
        asked = commands.RequestInput(given.kind, given.context, warrant_id)
        request_id, errors = await perform(
            context,
            "requestCoordination",
            given,
            lambda session: commands.request_coordination(
                session, context.caller, link_id=read_id(given.link_id), given=asked
            ),
        )
        return await _payload(context, request_id, errors)

    @strawberry.mutation(description="Take a request back, unless it was answered.")
    async def withdraw_coordination_request(
        self, info: Info, given: Annotated[WithdrawRequestInput, INPUT]
    ) -> CoordinationRequestPayload:
        """Withdraw a request."""
        context = context_of(info)
        request_id, errors = await perform(
            context,
            "withdrawCoordinationRequest",
            given,
            lambda session: commands.withdraw_request(
                session,
                context.caller,
                request_id=read_id(given.request_id),
                expected_version=given.expected_version,
            ),
        )
        return await _payload(context, request_id, errors)

    @strawberry.mutation(
        description=(
            "Answer a request to the own office (its liaison); a granted quash is then recorded"
            " as asked of the court."
        )
    )
    async def answer_coordination_request(
        self, info: Info, given: Annotated[AnswerRequestInput, INPUT]
    ) -> CoordinationRequestPayload:
        """Answer a request."""
        context = context_of(info)
        request_id, errors = await perform(
            context,
            "answerCoordinationRequest",
            given,
            lambda session: commands.answer_request(
                session,
                context.caller,
                request_id=read_id(given.request_id),
                status=given.status,
                answer=given.answer,
                expected_version=given.expected_version,
            ),
        )
        return await _payload(context, request_id, errors)
