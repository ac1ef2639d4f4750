"""GraphQL types of sessions."""

from datetime import datetime
from typing import Annotated, Any, Self

import strawberry
from strawberry.types import Info

from infra.entity_references import known, reference_ids
from infra.owner_pages import page_request
from infra.pagination import Connection, PaginationError, connection
from infra.request_context import context_of
from infra.schema_directives import category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_training.catalogue.schema import Course
from svc_training.personnel.schema import After, First
from svc_training.sessions import repository, tables
from svc_training.sessions.rules import LocationMode, Platform, SessionStatus

_CATALOGUE = [category(Category.CATALOGUE)]
_STRUCTURE = [category(Category.STRUCTURE)]
_CONNECTION = "Query.sessions"

described_enum(
    LocationMode,
    "How a session is attended.",
    {
        LocationMode.VIRTUAL: "Over the network.",
        LocationMode.IN_PERSON: "At a place.",
        LocationMode.HYBRID: "At a place or over the network.",
        LocationMode.UNSTATED: "The source does not say.",
    },
)
described_enum(
    Platform,
    "Meeting platform of a virtual session.",
    {
        Platform.ZOOM: "Zoom.",
        Platform.TEAMS: "Microsoft Teams.",
        Platform.WEBEX: "Webex.",
        Platform.GOOGLE_MEET: "Google Meet.",
    },
    name="MeetingPlatform",
)
described_enum(
    SessionStatus,
    "What the academy says about a session's places.",
    {
        SessionStatus.OPEN: "Places are free.",
        SessionStatus.WAITLIST: "Only the waiting list is open.",
        SessionStatus.FULL: "No place is free.",
        SessionStatus.CLOSED: "Registration has ended.",
        SessionStatus.CANCELLED: "It does not take place.",
        SessionStatus.COMPLETED: "It has taken place.",
        SessionStatus.UNSTATED: "The source says nothing.",
    },
)

SessionNumber = Annotated[
    str, strawberry.argument(description="The academy's session number, for example 8020-1.")
]
OfCourse = Annotated[
    str | None, strawberry.argument(description="Only sessions of this course number.")
]
Since = Annotated[
    datetime | None,
    strawberry.argument(description="Only sessions that start at this moment or later."),
]


@strawberry.type(directives=_CATALOGUE, description="Where a session takes place.")
class SessionLocation:
    """Place of a session."""

    mode: LocationMode = strawberry.field(description="How it is attended.")
    platform: Platform | None = strawberry.field(description="Meeting platform, when known.")
    raw: str | None = strawberry.field(description="Place as the source has it.")


@strawberry.federation.type(
    keys=["id"], directives=_CATALOGUE, description="A dated session of a course."
)
class Session:
    """One session."""

    id: strawberry.ID = strawberry.field(
        directives=_STRUCTURE, description="Global id of the session."
    )
    number: str = strawberry.field(
        description="The academy's session number, for example 8020-1: course 8020, session 1."
    )
    title: str = strawberry.field(description="Title.")
    course: Course = strawberry.field(description="The course that it is a session of.")
    starts_at: datetime = strawberry.field(description="Start.")
    ends_at: datetime = strawberry.field(description="End.")
    time_zone: str = strawberry.field(description="Zone of its local times (IANA name).")
    is_time_zone_assumed: bool = strawberry.field(
        description="Whether the source named no zone, so that the state's was assumed."
    )
    hours: float = strawberry.field(description="Length in hours.")
    location: SessionLocation = strawberry.field(description="Where it takes place.")
    status: SessionStatus = strawberry.field(description="What the academy says about places.")
    raw_date: str = strawberry.field(description="Date as the source has it.")
    raw_hours: str = strawberry.field(description="Class hours as the source has them.")
    raw_status: str | None = strawberry.field(description="Status as the source has it.")
    capacity: int | None = strawberry.field(description="Places; no limit when absent.")
    waitlist_capacity: int | None = strawberry.field(
        description="Places on the waiting list; no limit when absent."
    )
    registration_opens_at: datetime | None = strawberry.field(
        description="From when people can be registered."
    )
    registration_closes_at: datetime | None = strawberry.field(
        description="Until when people can be registered."
    )
    cancel_by_at: datetime | None = strawberry.field(
        description="Until when a place is given up without a late cancellation."
    )
    provider_enrolled: int | None = strawberry.field(
        description="People enrolled in all, as the academy's system last said."
    )
    provider_waitlisted: int | None = strawberry.field(
        description="People waiting in all, as the academy's system last said."
    )
    version: int = strawberry.field(description="Counts changes of the session.")

    @classmethod
    def from_row(cls, stored: tables.Session) -> Self:
        """Return the GraphQL object of a row."""
        platform = stored.location_platform
        return cls(
            id=strawberry.ID(str(stored.id)),
            number=stored.number,
            title=stored.title,
            course=Course.from_row(stored.course),
            starts_at=stored.starts_at,
            ends_at=stored.ends_at,
            time_zone=stored.zone,
            is_time_zone_assumed=stored.is_zone_assumed,
            hours=float(stored.hours),
            location=SessionLocation(
                mode=LocationMode(stored.location_mode),
                platform=Platform(platform) if platform else None,
                raw=stored.raw_location,
            ),
            status=SessionStatus(stored.status),
            raw_date=stored.raw_date,
            raw_hours=stored.raw_hours,
            raw_status=stored.raw_status,
            capacity=stored.capacity,
            waitlist_capacity=stored.waitlist_capacity,
            registration_opens_at=stored.registration_opens_at,
            registration_closes_at=stored.registration_closes_at,
            cancel_by_at=stored.cancel_by_at,
            provider_enrolled=stored.provider_enrolled,
            provider_waitlisted=stored.provider_waitlisted,
            version=stored.version,
        )

    @classmethod
    async def resolve_references(
        cls, info: Info, representations: list[dict[str, Any]]
    ) -> list[Self | None]:
        """Return the sessions that a batch of representations names."""
        ids = reference_ids(representations)
        async with context_of(info).reading() as session:
            rows = await repository.sessions_by_id(session, known(ids))
        return [cls.from_row(rows[each]) if each in rows else None for each in ids]


@strawberry.type
class SessionsQuery:
    """Root fields about sessions."""

    @strawberry.field(description="Sessions by start, of all courses or of one.")
    async def sessions(
        self,
        info: Info,
        course_number: OfCourse = None,
        since: Since = None,
        first: First = 25,
        after: After = None,
    ) -> Connection[Session] | None:
        """Return one page of sessions."""
        context = context_of(info)
        if since is not None and since.tzinfo is None:
            raise PaginationError("'since' must say its offset from UTC")
        name = f"{_CONNECTION}({course_number or ''}{f',{since.timestamp()}' if since else ''})"
        wanted = page_request(
            context, info, name=name, order=repository.ORDER, first=first, after=after
        )
        async with context.reading() as session:
            page = await repository.page_of_sessions(session, course_number, wanted, since)
        return connection(
            page,
            seal=context.seal,
            caller=context.caller,
            name=name,
            after=after,
            key=repository.ORDER.key,
            node=Session.from_row,
        )

    @strawberry.field(description="The session with an id.")
    async def session_by_id(
        self,
        info: Info,
        id: Annotated[  # noqa: A002 - the name of the GraphQL argument
            strawberry.ID, strawberry.argument(description="Which session.")
        ],
    ) -> Session | None:
        """Return a session, or None."""
        found = await Session.resolve_references(info, [{"id": str(id)}])
        return found[0]

    @strawberry.field(description="The session with a number.")
    async def session(self, info: Info, number: SessionNumber) -> Session | None:
        """Return a session, or None."""
        async with context_of(info).reading() as session:
            row = await repository.session_by_number(session, number)
        return Session.from_row(row) if row else None
