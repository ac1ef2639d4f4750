"""Mutations: roles are given and taken, memberships suspended, resumed and withdrawn."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.types import Info

from infra.command_edge import run_command
from infra.database import WriteSession
from infra.mutation_result import UserError
from infra.request_context import RequestContext, context_of
from infra.vocabulary import Role
from svc_consent.agencies import commands
from svc_consent.agencies.repository import directory as repository
from svc_consent.agencies.rules import MembershipStatus
from svc_consent.agencies.schema.directory import STRUCTURE, Agency
from svc_consent.agencies.schema.grants import Account, RoleGrant

_KEY = "The same key with the same input has its effect once (1 to 200 characters)."


@strawberry.input(description="Whom to give which role at the own agency, and why.")
class GrantRoleInput:
    """Input of grantRole."""

    account_id: strawberry.ID = strawberry.field(description="Who gets it.")
    role: Role = strawberry.field(description="Which role; the agency's kind sets the ceiling.")
    reason: str = strawberry.field(description="Why, in 1 to 500 characters.")
    idempotency_key: str = strawberry.field(description=_KEY)
    liaison: bool = strawberry.field(
        default=False, description="Whether the person is the office's liaison."
    )
    valid_from: datetime | None = strawberry.field(
        default=None, description="From when; at once when absent."
    )
    valid_to: datetime | None = strawberry.field(
        default=None, description="Until when; open when absent."
    )


@strawberry.type(directives=STRUCTURE, description="Result of grantRole.")
class GrantRolePayload:
    """Payload of grantRole."""

    role_grant: RoleGrant | None = strawberry.field(description="The grant as it is now.")
    user_errors: list[UserError] = strawberry.field(description="What to put right in the input.")


@strawberry.input(description="Which role to take away, and why.")
class RevokeRoleInput:
    """Input of revokeRole."""

    grant_id: strawberry.ID = strawberry.field(description="Which grant.")
    expected_version: int = strawberry.field(description="Its version as the client read it.")
    reason: str = strawberry.field(description="Why, in 1 to 500 characters.")
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.type(directives=STRUCTURE, description="Result of revokeRole.")
class RevokeRolePayload:
    """Payload of revokeRole."""

    role_grant: RoleGrant | None = strawberry.field(description="The grant as it is now.")
    user_errors: list[UserError] = strawberry.field(description="What to put right in the input.")


@strawberry.input(description="Whether to shut a person's account out, and why.")
class SetAccountBlockedInput:
    """Input of setAccountBlocked."""

    account_id: strawberry.ID = strawberry.field(description="Whose account.")
    blocked: bool = strawberry.field(description="True shuts it out, false lets it in again.")
    expected_version: int = strawberry.field(description="Its version as the client read it.")
    reason: str = strawberry.field(description="Why, in 1 to 500 characters.")
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.type(directives=STRUCTURE, description="Result of setAccountBlocked.")
class SetAccountBlockedPayload:
    """Payload of setAccountBlocked."""

    account: Account | None = strawberry.field(description="The account as it is now.")
    user_errors: list[UserError] = strawberry.field(description="What to put right in the input.")


@strawberry.input(description="What is to become of an agency's membership of your site.")
class ChangeMembershipInput:
    """Input of changeMembership."""

    agency_id: strawberry.ID = strawberry.field(description="Which agency.")
    status: MembershipStatus = strawberry.field(description="Its status from now on.")
    expected_version: int = strawberry.field(
        description="The membership's version as the client read it."
    )
    reason: str = strawberry.field(description="Why, in 1 to 500 characters.")
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.type(directives=STRUCTURE, description="Result of changeMembership.")
class ChangeMembershipPayload:
    """Payload of changeMembership."""

    agency: Agency | None = strawberry.field(description="The agency as it is now.")
    user_errors: list[UserError] = strawberry.field(description="What to put right in the input.")


@strawberry.type(directives=STRUCTURE)
class AgenciesMutation:
    """Mutations of the directory."""

    @strawberry.mutation(description="Give a person a role at the own agency.")
    async def grant_role(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            GrantRoleInput, strawberry.argument(description="Whom, which role, why.")
        ],
    ) -> GrantRolePayload:
        """Give a role."""
        context = context_of(info)
        terms = commands.GrantTerms(
            account_id=str(input.account_id),
            role=input.role,
            is_liaison=input.liaison,
            starts_at=input.valid_from,
            ends_at=input.valid_to,
            reason=input.reason,
        )

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.grant_role(session, context.caller, terms)

        outcome = await run_command(
            context, "grantRole", input, key=input.idempotency_key, effect=effect
        )
        grant = await _grant(context, outcome.id("grantId"))
        return GrantRolePayload(role_grant=grant, user_errors=outcome.user_errors)

    @strawberry.mutation(
        description="Take a role away, at once: of the own agency; as the platform's "
        "administrator, of an administrator or privacy officer."
    )
    async def revoke_role(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            RevokeRoleInput, strawberry.argument(description="Which grant, why.")
        ],
    ) -> RevokeRolePayload:
        """Take a role away."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.revoke_role(
                session, context.caller, str(input.grant_id), input.expected_version, input.reason
            )

        outcome = await run_command(
            context, "revokeRole", input, key=input.idempotency_key, effect=effect
        )
        grant = await _grant(context, outcome.id("grantId"))
        return RevokeRolePayload(role_grant=grant, user_errors=outcome.user_errors)

    @strawberry.mutation(description="Shut an account out with its next request, or let it in.")
    async def set_account_blocked(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            SetAccountBlockedInput, strawberry.argument(description="Whose account, and why.")
        ],
    ) -> SetAccountBlockedPayload:
        """Shut an account out, or let it in again."""
        context = context_of(info)
        change = commands.BlockChange(
            str(input.account_id), input.blocked, input.expected_version, input.reason
        )

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.set_account_blocked(session, context.caller, change)

        outcome = await run_command(
            context, "setAccountBlocked", input, key=input.idempotency_key, effect=effect
        )
        account_id, account = outcome.id("accountId"), None
        if account_id is not None:
            async with context.reading() as session:
                rows = await repository.accounts_by_id(session, context.caller, [account_id])
            account = Account.from_row(rows[account_id]) if account_id in rows else None
        return SetAccountBlockedPayload(account=account, user_errors=outcome.user_errors)

    @strawberry.mutation(description="Suspend, resume or withdraw an agency's membership, at once.")
    async def change_membership(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            ChangeMembershipInput, strawberry.argument(description="Which agency, what, why.")
        ],
    ) -> ChangeMembershipPayload:
        """Change a membership."""
        context = context_of(info)
        change = commands.MembershipChange(
            str(input.agency_id), input.status, input.expected_version, input.reason
        )

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.change_membership(session, context.caller, change)

        outcome = await run_command(
            context, "changeMembership", input, key=input.idempotency_key, effect=effect
        )
        agency_id, agency = outcome.id("agencyId"), None
        if agency_id is not None:
            async with context.reading() as session:
                rows = await repository.agencies_by_id(session, [agency_id])
            agency = Agency.from_row(rows[agency_id])
        return ChangeMembershipPayload(agency=agency, user_errors=outcome.user_errors)


async def _grant(context: RequestContext, grant_id: UUID | None) -> RoleGrant | None:
    if grant_id is None:
        return None
    async with context.reading() as session:
        rows = await repository.grants_by_id(session, context.caller, [grant_id])
        now = await repository.database_now(session)
    return RoleGrant.from_row(rows[grant_id], now) if grant_id in rows else None
