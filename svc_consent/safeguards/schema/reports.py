"""Mutations: misuse is reported, demands come in. Answers are alike for all who may not see."""

from datetime import date
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from infra.command_edge import run_command
from infra.database import WriteSession
from infra.mutation_result import UserError
from infra.request_context import context_of
from svc_consent.agencies.schema.directory import STRUCTURE
from svc_consent.safeguards import commands, repository, rules, tables
from svc_consent.safeguards.commands import Assessment, Demand
from svc_consent.safeguards.rules import DemandKind
from svc_consent.safeguards.schema.records import (
    Incident,
    LegalDemand,
)

_KEY = "The same key with the same input has its effect once (1 to 200 characters)."
_ERRORS = "What to put right in the input."


@strawberry.input(
    description="Report that an agency misused what it knew; its access is frozen at once."
)
class ReportMisuseInput:
    """Input of reportMisuse."""

    participant_id: strawberry.ID = strawberry.field(description="Whose information.")
    agency_id: strawberry.ID = strawberry.field(description="The agency.")
    what: str = strawberry.field(description="What has happened, in 1 to 2000 characters.")
    idempotency_key: str = strawberry.field(description=_KEY)
    anonymous: bool = strawberry.field(
        default=False, description="Whether the incident does not say who reported it."
    )


@strawberry.type(directives=STRUCTURE, description="Result of reportMisuse.")
class ReportMisusePayload:
    """Payload of reportMisuse."""

    is_recorded: bool | None = strawberry.field(description="Whether it was recorded.")
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.input(description="Record what came of a report of misuse; may lift the freeze.")
class AssessIncidentInput:
    """Input of assessIncident."""

    incident_id: strawberry.ID = strawberry.field(description="Which.")
    expected_version: int = strawberry.field(description="Its version as the client read it.")
    is_breach: bool = strawberry.field(description="Whether it is a breach.")
    outcome: str = strawberry.field(description="What came of it, in 1 to 500 characters.")
    idempotency_key: str = strawberry.field(description=_KEY)
    affected: int = strawberry.field(default=1, description="How many people it affects.")
    lifts_freeze: bool = strawberry.field(default=False, description="Whether the freeze ends.")


@strawberry.type(directives=STRUCTURE, description="Result of assessIncident.")
class AssessIncidentPayload:
    """Payload of assessIncident."""

    incident: Incident | None = strawberry.field(description="It as it is now.")
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.input(description="Take a subpoena, warrant or order in; nothing leaves by it.")
class RecordLegalDemandInput:
    """Input of recordLegalDemand."""

    participant_id: strawberry.ID = strawberry.field(description="Whom it names.")
    kind: DemandKind = strawberry.field(description="What it is.")
    issued_by: str = strawberry.field(description="Who issued it.")
    scope: str = strawberry.field(description="What it asks for, as it says.")
    idempotency_key: str = strawberry.field(description=_KEY)
    order_number: str | None = strawberry.field(default=None, description="Number of the order.")
    return_on: date | None = strawberry.field(
        default=None, description="By when an answer is asked for."
    )
    document_sha256: str | None = strawberry.field(
        default=None, description="SHA-256 of the document."
    )


@strawberry.type(directives=STRUCTURE, description="Result of recordLegalDemand.")
class RecordLegalDemandPayload:
    """Payload of recordLegalDemand."""

    reply: str | None = strawberry.field(description="The one neutral answer to every demand.")
    reply_version: str | None = strawberry.field(description="Its version.")
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.input(description="End a demand's hold on deletion, with what counsel decided.")
class EndLegalHoldInput:
    """Input of endLegalHold."""

    demand_id: strawberry.ID = strawberry.field(description="Which.")
    expected_version: int = strawberry.field(description="Its version as the client read it.")
    outcome: str = strawberry.field(description="What counsel decided, in 1 to 500 characters.")
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.type(directives=STRUCTURE, description="Result of endLegalHold.")
class EndLegalHoldPayload:
    """Payload of endLegalHold."""

    demand: LegalDemand | None = strawberry.field(description="It as it is now.")
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.type(directives=STRUCTURE)
class ReportsMutation:
    """Mutations about misuse and demands."""

    @strawberry.mutation(
        description="Report that an agency misused what it knew; its access is frozen at once."
    )
    async def report_misuse(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            ReportMisuseInput, strawberry.argument(description="What it is about.")
        ],
    ) -> ReportMisusePayload:
        """Report that an agency misused what it knew; its access is frozen at once."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.report_misuse(
                session,
                context.caller,
                (str(input.participant_id), str(input.agency_id)),
                input.what,
                is_anonymous=input.anonymous,
            )

        outcome = await run_command(
            context, "reportMisuse", input, key=input.idempotency_key, effect=effect
        )
        return ReportMisusePayload(
            is_recorded=outcome.id("incidentId") is not None, user_errors=outcome.user_errors
        )

    @strawberry.mutation(description="Record what came of a report of misuse; may lift the freeze.")
    async def assess_incident(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            AssessIncidentInput, strawberry.argument(description="What it is about.")
        ],
    ) -> AssessIncidentPayload:
        """Record what came of a report of misuse; may lift the freeze."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.assess_incident(
                session,
                context.caller,
                str(input.incident_id),
                input.expected_version,
                Assessment(input.is_breach, input.affected, input.outcome, input.lifts_freeze),
            )

        outcome = await run_command(
            context, "assessIncident", input, key=input.idempotency_key, effect=effect
        )
        row_id, found = outcome.id("incidentId"), None
        if row_id is not None:
            async with context.reading() as session:
                found = await repository.by_id(session, context.caller, tables.Incident, row_id)
        return AssessIncidentPayload(
            incident=Incident.from_row(found) if found else None, user_errors=outcome.user_errors
        )

    @strawberry.mutation(description="Take a subpoena, warrant or order in; nothing leaves by it.")
    async def record_legal_demand(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            RecordLegalDemandInput, strawberry.argument(description="What it is about.")
        ],
    ) -> RecordLegalDemandPayload:
        """Take a subpoena, warrant or order in; nothing leaves by it."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.record_demand(
                session,
                context.caller,
                str(input.participant_id),
                Demand(
                    input.kind,
                    input.issued_by,
                    input.order_number,
                    input.scope,
                    input.return_on,
                    input.document_sha256,
                ),
            )

        outcome = await run_command(
            context, "recordLegalDemand", input, key=input.idempotency_key, effect=effect
        )
        version, text = rules.neutral_reply()
        taken = outcome.id("demandId") is not None
        return RecordLegalDemandPayload(
            reply=text if taken else None,
            reply_version=version if taken else None,
            user_errors=outcome.user_errors,
        )

    @strawberry.mutation(description="End a demand's hold on deletion, with what counsel decided.")
    async def end_legal_hold(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            EndLegalHoldInput, strawberry.argument(description="What it is about.")
        ],
    ) -> EndLegalHoldPayload:
        """End a demand's hold on deletion, with what counsel decided."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.end_hold(
                session, context.caller, str(input.demand_id), input.expected_version, input.outcome
            )

        outcome = await run_command(
            context, "endLegalHold", input, key=input.idempotency_key, effect=effect
        )
        row_id, found = outcome.id("demandId"), None
        if row_id is not None:
            async with context.reading() as session:
                found = await repository.by_id(session, context.caller, tables.LegalDemand, row_id)
        return EndLegalHoldPayload(
            demand=LegalDemand.from_row(found) if found else None, user_errors=outcome.user_errors
        )
