"""Saying that a duty is done."""

from typing import Any

from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError, not_found, version_conflict
from svc_consent.agencies.repository.directory import database_now
from svc_consent.agencies.rules import checked_reason
from svc_consent.duties import repository
from svc_consent.duties.rules import DutyKind, may_do


async def complete_duty(
    session: WriteSession, caller: Caller, duty_id: str, expected_version: int, outcome: str
) -> dict[str, Any]:
    """Record that a duty is done, by whom and with what outcome; once.

    Raises:
        CommandError: no such duty, not this role's, changed meanwhile, or done before.
        RuleError: no outcome.
    """
    text, row_id, duty = checked_reason(outcome), parse_id(duty_id), None
    if row_id is not None:
        duty = await repository.duty_for_update(session, caller, row_id)
    if duty is None:
        raise not_found("input", "dutyId")
    if not may_do(DutyKind(duty.kind), caller.role):
        raise CommandError("FORBIDDEN", "Somebody else has to do this.", ("input", "dutyId"))
    if duty.version != expected_version:
        raise version_conflict("input", "expectedVersion")
    if duty.done_at is not None:
        raise CommandError("DONE", "It was done before.", ("input", "dutyId"))
    duty.done_at = await database_now(session)
    duty.done_by = parse_id(caller.subject)
    duty.outcome = text
    duty.version += 1
    await session.flush()
    return {"dutyId": str(duty.id)}
