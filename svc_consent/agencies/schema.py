"""GraphQL of the directory."""

import strawberry
from sqlalchemy import select
from strawberry.types import Info

from infra.request_context import context_of
from infra.schema_directives import category
from infra.vocabulary import Category
from svc_consent.agencies.tables import Site as SiteRow


@strawberry.federation.type(
    keys=["id"],
    name="Site",
    directives=[category(Category.CATALOGUE)],
    description="A LEAD initiative.",
)
class SiteType:
    """One site."""

    id: strawberry.ID = strawberry.federation.field(description="Global id.")
    name: str = strawberry.federation.field(description="Name of the initiative.")


@strawberry.type(directives=[category(Category.STRUCTURE)])
class AgenciesQuery:
    """Root fields of the directory."""

    @strawberry.field(description="All sites.")
    async def sites(self, info: Info) -> list[SiteType]:
        """Return all sites by name."""
        async with context_of(info).reading() as session:
            rows = (await session.scalars(select(SiteRow).order_by(SiteRow.name))).all()
        return [SiteType(id=strawberry.ID(str(row.id)), name=row.name) for row in rows]
