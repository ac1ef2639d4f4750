"""Commands about contacts. Assigned case manager, supervisor of the own agency."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from infra.database import WriteSession
from infra.identity_token import Caller
from infra.vocabulary import Category
from svc_participants.care.encounters import rules
from svc_participants.care.encounters.tables import EncounterRow
from svc_participants.care.keeping import check_lines, keeper, values_of
from svc_participants.care.notes.rules import ContactMode, check_day
from svc_participants.people.commands import require_writable
from svc_participants.people.site_days import today_at


@dataclass(frozen=True, slots=True)
class NewEncounter:
    """What a contact is made of."""

    participant_id: str
    mode: ContactMode
    outcome: rules.EncounterOutcome
    occurred_on: date
    minutes: int | None
    with_whom: str | None
    place: str | None


async def record_encounter(
    session: WriteSession, caller: Caller, encounter: NewEncounter
) -> dict[str, Any]:
    """Record a contact.

    Raises:
        RuleError: NOT_FOUND, or a day, number or text that is not acceptable.
    """
    about = encounter.participant_id
    found = await require_writable(session, caller, Category.CASE_NOTES, about)
    if encounter.place is not None:
        await require_writable(session, caller, Category.CONTACT, about)
    check_day(encounter.occurred_on, await today_at(session, caller), "occurredOn")
    rules.check_minutes(encounter.minutes)
    check_lines({"withWhom": encounter.with_whom, "place": encounter.place})
    row = EncounterRow(**keeper(caller, found), **values_of(encounter))
    session.add(row)
    return {"encounter": str(row.id)}
