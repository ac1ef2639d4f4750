"""Commands about living situations. Assigned case manager, supervisor of the own agency."""

from datetime import date
from typing import Any
from uuid import uuid4

from infra import clock
from infra.database import WriteSession
from infra.identity_token import Caller
from infra.vocabulary import Category
from svc_participants.care.housing.rules import LivingSituation
from svc_participants.care.housing.tables import HousingStatusRow
from svc_participants.care.notes.rules import check_day
from svc_participants.people.commands import own_agency, require_writable
from svc_participants.people.site_days import today_at


async def record_housing(
    session: WriteSession,
    caller: Caller,
    participant_id: str,
    situation: LivingSituation,
    as_of: date,
) -> dict[str, Any]:
    """Record where a participant lives as of a day; what was recorded before stays.

    Raises:
        RuleError: NOT_FOUND, or a day in the future.
    """
    found = await require_writable(session, caller, Category.HOUSING, participant_id)
    now = clock.now()
    check_day(as_of, await today_at(session, caller), "asOf")
    row = HousingStatusRow(
        id=uuid4(),
        participant_id=found,
        agency_id=own_agency(caller),
        situation=situation.value,
        as_of=as_of,
        recorded_at=now,
        recorded_by=caller.subject,
    )
    session.add(row)
    return {"housing": str(row.id)}
