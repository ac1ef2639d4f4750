"""GraphQL of a session's places: how many are taken and free, and who waits for one."""

from datetime import datetime

import strawberry
from strawberry.types import Info

from infra.pagination import MAX_PAGE_SIZE
from infra.request_context import context_of
from svc_training.assignments.repository import waiting
from svc_training.assignments.schema.reading import TRAINING, Assignment
from svc_training.personnel.commands import reads_own_agency
from svc_training.sessions.repository import session_by_number
from svc_training.sessions.schema import SessionNumber


@strawberry.type(
    directives=TRAINING, description="Somebody of the own agency who waits for a session's place."
)
class WaitingPerson:
    """One person who waits."""

    position: int = strawberry.field(
        description="Which of all who wait, also those of other agencies; 1 gets the next place."
    )
    is_next: bool = strawberry.field(
        description="Whether a place is free and it is this person's turn: changeAssignmentStatus "
        "to ACCEPTED gives it. Before their turn it takes a reason."
    )
    since: datetime = strawberry.field(description="Since when the person waits.")
    assignment: Assignment = strawberry.field(description="The assignment that waits.")


@strawberry.type(
    directives=TRAINING,
    description="Places of a session. Who has one or waits is counted over all agencies, without "
    "saying whose people they are; those of the own agency who wait are named.",
)
class PlacesTaken:
    """Places of one session."""

    taken: int = strawberry.field(
        description="Places that somebody has, or gave up too late for another."
    )
    free: int | None = strawberry.field(description="Places that nobody has; no limit when absent.")
    waiting: int = strawberry.field(description="People who wait for one.")
    waiting_list: list[WaitingPerson] = strawberry.field(
        description="Who of the own agency waits, the next one first; at most 100."
    )


@strawberry.type
class PlacesQuery:
    """The root field about places."""

    @strawberry.field(
        description="How many places of a session are taken and free, and who waits. For who "
        "manages or reads the own agency's training; null for others.",
        directives=TRAINING,
    )
    async def places_taken(self, info: Info, session_number: SessionNumber) -> PlacesTaken | None:
        """Return the places of a session, or None."""
        context = context_of(info)
        if not reads_own_agency(context.caller):
            return None
        async with context.reading() as session:
            found = await session_by_number(session, session_number)
            if found is None:
                return None
            places = await waiting.places(session, found)
            rows = await waiting.waiting_of(session, context.caller, found.id, MAX_PAGE_SIZE)
        return PlacesTaken(
            taken=places.taken,
            free=places.free,
            waiting=places.waiting,
            waiting_list=[
                WaitingPerson(
                    position=each.position,
                    is_next=places.is_next(each.position),
                    since=each.since,
                    assignment=Assignment.from_row(each.assignment),
                )
                for each in rows
            ],
        )
