"""Planning a session by hand, where no page and no file of the academy brings it."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from infra.command_edge import run_command
from infra.database import WriteSession
from infra.mutation_result import UserError
from infra.request_context import context_of
from infra.schema_directives import category
from infra.vocabulary import Category
from svc_training.sessions import commands, repository
from svc_training.sessions.places import SessionPlaces
from svc_training.sessions.planning import PlannedSession
from svc_training.sessions.rules import ASSUMED_ZONE, LocationMode
from svc_training.sessions.schema.reading import Session

_STRUCTURE = [category(Category.STRUCTURE)]


@strawberry.input(description="A session that is to take place.")
class PlanSessionInput:
    """Input of planSession."""

    number: str = strawberry.field(
        description="Course, hyphen, running number, for example 8020-2; the course is there."
    )
    title: str = strawberry.field(description="Title.")
    starts_at: datetime = strawberry.field(description="Start; in the future.")
    ends_at: datetime = strawberry.field(description="End, within seven days.")
    location_mode: LocationMode = strawberry.field(description="How it is attended.")
    idempotency_key: str = strawberry.field(
        description="The same key with the same input has its effect once (1 to 200 characters)."
    )
    place: str = strawberry.field(
        default="", description="Room, or meeting platform; needed unless it is virtual."
    )
    time_zone: str = strawberry.field(
        default=ASSUMED_ZONE, description="Zone of its local times (IANA name)."
    )
    hours: float | None = strawberry.field(
        default=None, description="Hours that are credited; its length when absent."
    )
    capacity: int | None = strawberry.field(
        default=None, description="Places; no limit when absent."
    )
    waitlist_capacity: int | None = strawberry.field(
        default=None, description="Places on the waiting list; no limit when absent."
    )
    registration_opens_at: datetime | None = strawberry.field(
        default=None, description="From when people can be registered."
    )
    registration_closes_at: datetime | None = strawberry.field(
        default=None, description="Until when people can be registered."
    )
    cancel_by_at: datetime | None = strawberry.field(
        default=None, description="Until when a place is given up without a late cancellation."
    )


@strawberry.type(directives=_STRUCTURE, description="Result of planSession.")
class PlanSessionPayload:
    """Payload of planSession."""

    session: Session | None = strawberry.field(
        default=None, description="The session as it is now."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What to put right in the input."
    )


@strawberry.type
class PlanningMutation:
    """The mutation that plans a session."""

    @strawberry.mutation(description="Put a session of a course into the catalogue by hand.")
    async def plan_session(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            PlanSessionInput, strawberry.argument(description="The session.")
        ],
    ) -> PlanSessionPayload:
        """Plan a session."""
        context = context_of(info)
        planned = PlannedSession(
            number=input.number,
            title=input.title,
            starts_at=input.starts_at,
            ends_at=input.ends_at,
            zone=input.time_zone,
            hours=input.hours,
            mode=input.location_mode,
            place=input.place,
        )
        places = SessionPlaces(
            input.capacity,
            input.waitlist_capacity,
            input.registration_opens_at,
            input.registration_closes_at,
            input.cancel_by_at,
        )

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.plan(session, context.caller, planned, places)

        outcome = await run_command(
            context, "planSession", input, key=input.idempotency_key, effect=effect
        )
        found = None
        if "session" in outcome.result:
            async with context.reading() as session:
                row = await repository.session_by_number(session, outcome.result["session"])
            found = Session.from_row(row) if row else None
        return PlanSessionPayload(session=found, user_errors=outcome.user_errors)
