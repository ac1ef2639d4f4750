"""What an issuer's claims mean here: kept by the platform's administrator, at once in force."""

from dataclasses import dataclass
from typing import Any

from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError, not_found, version_conflict
from infra.vocabulary import Role
from svc_consent.agencies.claims import MAX_LENGTH
from svc_consent.agencies.repository import claims as repository
from svc_consent.agencies.repository.directory import agencies_by_id, database_now
from svc_consent.agencies.rules import checked_reason
from svc_consent.agencies.tables import ClaimMeaning
from svc_consent.authority.repository import record_change
from svc_consent.authority.rules import POLICY_KEY
from svc_consent.history import repository as history
from svc_consent.history.rules import EventKind


@dataclass(frozen=True, slots=True)
class MeaningChange:
    """What a claim is to mean; without ``role`` it means nothing any more.

    Attributes:
        expected_version: of the entry as whoever changes it has read it, None where there is none.
    """

    issuer: str
    claimed_role: str
    claimed_agency: str | None
    role: Role | None
    agency_id: str | None
    reason: str
    expected_version: int | None


async def map_claim(session: WriteSession, caller: Caller, change: MeaningChange) -> dict[str, Any]:
    """Keep what an issuer's claim means. Nobody gets a role by it: grants alone give roles.

    Raises:
        CommandError: not this role, an empty or long word, no such agency, nothing to remove, or
            the entry has changed meanwhile.
        RuleError: no reason.
    """
    caller_id = parse_id(caller.subject)
    if caller.role is not Role.PLA or caller_id is None:
        raise CommandError("FORBIDDEN", "Only the platform's administrator may do this.")
    reason = checked_reason(change.reason)
    agency = change.claimed_agency or ""
    for name, word in (("issuer", change.issuer), ("claimedRole", change.claimed_role)):
        if not 1 <= len(word) <= MAX_LENGTH:
            message = f"1 to {MAX_LENGTH} characters."
            raise CommandError("BAD_TEXT", message, ("input", name))
    agency_id = parse_id(change.agency_id)
    if change.agency_id is not None and (
        agency_id is None or agency_id not in await agencies_by_id(session, [agency_id])
    ):
        raise not_found("input", "agencyId")
    now = await database_now(session)
    key = (change.issuer, change.claimed_role, agency)
    kept = await repository.meaning_for_update(session, *key)
    if kept is None and change.role is None:
        raise not_found("input", "claimedRole")
    if (kept.version if kept else None) != change.expected_version:
        raise version_conflict("input", "expectedVersion")
    if change.role is None:
        await repository.remove_meaning(session, *key)
    else:
        row = ClaimMeaning(
            issuer=change.issuer,
            claimed_role=change.claimed_role,
            claimed_agency=agency,
            role=change.role.value,
            agency_id=agency_id,
            changed_by=caller_id,
            changed_at=now,
            version=kept.version + 1 if kept else 1,
        )
        await repository.put_meaning(session, row)
    said = change.role.value if change.role else "nothing"
    history.record(
        session,
        EventKind.CLAIM_MAPPED,
        caller,
        now,
        agency_id=parse_id(caller.agency_id),
        role=change.role.value if change.role else None,
        reason=f"{change.issuer}: {change.claimed_role}@{agency or '*'} = {said}: {reason}"[:2000],
    )
    await record_change(session, [POLICY_KEY], [])
    return {"issuer": change.issuer}
