"""What issuers' claims mean, and alerts about claims that nothing confirmed."""

from datetime import datetime
from typing import Annotated, Any, Self

import strawberry
from strawberry.types import Info

from infra.command_edge import run_command
from infra.database import WriteSession
from infra.mutation_result import UserError
from infra.owner_pages import page_request
from infra.pagination import Connection, connection
from infra.request_context import RequestContext, context_of
from infra.vocabulary import Role
from svc_consent.agencies import tables
from svc_consent.agencies.mapping import MeaningChange, map_claim
from svc_consent.agencies.repository import claims as repository
from svc_consent.agencies.schema.directory import ROLES, STRUCTURE, After, First
from svc_consent.agencies.schema.grants import Account, Accounts

_KEY = "The same key with the same input has its effect once (1 to 200 characters)."


@strawberry.type(
    directives=ROLES,
    description="An alert: an account's tokens claimed a role that the directory does not confirm.",
)
class ClaimMismatch:
    """One alert."""

    id: strawberry.ID = strawberry.field(directives=STRUCTURE, description="Global id.")
    account_id: strawberry.ID | None = strawberry.field(description="Whose tokens.")
    issuer: str | None = strawberry.field(description="Our name of the issuer.")
    claimed: str | None = strawberry.field(description="Role and agency, in the issuer's words.")
    first_at: datetime | None = strawberry.field(description="When it was seen first.")
    last_at: datetime | None = strawberry.field(description="When it was seen last.")
    times: int | None = strawberry.field(
        description="How often the directory was asked with it; a gateway remembers its answer."
    )
    row: strawberry.Private[tables.ClaimMismatch]

    @strawberry.field(description="The account, as far as you may know it.")
    async def account(self, info: Info) -> Account | None:
        """Return the account."""
        row = await context_of(info).loader(Accounts).load(self.row.account_id)
        return None if row is None else Account.from_row(row)

    @classmethod
    def from_row(cls, row: tables.ClaimMismatch) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            account_id=strawberry.ID(str(row.account_id)),
            issuer=row.issuer,
            claimed=row.claimed,
            first_at=row.first_at,
            last_at=row.last_at,
            times=row.times,
            row=row,
        )


@strawberry.type(directives=ROLES, description="What a role that an issuer claims means here.")
class ClaimMeaning:
    """One entry of an issuer's agreement."""

    issuer: str | None = strawberry.field(description="Our name of the issuer.")
    claimed_role: str | None = strawberry.field(description="The role in the issuer's words.")
    claimed_agency: str | None = strawberry.field(
        description="The agency in the issuer's words; none for all."
    )
    role: Role | None = strawberry.field(description="The role here.")
    agency_id: strawberry.ID | None = strawberry.field(
        description="The agency here; none where the issuer uses our ids."
    )
    version: int | None = strawberry.field(description="Counts changes; an update names it.")


@strawberry.type(directives=STRUCTURE)
class ClaimsQuery:
    """Root fields about claims."""

    @strawberry.field(
        description="Claims of tokens that the directory did not confirm, the latest first: of the "
        "own agency's people, of the own site for its privacy officer, or all.",
        directives=ROLES,
    )
    async def claim_mismatches(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[ClaimMismatch] | None:
        """Return one page of alerts."""
        context, name, order = context_of(info), "Query.claimMismatches", repository.ORDER
        wanted = page_request(context, info, name=name, order=order, first=first, after=after)
        async with context.reading() as session:
            page = await repository.page_of_mismatches(session, context.caller, wanted)
        return connection(
            page, seal=context.seal, caller=context.caller, name=name, after=after,
            key=order.key, node=ClaimMismatch.from_row,
        )  # fmt: skip

    @strawberry.field(
        description="What issuers' claims mean here, for who administers the platform.",
        directives=ROLES,
    )
    async def claim_meanings(self, info: Info) -> list[ClaimMeaning] | None:
        """Return all meanings, or None."""
        return await _meanings(context_of(info))


@strawberry.input(description="What a claim of an issuer is to mean, and why.")
class MapClaimInput:
    """Input of mapClaim."""

    issuer: str = strawberry.field(description="Our name of the issuer.")
    claimed_role: str = strawberry.field(description="The role in the issuer's words.")
    reason: str = strawberry.field(description="Why, in 1 to 500 characters.")
    idempotency_key: str = strawberry.field(description=_KEY)
    expected_version: int | None = strawberry.field(
        default=None, description="The entry's version that you have read; absent for a new one."
    )
    claimed_agency: str | None = strawberry.field(
        default=None, description="The agency in the issuer's words; all when absent."
    )
    role: Role | None = strawberry.field(
        default=None, description="The role here; the entry is removed when absent."
    )
    agency_id: strawberry.ID | None = strawberry.field(
        default=None, description="The agency here; the claimed id is ours when absent."
    )


@strawberry.type(directives=STRUCTURE, description="Result of mapClaim.")
class MapClaimPayload:
    """Payload of mapClaim."""

    claim_meanings: list[ClaimMeaning] | None = strawberry.field(
        description="All entries as they are now.", directives=ROLES
    )
    user_errors: list[UserError] = strawberry.field(description="What to put right in the input.")


@strawberry.type(directives=STRUCTURE)
class ClaimsMutation:
    """Mutation of what claims mean."""

    @strawberry.mutation(description="Keep what a claim of an issuer means; it grants nothing.")
    async def map_claim(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            MapClaimInput, strawberry.argument(description="Which claim, what it means, why.")
        ],
    ) -> MapClaimPayload:
        """Keep a meaning."""
        context = context_of(info)
        change = MeaningChange(
            issuer=input.issuer,
            claimed_role=input.claimed_role,
            claimed_agency=input.claimed_agency,
            role=input.role,
            agency_id=None if input.agency_id is None else str(input.agency_id),
            reason=input.reason,
            expected_version=input.expected_version,
        )

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await map_claim(session, context.caller, change)

        outcome = await run_command(
            context, "mapClaim", input, key=input.idempotency_key, effect=effect
        )
        return MapClaimPayload(
            claim_meanings=await _meanings(context), user_errors=outcome.user_errors
        )


async def _meanings(context: RequestContext) -> list[ClaimMeaning] | None:
    if context.caller.role is not Role.PLA:
        return None
    async with context.reading() as session:
        rows = await repository.all_meanings(session)
    return [
        ClaimMeaning(
            issuer=row.issuer,
            claimed_role=row.claimed_role,
            claimed_agency=row.claimed_agency or None,
            role=Role(row.role),
            agency_id=strawberry.ID(str(row.agency_id)) if row.agency_id else None,
            version=row.version,
        )
        for row in rows
    ]
