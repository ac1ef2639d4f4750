"""Mutations: what a person asks for, and what they are given."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from infra.command_edge import run_command
from infra.database import WriteSession
from infra.mutation_result import UserError
from infra.request_context import context_of
from infra.vocabulary import Category
from svc_consent.agencies.schema.directory import STRUCTURE
from svc_consent.safeguards import commands, repository, tables
from svc_consent.safeguards.commands import Given
from svc_consent.safeguards.rules import HandoutKind
from svc_consent.safeguards.schema.records import (
    AmendmentRequest,
    Handout,
)

_KEY = "The same key with the same input has its effect once (1 to 200 characters)."
_ERRORS = "What to put right in the input."


@strawberry.input(description="Ask that the record be amended; the request stays beside it.")
class RequestAmendmentInput:
    """Input of requestAmendment."""

    participant_id: strawberry.ID = strawberry.field(description="Whose record.")
    category: Category = strawberry.field(description="Which part of it.")
    what: str = strawberry.field(description="What should be different, in 1 to 2000 characters.")
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.type(directives=STRUCTURE, description="Result of requestAmendment.")
class RequestAmendmentPayload:
    """Payload of requestAmendment."""

    request: AmendmentRequest | None = strawberry.field(description="It as it is now.")
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.input(description="Answer a request to amend the record.")
class AnswerAmendmentInput:
    """Input of answerAmendment."""

    request_id: strawberry.ID = strawberry.field(description="Which.")
    is_accepted: bool = strawberry.field(description="Whether it is accepted.")
    answer: str = strawberry.field(description="The answer, in 1 to 2000 characters.")
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.type(directives=STRUCTURE, description="Result of answerAmendment.")
class AnswerAmendmentPayload:
    """Payload of answerAmendment."""

    request: AmendmentRequest | None = strawberry.field(description="It as it is now.")
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.input(description="Ask for the list of recipients (42 CFR 2.24); an answer is due.")
class RequestRecipientsInput:
    """Input of requestRecipients."""

    participant_id: strawberry.ID = strawberry.field(description="Whose.")
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.type(directives=STRUCTURE, description="Result of requestRecipients.")
class RequestRecipientsPayload:
    """Payload of requestRecipients."""

    is_recorded: bool | None = strawberry.field(description="Whether it was recorded.")
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.input(description="Record that a person was given something, or was read to.")
class RecordHandoutInput:
    """Input of recordHandout."""

    participant_id: strawberry.ID = strawberry.field(description="Who got it.")
    kind: HandoutKind = strawberry.field(description="What it was.")
    what: str = strawberry.field(description="In more words, or its version.")
    language: str = strawberry.field(description="In which language.")
    idempotency_key: str = strawberry.field(description=_KEY)
    given_at: datetime | None = strawberry.field(default=None, description="When, if not now.")


@strawberry.type(directives=STRUCTURE, description="Result of recordHandout.")
class RecordHandoutPayload:
    """Payload of recordHandout."""

    handout: Handout | None = strawberry.field(description="It as it is now.")
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.type(directives=STRUCTURE)
class RequestsMutation:
    """Mutations about what a person asks for and gets."""

    @strawberry.mutation(description="Ask that the record be amended; the request stays beside it.")
    async def request_amendment(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            RequestAmendmentInput, strawberry.argument(description="What it is about.")
        ],
    ) -> RequestAmendmentPayload:
        """Ask that the record be amended; the request stays beside it."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.request_amendment(
                session, context.caller, str(input.participant_id), input.category, input.what
            )

        outcome = await run_command(
            context, "requestAmendment", input, key=input.idempotency_key, effect=effect
        )
        row_id, found = outcome.id("requestId"), None
        if row_id is not None:
            async with context.reading() as session:
                found = await repository.by_id(
                    session, context.caller, tables.AmendmentRequest, row_id
                )
        return RequestAmendmentPayload(
            request=AmendmentRequest.from_row(found) if found else None,
            user_errors=outcome.user_errors,
        )

    @strawberry.mutation(description="Answer a request to amend the record.")
    async def answer_amendment(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            AnswerAmendmentInput, strawberry.argument(description="What it is about.")
        ],
    ) -> AnswerAmendmentPayload:
        """Answer a request to amend the record."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.answer_amendment(
                session,
                context.caller,
                str(input.request_id),
                input.answer,
                is_accepted=input.is_accepted,
            )

        outcome = await run_command(
            context, "answerAmendment", input, key=input.idempotency_key, effect=effect
        )
        row_id, found = outcome.id("requestId"), None
        if row_id is not None:
            async with context.reading() as session:
                found = await repository.by_id(
                    session, context.caller, tables.AmendmentRequest, row_id
                )
        return AnswerAmendmentPayload(
            request=AmendmentRequest.from_row(found) if found else None,
            user_errors=outcome.user_errors,
        )

    @strawberry.mutation(
        description="Ask for the list of recipients (42 CFR 2.24); an answer is due."
    )
    async def request_recipients(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            RequestRecipientsInput, strawberry.argument(description="What it is about.")
        ],
    ) -> RequestRecipientsPayload:
        """Ask for the list of recipients (42 CFR 2.24); an answer is due."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.request_recipients(
                session, context.caller, str(input.participant_id)
            )

        outcome = await run_command(
            context, "requestRecipients", input, key=input.idempotency_key, effect=effect
        )
        return RequestRecipientsPayload(
            is_recorded=outcome.id("participantId") is not None, user_errors=outcome.user_errors
        )

    @strawberry.mutation(description="Record that a person was given something, or was read to.")
    async def record_handout(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            RecordHandoutInput, strawberry.argument(description="What it is about.")
        ],
    ) -> RecordHandoutPayload:
        """Record that a person was given something, or was read to."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.record_handout(
                session,
                context.caller,
                str(input.participant_id),
                Given(input.kind, input.what, input.language, input.given_at),
            )

        outcome = await run_command(
            context, "recordHandout", input, key=input.idempotency_key, effect=effect
        )
        row_id, found = outcome.id("handoutId"), None
        if row_id is not None:
            async with context.reading() as session:
                found = await repository.by_id(session, context.caller, tables.Handout, row_id)
        return RecordHandoutPayload(
            handout=Handout.from_row(found) if found else None, user_errors=outcome.user_errors
        )
