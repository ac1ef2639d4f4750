"""GraphQL of the search. Each argument says by which category it selects people."""

from typing import Annotated

import strawberry
from strawberry.types import Info

from infra.owner_pages import PageRequest, selects
from infra.pagination import Connection, connection, page_size
from infra.request_context import context_of
from infra.schema_directives import category
from infra.vocabulary import Category
from svc_participants.people.repository import Seen
from svc_participants.people.schema import After, First, Participant, participant_of
from svc_participants.search import repository
from svc_participants.search.rules import wanted

_NAME = "Query.searchParticipants"


@strawberry.type(directives=[category(Category.STRUCTURE)], description="Search.")
class SearchQuery:
    """Root fields of the search."""

    @strawberry.field(
        description="The people whose identity you may see and who are like what you look for, "
        "the most alike first."
    )
    async def search_participants(
        self,
        info: Info,
        text: Annotated[
            str | None,
            strawberry.argument(
                description="Name, preferred name or alias, as written or as it sounds; "
                "up to four words.",
                directives=[category(Category.IDENTITY)],
            ),
        ] = None,
        phone: Annotated[
            str | None,
            strawberry.argument(
                description="The last digits of a telephone number, four at least; finds those "
                "whose contact you may see.",
                directives=[category(Category.CONTACT)],
            ),
        ] = None,
        first: First = 25,
        after: After = None,
    ) -> Connection[Participant] | None:
        """Return a page of participants."""
        context = context_of(info)
        what = wanted(text, phone)
        key = None
        if after is not None:
            key = repository.parse_key(context.seal.open(context.caller, _NAME, after))
        request = PageRequest(page_size(first), key, selects(info, "totalCount"))
        async with context.reading() as session:
            found = await repository.found_page(session, context.caller, what, request)
        return connection(
            found,
            seal=context.seal,
            caller=context.caller,
            name=_NAME,
            after=after,
            key=lambda each: each.key,
            node=lambda each: participant_of(Seen(each.row, may_see_identity=True)),
        )
