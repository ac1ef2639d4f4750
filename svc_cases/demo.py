"""What the demo shows of requests, meetings and letters: a few of each, all of it invented.

Who is in it follows from the demo world: the personas, and their own caseload's matched cases.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid5

from infra.authority.handover import append
from infra.database import WriteSession
from infra.vocabulary import Role
from svc_cases.conferences.commands.facts import put_on_screens
from svc_cases.conferences.rules import (
    FIRST_WORDING,
    ActionStatus,
    ItemStatus,
    MeetingStatus,
    Topic,
)
from svc_cases.conferences.tables import (
    AgendaItem,
    Attendee,
    ConferenceAction,
    ConferenceNote,
    Meeting,
)
from svc_cases.letters.rules import TEMPLATE_VERSION, LetterStatus
from svc_cases.letters.tables import CourtLetter
from svc_cases.requests.rules import RequestKind, RequestStatus
from svc_cases.requests.tables import CoordinationRequest

World = Mapping[str, Any]
_NAMESPACE = UUID("0f1b0d7e-5a64-4a3f-9a63-7a0a2c1f6f11")
_INVITED = ("project_manager", "le_supervisor", "prosecutor", "defender", "case_manager")
_NOT_PLEDGED = frozenset({"defender"})
_ON_AGENDA: Sequence[tuple[str, Topic, str]] = (
    ("roi_active", Topic.SUCCESS, "She has moved into a room. What keeps it hers over the winter?"),
    ("roi_partial_no_prosecutor", Topic.BARRIER, "The clinic is two buses away. Who can drive?"),
    ("p003", Topic.COURT_DATE, "There is a court date on the day of the intake. Can it move?"),
)
_REQUESTS: Sequence[tuple[RequestKind, str, RequestStatus, str | None]] = (
    (RequestKind.HOLD, "He starts with a job coach next week.", RequestStatus.OPEN, None),
    (
        RequestKind.CONTINUANCE,
        "The date falls on the day of the housing interview.",
        RequestStatus.GRANTED,
        "We agree to two weeks.",
    ),
    (RequestKind.CONTEXT, "She comes to every appointment.", RequestStatus.NOTED, "Thank you."),
)
_STATEMENT = "He keeps in touch, has a place to stay, and has begun to look for work."


def _made_up(kind: str, name: object) -> UUID:
    return uuid5(_NAMESPACE, f"{kind}:{name}")


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(19), tzinfo=UTC)


async def seed_demo(session: WriteSession, world: World) -> None:
    """Load the demo's requests, two meetings and a letter; the world's own rows are there.

    Args:
        session: the seed's transaction.
        world: the demo world.
    """
    staff = {each["subject"].removeprefix("persona:"): each for each in world["staff"]}
    if any(persona not in staff for persona in (*_INVITED, "cm_supervisor")):
        return
    today = date.fromisoformat(world["on"])
    matches = _matches(world)
    for number, request in enumerate(_REQUESTS):
        if number < len(matches):
            session.add(_request(matches[number], request, staff["case_manager"], today, number))
    if matches:
        session.add(_letter(matches[0], staff, today))
    people = {each["handle"]: each["id"] for each in world["participants"]}
    on_agenda = [each for each in _ON_AGENDA if each[0] in people]
    site_id = UUID(staff["project_manager"]["site_id"])
    for name, day, status in (
        ("held", today - timedelta(days=10), MeetingStatus.MINUTES_APPROVED),
        ("next", today + timedelta(days=4), MeetingStatus.AGENDA_OPEN),
    ):
        meeting = _meeting(name, _noon(day), status, staff["project_manager"], site_id)
        session.add(meeting)
        await session.flush()
        attendees = [_attendee(meeting, persona, staff[persona], today) for persona in _INVITED]
        items = [
            _item(meeting, place, UUID(people[handle]), (topic, question), staff, today)
            for place, (handle, topic, question) in enumerate(on_agenda, start=1)
        ]
        session.add_all([*attendees, *items])
        await session.flush()
        if status is MeetingStatus.MINUTES_APPROVED:
            for each in items:
                session.add_all(_said(each, staff, today))
        append(session, put_on_screens(meeting, attendees, items, _noon(today - timedelta(days=1))))


def _matches(world: World) -> list[tuple[World, World]]:
    """Return the filed cases of the case manager's own caseload, with their matches."""
    cases = {each["id"]: each for each in world["legal_cases"]}
    mine = {
        each["participant_id"]
        for each in world["assignments"]
        if each["subject"] == "persona:case_manager"
    }
    return [
        (each, cases[each["case_id"]])
        for each in world["matches"]
        if each["participant_id"] in mine and cases[each["case_id"]]["filed_on"]
    ]


def _request(
    matched: tuple[World, World],
    request: tuple[RequestKind, str, RequestStatus, str | None],
    who: World,
    today: date,
    number: int,
) -> CoordinationRequest:
    match, case = matched
    kind, context, status, answer = request
    asked_on = today - timedelta(days=6 - number)
    return CoordinationRequest(
        id=_made_up("request", match["id"]),
        link_id=UUID(match["id"]),
        participant_id=UUID(match["participant_id"]),
        recipient_agency_id=UUID(case["prosecutor_agency_id"]),
        kind=kind.value,
        warrant_id=None,
        context=context,
        status=status.value,
        requested_by=who["id"],
        agency_id=who["agency_id"],
        requested_on=asked_on,
        requested_at=_noon(asked_on),
        answer=answer,
        answered_by=None,
        answered_at=_noon(today - timedelta(days=2)) if answer else None,
        version=2 if answer else 1,
    )


def _letter(matched: tuple[World, World], staff: World, today: date) -> CourtLetter:
    match, case = matched
    written_on = today - timedelta(days=3)
    return CourtLetter(
        id=_made_up("letter", match["id"]),
        link_id=UUID(match["id"]),
        case_id=UUID(case["id"]),
        participant_id=UUID(match["participant_id"]),
        court_id=UUID(case["court_agency_id"]),
        statement=_STATEMENT,
        what_would_help=None,
        template_version=TEMPLATE_VERSION,
        status=LetterStatus.APPROVED.value,
        written_by=staff["case_manager"]["id"],
        agency_id=staff["case_manager"]["agency_id"],
        written_on=written_on,
        written_at=_noon(written_on),
        approved_by=staff["cm_supervisor"]["id"],
        approved_at=_noon(today - timedelta(days=2)),
        version=2,
    )


def _meeting(
    name: str, starts_at: datetime, status: MeetingStatus, chair: World, site_id: UUID
) -> Meeting:
    is_over = status is MeetingStatus.MINUTES_APPROVED
    return Meeting(
        id=_made_up("meeting", name),
        site_id=site_id,
        starts_at=starts_at,
        place="Community center, room 3",
        status=status.value,
        chaired_by=chair["id"],
        agency_id=chair["agency_id"],
        minutes="The rota of handoffs is agreed for the quarter." if is_over else None,
        version=1,
    )


def _attendee(meeting: Meeting, persona: str, row: World, today: date) -> Attendee:
    is_over = meeting.minutes is not None
    has_pledged = is_over or persona not in _NOT_PLEDGED
    return Attendee(
        id=_made_up("attendee", f"{meeting.id}:{persona}"),
        meeting_id=meeting.id,
        account=row["id"],
        agency_id=row["agency_id"],
        role=Role(row["role"]).value,
        invited_at=_noon(today - timedelta(days=14)),
        pledged_at=_noon(today - timedelta(days=11)) if has_pledged else None,
        pledge_version=FIRST_WORDING.version if has_pledged else None,
        has_attended=True if is_over else None,
    )


def _item(
    meeting: Meeting,
    place: int,
    participant_id: UUID,
    said: tuple[Topic, str],
    staff: World,
    today: date,
) -> AgendaItem:
    proposed_on = today - timedelta(days=12)
    status = ItemStatus.ACTIONS_SET if meeting.minutes is not None else ItemStatus.ADMITTED
    return AgendaItem(
        id=_made_up("item", f"{meeting.id}:{place}"),
        meeting_id=meeting.id,
        participant_id=participant_id,
        position=place,
        topic=said[0].value,
        question=said[1],
        status=status.value,
        proposed_by=staff["case_manager"]["id"],
        agency_id=staff["case_manager"]["agency_id"],
        proposed_on=proposed_on,
        proposed_at=_noon(proposed_on),
        version=2,
    )


def _said(item: AgendaItem, staff: World, today: date) -> list[ConferenceNote | ConferenceAction]:
    on, police = today - timedelta(days=10), staff["le_supervisor"]
    return [
        ConferenceNote(
            id=_made_up("note", item.id),
            item_id=item.id,
            participant_id=item.participant_id,
            body="Everybody agrees to look for something nearer.",
            written_by=staff["project_manager"]["id"],
            agency_id=staff["project_manager"]["agency_id"],
            written_on=on,
            written_at=_noon(on),
        ),
        ConferenceAction(
            id=_made_up("action", item.id),
            item_id=item.id,
            participant_id=item.participant_id,
            what="Drive to the first appointment.",
            responsible_agency_id=police["agency_id"],
            due_on=today + timedelta(days=7),
            status=ActionStatus.OPEN.value,
            set_by=staff["project_manager"]["id"],
            set_on=on,
            set_at=_noon(on),
            version=1,
        ),
    ]
