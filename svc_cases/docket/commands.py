"""Corrections of a docket entry by the prosecuting office, and who reaches one before filing."""

from datetime import date
from uuid import UUID

from infra.database import AnySession, WriteSession
from infra.identity_token import Caller
from svc_cases.cases import commands as record
from svc_cases.cases import repository as cases
from svc_cases.cases.rules import DateField
from svc_cases.cases.tables import LegalCase
from svc_cases.coordination import repository as coordination


async def reachable_case(session: AnySession, caller: Caller, case_id: UUID) -> LegalCase | None:
    """Return a public case, or one that the caller reaches through a match that it may see."""
    public = await cases.public_cases_by_ids(session, caller, [case_id])
    if case_id in public:
        return public[case_id]
    linked = await coordination.matches_of_cases(session, caller, [case_id])
    return linked[case_id].case if case_id in linked else None


async def correct_date(
    session: WriteSession,
    caller: Caller,
    *,
    case_id: UUID,
    field: DateField,
    corrected_on: date,
    reason: str,
    expected_version: int,
) -> UUID:
    """Correct a date of a case of the own office; before filing only for who sees its match.

    Raises:
        CommandError: see `svc_cases.cases.commands.correct_date`.
    """
    linked = await coordination.matches_of_cases(session, caller, [case_id])
    return await record.correct_date(
        session,
        caller,
        case_id=case_id,
        field=field,
        corrected_on=corrected_on,
        reason=reason,
        expected_version=expected_version,
        is_linked=case_id in linked,
    )
