"""Recording that a participant was reminded of a court date."""

from uuid import UUID, uuid4

from infra import clock
from infra.database import WriteSession
from infra.identity_token import Caller
from infra.mutation_result import CommandError
from svc_cases.cases import commands as record
from svc_cases.counsel.commands import case_work_ground, require_participant
from svc_cases.court_dates import repository
from svc_cases.court_dates.rules import ReminderMethod
from svc_cases.court_dates.tables import CourtReminder


async def record_reminder(
    session: WriteSession,
    caller: Caller,
    *,
    link_id: UUID,
    hearing_id: UUID,
    method: ReminderMethod,
) -> tuple[UUID, UUID]:
    """Record that somebody was reminded; returns match and court date.

    Raises:
        CommandError: not allowed, no such match or court date, or one that is cancelled.
    """
    ground = case_work_ground(caller)
    day = await repository.court_day(session, caller, link_id, hearing_id)
    if day is None:
        raise CommandError("NOT_FOUND", "There is no such court date.", ("hearingId",))
    whose = day.match.link.participant_id
    await require_participant(session, caller, whose, ground, "linkId")
    if day.hearing.is_cancelled:
        raise CommandError("CANCELLED", "This court date is cancelled.", ("hearingId",))
    session.add(
        CourtReminder(
            id=uuid4(),
            hearing_id=hearing_id,
            link_id=link_id,
            participant_id=whose,
            method=method.value,
            reminded_by=caller.subject,
            agency_id=caller.agency_id,
            reminded_on=await record.today_at(session, day.match.case),
            reminded_at=clock.now(),
        )
    )
    return link_id, hearing_id
