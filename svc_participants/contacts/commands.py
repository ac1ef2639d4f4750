"""Commands about attempts to reach somebody."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from infra import clock
from infra.database import WriteSession
from infra.identity_token import Caller
from infra.vocabulary import Category
from svc_participants.contacts import rules
from svc_participants.contacts.tables import ContactAttemptRow
from svc_participants.people.commands import own_agency, require_writable


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt."""

    mode: rules.AttemptMode
    outcome: rules.AttemptOutcome
    place: str | None
    attempted_at: datetime


async def record(
    session: WriteSession, caller: Caller, participant_id: str, attempt: Attempt
) -> dict[str, Any]:
    """Record an attempt to reach a participant.

    Raises:
        RuleError: NOT_FOUND, DATE_IN_FUTURE or TEXT_LENGTH.
    """
    found = await require_writable(session, caller, Category.CASE_NOTES, participant_id)
    now = clock.now()
    rules.check(attempt.attempted_at, attempt.place, now)
    session.add(
        ContactAttemptRow(
            id=uuid4(),
            participant_id=found,
            agency_id=own_agency(caller),
            mode=attempt.mode.value,
            outcome=attempt.outcome.value,
            place=attempt.place,
            attempted_at=attempt.attempted_at,
            recorded_at=now,
            recorded_by=caller.subject,
        )
    )
    return {"participant": str(found)}
