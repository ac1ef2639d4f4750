"""Administrators keep endpoints, by commands that name the version which they have read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import not_found, version_conflict
from infra.vocabulary import Purpose, Role
from svc_consent.agencies.repository.directory import database_now
from svc_consent.governance.commands import require
from svc_consent.history.repository import record
from svc_consent.history.rules import EventKind
from svc_consent.webhooks import commands, repository
from svc_consent.webhooks.commands import EndpointTerms
from svc_consent.webhooks.rules import Topic
from svc_consent.webhooks.tables import WebhookEndpoint


async def register(
    session: WriteSession,
    caller: Caller,
    wanted: tuple[str, Sequence[Topic], Role, Purpose],
    grant_id: str | None,
    *,
    allows_loopback: bool,
) -> dict[str, Any]:
    """Make an endpoint of the caller's agency, or as platform administrator of any.

    Args:
        session: the transaction.
        caller: who asks.
        wanted: address, topics, role that it looks as, purpose.
        grant_id: of the administrator who answers for it; an agency's own administrator does.
        allows_loopback: whether receivers on this machine are taken, without TLS too.

    Raises:
        CommandError: not an administrator, or as ``commands.register`` says.
        RuleError: the address is not acceptable.
    """
    require(caller, Role.AGA, Role.PLA)
    answering = grant_id if grant_id is not None or caller.role is Role.PLA else caller.grant_id
    key = parse_id(answering or "")
    if key is None or (caller.role is Role.AGA and str(key) != caller.grant_id):
        raise not_found("input", "grantId")
    url, topics, role, purpose = wanted
    terms = EndpointTerms(key, url, topics, role, purpose)
    row = await commands.register(session, terms, allows_loopback=allows_loopback)
    await _note(session, caller, EventKind.WEBHOOK_REGISTERED, row)
    return {"endpoint": str(row.id), "generation": str(row.generation)}


async def rotate(
    session: WriteSession, caller: Caller, endpoint_id: str, expected_version: int
) -> dict[str, Any]:
    """Give an endpoint a new secret; the old one signs as well for a week.

    Raises:
        CommandError: no such endpoint, or it has changed meanwhile.
    """
    row = await _for_change(session, caller, endpoint_id, expected_version)
    row = await commands.rotate_secret(session, row.id)
    await _note(session, caller, EventKind.WEBHOOK_SECRET_CHANGED, row)
    return {"endpoint": str(row.id), "generation": str(row.generation)}


async def remove(
    session: WriteSession, caller: Caller, endpoint_id: str, expected_version: int
) -> dict[str, Any]:
    """Remove an endpoint at once; what it was still to be told is withdrawn.

    Raises:
        CommandError: no such endpoint, or it has changed meanwhile.
    """
    row = await _for_change(session, caller, endpoint_id, expected_version)
    await commands.remove(session, row.id)
    await _note(session, caller, EventKind.WEBHOOK_REMOVED, row)
    return {"endpoint": str(row.id)}


async def replay(
    session: WriteSession,
    caller: Caller,
    endpoint_id: str,
    expected_version: int,
    since: datetime | None,
) -> dict[str, Any]:
    """Have what could not be delivered tried again, each event decided anew.

    Whether there was any is not said: that would tell of events which are not covered any more.

    Raises:
        CommandError: no such endpoint, or it has changed meanwhile.
    """
    row = await _for_change(session, caller, endpoint_id, expected_version)
    await repository.replay_dead(session, row.id, since, await database_now(session))
    return {"endpoint": str(row.id)}


async def _for_change(
    session: WriteSession, caller: Caller, endpoint_id: str, expected_version: int
) -> WebhookEndpoint:
    require(caller, Role.AGA, Role.PLA)
    key: UUID | None = parse_id(endpoint_id)
    known = None if key is None else await repository.administered(session, caller, key)
    row = None if known is None else await repository.endpoint_for_update(session, known.id)
    if row is None:
        raise not_found("input", "endpointId")
    if row.version != expected_version:
        raise version_conflict("input", "expectedVersion")
    return row


async def _note(
    session: WriteSession, caller: Caller, kind: EventKind, row: WebhookEndpoint
) -> None:
    now = await database_now(session)
    record(session, kind, caller, now, agency_id=row.agency_id, account_id=row.account_id)
    await session.flush()
