"""GraphQL of outreach: who is to be looked for."""

import strawberry
from strawberry.types import Info

from infra.owner_pages import page_request
from infra.pagination import Connection, connection
from infra.request_context import context_of
from infra.schema_directives import category
from infra.vocabulary import Category
from svc_participants.outreach import repository
from svc_participants.people.repository import BY_CREATION, Seen
from svc_participants.people.schema import After, First, Participant, participant_of

_WIND = "Query.inTheWind"


@strawberry.type(
    directives=[category(Category.STRUCTURE)], description="Reading who is to be looked for."
)
class OutreachQuery:
    """Root fields of outreach."""

    @strawberry.field(
        description="People of yours who are out of touch, by when their record began (CM, SUP).",
        directives=[category(Category.CASE_NOTES)],
    )
    async def in_the_wind(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[Participant] | None:
        """Return a page of those who are to be looked for."""
        context, order = context_of(info), BY_CREATION
        request = page_request(context, info, name=_WIND, order=order, first=first, after=after)
        async with context.reading() as session:
            limits = await repository.limits_of(session, context.caller)
            found = await repository.in_the_wind_page(
                session, context.caller, request, limits.inactive_days
            )
        return connection(
            found,
            seal=context.seal,
            caller=context.caller,
            name=_WIND,
            after=after,
            key=order.key,
            node=lambda row: participant_of(Seen(row, may_see_identity=True)),
        )
