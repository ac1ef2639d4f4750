"""The liaison prosecutor's queue in GraphQL: matched cases of the own office, as a release shows.

It is the own docket with the link that each participant's release opens, not a list of
participants: nothing is found in it by a name, and who is in it without a release is not there.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import argument
from strawberry.types import Info

from infra.pagination import Connection, connection, page_size
from infra.request_context import context_of
from infra.schema_enums import described_enum
from svc_cases.cases.schema import After, First
from svc_cases.coordination import repository
from svc_cases.coordination.rules import QueueKind
from svc_cases.coordination.schema.matches import LeadLink
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
    ) -> Connection[LeadLink] | None:
        """Return a page of the queue."""
        context, name = context_of(info), f"{_NAME}:{kind or ''}"
        size, key = page_size(first), None
        if after is not None:
            matched_at, link_id = context.seal.open(context.caller, name, after)
            key = datetime.fromisoformat(matched_at), UUID(link_id)
        async with context.reading() as session:
            page = await repository.queue_page(session, context.caller, kind, size, key)
        return connection(
            page,
            seal=context.seal,
            caller=context.caller,
            name=name,
            after=after,
            key=lambda match: (match.link.matched_at.isoformat(), str(match.link.id)),
            node=lambda match: LeadLink(match=match),
        )
