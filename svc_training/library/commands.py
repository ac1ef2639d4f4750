"""Publishing and withdrawing material of the library: the Support Bureau's work."""

from typing import Any

from infra import clock
from infra.database import WriteSession
from infra.identity_token import Caller
from infra.mutation_result import CommandError, not_found, version_conflict
from infra.vocabulary import Role
from svc_training.library import repository
from svc_training.library.rules import ResourceContent, checked


def _require_bureau(caller: Caller) -> None:
    if caller.role is not Role.LSB:
        raise CommandError("FORBIDDEN", "Only the LEAD Support Bureau keeps the library.")


async def publish(
    session: WriteSession, caller: Caller, content: ResourceContent, expected_version: int | None
) -> dict[str, Any]:
    """Publish a resource, or a new version of one.

    Raises:
        CommandError: not the Bureau, or another version than expected (none for a new one).
        RuleError: the content is not acceptable.
    """
    _require_bureau(caller)
    wanted = checked(content)
    before = await repository.resource(session, wanted.slug)
    if (before.version if before else None) != expected_version:
        raise version_conflict("input", "expectedVersion")
    row = await repository.put(session, wanted, before, caller.subject)
    return {"slug": row.slug}


async def withdraw(
    session: WriteSession, caller: Caller, slug: str, expected_version: int
) -> dict[str, Any]:
    """Take a resource off the shelves; its versions stay.

    Raises:
        CommandError: not the Bureau, no such resource, or changed meanwhile.
    """
    _require_bureau(caller)
    row = await repository.resource(session, slug)
    if row is None or row.is_withdrawn:
        raise not_found("input", "slug")
    if row.version != expected_version:
        raise version_conflict("input", "expectedVersion")
    row.is_withdrawn, row.changed_by, row.changed_at = True, caller.subject, clock.now()
    await session.flush()
    return {"slug": row.slug}
