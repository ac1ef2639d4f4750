"""Commands about caseloads: they change authority facts, so ``svc_consent`` acknowledges them."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from infra import clock
from infra.authority import handover
from infra.authority.changes import (
    Operation,
    VisibilityFact,
    delete_visibility,
    put_visibility,
)
from infra.authority.predicate import subject_holder
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.events import agency_key, publish, subject_key
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category
from svc_participants.caseloads import repository, rules
from svc_participants.caseloads.tables import AssignmentRow
from svc_participants.enrollments import commands as enrollments
from svc_participants.enrollments.commands import ExitRequest
from svc_participants.people.commands import own_agency, require_writable
from svc_participants.people.rules import check_version, not_found
from svc_participants.people.site_days import today_at
from svc_participants.programmes import commands as programmes
from svc_participants.referrals.repository import site_program


def assignment_fact(
    assignment_id: UUID, participant_id: UUID, account_id: str, starts_at: datetime
) -> Operation:
    """Return the fact that a case manager works with a participant; it has the row's id."""
    return put_visibility(
        VisibilityFact(
            id=assignment_id,
            participant_id=participant_id,
            holder=subject_holder(account_id),
            basis=Basis.ASSIGNMENT,
            starts_at=starts_at,
            source_id=assignment_id,
        )
    )


async def assign(
    session: WriteSession, caller: Caller, participant_id: str, account_id: str
) -> dict[str, Any]:
    """Put a participant of the own agency on a case manager's caseload.

    Raises:
        RuleError: NOT_ALLOWED, NOT_FOUND, ALREADY_ASSIGNED or CASELOAD_FULL.
    """
    rules.check_supervisor(caller.role)
    found = await require_writable(session, caller, Category.ENROLLMENT, participant_id)
    if parse_id(account_id) is None:
        raise not_found("accountId")
    if await repository.is_assigned(session, found, account_id):
        raise rules.already_assigned()
    site_id = parse_id(caller.site_id)
    program = None if site_id is None else await site_program(session, site_id)
    size = await repository.open_count(session, account_id)
    rules.check_capacity(size, program.caseload_limit if program else rules.LIMIT)
    now = clock.now()
    row = AssignmentRow(
        id=uuid4(),
        participant_id=found,
        agency_id=own_agency(caller),
        account_id=account_id,
        starts_on=await today_at(session, caller),
        ended_at=None,
        created_at=now,
    )
    session.add(row)
    handover.append(session, [assignment_fact(row.id, found, account_id, now)])
    _tell(session, row)
    warning = program.caseload_warning if program else rules.WARNING
    return {"assignment": str(row.id), "nearLimit": rules.is_near_limit(size + 1, warning)}


async def exit_enrollment(
    session: WriteSession, caller: Caller, enrollment_id: UUID | None, request: ExitRequest
) -> dict[str, Any]:
    """End an enrollment, and with it the provider's assignments of the participant and places.

    Raises:
        RuleError: as ``enrollments.commands.exit_enrollment``.
    """
    row = await enrollments.exit_enrollment(session, caller, enrollment_id, request)
    await programmes.leave_all(
        session, row.participant_id, row.provider_agency_id, row.site_id, request.exited_on
    )
    ended = await repository.open_of_participant(
        session, row.participant_id, row.provider_agency_id
    )
    now = clock.now()
    for each in ended:
        repository.end(each, now)
        _tell(session, each)
    handover.append(session, [delete_visibility(each.id) for each in ended])
    return {"enrollment": str(row.id)}


async def end_assignment(
    session: WriteSession, caller: Caller, assignment_id: UUID | None, expected_version: int
) -> dict[str, Any]:
    """Take a participant off a caseload; from the acknowledgement on nothing is visible by it.

    Raises:
        RuleError: NOT_ALLOWED, NOT_FOUND, VERSION_CONFLICT or ALREADY_ENDED.
    """
    rules.check_supervisor(caller.role)
    row = None
    if assignment_id is not None:
        row = await repository.for_update(session, caller, assignment_id)
    if row is None:
        raise not_found("assignmentId")
    check_version(expected_version, row.version)
    if row.ended_at is not None:
        raise rules.already_ended()
    repository.end(row, clock.now())
    _tell(session, row)
    handover.append(session, [delete_visibility(row.id)])
    return {"assignment": str(row.id)}


def _tell(session: WriteSession, row: AssignmentRow) -> None:
    concerned = [agency_key(row.agency_id), subject_key(row.account_id)]
    publish(session, "assignmentChanged", row.id, concerned)
