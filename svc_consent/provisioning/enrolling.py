"""How an agency and a person first come into the directory; neither is told anything by it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError, not_found
from infra.vocabulary import AgencyType, Role
from svc_consent.agencies.repository.directory import agencies_by_id, database_now
from svc_consent.agencies.rules import checked_reason
from svc_consent.agencies.tables import Account, Agency
from svc_consent.governance.commands import invite_agency, require
from svc_consent.history.repository import record
from svc_consent.history.rules import EventKind
from svc_consent.provisioning.repository import account_of, agency_named, is_known_elsewhere

MAX_LENGTH = 200
PART2 = ("PROGRAM", "NOT_PROGRAM", "UNDETERMINED")


@dataclass(frozen=True, slots=True)
class NewAgency:
    """An agency that is not in the directory yet."""

    name: str
    kind: AgencyType
    part2_status: str
    reason: str


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A person who signs in and has had no role yet; no issuer means the caller's own."""

    agency_id: str
    issuer: str | None
    login: str
    name: str
    reason: str


def _text(value: str, field: str) -> str:
    text = " ".join(value.split())
    if not 1 <= len(text) <= MAX_LENGTH:
        raise CommandError("BAD_TEXT", f"1 to {MAX_LENGTH} characters.", ("input", field))
    return text


async def add_agency(session: WriteSession, caller: Caller, terms: NewAgency) -> dict[str, Any]:
    """Put an agency into the directory and invite it to the own site.

    Raises:
        CommandError: not the platform's administrator, a text of another length, an unknown word,
            or an agency of this name is there.
        RuleError: no reason.
    """
    require(caller, Role.PLA)
    name = _text(terms.name, "name")
    if terms.part2_status not in PART2:
        raise CommandError("BAD_WORD", f"One of: {', '.join(PART2)}.", ("input", "part2Status"))
    if await agency_named(session, name) is not None:
        message = "The directory has an agency of this name."
        raise CommandError("ALREADY_THERE", message, ("input", "name"))
    row = Agency(
        id=uuid4(), name=name, type=terms.kind.value, part2_status=terms.part2_status, version=1
    )
    session.add(row)
    await session.flush()
    return await invite_agency(session, caller, str(row.id), terms.reason)


async def add_account(session: WriteSession, caller: Caller, terms: NewAccount) -> dict[str, Any]:
    """Let the directory know a person's login, so that somebody may give them a role.

    Raises:
        CommandError: not an administrator (of this agency, or the platform's), no such agency, a
            text of another length, or a login that is not this agency's to add.
        RuleError: no reason.
    """
    require(caller, Role.AGA, Role.PLA)
    agency_id, own_id = parse_id(terms.agency_id), parse_id(caller.subject)
    known = await agencies_by_id(session, [agency_id] if agency_id else [])
    agency = known.get(agency_id) if agency_id else None
    if agency is None or (caller.role is Role.AGA and terms.agency_id != caller.agency_id):
        raise not_found("input", "agencyId")
    reason = checked_reason(terms.reason)
    login, name = _text(terms.login, "login"), _text(terms.name, "name")
    own = await session.get(Account, own_id) if own_id else None
    issuer = _text(terms.issuer or (own.issuer if own else ""), "issuer")
    found = await account_of(session, issuer, login)
    if found is not None and await is_known_elsewhere(session, found.id, agency.id):
        message = "This login cannot be added here; ask the platform's administrator."
        raise CommandError("NOT_ADDED", message, ("input", "login"))
    now = await database_now(session)
    if found is None:
        found = Account(
            id=uuid4(), issuer=issuer, external_subject=login, name=name, is_blocked=False,
            is_inactive=False, created_at=now, version=1,
        )  # fmt: skip
        session.add(found)
        await session.flush()
    account_id: UUID = found.id
    record(
        session, EventKind.ACCOUNT_ADDED, caller, now, agency_id=agency.id, account_id=account_id,
        reason=reason,
    )  # fmt: skip
    await session.flush()
    return {"accountId": str(account_id)}
