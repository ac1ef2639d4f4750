"""GraphQL of what an agency's withdrawal would stop, before it is done."""

from typing import Self

import strawberry
from strawberry.types import Info

from infra.entity_references import parse_id
from infra.request_context import context_of
from svc_consent.agencies.schema.directory import ROLES, STRUCTURE
from svc_consent.governance.repository.leaving import leaving
from svc_consent.governance.rules import Leaving
from svc_consent.governance.schema.reading import OfAgency


@strawberry.type(
    directives=ROLES, description="What stops when an agency withdraws from your site, and stays."
)
class WithdrawalPreview:
    """Counts of what a withdrawal concerns, as they are now."""

    roles: int | None = strawberry.field(
        description="Roles that end at once; a new memorandum revives none."
    )
    people: int | None = strawberry.field(description="People who hold these roles.")
    agreements: int | None = strawberry.field(description="Memoranda that no longer count.")
    role_requests: int | None = strawberry.field(
        description="Requests for roles that wait; they stay, to be declined."
    )
    seats: int | None = strawberry.field(
        description="Seats at the site's tables; they stay until somebody ends them."
    )

    @classmethod
    def of(cls, counted: Leaving) -> Self:
        """Return the GraphQL object of what was counted."""
        return cls(
            roles=counted.roles,
            people=counted.people,
            agreements=counted.agreements,
            role_requests=counted.role_requests,
            seats=counted.seats,
        )


@strawberry.type(directives=STRUCTURE)
class LeavingQuery:
    """Root field about a withdrawal that is only thought of."""

    @strawberry.field(
        description="What an agency's withdrawal from your site would stop; changes nothing. "
        "Null where you may not see the agency's roles.",
        directives=ROLES,
    )
    async def withdrawal_preview(self, info: Info, agency_id: OfAgency) -> WithdrawalPreview | None:
        """Return the counts."""
        context, row_id = context_of(info), parse_id(str(agency_id))
        if row_id is None:
            return None
        async with context.reading() as session:
            counted = await leaving(session, context.caller, row_id)
        return None if counted is None else WithdrawalPreview.of(counted)
