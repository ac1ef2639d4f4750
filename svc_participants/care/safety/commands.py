"""Commands about naloxone and overdoses. Assigned case manager, supervisor of the own agency."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from infra.database import WriteSession
from infra.identity_token import Caller
from infra.vocabulary import Category
from svc_participants.care.keeping import keeper, values_of
from svc_participants.care.notes.rules import check_day
from svc_participants.care.safety import rules
from svc_participants.care.safety.tables import NaloxoneRow, OverdoseRow
from svc_participants.people.commands import require_writable
from svc_participants.people.rules import YesNo
from svc_participants.people.site_days import today_at


@dataclass(frozen=True, slots=True)
class NewNaloxone:
    """What a record of naloxone is made of."""

    participant_id: str
    given_on: date
    kits: int
    given_to: rules.NaloxoneRecipient
    was_shown: YesNo


@dataclass(frozen=True, slots=True)
class NewOverdose:
    """What a record of an overdose is made of."""

    participant_id: str
    occurred_on: date
    outcome: rules.OverdoseOutcome
    naloxone_used: YesNo
    emergency_called: YesNo
    hospital: YesNo
    told_by: rules.ToldBy


async def record_naloxone(
    session: WriteSession, caller: Caller, given: NewNaloxone
) -> dict[str, Any]:
    """Record that naloxone was given.

    Raises:
        RuleError: NOT_FOUND, or a day or number that is not acceptable.
    """
    found = await require_writable(session, caller, Category.SUD, given.participant_id)
    check_day(given.given_on, await today_at(session, caller), "givenOn")
    rules.check_kits(given.kits)
    row = NaloxoneRow(**keeper(caller, found), **values_of(given))
    session.add(row)
    return {"naloxone": str(row.id)}


async def record_overdose(
    session: WriteSession, caller: Caller, given: NewOverdose
) -> dict[str, Any]:
    """Record an overdose.

    Raises:
        RuleError: NOT_FOUND, or a day in the future.
    """
    found = await require_writable(session, caller, Category.SUD, given.participant_id)
    check_day(given.occurred_on, await today_at(session, caller), "occurredOn")
    row = OverdoseRow(**keeper(caller, found), **values_of(given))
    session.add(row)
    return {"overdose": str(row.id)}
