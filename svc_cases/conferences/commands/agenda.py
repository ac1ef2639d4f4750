"""Changes of an agenda: who is on it, what becomes of each item, notes and actions.

An item that is not on the caller's screen gives NOT_FOUND. After a release was taken back a
partner can therefore write nothing to it, even if it stood open before them.
"""

from datetime import date
from uuid import UUID, uuid4

from infra import clock
from infra.authority.handover import append
from infra.database import WriteSession
from infra.events import meeting_key, publish
from infra.identity_token import Caller
from infra.mutation_result import CommandError
from infra.vocabulary import Category, Form, Role
from svc_cases.cases.commands import check_step, check_text, today_at_site
from svc_cases.conferences import repository
from svc_cases.conferences.commands.facts import put_on_screens, take_off_screens
from svc_cases.conferences.commands.meetings import require_chair, require_meeting
from svc_cases.conferences.rules import (
    ACTION_STEPS,
    CHAIRS,
    ITEM_STEP_WHILE,
    ITEM_STEPS,
    MAX_ITEMS,
    MAX_TEXT,
    ON_SCREEN,
    PREPARES,
    WRITING,
    ActionStatus,
    ItemStatus,
    MeetingStatus,
    Topic,
)
from svc_cases.conferences.tables import AgendaItem, ConferenceAction, ConferenceNote, Meeting
from svc_cases.counsel import repository as counsel
from svc_cases.counsel.commands import version_conflict
from svc_cases.counsel.rules import CASE_WORK_GROUNDS

_OFF_AGENDA = frozenset({ItemStatus.REMOVED_CONSENT, ItemStatus.WITHDRAWN})


async def propose(
    session: WriteSession,
    caller: Caller,
    *,
    meeting_id: UUID,
    participant_id: UUID,
    topic: Topic,
    question: str,
) -> UUID:
    """Propose somebody for the agenda: by who works with them, or the chair. Returns the item.

    Raises:
        CommandError: not allowed, no such meeting or participant, on the agenda already, full, or
            an agenda that is not open.
    """
    if caller.role not in PREPARES:
        raise CommandError("NOT_ALLOWED", "The agenda is prepared by those who work the case.")
    meeting = await require_meeting(session, caller, meeting_id)
    ground = CASE_WORK_GROUNDS.get(caller.role, caller.access.get(Category.OWG, ""))
    if not ground or not await counsel.holds_participant(
        session, caller, participant_id, ground, Category.OWG
    ):
        raise CommandError("NOT_FOUND", "There is no such participant.", ("participantId",))
    words = check_text(question, MAX_TEXT, "question")
    _require_while(meeting, ItemStatus.PROPOSED)
    items = await repository.items_of_meeting(session, meeting.id)
    # Whether somebody else has proposed the person does not show: each sees the own proposal.
    if len(items) >= MAX_ITEMS:
        raise CommandError("TOO_MANY", f"An agenda has at most {MAX_ITEMS} items.", ("meetingId",))
    now = clock.now()
    item = AgendaItem(
        id=uuid4(),
        meeting_id=meeting.id,
        participant_id=participant_id,
        position=max((each.position for each in items), default=0) + 1,
        topic=topic.value,
        question=words,
        status=ItemStatus.PROPOSED.value,
        proposed_by=caller.subject,
        agency_id=caller.agency_id,
        proposed_on=await today_at_site(session, meeting.site_id),
        proposed_at=now,
        version=1,
    )
    session.add(item)
    return item.id


async def move(
    session: WriteSession,
    caller: Caller,
    *,
    item_id: UUID,
    status: ItemStatus,
    expected_version: int,
) -> UUID:
    """Bring an item to its next status; returns it.

    The chair runs the agenda. Taking somebody off it is for who works with them as well; it is
    acknowledged when the item has left the screens.

    Raises:
        CommandError: not allowed, no such item, another version, an illegal step, or not while the
            meeting stands as it does.
    """
    if caller.role not in CHAIRS and not (caller.role in PREPARES and status in _OFF_AGENDA):
        raise CommandError("NOT_ALLOWED", "Only the project manager runs the agenda.")
    item = await repository.lock_item(session, caller, item_id)
    if item is None:
        raise CommandError("NOT_FOUND", "There is no such item.", ("itemId",))
    if item.version != expected_version:
        raise version_conflict("item")
    check_step("status", status, ITEM_STEPS[ItemStatus(item.status)])
    meeting = await require_meeting(session, caller, item.meeting_id)
    _require_while(meeting, status)
    was_shown = ItemStatus(item.status) in ON_SCREEN
    item.status = status.value
    item.version += 1
    attendees = await repository.attendees_of(session, meeting.id)
    if status is ItemStatus.ADMITTED:
        append(session, put_on_screens(meeting, attendees, [item], clock.now()))
    elif was_shown and status in _OFF_AGENDA:
        append(session, take_off_screens(attendees, [item]))
        publish(session, "agendaItemRemoved", meeting.id, [meeting_key(meeting.id)])
    return item.id


async def add_note(session: WriteSession, caller: Caller, *, item_id: UUID, body: str) -> UUID:
    """Write a note to an item that is on the caller's screen; returns the item.

    Raises:
        CommandError: a role that reads summaries only, no such item, or not in session.
    """
    if caller.forms.get(Category.OWG) is Form.SUMMARY:
        raise CommandError("NOT_ALLOWED", "This role writes no notes of conferences.")
    item, meeting = await _writable(session, caller, item_id)
    now = clock.now()
    session.add(
        ConferenceNote(
            id=uuid4(),
            item_id=item.id,
            participant_id=item.participant_id,
            body=check_text(body, MAX_TEXT, "body"),
            written_by=caller.subject,
            agency_id=caller.agency_id,
            written_on=await today_at_site(session, meeting.site_id),
            written_at=now,
        )
    )
    return item.id


async def add_action(
    session: WriteSession,
    caller: Caller,
    *,
    item_id: UUID,
    what: str,
    responsible_agency_id: str,
    due_on: date | None,
) -> UUID:
    """Record what an agency takes upon itself; returns the item.

    Raises:
        CommandError: not allowed, no such item, not in session, or an agency that is not invited.
    """
    require_chair(caller)
    item, meeting = await _writable(session, caller, item_id)
    invited = await repository.attendees_of(session, item.meeting_id)
    if responsible_agency_id not in {each.agency_id for each in invited}:
        raise CommandError(
            "NOT_INVITED", "This agency is not at the meeting.", ("responsibleAgencyId",)
        )
    now = clock.now()
    session.add(
        ConferenceAction(
            id=uuid4(),
            item_id=item.id,
            participant_id=item.participant_id,
            what=check_text(what, MAX_TEXT, "what"),
            responsible_agency_id=responsible_agency_id,
            due_on=due_on,
            status=ActionStatus.OPEN.value,
            set_by=caller.subject,
            set_on=await today_at_site(session, meeting.site_id),
            set_at=now,
            version=1,
        )
    )
    return item.id


async def close_action(
    session: WriteSession,
    caller: Caller,
    *,
    action_id: UUID,
    status: ActionStatus,
    expected_version: int,
) -> UUID:
    """Record that an action is done or dropped: the chair, or the agency that took it.

    Returns the item.

    Raises:
        CommandError: no such action, another version, or an illegal step.
    """
    action = await repository.lock_action(session, caller, action_id)
    missing = CommandError("NOT_FOUND", "There is no such action.", ("actionId",))
    if action is None:
        raise missing
    if caller.role is not Role.PM and action.responsible_agency_id != caller.agency_id:
        raise missing
    if action.version != expected_version:
        raise version_conflict("action")
    check_step("status", status, ACTION_STEPS[ActionStatus(action.status)])
    action.status = status.value
    action.closed_by, action.closed_at = caller.subject, clock.now()
    action.version += 1
    return action.item_id


async def _writable(
    session: WriteSession, caller: Caller, item_id: UUID
) -> tuple[AgendaItem, Meeting]:
    item = await repository.lock_item(session, caller, item_id)
    if item is None or ItemStatus(item.status) not in ON_SCREEN:
        raise CommandError("NOT_FOUND", "There is no such item.", ("itemId",))
    meeting = await require_meeting(session, caller, item.meeting_id)
    if MeetingStatus(meeting.status) not in WRITING:
        raise CommandError("NOT_IN_SESSION", "The meeting is not in session.", ("itemId",))
    return item, meeting


def _require_while(meeting: Meeting, status: ItemStatus) -> None:
    stands = MeetingStatus(meeting.status)
    if stands not in ITEM_STEP_WHILE[status]:
        raise CommandError(
            "MEETING_STANDS_OTHERWISE",
            f"Not while the meeting is {stands.value}.",
            ("status",),
        )
