"""Letters to a court, in GraphQL: reading one, and its way from the draft to the court."""

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import argument
from strawberry.types import Info

from infra.mutation_result import UserError
from infra.request_context import RequestContext, context_of
from svc_cases.cases.schema import STRUCTURE, perform, read_id
from svc_cases.docket.schema.public import INPUT, KEY_DESCRIPTION
from svc_cases.letters import repository
from svc_cases.letters.rules import DeliveryMethod
from svc_cases.letters.schema import WORDING, CourtLetter
from svc_cases.workbench import letters as commands

LETTER_DESCRIPTION = "Id of the letter."
VERSION_DESCRIPTION = "Version as you read it."


@strawberry.input(description="A letter to the court of a matched case.")
class DraftCourtLetterInput:
    """Input of ``draftCourtLetter``."""

    link_id: strawberry.ID = strawberry.field(description="Id of the match.")
    sealed: str = strawberry.field(
        description="`courtLetterMaterial.sealed` of the participant, as you read it today."
    )
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)


@strawberry.input(description="A letter that is approved or taken back.")
class CourtLetterStepInput:
    """Input of ``approveCourtLetter`` and ``withdrawCourtLetter``."""

    letter_id: strawberry.ID = strawberry.field(description=LETTER_DESCRIPTION)
    expected_version: int = strawberry.field(description=VERSION_DESCRIPTION)
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)


@strawberry.input(description="That the court was handed a letter.")
class DeliverCourtLetterInput:
    """Input of ``deliverCourtLetter``."""

    letter_id: strawberry.ID = strawberry.field(description=LETTER_DESCRIPTION)
    recipient_name: str = strawberry.field(description="Who takes it at the court.")
    method: DeliveryMethod = strawberry.field(description="How.")
    document_sha256: str = strawberry.field(description="SHA-256 of the document.")
    expected_version: int = strawberry.field(description=VERSION_DESCRIPTION)
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)


@strawberry.type(directives=STRUCTURE, description="Result of a change of a letter.")
class CourtLetterPayload:
    """The letter as it stands now, or what was wrong."""

    letter: CourtLetter | None = strawberry.field(
        directives=[WORDING], description="The letter; null when nothing was changed."
    )
    user_errors: list[UserError] = strawberry.field(description="What to put right.")


async def _payload(
    context: RequestContext, letter_id: UUID, errors: list[UserError]
) -> CourtLetterPayload:
    if errors:
        return CourtLetterPayload(letter=None, user_errors=errors)
    async with context.reading() as session:
        row = await repository.letter_by_id(session, context.caller, letter_id)
    return CourtLetterPayload(letter=None if row is None else CourtLetter(row=row), user_errors=[])


@strawberry.type(description="Letters to a court.")
class LetterQuery:
    """Roots of letters."""

    @strawberry.field(directives=[WORDING], description="The letter of this id; else null.")
    async def court_letter(
        self,
        info: Info,
        letter: Annotated[strawberry.ID, argument(name="id", description=LETTER_DESCRIPTION)],
    ) -> CourtLetter | None:
        """Return a letter by its id."""
        context = context_of(info)
        async with context.reading() as session:
            row = await repository.letter_by_id(session, context.caller, read_id(letter))
        return None if row is None else CourtLetter(row=row)


@strawberry.type(description="Changes of letters.")
class LetterMutation:
    """Roots of changes."""

    @strawberry.mutation(
        description="Draft a letter to a court from the approved summary (CM assigned, SUP)."
    )
    async def draft_court_letter(
        self, info: Info, given: Annotated[DraftCourtLetterInput, INPUT]
    ) -> CourtLetterPayload:
        """Draft a letter."""
        context = context_of(info)
        letter_id, errors = await perform(
            context,
            "draftCourtLetter",
            given,
            lambda session: commands.draft_letter(
                session,
                context.caller,
                context.seal,
                link_id=read_id(given.link_id),
                sealed=given.sealed,
            ),
        )
        return await _payload(context, letter_id, errors)

    @strawberry.mutation(
        description="Approve somebody else's draft of a letter (CM assigned, SUP)."
    )
    async def approve_court_letter(
        self, info: Info, given: Annotated[CourtLetterStepInput, INPUT]
    ) -> CourtLetterPayload:
        """Approve a letter."""
        context = context_of(info)
        letter_id, errors = await perform(
            context,
            "approveCourtLetter",
            given,
            lambda session: commands.approve_letter(
                session,
                context.caller,
                letter_id=read_id(given.letter_id),
                expected_version=given.expected_version,
            ),
        )
        return await _payload(context, letter_id, errors)

    @strawberry.mutation(description="Take a letter back that no court has (CM assigned, SUP).")
    async def withdraw_court_letter(
        self, info: Info, given: Annotated[CourtLetterStepInput, INPUT]
    ) -> CourtLetterPayload:
        """Withdraw a letter."""
        context = context_of(info)
        letter_id, errors = await perform(
            context,
            "withdrawCourtLetter",
            given,
            lambda session: commands.withdraw_letter(
                session,
                context.caller,
                letter_id=read_id(given.letter_id),
                expected_version=given.expected_version,
            ),
        )
        return await _payload(context, letter_id, errors)

    @strawberry.mutation(
        description=(
            "Record that a court was handed a letter. Only the door that makes the document runs"
            " this (`POST /cases/letters/ID`); by itself it is refused."
        )
    )
    async def deliver_court_letter(
        self, info: Info, given: Annotated[DeliverCourtLetterInput, INPUT]
    ) -> CourtLetterPayload:
        """Record a delivery."""
        context = context_of(info)
        handed = commands.Delivery(given.recipient_name, given.method, given.document_sha256)
        letter_id, errors = await perform(
            context,
            "deliverCourtLetter",
            given,
            lambda session: commands.deliver_letter(
                session,
                context.caller,
                letter_id=read_id(given.letter_id),
                given=handed,
                expected_version=given.expected_version,
            ),
        )
        return await _payload(context, letter_id, errors)
