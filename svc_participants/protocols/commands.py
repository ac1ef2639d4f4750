"""Commands about protocols: author, and adopt what the policy group has agreed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from infra import clock
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.errors import RuleError
from infra.identity_token import Caller
from svc_participants.people.rules import check_version, not_found
from svc_participants.protocols import repository, rules
from svc_participants.protocols.tables import ProtocolVersionRow


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule set as authored."""

    title: str
    effective_on: date
    protocol: rules.Protocol


async def author(
    session: WriteSession, caller: Caller, draft: Draft, words: Mapping[str, Collection[str]]
) -> dict[str, Any]:
    """Store a new draft; it judges nothing until it is adopted.

    Args:
        session: the transaction.
        caller: project manager.
        draft: the rule set.
        words: what a priority may be about (see ``rules.check``).

    Raises:
        RuleError: NOT_ALLOWED, NOT_FOUND (no site), TITLE_MISSING or PROTOCOL_NOT_VALID.
    """
    rules.check_author(caller.role)
    site_id = parse_id(caller.site_id)
    if site_id is None:
        raise not_found("protocolId")
    if not draft.title.strip() or len(draft.title) > rules.MAX_TEXT:
        raise RuleError("TITLE_MISSING", "Give it a title.", ("input", "title"))
    rules.check(draft.protocol, words)
    row = ProtocolVersionRow(
        id=uuid4(),
        site_id=site_id,
        number=await repository.next_number(session, site_id),
        title=draft.title,
        effective_on=draft.effective_on,
        rules=rules.as_json(draft.protocol),
        state=rules.ProtocolState.DRAFT.value,
        drafted_by=caller.subject,
        drafted_at=clock.now(),
    )
    session.add(row)
    return {"protocol": str(row.id)}


@dataclass(frozen=True, slots=True)
class Adoption:
    """That a draft counts from a day on, and who has agreed to it."""

    expected_version: int
    effective_on: date
    agreed_by: str


async def adopt(
    session: WriteSession, caller: Caller, protocol_id: UUID | None, adoption: Adoption, today: date
) -> dict[str, Any]:
    """Let a draft come into effect; past referrals stay under the version they were judged by.

    Raises:
        RuleError: NOT_ALLOWED, NOT_FOUND, VERSION_CONFLICT, STEP_NOT_ALLOWED, DATE_IN_PAST or
            AGREEMENT_MISSING.
    """
    rules.check_author(caller.role)
    row = None
    if protocol_id is not None:
        row = await repository.for_update(session, caller, protocol_id)
    if row is None:
        raise not_found("protocolId")
    check_version(adoption.expected_version, row.version)
    rules.check_adoption(rules.ProtocolState(row.state), adoption.effective_on, today)
    if not adoption.agreed_by.strip() or len(adoption.agreed_by) > rules.MAX_TEXT:
        raise RuleError(
            "AGREEMENT_MISSING", "Say which meeting or body agreed to it.", ("input", "agreedBy")
        )
    row.state = rules.ProtocolState.ADOPTED.value
    row.effective_on = adoption.effective_on
    row.agreed_by = adoption.agreed_by
    row.adopted_by, row.adopted_at = caller.subject, clock.now()
    row.version += 1
    return {"protocol": str(row.id)}
