"""Suspending an accounting in GraphQL."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from infra.command_edge import run_command
from infra.database import WriteSession
from infra.mutation_result import UserError
from infra.request_context import context_of
from svc_consent.agencies.schema.directory import STRUCTURE
from svc_consent.disclosures import suspending
from svc_consent.disclosures.suspending import Statement


@strawberry.input(description="What an official said about an accounting, and until when.")
class SuspendAccountingInput:
    """Input of suspendAccounting."""

    participant_id: strawberry.ID = strawberry.field(description="Whose accounting.")
    agency_id: strawberry.ID = strawberry.field(description="The official's agency.")
    official: str = strawberry.field(description="Name and office of the official.")
    statement: str = strawberry.field(description="What was said, in 1 to 500 characters.")
    is_written: bool = strawberry.field(description="Whether it is in writing.")
    ends_at: datetime = strawberry.field(description="Until when; 30 days at most if oral.")
    idempotency_key: str = strawberry.field(
        description="The same key with the same input has its effect once (1 to 200 characters)."
    )


@strawberry.type(directives=STRUCTURE, description="Result of suspendAccounting.")
class SuspendAccountingPayload:
    """Payload of suspendAccounting."""

    is_recorded: bool | None = strawberry.field(description="Whether it was recorded.")
    user_errors: list[UserError] = strawberry.field(description="What to put right in the input.")


@strawberry.type(directives=STRUCTURE)
class AccountingMutation:
    """Mutations of the accounting."""

    @strawberry.mutation(
        description="Leave what no release covered out of an accounting, for a time."
    )
    async def suspend_accounting(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            SuspendAccountingInput, strawberry.argument(description="What was said.")
        ],
    ) -> SuspendAccountingPayload:
        """Suspend an accounting."""
        context = context_of(info)
        said = Statement(
            str(input.agency_id), input.official, input.statement, input.is_written, input.ends_at
        )

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await suspending.suspend_accounting(
                session, context.caller, str(input.participant_id), said
            )

        outcome = await run_command(
            context, "suspendAccounting", input, key=input.idempotency_key, effect=effect
        )
        return SuspendAccountingPayload(
            is_recorded=outcome.id("suspensionId") is not None, user_errors=outcome.user_errors
        )
