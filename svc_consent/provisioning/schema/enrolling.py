"""Mutations by which an agency and a person first come into the directory."""

from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from infra.command_edge import run_command
from infra.database import WriteSession
from infra.mutation_result import UserError
from infra.request_context import context_of
from infra.vocabulary import AgencyType
from svc_consent.agencies.schema.directory import ROLES, STRUCTURE, Agency
from svc_consent.governance.schema.reading import agency_of
from svc_consent.provisioning import enrolling

_KEY = "The same key with the same input has its effect once (1 to 200 characters)."


@strawberry.input(description="An agency that is not in the directory yet.")
class AddAgencyInput:
    """Input of addAgency."""

    name: str = strawberry.field(description="Name, in 1 to 200 characters.")
    type: AgencyType = strawberry.field(description="Kind of organisation.")
    reason: str = strawberry.field(description="Why, in 1 to 500 characters.")
    idempotency_key: str = strawberry.field(description=_KEY)
    part2_status: str = strawberry.field(
        default="UNDETERMINED",
        description="PROGRAM, NOT_PROGRAM or UNDETERMINED under 42 CFR 2.11; the last counts as "
        "a programme.",
    )


@strawberry.input(description="A person who signs in and has had no role yet.")
class AddAccountInput:
    """Input of addAccount."""

    agency_id: strawberry.ID = strawberry.field(description="Which agency they come to.")
    login: str = strawberry.field(description="Subject of their tokens, as the issuer names them.")
    name: str = strawberry.field(description="Name, in 1 to 200 characters.")
    reason: str = strawberry.field(description="Why, in 1 to 500 characters.")
    idempotency_key: str = strawberry.field(description=_KEY)
    issuer: str | None = strawberry.field(
        default=None, description="Our name of the issuer; the one that you sign in with if absent."
    )


@strawberry.type(directives=STRUCTURE, description="Result of addAgency.")
class AddAgencyPayload:
    """Payload of addAgency."""

    agency: Agency | None = strawberry.field(description="The agency, invited to your site.")
    user_errors: list[UserError] = strawberry.field(description="What to put right in the input.")


@strawberry.type(directives=STRUCTURE, description="Result of addAccount.")
class AddAccountPayload:
    """Payload of addAccount."""

    account_id: strawberry.ID | None = strawberry.field(
        directives=ROLES, description="The account, to which a role may be given now."
    )
    user_errors: list[UserError] = strawberry.field(description="What to put right in the input.")


@strawberry.type(directives=STRUCTURE)
class EnrollingMutation:
    """Mutations of coming into the directory."""

    @strawberry.mutation(description="Put an agency into the directory, invited to your site.")
    async def add_agency(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            AddAgencyInput, strawberry.argument(description="Which agency.")
        ],
    ) -> AddAgencyPayload:
        """Add an agency."""
        context = context_of(info)
        terms = enrolling.NewAgency(input.name, input.type, input.part2_status, input.reason)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await enrolling.add_agency(session, context.caller, terms)

        outcome = await run_command(
            context, "addAgency", input, key=input.idempotency_key, effect=effect
        )
        agency = await agency_of(info, outcome.id("agencyId"))
        return AddAgencyPayload(agency=agency, user_errors=outcome.user_errors)

    @strawberry.mutation(description="Let the directory know a person's login; it gives no role.")
    async def add_account(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            AddAccountInput, strawberry.argument(description="Who.")
        ],
    ) -> AddAccountPayload:
        """Add a person."""
        context = context_of(info)
        terms = enrolling.NewAccount(
            str(input.agency_id), input.issuer, input.login, input.name, input.reason
        )

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await enrolling.add_account(session, context.caller, terms)

        outcome = await run_command(
            context, "addAccount", input, key=input.idempotency_key, effect=effect
        )
        made = outcome.id("accountId")
        return AddAccountPayload(
            account_id=None if made is None else strawberry.ID(str(made)),
            user_errors=outcome.user_errors,
        )
