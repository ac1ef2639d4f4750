"""Meetings in GraphQL: when, where, who is invited and has pledged. Nothing about a participant."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import argument
from strawberry.types import Info

from infra.mutation_result import UserError
from infra.pagination import Connection, connection, page_size
from infra.request_context import RequestContext, context_of
from infra.schema_directives import category
from infra.vocabulary import Category
from svc_cases.cases.schema import STRUCTURE, After, First, perform, read_id
from svc_cases.conferences import repository, rules, tables
from svc_cases.conferences.commands import meetings as commands
from svc_cases.conferences.schema.attendees import OwgAttendee
from svc_cases.conferences.schema.pledges import wordings_at
from svc_cases.conferences.schema.words import STAFF
from svc_cases.docket.schema.public import INPUT, KEY_DESCRIPTION

VERSION_DESCRIPTION = "Version of the meeting as you read it."
MEETING_DESCRIPTION = "Id of the meeting."


@strawberry.type(
    directives=STAFF,
    description="A meeting of a site's Operational Work Group; its agenda is `owgAgenda`.",
)
class OwgMeeting:
    """A meeting."""

    row: strawberry.Private[tables.Meeting]

    @strawberry.field(directives=STRUCTURE, description=MEETING_DESCRIPTION)
    def id(self) -> strawberry.ID:
        """Return the id."""
        return strawberry.ID(str(self.row.id))

    @strawberry.field(description="When it begins (UTC).")
    def starts_at(self) -> datetime | None:
        """Return the beginning."""
        return self.row.starts_at

    @strawberry.field(description="Where.")
    def place(self) -> str | None:
        """Return the place."""
        return self.row.place

    @strawberry.field(description="Where it stands.")
    def status(self) -> rules.MeetingStatus | None:
        """Return the status."""
        return rules.MeetingStatus(self.row.status)

    @strawberry.field(description="Minutes on how the group works; they name no participant.")
    def minutes(self) -> str | None:
        """Return the minutes."""
        return self.row.minutes

    @strawberry.field(
        description=(
            "The pledge, as the site words it now: what an attendee who has not pledged yet signs"
            " before any agenda. What was signed is `OwgAttendee.pledgeText`."
        )
    )
    async def pledge_text(self, info: Info) -> str | None:
        """Return the pledge."""
        return (await wordings_at(context_of(info), self.row.site_id))[0].text

    @strawberry.field(description="Version of that wording; name it in `signPledge`.")
    async def pledge_version(self, info: Info) -> str | None:
        """Return the pledge's version."""
        return (await wordings_at(context_of(info), self.row.site_id))[0].version

    @strawberry.field(description="Who is invited, in the order of invitation.")
    async def attendees(self, info: Info) -> list[OwgAttendee] | None:
        """Return the attendees."""
        rows = await context_of(info).loader(repository.AttendeesOfMeeting).load(self.row.id)
        return [OwgAttendee(row=row, site_id=self.row.site_id) for row in rows or ()]

    @strawberry.field(description="The caller's own invitation, if there is one.")
    async def my_invitation(self, info: Info) -> OwgAttendee | None:
        """Return the own invitation."""
        context = context_of(info)
        rows = await context.loader(repository.AttendeesOfMeeting).load(self.row.id)
        own = [row for row in rows or () if row.account == context.caller.subject]
        return OwgAttendee(row=own[0], site_id=self.row.site_id) if own else None

    @strawberry.field(description="Counts changes of the meeting; a change names it.")
    def version(self) -> int | None:
        """Return the version."""
        return self.row.version


@strawberry.input(description="A new meeting of the own site's work group.")
class ScheduleMeetingInput:
    """Input of ``scheduleMeeting``."""

    starts_at: datetime = strawberry.field(description="When it begins, with its zone.")
    place: str = strawberry.field(description="Where.")
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)


@strawberry.input(description="The next status of a meeting.")
class MoveMeetingInput:
    """Input of ``moveMeeting``."""

    meeting_id: strawberry.ID = strawberry.field(description=MEETING_DESCRIPTION)
    status: rules.MeetingStatus = strawberry.field(description="The next status.")
    expected_version: int = strawberry.field(description=VERSION_DESCRIPTION)
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)
    minutes: str | None = strawberry.field(
        default=None, description="Minutes on how the group works; no names of participants."
    )


@strawberry.input(description="Somebody who is invited.")
class InviteAttendeeInput:
    """Input of ``inviteAttendee``."""

    meeting_id: strawberry.ID = strawberry.field(description=MEETING_DESCRIPTION)
    account_id: strawberry.ID = strawberry.field(description="Account of who is invited.")
    agency_id: strawberry.ID = strawberry.field(description="Agency that they come from.")
    role: str = strawberry.field(description="Code of the role that they come in.")
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)


@strawberry.input(description="An invitation that is taken back.")
class RemoveAttendeeInput:
    """Input of ``removeAttendee``."""

    meeting_id: strawberry.ID = strawberry.field(description=MEETING_DESCRIPTION)
    attendee_id: strawberry.ID = strawberry.field(description="Id of the invitation.")
    expected_version: int = strawberry.field(description=VERSION_DESCRIPTION)
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)


@strawberry.input(description="The caller's own pledge of confidentiality.")
class SignPledgeInput:
    """Input of ``signPledge``."""

    meeting_id: strawberry.ID = strawberry.field(description=MEETING_DESCRIPTION)
    pledge_version: str = strawberry.field(description="Version of the pledge that was read.")
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)


@strawberry.input(description="Whether somebody came.")
class RecordAttendanceInput:
    """Input of ``recordAttendance``."""

    meeting_id: strawberry.ID = strawberry.field(description=MEETING_DESCRIPTION)
    attendee_id: strawberry.ID = strawberry.field(description="Id of the invitation.")
    has_attended: bool = strawberry.field(description="Whether they came.")
    expected_version: int = strawberry.field(description=VERSION_DESCRIPTION)
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)


@strawberry.type(directives=STRUCTURE, description="Result of a change of a meeting.")
class OwgMeetingPayload:
    """The meeting as it stands now, or what was wrong."""

    meeting: OwgMeeting | None = strawberry.field(
        directives=[category(Category.AGENCY_ROLES)],
        description="The meeting; null when nothing was changed.",
    )
    user_errors: list[UserError] = strawberry.field(description="What to put right.")


async def _payload(
    context: RequestContext, meeting_id: UUID, errors: list[UserError]
) -> OwgMeetingPayload:
    if errors:
        return OwgMeetingPayload(meeting=None, user_errors=errors)
    async with context.reading() as session:
        row = await repository.meeting_by_id(session, context.caller, meeting_id)
    return OwgMeetingPayload(meeting=None if row is None else OwgMeeting(row=row), user_errors=[])


@strawberry.type(description="Meetings of the work group.")
class MeetingQuery:
    """Roots of meetings."""

    @strawberry.field(
        directives=STAFF,
        description="Meetings of the own site that the caller has to do with, latest first.",
    )
    async def owg_meetings(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[OwgMeeting] | None:
        """Return a page of meetings."""
        context, name, key = context_of(info), "Query.owgMeetings", None
        if after is not None:
            starts_at, meeting_id = context.seal.open(context.caller, name, after)
            key = datetime.fromisoformat(starts_at), UUID(meeting_id)
        size = page_size(first)
        async with context.reading() as session:
            page = await repository.meeting_page(session, context.caller, size, key)
        return connection(
            page,
            seal=context.seal,
            caller=context.caller,
            name=name,
            after=after,
            key=lambda row: (row.starts_at.isoformat(), str(row.id)),
            node=lambda row: OwgMeeting(row=row),
        )

    @strawberry.field(directives=STAFF, description="The meeting of this id; else null.")
    async def owg_meeting(
        self,
        info: Info,
        meeting: Annotated[strawberry.ID, argument(name="id", description=MEETING_DESCRIPTION)],
    ) -> OwgMeeting | None:
        """Return a meeting by its id."""
        context = context_of(info)
        async with context.reading() as session:
            row = await repository.meeting_by_id(session, context.caller, read_id(meeting))
        return None if row is None else OwgMeeting(row=row)


@strawberry.type(description="Changes of meetings.")
class MeetingMutation:
    """Roots of changes."""

    @strawberry.mutation(description="Schedule a meeting of the own site's work group (PM).")
    async def schedule_meeting(
        self, info: Info, given: Annotated[ScheduleMeetingInput, INPUT]
    ) -> OwgMeetingPayload:
        """Schedule a meeting."""
        return await _run(
            info,
            "scheduleMeeting",
            given,
            lambda session, caller: commands.schedule(
                session, caller, starts_at=given.starts_at, place=given.place
            ),
        )

    @strawberry.mutation(description="Bring a meeting to its next status (PM).")
    async def move_meeting(
        self, info: Info, given: Annotated[MoveMeetingInput, INPUT]
    ) -> OwgMeetingPayload:
        """Move a meeting."""
        return await _run(
            info,
            "moveMeeting",
            given,
            lambda session, caller: commands.move(
                session,
                caller,
                meeting_id=read_id(given.meeting_id),
                status=given.status,
                minutes=given.minutes,
                expected_version=given.expected_version,
            ),
        )

    @strawberry.mutation(description="Invite somebody, who sees no agenda before the pledge (PM).")
    async def invite_attendee(
        self, info: Info, given: Annotated[InviteAttendeeInput, INPUT]
    ) -> OwgMeetingPayload:
        """Invite somebody."""
        return await _run(
            info,
            "inviteAttendee",
            given,
            lambda session, caller: commands.invite(
                session,
                caller,
                meeting_id=read_id(given.meeting_id),
                account=str(given.account_id),
                agency_id=str(given.agency_id),
                role=given.role,
            ),
        )

    @strawberry.mutation(description="Take an invitation back; the agenda leaves that screen (PM).")
    async def remove_attendee(
        self, info: Info, given: Annotated[RemoveAttendeeInput, INPUT]
    ) -> OwgMeetingPayload:
        """Take an invitation back."""
        return await _run(
            info,
            "removeAttendee",
            given,
            lambda session, caller: commands.uninvite(
                session,
                caller,
                meeting_id=read_id(given.meeting_id),
                attendee_id=read_id(given.attendee_id),
                expected_version=given.expected_version,
            ),
        )

    @strawberry.mutation(description="Pledge confidentiality for a meeting, oneself.")
    async def sign_pledge(
        self, info: Info, given: Annotated[SignPledgeInput, INPUT]
    ) -> OwgMeetingPayload:
        """Sign the pledge."""
        return await _run(
            info,
            "signPledge",
            given,
            lambda session, caller: commands.sign_pledge(
                session,
                caller,
                meeting_id=read_id(given.meeting_id),
                pledge_version=given.pledge_version,
            ),
        )

    @strawberry.mutation(description="Record whether somebody came (PM).")
    async def record_attendance(
        self, info: Info, given: Annotated[RecordAttendanceInput, INPUT]
    ) -> OwgMeetingPayload:
        """Record attendance."""
        return await _run(
            info,
            "recordAttendance",
            given,
            lambda session, caller: commands.record_attendance(
                session,
                caller,
                meeting_id=read_id(given.meeting_id),
                attendee_id=read_id(given.attendee_id),
                has_attended=given.has_attended,
                expected_version=given.expected_version,
            ),
        )


async def _run(info: Info, name: str, given: Any, command: Any) -> OwgMeetingPayload:
    context = context_of(info)
    meeting_id, errors = await perform(
        context, name, given, lambda session: command(session, context.caller)
    )
    return await _payload(context, meeting_id, errors)
