"""Changes of meetings: by the project manager who chairs, and the pledge by each who attends."""

from datetime import datetime
from uuid import UUID, uuid4

from infra import clock
from infra.authority.handover import append
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.events import meeting_key, publish
from infra.identity_token import Caller
from infra.mutation_result import CommandError
from svc_cases.cases.commands import check_moment, check_step, check_text
from svc_cases.conferences import repository
from svc_cases.conferences.commands.facts import put_on_screens, take_off_screens
from svc_cases.conferences.rules import (
    CHAIRS,
    MAX_ATTENDEES,
    MAX_MINUTES,
    MAX_PLACE,
    MEETING_STEPS,
    PURPOSES_OF_ATTENDEE,
    WRITING,
    MeetingStatus,
)
from svc_cases.conferences.tables import Attendee, Meeting
from svc_cases.counsel.commands import version_conflict


def require_chair(caller: Caller) -> None:
    """Stop unless this role runs the work group.

    Raises:
        CommandError: it does not.
    """
    if caller.role not in CHAIRS:
        raise CommandError("NOT_ALLOWED", "Only the project manager runs the work group.")


async def require_meeting(session: WriteSession, caller: Caller, meeting_id: UUID) -> Meeting:
    """Return a meeting, locked.

    Raises:
        CommandError: no such meeting, as far as this caller may know.
    """
    meeting = await repository.lock_meeting(session, caller, meeting_id)
    if meeting is None:
        raise CommandError("NOT_FOUND", "There is no such meeting.", ("meetingId",))
    return meeting


async def schedule(
    session: WriteSession, caller: Caller, *, starts_at: datetime, place: str
) -> UUID:
    """Schedule a meeting of the own site's work group; returns it.

    Raises:
        CommandError: not allowed, or a time or place that is not acceptable.
    """
    require_chair(caller)
    site_id = parse_id(caller.site_id)
    if site_id is None:
        raise CommandError("NOT_ALLOWED", "A meeting belongs to a site.")
    check_moment(starts_at)
    meeting = Meeting(
        id=uuid4(),
        site_id=site_id,
        starts_at=starts_at,
        place=check_text(place, MAX_PLACE, "place"),
        status=MeetingStatus.SCHEDULED.value,
        chaired_by=caller.subject,
        agency_id=caller.agency_id,
        version=1,
    )
    session.add(meeting)
    return meeting.id


async def move(
    session: WriteSession,
    caller: Caller,
    *,
    meeting_id: UUID,
    status: MeetingStatus,
    minutes: str | None,
    expected_version: int,
) -> UUID:
    """Bring a meeting to its next status, and keep its minutes; returns it.

    Raises:
        CommandError: not allowed, no such meeting, another version, an illegal step, or minutes
            before there was a meeting.
    """
    require_chair(caller)
    meeting = await require_meeting(session, caller, meeting_id)
    if meeting.version != expected_version:
        raise version_conflict("meeting")
    check_step("status", status, MEETING_STEPS[MeetingStatus(meeting.status)])
    if minutes is not None:
        if status not in WRITING | {MeetingStatus.MINUTES_APPROVED}:
            raise CommandError("TOO_EARLY", "There are no minutes yet.", ("minutes",))
        meeting.minutes = check_text(minutes, MAX_MINUTES, "minutes")
    meeting.status = status.value
    meeting.version += 1
    return meeting.id


async def invite(
    session: WriteSession,
    caller: Caller,
    *,
    meeting_id: UUID,
    account: str,
    agency_id: str,
    role: str,
) -> UUID:
    """Invite somebody, who sees nothing before the pledge; returns the meeting.

    Raises:
        CommandError: not allowed, no such meeting, a role that does not sit in the work group,
            invited already, or too many.
    """
    require_chair(caller)
    meeting = await require_meeting(session, caller, meeting_id)
    if role not in {each.value for each in PURPOSES_OF_ATTENDEE}:
        raise CommandError("ROLE_NOT_INVITED", "This role does not confer.", ("role",))
    if parse_id(agency_id) is None or parse_id(account) is None:
        raise CommandError("NOT_FOUND", "There is nobody of this id.", ("accountId",))
    invited = await repository.attendees_of(session, meeting.id)
    if any(each.account == account for each in invited):
        raise CommandError("ALREADY_INVITED", "This person is invited already.", ("accountId",))
    if len(invited) >= MAX_ATTENDEES:
        raise CommandError("TOO_MANY", f"At most {MAX_ATTENDEES} are invited.", ("accountId",))
    session.add(
        Attendee(
            id=uuid4(),
            meeting_id=meeting.id,
            account=account,
            agency_id=agency_id,
            role=role,
            invited_at=clock.now(),
        )
    )
    meeting.version += 1
    return meeting.id


async def uninvite(
    session: WriteSession,
    caller: Caller,
    *,
    meeting_id: UUID,
    attendee_id: UUID,
    expected_version: int,
) -> UUID:
    """Take an invitation back; the agenda leaves that screen at once. Returns the meeting.

    Raises:
        CommandError: not allowed, no such meeting or attendee, or another version.
    """
    require_chair(caller)
    meeting = await require_meeting(session, caller, meeting_id)
    if meeting.version != expected_version:
        raise version_conflict("meeting")
    attendee = await _attendee(session, meeting, attendee_id)
    items = await repository.items_of_meeting(session, meeting.id)
    append(session, take_off_screens([attendee], items))
    publish(session, "agendaItemRemoved", meeting.id, [meeting_key(meeting.id)])
    attendee.removed_at = clock.now()
    meeting.version += 1
    return meeting.id


async def sign_pledge(
    session: WriteSession, caller: Caller, *, meeting_id: UUID, pledge_version: str
) -> UUID:
    """Record the caller's own pledge of confidentiality for a meeting; returns the meeting.

    Who has pledged for this meeting stays so, in the wording that was signed, whatever the site
    publishes afterwards. Who is invited anew signs anew.

    Raises:
        CommandError: not invited in this role and for this agency, or another wording than the
            site's present one.
    """
    meeting = await require_meeting(session, caller, meeting_id)
    invited = await repository.attendees_of(session, meeting.id)
    own = next((each for each in invited if each.account == caller.subject), None)
    if own is None or (own.agency_id, own.role) != (caller.agency_id, caller.role.value):
        raise CommandError("NOT_FOUND", "There is no such meeting.", ("meetingId",))
    if pledge_version != (await repository.wording_of_site(session, meeting.site_id)).version:
        raise CommandError(
            "PLEDGE_OUTDATED", "The pledge has another wording now.", ("pledgeVersion",)
        )
    if own.pledged_at is None:
        now = clock.now()
        own.pledged_at, own.pledge_version = now, pledge_version
        items = await repository.items_of_meeting(session, meeting.id)
        append(session, put_on_screens(meeting, [own], items, now))
        meeting.version += 1
    return meeting.id


async def record_attendance(
    session: WriteSession,
    caller: Caller,
    *,
    meeting_id: UUID,
    attendee_id: UUID,
    has_attended: bool,
    expected_version: int,
) -> UUID:
    """Record whether somebody came; returns the meeting.

    Raises:
        CommandError: not allowed, no such meeting or attendee, another version, or not the time
            for it.
    """
    require_chair(caller)
    meeting = await require_meeting(session, caller, meeting_id)
    if meeting.version != expected_version:
        raise version_conflict("meeting")
    attendee = await _attendee(session, meeting, attendee_id)
    if MeetingStatus(meeting.status) not in WRITING:
        raise CommandError("NOT_IN_SESSION", "The meeting is not in session.", ("meetingId",))
    attendee.has_attended = has_attended
    meeting.version += 1
    return meeting.id


async def _attendee(session: WriteSession, meeting: Meeting, attendee_id: UUID) -> Attendee:
    for each in await repository.attendees_of(session, meeting.id):
        if each.id == attendee_id:
            return each
    raise CommandError("NOT_FOUND", "There is no such attendee.", ("attendeeId",))
