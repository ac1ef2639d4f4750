"""The case managers of one's own agency: AGENCY_ROLES, for those who work with its people."""

import strawberry
from strawberry.types import Info

from infra.request_context import context_of
from svc_consent.agencies.repository import colleagues as repository
from svc_consent.agencies.schema.directory import ROLES, STRUCTURE


@strawberry.type(directives=ROLES, description="Somebody who serves at your agency.")
class Colleague:
    """One colleague."""

    account_id: strawberry.ID | None = strawberry.field(description="Their account.")
    name: str | None = strawberry.field(description="Name.")


@strawberry.type(directives=STRUCTURE)
class ColleaguesQuery:
    """Root field about colleagues."""

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
