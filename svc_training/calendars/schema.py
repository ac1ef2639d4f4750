"""GraphQL of the own calendar: whether there is an address, making one, ending it."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from infra.calendar_address import digest, new_secret
from infra.command_edge import run_command
from infra.database import WriteSession
from infra.mutation_result import UserError
from infra.request_context import context_of
from infra.schema_directives import category
from infra.vocabulary import Category
from svc_training.calendars import commands, repository

_TRAINING = [category(Category.TRAINING)]
_STRUCTURE = [category(Category.STRUCTURE)]
_KEY = "The same key with the same input has its effect once (1 to 200 characters)."


@strawberry.type(
    directives=_TRAINING,
    description="The own calendar: an address by which a calendar program reads the own sessions, "
    "without a sign-in.",
)
class TrainingCalendar:
    """The caller's calendar."""

    may_subscribe: bool = strawberry.field(
        description="Whether an address can be made: who is on the own agency's roster or manages "
        "its training."
    )
    subscribed_at: datetime | None = strawberry.field(
        description="Since when the address is good; null where there is none."
    )


@strawberry.type
class CalendarsQuery:
    """The root field about the own calendar."""

    @strawberry.field(
        description="The own calendar: whether a calendar program can read the own sessions.",
        directives=_TRAINING,
    )
    async def my_training_calendar(self, info: Info) -> TrainingCalendar | None:
        """Return the caller's calendar."""
        return await _own(info)


@strawberry.input(description="Makes the own calendar's address, or another one in its place.")
class SubscribeToCalendarInput:
    """Input of subscribeToCalendar."""

    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.input(description="Ends the own calendar's address.")
class EndCalendarInput:
    """Input of endCalendar."""

    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.type(directives=_STRUCTURE, description="Result of subscribeToCalendar.")
class SubscribeToCalendarPayload:
    """Payload of subscribeToCalendar."""

    calendar: TrainingCalendar | None = strawberry.field(
        default=None, description="The own calendar as it is now."
    )
    path: str | None = strawberry.field(
        default=None,
        directives=_TRAINING,
        description="The address on this host, with its secret. It is said once and stored "
        "nowhere: null when the same key comes again.",
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why there is none."
    )


@strawberry.type(directives=_STRUCTURE, description="Result of endCalendar.")
class EndCalendarPayload:
    """Payload of endCalendar."""

    calendar: TrainingCalendar | None = strawberry.field(
        default=None, description="The own calendar as it is now."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What to put right in the input."
    )


@strawberry.type
class CalendarsMutation:
    """Mutations of the own calendar."""

    @strawberry.mutation(
        description="Make the own calendar's address; one that there was is good no more."
    )
    async def subscribe_to_calendar(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            SubscribeToCalendarInput, strawberry.argument(description="The request.")
        ],
    ) -> SubscribeToCalendarPayload:
        """Make an address."""
        context, secret = context_of(info), new_secret()

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.subscribe(session, context.caller, secret)

        outcome = await run_command(
            context, "subscribeToCalendar", input, key=input.idempotency_key, effect=effect
        )
        if outcome.user_errors:
            return SubscribeToCalendarPayload(user_errors=outcome.user_errors)
        is_first = outcome.result["digest"] == digest(secret)
        path = f"/training/calendar/{secret}.ics" if is_first else None
        return SubscribeToCalendarPayload(calendar=await _own(info), path=path)

    @strawberry.mutation(
        description="End the own calendar's address: calendar programs get nothing more."
    )
    async def end_calendar(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            EndCalendarInput, strawberry.argument(description="The request.")
        ],
    ) -> EndCalendarPayload:
        """End the address."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.end(session, context.caller)

        outcome = await run_command(
            context, "endCalendar", input, key=input.idempotency_key, effect=effect
        )
        if outcome.user_errors:
            return EndCalendarPayload(user_errors=outcome.user_errors)
        return EndCalendarPayload(calendar=await _own(info))


async def _own(info: Info) -> TrainingCalendar:
    context = context_of(info)
    async with context.reading() as session:
        may_subscribe = await commands.may_have_one(session, context.caller)
        found = await repository.current(session, context.caller.subject)
    return TrainingCalendar(
        may_subscribe=may_subscribe, subscribed_at=None if found is None else found.made_at
    )
