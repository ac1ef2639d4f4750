"""Search by the number of a case: which of the people whose matches the caller may see has it.

The number is looked up among matches, never on the docket: that a case is there says nothing of
LEAD, and whoever sees no match of it gets the same empty page for any number.
"""

from typing import Annotated

import strawberry
from strawberry import argument
from strawberry.types import Info

from infra.owner_pages import page_request
from infra.request_context import context_of
from svc_cases.cases.schema import After, First
from svc_cases.coordination import repository
from svc_cases.coordination.repository import BY_MATCH
from svc_cases.coordination.rules import spellings_of
from svc_cases.coordination.schema.matches import LeadLinkConnection, page_of_matches
from svc_cases.coordination.schema.words import SUMMARY

_NAME = "Query.searchMatches"


@strawberry.type(description="Search by what is written on court papers.")
class MatchSearchQuery:
    """Roots of the search."""

    @strawberry.field(
        directives=SUMMARY,
        description=(
            "The matches of the case with this number that you may see, with whose they are;"
            " `searchParticipants` finds people by name, alias and telephone number."
        ),
    )
    async def search_matches(
        self,
        info: Info,
        case_number: Annotated[
            str,
            argument(
                directives=SUMMARY,
                description="The whole number as on the papers; blanks around it and small"
                " letters do not matter.",
            ),
        ],
        first: First = 25,
        after: After = None,
    ) -> LeadLinkConnection | None:
        """Return a page of matches."""
        context = context_of(info)
        request = page_request(context, info, name=_NAME, order=BY_MATCH, first=first, after=after)
        async with context.reading() as session:
            page = await repository.matches_of_number(
                session, context.caller, spellings_of(case_number), request
            )
        return page_of_matches(context, page, name=_NAME, after=after)
