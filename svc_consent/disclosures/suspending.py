"""Suspending an accounting: on an official's statement, for a time, for one agency.

45 CFR 164.528(a)(2): a health oversight agency or law enforcement official says that an accounting
would impede their work, and until when; an oral statement holds for thirty days at most. What the
person's own release permitted is never left out.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError, not_found
from infra.vocabulary import Role
from svc_consent.agencies.repository.directory import agencies_by_id, database_now
from svc_consent.agencies.repository.settings import settings_of_site
from svc_consent.agencies.rules import checked_reason
from svc_consent.disclosures.tables import AccountingSuspension
from svc_consent.releases.repository import may_see

ROLES = frozenset({Role.SUP, Role.PRV})


@dataclass(frozen=True, slots=True)
class Statement:
    """What an official said, and until when."""

    agency_id: str
    official: str
    statement: str
    is_written: bool
    ends_at: datetime


async def suspend_accounting(
    session: WriteSession, caller: Caller, participant_id: str, said: Statement
) -> dict[str, Any]:
    """Leave an agency's disclosures without release out of the person's accounting for a time.

    Raises:
        CommandError: not this role, no such participant or agency, or an end that cannot be.
        RuleError: no official or statement.
    """
    if caller.role not in ROLES:
        raise CommandError("FORBIDDEN", "Your role suspends no accounting.")
    row_id, site_id = parse_id(participant_id), parse_id(caller.site_id)
    if row_id is None or site_id is None or not await may_see(session, caller, row_id):
        raise not_found("input", "participantId")
    agency_id = parse_id(said.agency_id)
    if agency_id is None or agency_id not in await agencies_by_id(session, [agency_id]):
        raise not_found("input", "agencyId")
    now, settings = await database_now(session), await settings_of_site(session, site_id)
    if said.ends_at <= now:
        raise CommandError("EXPIRED", "The end lies in the past.", ("input", "endsAt"))
    if not said.is_written and said.ends_at > now + settings.days("oral_suspension_days"):
        raise CommandError(
            "ORAL_TOO_LONG",
            "An oral statement holds for thirty days at most; get it in writing.",
            ("input", "endsAt"),
        )
    row = AccountingSuspension(
        id=uuid4(), participant_id=row_id, agency_id=agency_id,
        official=checked_reason(said.official), statement=checked_reason(said.statement),
        is_written=said.is_written, starts_at=now, ends_at=said.ends_at,
        recorded_by=parse_id(caller.subject), recorded_at=now,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    return {"suspensionId": str(row.id)}
