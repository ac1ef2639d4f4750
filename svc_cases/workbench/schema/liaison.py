"""The liaison prosecutor's queue in GraphQL: matched cases of the own office, as a release shows.

It is the own docket with the link that each participant's release opens, not a list of
participants: nothing is found in it by a name, and who is in it without a release is not there.
"""

from typing import Annotated

import strawberry
from strawberry import argument
from strawberry.types import Info

from infra.owner_pages import page_request
from infra.request_context import context_of
from infra.schema_enums import described_enum
from svc_cases.cases.schema import After, First
from svc_cases.coordination import repository
from svc_cases.coordination.repository import BY_MATCH
from svc_cases.coordination.rules import QueueKind
from svc_cases.coordination.schema.matches import LeadLinkConnection, page_of_matches
from svc_cases.coordination.schema.words import SUMMARY

described_enum(
    QueueKind,
    "Which part of the liaison prosecutor's queue.",
    {
        QueueKind.TO_DECIDE: "Nothing is filed, and there is no decision.",
        QueueKind.HELD: "Held for LEAD.",
        QueueKind.OPEN_CASES: "Filed and open: pre-existing and post-enrollment cases.",
        QueueKind.REQUESTED: "Somebody has asked for something and awaits an answer.",
    },
)

_NAME = "Query.liaisonQueue"


@strawberry.type(description="What the liaison prosecutor has to do.")
class QueueQuery:
    """Roots of the queue."""

    @strawberry.field(
        directives=SUMMARY,
        description=(
            "Matched cases of the own office that are not closed, oldest match first; only"
            " for its named liaison, and only where a release covers it."
        ),
    )
    async def liaison_queue(
        self,
        info: Info,
        kind: Annotated[
            QueueKind | None,
            argument(directives=SUMMARY, description="Which part; all of it without."),
        ] = None,
        first: First = 25,
        after: After = None,
    ) -> LeadLinkConnection | None:
        """Return a page of the queue."""
        context, name = context_of(info), f"{_NAME}:{kind or ''}"
        request = page_request(context, info, name=name, order=BY_MATCH, first=first, after=after)
        async with context.reading() as session:
            page = await repository.queue_page(session, context.caller, kind, request)
        return page_of_matches(context, page, name=name, after=after)
