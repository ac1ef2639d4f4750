"""The event of agendas: what has left the caller's screen."""

from typing import Annotated

import strawberry
from strawberry import argument
from strawberry.types import Info

from infra.entity_references import parse_id
from infra.request_context import context_of
from svc_cases.cases.schema import STRUCTURE
from svc_cases.conferences import repository
from svc_cases.conferences.rules import MAX_ITEMS
from svc_cases.conferences.schema.meetings import MEETING_DESCRIPTION
from svc_cases.conferences.schema.words import SHARED, STAFF


@strawberry.type(
    directives=STRUCTURE, description="Items that are not on the caller's screen; never why."
)
class OwgAgendaRemoval:
    """A tombstone: it says of ids that the client gave what asking for the agenda would say."""

    meeting_id: strawberry.ID = strawberry.field(description=MEETING_DESCRIPTION)
    item_ids: list[strawberry.ID] = strawberry.field(
        description="Those of the ids given that are not on the agenda as the caller sees it."
    )


@strawberry.type(directives=STRUCTURE, description="What there is to hear of agendas.")
class AgendaSubscription:
    """Root fields of streams about agendas."""

    @strawberry.field(
        description=(
            "Items that the client shows have left the agenda as the caller may see it. An id that"
            " never was on it is told of alike."
        ),
        directives=STAFF,
    )
    async def agenda_item_removed(
        self,
        info: Info,
        meeting_id: Annotated[strawberry.ID, argument(description=MEETING_DESCRIPTION)],
        item_ids: Annotated[
            list[strawberry.ID],
            argument(
                description="Ids of the items on the client's screen, one page at most.",
                directives=SHARED,
            ),
        ],
    ) -> OwgAgendaRemoval | None:
        """Return which of the ids are not on the screen; null while all are."""
        context, meeting = context_of(info), parse_id(meeting_id)
        asked = {each: parse_id(each) for each in item_ids[:MAX_ITEMS]}
        known = [key for key in asked.values() if key is not None]
        on_screen: set[object] = set()
        if meeting is not None and known:
            async with context.reading() as session:
                on_screen = set(await repository.on_screen(session, context.caller, meeting, known))
        gone = [each for each, key in asked.items() if key not in on_screen]
        return OwgAgendaRemoval(meeting_id=meeting_id, item_ids=gone) if gone else None
