"""Accounts and role grants: AGENCY_ROLES, the own and those that one administers."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import strawberry
from strawberry.types import Info

from infra.batch_loader import BatchLoader
from infra.database import ReadSession
from infra.entity_references import known, parse_id, reference_ids
from infra.identity_token import Caller
from infra.owner_pages import page_request
from infra.pagination import Connection, connection
from infra.request_context import context_of
from infra.schema_enums import described_enum
from infra.vocabulary import Role
from svc_consent.agencies import rules, tables
from svc_consent.agencies.repository import directory as repository
from svc_consent.agencies.rules import GrantStatus
from svc_consent.agencies.schema.directory import (
    ROLES,
    STRUCTURE,
    After,
    Agencies,
    Agency,
    First,
    Site,
    Sites,
)

described_enum(
    GrantStatus,
    "Where a grant stands now.",
    {
        GrantStatus.SCHEDULED: "It has not begun.",
        GrantStatus.ACTIVE: "It counts, while the agency's agreement is live.",
        GrantStatus.EXPIRED: "Its time is over.",
        GrantStatus.REVOKED: "It was taken away.",
    },
)


@strawberry.federation.type(
    keys=["id"], directives=ROLES, description="A person who can sign in: staff, or for themselves."
)
class Account:
    """One account, visible to its owner and to those who administer a grant of it."""

    id: strawberry.ID = strawberry.field(directives=STRUCTURE, description="Global id.")
    name: str | None = strawberry.field(description="Name.")
    is_blocked: bool | None = strawberry.field(description="Whether it is shut out.")
    version: int | None = strawberry.field(description="Counts changes; an update names it.")

    @classmethod
    def from_row(cls, row: tables.Account) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            name=row.name,
            is_blocked=row.is_blocked,
            version=row.version,
        )

    @classmethod
    async def resolve_references(
        cls, info: Info, representations: list[dict[str, Any]]
    ) -> list[Self | None]:
        """Return the accounts that a batch of representations names, as far as visible."""
        ids = reference_ids(representations)
        rows = await context_of(info).loader(Accounts).load_many(list(ids))
        return [None if row is None else cls.from_row(row) for row in rows]


class Accounts(BatchLoader[tables.Account]):
    """Accounts by id."""

    async def fetch(
        self, session: ReadSession, caller: Caller, ids: list[UUID]
    ) -> dict[UUID, tables.Account]:
        """Read those that the caller may see, in one statement."""
        return await repository.accounts_by_id(session, caller, ids)


@strawberry.federation.type(
    keys=["id"], directives=ROLES, description="That a person holds a role for an agency."
)
class RoleGrant:
    """One role grant."""

    id: strawberry.ID = strawberry.field(directives=STRUCTURE, description="Global id.")
    role: Role | None = strawberry.field(description="The role.")
    liaison: bool | None = strawberry.field(description="Whether it is the office's liaison.")
    service_field: str | None = strawberry.field(
        description="SUD, MH or HOUSING for a provider's staff."
    )
    valid_from: datetime | None = strawberry.field(description="From when it counts.")
    valid_to: datetime | None = strawberry.field(description="Until when; open when absent.")
    status: GrantStatus | None = strawberry.field(description="Where it stands now.")
    reason: str | None = strawberry.field(description="Why it was given.")
    granted_at: datetime | None = strawberry.field(description="When it was given.")
    revoked_at: datetime | None = strawberry.field(description="When it was taken away.")
    version: int | None = strawberry.field(description="Counts changes; an update names it.")
    row: strawberry.Private[tables.RoleGrant]

    @strawberry.field(description="Who holds it.")
    async def account(self, info: Info) -> Account | None:
        """Return the account."""
        row = await context_of(info).loader(Accounts).load(self.row.account_id)
        return None if row is None else Account.from_row(row)

    @strawberry.field(description="For which agency; none for a person's own record.")
    async def agency(self, info: Info) -> Agency | None:
        """Return the agency."""
        if self.row.agency_id is None:
            return None
        row = await context_of(info).loader(Agencies).load(self.row.agency_id)
        return None if row is None else Agency.from_row(row)

    @strawberry.field(description="At which site.")
    async def site(self, info: Info) -> Site | None:
        """Return the site."""
        row = await context_of(info).loader(Sites).load(self.row.site_id)
        return None if row is None else Site.from_row(row)

    @strawberry.field(description="Who gave it, as far as you may know them.")
    async def approved_by(self, info: Info) -> Account | None:
        """Return the approver's account."""
        if self.row.approved_by is None:
            return None
        row = await context_of(info).loader(Accounts).load(self.row.approved_by)
        return None if row is None else Account.from_row(row)

    @classmethod
    def from_row(cls, row: tables.RoleGrant, now: datetime) -> Self:
        """Return the GraphQL object of a row as it stands at an instant."""
        return cls(
            id=strawberry.ID(str(row.id)),
            role=Role(row.role),
            liaison=row.is_liaison,
            service_field=row.service_field,
            valid_from=row.starts_at,
            valid_to=row.ends_at,
            status=rules.status_at(row.starts_at, row.counts_until, row.revoked_at, now),
            reason=row.reason,
            granted_at=row.granted_at,
            revoked_at=row.revoked_at,
            version=row.version,
            row=row,
        )

    @classmethod
    async def resolve_references(
        cls, info: Info, representations: list[dict[str, Any]]
    ) -> list[Self | None]:
        """Return the grants that a batch of representations names, as far as visible."""
        context, ids = context_of(info), reference_ids(representations)
        async with context.reading() as session:
            rows = await repository.grants_by_id(session, context.caller, known(ids))
            now = await repository.database_now(session)
        return [cls.from_row(rows[each], now) if each in rows else None for each in ids]


@strawberry.type(directives=STRUCTURE)
class GrantsQuery:
    """Root fields about role grants."""

    @strawberry.field(
        description="A role grant: an own one, or one that you administer.", directives=ROLES
    )
    async def role_grant(
        self,
        info: Info,
        id: Annotated[  # noqa: A002 - the name of the GraphQL argument
            strawberry.ID, strawberry.argument(description="Which grant.")
        ],
    ) -> RoleGrant | None:
        """Return a grant, or None."""
        found = await RoleGrant.resolve_references(info, [{"id": str(id)}])
        return found[0]

    @strawberry.field(
        description="An account: the own one, or one with a grant that you administer.",
        directives=ROLES,
    )
    async def account(
        self,
        info: Info,
        id: Annotated[  # noqa: A002 - the name of the GraphQL argument
            strawberry.ID, strawberry.argument(description="Which account.")
        ],
    ) -> Account | None:
        """Return an account, or None."""
        found = await Account.resolve_references(info, [{"id": str(id)}])
        return found[0]

    @strawberry.field(description="The roles that you hold or have held, newest first.")
    async def my_grants(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[RoleGrant] | None:
        """Return one page of the caller's own grants."""
        account_id = parse_id(context_of(info).caller.subject)
        return await _grants(info, "Query.myGrants", first, after, account_id=account_id)

    @strawberry.field(description="The roles that an agency's people hold or have held.")
    async def agency_grants(
        self,
        info: Info,
        agency_id: Annotated[strawberry.ID, strawberry.argument(description="Which agency.")],
        first: First = 25,
        after: After = None,
    ) -> Connection[RoleGrant] | None:
        """Return one page of an agency's grants, as far as visible."""
        wanted = parse_id(str(agency_id))
        return await _grants(info, f"Query.agencyGrants({wanted})", first, after, agency_id=wanted)


async def _grants(
    info: Info, name: str, first: int, after: str | None, **whose: Any
) -> Connection[RoleGrant] | None:
    context, order = context_of(info), repository.GRANT_ORDER
    wanted = page_request(context, info, name=name, order=order, first=first, after=after)
    async with context.reading() as session:
        page = await repository.page_of_grants(session, context.caller, wanted, **whose)
        now = await repository.database_now(session)
    return connection(
        page, seal=context.seal, caller=context.caller, name=name, after=after,
        key=order.key, node=lambda row: RoleGrant.from_row(row, now),
    )  # fmt: skip
