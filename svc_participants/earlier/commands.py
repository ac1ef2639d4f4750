"""Bringing in who was enrolled before. Assigned case manager, supervisor of the own agency."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from infra import clock
from infra.authority import handover
from infra.authority.changes import Operation
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.errors import RuleError
from infra.identity_token import Caller
from infra.vocabulary import Category
from svc_participants.clocks import commands as clocks
from svc_participants.clocks.rules import ClockKind
from svc_participants.earlier import rules
from svc_participants.enrollments import repository
from svc_participants.enrollments.rules import EnrollmentStatus
from svc_participants.enrollments.tables import EnrollmentEventRow, EnrollmentRow
from svc_participants.people.commands import own_agency, require_writable
from svc_participants.people.rules import YesNo, not_found
from svc_participants.people.site_days import today_at
from svc_participants.referrals import commands as referrals
from svc_participants.referrals.forms import Person, check_person
from svc_participants.referrals.repository import is_live_at_site, of_participant, site_program
from svc_participants.referrals.submissions import described


async def record(
    session: WriteSession, caller: Caller, whom: Person, stay: rules.EarlierStay
) -> dict[str, Any]:
    """Record a stay that an earlier system kept, at the caller's site, with the own agency.

    Nobody is matched by name: who has a record here is named by its id, everybody else begins one.
    No release comes with it, and no clock starts; one of a referral's intake ends, where the person
    is enrolled already.

    Raises:
        RuleError: NOT_ALLOWED, NOT_FOUND, ALREADY_ENROLLED, PERSON_MISSING, CONTRADICTS, or as
            ``rules.check`` and ``referrals.forms.check_person``.
    """
    is_known = whom.participant_id is not None
    access = caller.access.get(Category.ENROLLMENT, "")
    rules.check_bringer(caller.role, access, is_known=is_known)
    site_id, agency = parse_id(caller.site_id), own_agency(caller)
    if site_id is None or not await is_live_at_site(session, agency, site_id):
        raise not_found("person")
    today = await today_at(session, caller)
    rules.check(stay, today)
    operations: list[Operation] = []
    now = clock.now()
    if whom.participant_id is not None:
        _check_named_alone(whom)
        person = await require_writable(session, caller, Category.ENROLLMENT, whom.participant_id)
        has_any = await repository.any_at_site(session, person, site_id)
        rules.check_first(has_any=has_any)
    else:
        check_person(whom, today)
        person = (await described(session, whom, site_id, now)).id
        operations.append(referrals.own_agency_fact(person, agency, site_id, now))
    row = _row(person, site_id, agency, stay)
    row.created_at = now
    session.add(row)
    await session.flush()
    for moment, step in enumerate(rules.steps_of(stay)):
        session.add(
            EnrollmentEventRow(
                id=uuid4(),
                enrollment_id=row.id,
                participant_id=person,
                from_status=step.before.value,
                to_status=step.after.value,
                happened_on=step.on,
                # Recorded at once, and still in an order.
                happened_at=now + timedelta(microseconds=moment),
                by_subject=caller.subject,
                source=stay.source,
            )
        )
    if stay.status is not EnrollmentStatus.EXITED:
        operations += await _no_longer_awaited(session, person, site_id)
    handover.append(session, operations)
    return {"enrollment": str(row.id), "participant": str(person)}


def _row(person: UUID, site_id: UUID, agency: UUID, stay: rules.EarlierStay) -> EnrollmentRow:
    has_ended = stay.status is EnrollmentStatus.EXITED
    return EnrollmentRow(
        id=uuid4(),
        participant_id=person,
        site_id=site_id,
        provider_agency_id=agency,
        referral_id=None,
        status=stay.status.value,
        consent_to_contact=YesNo.NOT_ASKED.value,
        enrolled_on=stay.enrolled_on,
        inactive_reason=stay.inactive_reason.value if stay.inactive_reason else None,
        exited_on=stay.status_since if has_ended else None,
        exit_reason=stay.exit_reason.value if stay.exit_reason else None,
    )


def _check_named_alone(whom: Person) -> None:
    if whom != Person(participant_id=whom.participant_id):
        raise RuleError(
            "CONTRADICTS",
            "Name a participant by id, or say who it is; what is known changes elsewhere.",
            ("input", "person"),
        )


async def _no_longer_awaited(session: WriteSession, person: UUID, site_id: UUID) -> list[Operation]:
    """End what awaited an intake: its clocks, and that who screens knows who the person is."""
    program = await site_program(session, site_id)
    project_agency_id = program.project_agency_id if program else None
    operations: list[Operation] = []
    now = clock.now()
    for referral_id in await of_participant(session, person, site_id):
        await clocks.end(session, referral_id, ClockKind.INTAKE, now)
        operations += referrals.end_of_identity_facts(referral_id, project_agency_id)
    return operations
