"""Duties in GraphQL: what is to be done about a participant's record, and saying it is done."""

from datetime import datetime
from typing import Annotated, Any, Self

import strawberry
from strawberry.types import Info

from infra.command_edge import run_command
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.mutation_result import UserError
from infra.owner_pages import page_request
from infra.pagination import Connection, connection
from infra.request_context import context_of
from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_consent.agencies.schema.directory import STRUCTURE, After, First
from svc_consent.duties import commands, repository, tables
from svc_consent.duties.repository import DUTY_ORDER, DutiesOfParticipants
from svc_consent.duties.rules import DutyKind

_AUDIT = [category(Category.AUDIT)]
_KEY = "The same key with the same input has its effect once (1 to 200 characters)."

described_enum(
    DutyKind,
    "What is to be done.",
    {
        DutyKind.EMERGENCY_NOTICE: "Read that medical staff looked without consent.",
        DutyKind.EMERGENCY_REVIEW: "Review whether emergency access was right.",
        DutyKind.MISUSE_ASSESSMENT: "Assess a report of misuse: what was seen, is it a breach.",
        DutyKind.TELL_PARTICIPANT: "Tell the participant.",
        DutyKind.TELL_AUTHORITIES: "Tell those who must be told of a breach.",
        DutyKind.COUNSEL_REVIEW: "Have counsel look at a subpoena, warrant or order.",
        DutyKind.AMENDMENT_ANSWER: "Answer a request to amend the record.",
        DutyKind.RECIPIENT_LIST: "Answer a request for the list of recipients.",
    },
)


@strawberry.federation.type(
    directives=[*_AUDIT, about("participantId")],
    description="Something that somebody has to do about a participant's record.",
)
class Duty:
    """One duty."""

    id: strawberry.ID = strawberry.field(directives=STRUCTURE, description="Its id.")
    participant_id: strawberry.ID | None = strawberry.federation.field(
        directives=STRUCTURE, inaccessible=True, description="Whom it is about."
    )
    kind: DutyKind | None = strawberry.field(description="What is to be done.")
    raised_at: datetime | None = strawberry.field(description="Since when.")
    due_at: datetime | None = strawberry.field(description="By when.")
    done_at: datetime | None = strawberry.field(description="When it was done.")
    outcome: str | None = strawberry.field(description="What came of it.")
    version: int | None = strawberry.field(description="Counts changes; an update names it.")

    @classmethod
    def from_row(cls, row: tables.Duty) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            participant_id=strawberry.ID(str(row.participant_id)),
            kind=DutyKind(row.kind),
            raised_at=row.raised_at,
            due_at=row.due_at,
            done_at=row.done_at,
            outcome=row.outcome,
            version=row.version,
        )


@strawberry.input(description="Which duty is done, and what came of it.")
class CompleteDutyInput:
    """Input of completeDuty."""

    duty_id: strawberry.ID = strawberry.field(description="Which.")
    expected_version: int = strawberry.field(description="Its version as the client read it.")
    outcome: str = strawberry.field(description="What came of it, in 1 to 500 characters.")
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.type(directives=STRUCTURE, description="Result of completeDuty.")
class CompleteDutyPayload:
    """Payload of completeDuty."""

    duty: Duty | None = strawberry.field(description="The duty as it is now.")
    user_errors: list[UserError] = strawberry.field(description="What to put right in the input.")


@strawberry.type
class ParticipantDuties:
    """What this slice adds to a participant."""

    id: strawberry.ID = strawberry.federation.field(
        directives=STRUCTURE, description="Global id of the participant."
    )

    @strawberry.field(description="What is to be done, the most urgent first.", directives=_AUDIT)
    async def duties(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[Duty] | None:
        """Return one page of the duties about the participant."""
        context, participant_id = context_of(info), parse_id(str(self.id))
        if participant_id is None:
            return None
        name = f"Participant.duties({participant_id})"
        wanted = page_request(context, info, name=name, order=DUTY_ORDER, first=first, after=after)
        page = await context.loader(DutiesOfParticipants).load(participant_id, wanted)
        return connection(
            page, seal=context.seal, caller=context.caller, name=name, after=after,
            key=DUTY_ORDER.key, node=Duty.from_row,
        )  # fmt: skip


@strawberry.type(directives=STRUCTURE)
class DutiesQuery:
    """Root fields about duties."""

    @strawberry.field(
        description="What is still to be done about the people whom you serve.", directives=_AUDIT
    )
    async def open_duties(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[Duty] | None:
        """Return one page of open duties."""
        context, name = context_of(info), "Query.openDuties"
        wanted = page_request(context, info, name=name, order=DUTY_ORDER, first=first, after=after)
        async with context.reading() as session:
            page = await repository.page_of_open(session, context.caller, wanted)
        return connection(
            page, seal=context.seal, caller=context.caller, name=name, after=after,
            key=DUTY_ORDER.key, node=Duty.from_row,
        )  # fmt: skip


@strawberry.type(directives=STRUCTURE)
class DutiesMutation:
    """Mutations of duties."""

    @strawberry.mutation(description="Say that a duty is done, and what came of it.")
    async def complete_duty(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            CompleteDutyInput, strawberry.argument(description="Which, and what came of it.")
        ],
    ) -> CompleteDutyPayload:
        """Complete a duty."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.complete_duty(
                session, context.caller, str(input.duty_id), input.expected_version, input.outcome
            )

        outcome = await run_command(
            context, "completeDuty", input, key=input.idempotency_key, effect=effect
        )
        row_id, duty = outcome.id("dutyId"), None
        if row_id is not None:
            async with context.reading() as session:
                rows = await repository.duties_by_id(session, context.caller, [row_id])
            duty = Duty.from_row(rows[row_id]) if row_id in rows else None
        return CompleteDutyPayload(duty=duty, user_errors=outcome.user_errors)
