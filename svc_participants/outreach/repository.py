"""Who has not been seen for a while: among the people whom the caller works with, and no others."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, literal, or_, select

from infra.authority.predicate import visible
from infra.database import ReadSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.owner_pages import PageRequest, page
from infra.pagination import Page
from infra.vocabulary import Category
from svc_participants.care.encounters.repository import is_meeting
from svc_participants.care.encounters.tables import EncounterRow
from svc_participants.contacts.repository import IS_REACHED
from svc_participants.contacts.tables import ContactAttemptRow
from svc_participants.enrollments.rules import EnrollmentStatus, InactiveReason
from svc_participants.enrollments.tables import EnrollmentEventRow, EnrollmentRow
from svc_participants.people.repository import BY_CREATION, may_write
from svc_participants.people.site_days import today_at
from svc_participants.people.tables import ParticipantRow
from svc_participants.protocols.repository import live
from svc_participants.protocols.rules import Limits, read
from svc_participants.referrals.rules import ReferralStatus
from svc_participants.referrals.tables import ReferralRow


async def limits_of(session: ReadSession, caller: Caller) -> Limits:
    """Return the limits of the protocol in effect at the caller's site."""
    site_id = parse_id(caller.site_id)
    if site_id is None:
        return Limits()
    protocol = await live(session, site_id, await today_at(session, caller))
    return Limits() if protocol is None else read(protocol.rules).limits


async def in_the_wind_page(
    session: ReadSession, caller: Caller, request: PageRequest, days: int
) -> Page[ParticipantRow]:
    """Return a page of those who are to be looked for.

    They are recorded as out of touch, or not to be found; or nobody has met them within the
    protocol's days, and either they were tried in vain or they have been here for longer.
    """
    agency = parse_id(caller.agency_id)
    person = ParticipantRow.id
    recorded = exists().where(
        EnrollmentRow.participant_id == person,
        EnrollmentRow.provider_agency_id == agency,
        EnrollmentRow.status == EnrollmentStatus.ENROLLED_INACTIVE.value,
        EnrollmentRow.inactive_reason == InactiveReason.IN_THE_WIND.value,
    )
    lost = exists().where(
        ReferralRow.participant_id == person,
        ReferralRow.provider_agency_id == agency,
        ReferralRow.status == ReferralStatus.UNABLE_TO_LOCATE.value,
    )
    rows = select(ParticipantRow).where(
        may_write(caller, Category.ENROLLMENT, person),
        may_write(caller, Category.CASE_NOTES, person),
        visible(caller, Category.IDENTITY, person),
        or_(recorded, lost, _silent(agency, days, await today_at(session, caller))),
    )
    return await page(session, rows, BY_CREATION, request)


def _silent(agency: UUID | None, days: int, today: date) -> ColumnElement[bool]:
    """Return the condition "enrolled and active, and of late nobody of the agency has met them".

    Coming in, or being brought in, counts as having been met, until somebody is tried in vain; so
    does being back in touch. Word of somebody else about the person does not.
    """
    person = ParticipantRow.id
    since = func.statement_timestamp() - literal(timedelta(days=days))
    since_day = today - timedelta(days=days)
    tried = (ContactAttemptRow.participant_id == person, ContactAttemptRow.agency_id == agency)
    active = (
        EnrollmentRow.participant_id == person,
        EnrollmentRow.provider_agency_id == agency,
        EnrollmentRow.status == EnrollmentStatus.ENROLLED_ACTIVE.value,
    )
    is_back = exists().where(
        *active,
        EnrollmentEventRow.enrollment_id == EnrollmentRow.id,
        EnrollmentEventRow.from_status == EnrollmentStatus.ENROLLED_INACTIVE.value,
        EnrollmentEventRow.to_status == EnrollmentStatus.ENROLLED_ACTIVE.value,
        EnrollmentEventRow.happened_on >= since_day,
    )
    is_reached = exists().where(*tried, IS_REACHED, ContactAttemptRow.attempted_at >= since)
    is_met = exists().where(
        EncounterRow.participant_id == person,
        EncounterRow.agency_id == agency,
        is_meeting(),
        EncounterRow.occurred_on >= since_day,
    )
    is_new = was_brought_in_since(since)
    return and_(
        or_(
            exists().where(*active, EnrollmentRow.enrolled_on < since_day, ~is_new),
            and_(exists().where(*active), exists().where(*tried, ~IS_REACHED)),
        ),
        ~or_(is_reached, is_met, is_back),
    )


def was_brought_in_since(since: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Return the condition "this enrollment came from an earlier system after a moment".

    Who was met before that, the earlier system knows and nobody here.
    """
    return exists().where(
        EnrollmentEventRow.enrollment_id == EnrollmentRow.id,
        EnrollmentEventRow.source.is_not(None),
        EnrollmentEventRow.happened_at >= since,
    )
