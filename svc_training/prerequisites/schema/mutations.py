"""Mutations of prerequisites: added, taken back, shown by documents, checked and waived."""

from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.types import Info

from infra.command_edge import run_command
from infra.database import WriteSession
from infra.entity_references import known, parse_id
from infra.mutation_result import UserError
from infra.request_context import context_of
from svc_training.catalogue.repository import courses_by_id
from svc_training.prerequisites import commands, repository
from svc_training.prerequisites.rules import FulfillmentStatus
from svc_training.prerequisites.schema.reading import (
    STRUCTURE,
    Fulfillment,
    Prerequisite,
    fulfillments_of,
    prerequisite_of,
)

_KEY = "The same key with the same input has its effect once (1 to 200 characters)."


@strawberry.input(description="A prerequisite to add to a course.")
class AddPrerequisiteInput:
    """Input of addPrerequisite."""

    course_number: str = strawberry.field(description="Which course asks for it.")
    title: str = strawberry.field(description="What it is.")
    idempotency_key: str = strawberry.field(description=_KEY)
    required_course_number: str | None = strawberry.field(
        default=None, description="The course to be completed first; else a document is asked for."
    )


@strawberry.type(directives=STRUCTURE, description="Result of addPrerequisite.")
class AddPrerequisitePayload:
    """Payload of addPrerequisite."""

    prerequisite: Prerequisite | None = strawberry.field(
        default=None, description="The prerequisite."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What to put right in the input."
    )


@strawberry.input(description="A prerequisite to take back.")
class EndPrerequisiteInput:
    """Input of endPrerequisite."""

    prerequisite_id: strawberry.ID = strawberry.field(description="Which prerequisite.")
    expected_version: int = strawberry.field(description="Its version as the client read it.")
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.type(directives=STRUCTURE, description="Result of endPrerequisite.")
class EndPrerequisitePayload:
    """Payload of endPrerequisite."""

    prerequisite: Prerequisite | None = strawberry.field(
        default=None, description="What nobody is asked for any more."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What to put right in the input."
    )


@strawberry.input(description="A file that shows that a person meets a prerequisite.")
class SubmitPrerequisiteDocumentInput:
    """Input of submitPrerequisiteDocument."""

    personnel_id: strawberry.ID = strawberry.field(description="Whom it is about.")
    prerequisite_id: strawberry.ID = strawberry.field(description="Which prerequisite.")
    file_name: str = strawberry.field(description="Name of the file.")
    media_type: str = strawberry.field(description="PDF, JPEG, PNG or plain text.")
    content_base64: str = strawberry.field(description="Its content, at most 40,000 bytes.")
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.input(description="A step of a fulfillment.")
class ChangeFulfillmentInput:
    """Input of changeFulfillment."""

    personnel_id: strawberry.ID = strawberry.field(description="Whose.")
    prerequisite_id: strawberry.ID = strawberry.field(description="Of which prerequisite.")
    status: FulfillmentStatus = strawberry.field(
        description="MET, WAIVER_REQUESTED, WAIVED or REJECTED."
    )
    expected_version: int = strawberry.field(description="The version that you have read.")
    idempotency_key: str = strawberry.field(description=_KEY)
    comment: str | None = strawberry.field(
        default=None, description="Why; needed for a waiver and a rejection."
    )


@strawberry.type(directives=STRUCTURE, description="How a fulfillment stands after a change.")
class FulfillmentPayload:
    """Payload of submitPrerequisiteDocument and changeFulfillment."""

    fulfillment: Fulfillment | None = strawberry.field(default=None, description="As it is now.")
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What to put right in the input."
    )


@strawberry.type
class PrerequisitesMutation:
    """Mutations of prerequisites."""

    @strawberry.mutation(description="Add a prerequisite to a course.")
    async def add_prerequisite(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            AddPrerequisiteInput, strawberry.argument(description="The prerequisite.")
        ],
    ) -> AddPrerequisitePayload:
        """Add a prerequisite."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.add_prerequisite(
                session,
                context.caller,
                input.course_number,
                input.title,
                input.required_course_number,
            )

        outcome = await run_command(
            context, "addPrerequisite", input, key=input.idempotency_key, effect=effect
        )
        made = await _prerequisite(info, outcome.id("prerequisite"))
        return AddPrerequisitePayload(prerequisite=made, user_errors=outcome.user_errors)

    @strawberry.mutation(
        description="Take a prerequisite back: from now on nobody is asked for it. "
        "What people have shown for it is kept."
    )
    async def end_prerequisite(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            EndPrerequisiteInput, strawberry.argument(description="Which prerequisite.")
        ],
    ) -> EndPrerequisitePayload:
        """Take a prerequisite back."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.end_prerequisite(
                session, context.caller, str(input.prerequisite_id), input.expected_version
            )

        outcome = await run_command(
            context, "endPrerequisite", input, key=input.idempotency_key, effect=effect
        )
        ended = await _prerequisite(info, outcome.id("prerequisite"))
        return EndPrerequisitePayload(prerequisite=ended, user_errors=outcome.user_errors)

    @strawberry.mutation(description="Send a document that shows that a prerequisite is met.")
    async def submit_prerequisite_document(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            SubmitPrerequisiteDocumentInput, strawberry.argument(description="The file.")
        ],
    ) -> FulfillmentPayload:
        """Send a document."""
        context = context_of(info)
        sent = commands.DocumentSent(
            input.personnel_id,
            input.prerequisite_id,
            input.file_name,
            input.media_type,
            input.content_base64,
        )

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.submit_document(session, context.caller, sent)

        name = "submitPrerequisiteDocument"
        outcome = await run_command(context, name, input, key=input.idempotency_key, effect=effect)
        return FulfillmentPayload(
            fulfillment=await _fulfillment(info, outcome.result), user_errors=outcome.user_errors
        )

    @strawberry.mutation(description="Check a document, ask for a waiver, or decide one.")
    async def change_fulfillment(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            ChangeFulfillmentInput, strawberry.argument(description="Which step.")
        ],
    ) -> FulfillmentPayload:
        """Move a fulfillment one step."""
        context = context_of(info)
        change = commands.FulfillmentChange(
            input.personnel_id,
            input.prerequisite_id,
            input.status,
            input.comment,
            input.expected_version,
        )

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.change_fulfillment(session, context.caller, change)

        name = "changeFulfillment"
        outcome = await run_command(context, name, input, key=input.idempotency_key, effect=effect)
        return FulfillmentPayload(
            fulfillment=await _fulfillment(info, outcome.result), user_errors=outcome.user_errors
        )


async def _prerequisite(info: Info, row_id: UUID | None) -> Prerequisite | None:
    if row_id is None:
        return None
    async with context_of(info).reading() as session:
        row = await repository.prerequisite(session, row_id)
        if row is None:
            return None
        courses = await courses_by_id(session, known([row.required_course_id]))
    return prerequisite_of(row, courses)


async def _fulfillment(info: Info, made: dict[str, Any]) -> Fulfillment | None:
    personnel_id, asked_id = parse_id(made.get("personnel")), parse_id(made.get("prerequisite"))
    if personnel_id is None or asked_id is None:
        return None
    async with context_of(info).reading() as session:
        asked = await repository.prerequisite(session, asked_id)
    if asked is None:
        return None
    return (await fulfillments_of(context_of(info), [(personnel_id, asked)]))[0]
