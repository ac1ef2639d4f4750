"""Who serves at one's own agency: AGENCY_ROLES, for those who work with them or train them."""

from typing import Self

import strawberry
from strawberry.types import Info

from infra.owner_pages import page_request
from infra.pagination import Connection, connection
from infra.request_context import context_of
from svc_consent.agencies import tables
from svc_consent.agencies.repository import colleagues as repository
from svc_consent.agencies.schema.directory import ROLES, STRUCTURE, After, First

_COLLEAGUES = "Query.colleagues"


@strawberry.type(directives=ROLES, description="Somebody who serves at your agency.")
class Colleague:
    """One colleague."""

    account_id: strawberry.ID | None = strawberry.field(description="Their account.")
    name: str | None = strawberry.field(description="Name.")

    @classmethod
    def from_row(cls, row: tables.Account) -> Self:
        """Return the GraphQL object of an account: no more than whose it is."""
        return cls(account_id=strawberry.ID(str(row.id)), name=row.name)


@strawberry.type(directives=STRUCTURE)
class ColleaguesQuery:
    """Root fields about colleagues."""

    @strawberry.field(
        description="Who is a case manager at your agency and site now, by name; for its case "
        "managers and their supervisors.",
        directives=ROLES,
    )
    async def case_managers(self, info: Info) -> list[Colleague] | None:
        """Return the case managers, none for anybody else."""
        context = context_of(info)
        async with context.reading() as session:
            found = await repository.case_managers(session, context.caller)
        return [Colleague(account_id=strawberry.ID(str(id_)), name=name) for id_, name in found]

    @strawberry.field(
        description="Who may sign in for your agency now, whatever their role, by name: under "
        "which account somebody of its training roster signs in. For its training managers.",
        directives=ROLES,
    )
    async def colleagues(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[Colleague] | None:
        """Return one page of colleagues, none for anybody else."""
        context, order = context_of(info), repository.ORDER
        wanted = page_request(
            context, info, name=_COLLEAGUES, order=order, first=first, after=after
        )
        async with context.reading() as session:
            found = await repository.page_of_colleagues(session, context.caller, wanted)
        return connection(
            found, seal=context.seal, caller=context.caller, name=_COLLEAGUES, after=after,
            key=order.key, node=Colleague.from_row,
        )  # fmt: skip
