"""Making, replacing and ending the own calendar's address."""

from typing import Any

from infra import clock
from infra.calendar_address import digest
from infra.database import AnySession, WriteSession
from infra.identity_token import Caller
from infra.mutation_result import CommandError
from svc_training.calendars import repository
from svc_training.calendars.rules import EndedWhy
from svc_training.personnel.commands import is_training_manager


async def may_have_one(session: AnySession, caller: Caller) -> bool:
    """Return whether the caller may make an address: on the roster, or managing training."""
    return is_training_manager(caller) or await repository.is_on_roster(session, caller)


async def subscribe(session: WriteSession, caller: Caller, secret: str) -> dict[str, Any]:
    """Make the caller's address of a new secret; one that there was ends.

    Returns:
        The secret's hash as ``digest``, never the secret: results of commands are stored.

    Raises:
        CommandError: the caller is on no roster and manages no training.
    """
    if not await may_have_one(session, caller):
        message = "Only who is on the agency's roster or manages its training has a calendar."
        raise CommandError("NOT_ON_ROSTER", message)
    await repository.lock(session, caller.subject)
    now, hashed = clock.now(), digest(secret)
    await repository.end(session, caller.subject, EndedWhy.REPLACED, now)
    is_manager = is_training_manager(caller)
    await repository.add(session, caller, is_manager=is_manager, secret_hash=hashed, made_at=now)
    return {"digest": hashed}


async def end(session: WriteSession, caller: Caller) -> dict[str, Any]:
    """End the caller's address; that there is none is no mistake."""
    await repository.lock(session, caller.subject)
    await repository.end(session, caller.subject, EndedWhy.BY_OWNER, clock.now())
    return {}
