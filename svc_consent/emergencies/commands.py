"""Opening emergency access: recorded first, then in force, for as long as the site says."""

from typing import Any
from uuid import uuid4

from infra.authority.changes import put_visibility
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError
from svc_consent.agencies.repository.directory import database_now
from svc_consent.agencies.repository.settings import settings_of_site
from svc_consent.authority.repository import record_change
from svc_consent.authority.rules import Touched, keys_of
from svc_consent.duties.repository import raise_duties
from svc_consent.duties.rules import DutyKind
from svc_consent.emergencies import rules
from svc_consent.emergencies.rules import EmergencyFacts
from svc_consent.emergencies.tables import EmergencyAccess


async def break_glass(
    session: WriteSession, caller: Caller, participant_id: str, facts: EmergencyFacts
) -> dict[str, Any]:
    """Open what the agreement opens in an emergency, to one person, for one hour by default.

    The answer is the same whether the id names somebody or not. The case manager is told, and a
    review is due within a day.

    Raises:
        CommandError: not medical staff, another purpose, or no well-formed id.
        RuleError: a fact or the attestation is missing.
    """
    account_id, site_id = parse_id(caller.subject), parse_id(caller.site_id)
    if caller.role not in rules.ROLES or account_id is None or site_id is None:
        raise CommandError("FORBIDDEN", "Emergency access is for medical staff.")
    if caller.purpose is not rules.PURPOSE:
        raise CommandError("PURPOSE_NEEDED", "Ask with the purpose BTG.")
    checked = rules.checked_facts(facts)
    row_id = parse_id(participant_id)
    if row_id is None:
        raise CommandError("ID_INVALID", "An id is a UUID.", ("input", "participantId"))
    settings, now = await settings_of_site(session, site_id), await database_now(session)
    access = EmergencyAccess(
        id=uuid4(), participant_id=row_id, account_id=account_id,
        agency_id=parse_id(caller.agency_id), site_id=site_id,
        recipient_name=checked.recipient_name, recipient_facility=checked.recipient_facility,
        discloser=checked.discloser, nature=checked.nature,
        unobtainable_because=checked.unobtainable_because,
        starts_at=now, ends_at=now + settings.minutes("emergency_minutes"),
    )  # fmt: skip
    session.add(access)
    about = (site_id, row_id, access.id)
    kinds = (DutyKind.EMERGENCY_NOTICE, DutyKind.EMERGENCY_REVIEW)
    raise_duties(session, about, kinds, settings, now)
    fact = rules.ground(access.id, row_id, caller.subject, access.starts_at, access.ends_at)
    touched = [Touched(str(row_id), fact.holder)]
    await record_change(session, keys_of(touched, {}), [put_visibility(fact)])
    return {"accessId": str(access.id), "endsAt": access.ends_at.isoformat()}
