"""Enrolling somebody. Assigned case manager, supervisor of the own agency."""

from typing import Any
from uuid import UUID

from infra.database import WriteSession
from infra.identity_token import Caller
from svc_participants.care.assessments import repository, rules
from svc_participants.care.assessments.shelf import SHELF
from svc_participants.enrollments import commands as enrollments
from svc_participants.enrollments.commands import EnrollRequest


async def enroll(
    session: WriteSession, caller: Caller, enrollment_id: UUID | None, request: EnrollRequest
) -> dict[str, Any]:
    """Enroll somebody of whom the own agency has a psychosocial intake that is whole and signed.

    By a version of an instrument that the site uses.

    Raises:
        RuleError: as ``enrollments.commands.enroll``, or INTAKE_INCOMPLETE.
    """
    row = await enrollments.enroll(session, caller, enrollment_id, request)
    intakes = [key for key, each in SHELF.at(row.site_id).items() if each.is_intake]
    is_signed = await repository.has_signed(
        session, row.participant_id, row.provider_agency_id, intakes, request.intake_completed_on
    )
    rules.check_intake(is_signed=is_signed)
    return {"enrollment": str(row.id)}
