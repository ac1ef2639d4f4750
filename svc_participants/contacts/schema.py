"""GraphQL of attempts to reach somebody."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.types import Info

from infra.command_edge import run_command
from infra.owner_pages import page_request
from infra.pagination import Connection, connection
from infra.request_context import context_of
from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_participants.contacts import commands, repository, rules
from svc_participants.contacts.tables import ContactAttemptRow
from svc_participants.people.schema import (
    INPUT,
    After,
    First,
    Participant,
    ParticipantPayload,
    load_participant,
)

_STRUCTURE = [category(Category.STRUCTURE)]
_NOTES = [category(Category.CASE_NOTES)]
_OF_PARTICIPANT = "Participant.contactAttempts"

described_enum(rules.AttemptMode, "How it was tried.", rules.MODE_MEANINGS)
described_enum(rules.AttemptOutcome, "What came of it.", rules.OUTCOME_MEANINGS)


@strawberry.type(
    directives=[category(Category.CASE_NOTES), about("participantId")],
    description="An attempt to reach somebody.",
)
class ContactAttempt:
    """An attempt."""

    id: strawberry.ID = strawberry.field(description="Opaque id.", directives=_STRUCTURE)
    participant_id: strawberry.ID = strawberry.federation.field(
        description="Whom it is about.", directives=_STRUCTURE, inaccessible=True
    )
    mode: rules.AttemptMode | None = strawberry.field(description="How.")
    outcome: rules.AttemptOutcome | None = strawberry.field(description="What came of it.")
    attempted_at: datetime | None = strawberry.field(description="When.")
    place: str | None = strawberry.field(
        description="Where.", directives=[category(Category.CONTACT)]
    )


def attempt_of(row: ContactAttemptRow) -> ContactAttempt:
    """Return the GraphQL object of an attempt."""
    return ContactAttempt(
        id=strawberry.ID(str(row.id)),
        participant_id=strawberry.ID(str(row.participant_id)),
        mode=rules.AttemptMode(row.mode),
        outcome=rules.AttemptOutcome(row.outcome),
        attempted_at=row.attempted_at,
        place=row.place,
    )


async def _attempts(
    root: strawberry.Parent[Participant], info: Info, first: First = 25, after: After = None
) -> Connection[ContactAttempt] | None:
    context, order = context_of(info), repository.NEWEST_FIRST
    request = page_request(
        context, info, name=_OF_PARTICIPANT, order=order, first=first, after=after
    )
    return connection(
        await context.loader(repository.AttemptsOfParticipant).load(root.seen.row.id, request),
        seal=context.seal,
        caller=context.caller,
        name=_OF_PARTICIPANT,
        after=after,
        key=order.key,
        node=attempt_of,
    )


@strawberry.type
class ContactFields:
    """What attempts add to ``Participant``."""

    contact_attempts: Connection[ContactAttempt] | None = strawberry.field(
        resolver=_attempts,
        description="Attempts to reach the person, newest first.",
        directives=_NOTES,
    )


@strawberry.input(description="An attempt to reach a participant.")
class RecordContactAttemptInput:
    """Input of ``recordContactAttempt``."""

    participant_id: strawberry.ID = strawberry.field(description="Whom.")
    idempotency_key: str = strawberry.field(description="Unique per attempt.")
    mode: rules.AttemptMode = strawberry.field(description="How.")
    outcome: rules.AttemptOutcome = strawberry.field(description="What came of it.")
    attempted_at: datetime = strawberry.field(description="When.")
    place: str | None = strawberry.field(default=None, description="Where.")


@strawberry.type(directives=_STRUCTURE, description="Attempts to reach somebody.")
class ContactMutation:
    """Mutations about attempts."""

    @strawberry.mutation(description="Record an attempt to reach somebody (CM assigned, SUP).")
    async def record_contact_attempt(
        self,
        info: Info,
        input: Annotated[RecordContactAttemptInput, INPUT],  # noqa: A002
    ) -> ParticipantPayload:
        """Record an attempt."""
        context = context_of(info)
        attempt = commands.Attempt(input.mode, input.outcome, input.place, input.attempted_at)
        outcome = await run_command(
            context,
            "recordContactAttempt",
            input,
            key=input.idempotency_key,
            effect=lambda session: commands.record(
                session, context.caller, input.participant_id, attempt
            ),
        )
        return ParticipantPayload(
            participant=await load_participant(info, outcome.id("participant")),
            user_errors=outcome.user_errors,
        )
