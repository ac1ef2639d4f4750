"""Takes over authority facts that another service owns: one hand-over, one revision, once."""

from uuid import UUID

from infra.database import Database
from svc_consent.authority import repository, rules


async def accept_facts(database: Database, issuer: str, hand_over: UUID, operations: object) -> int:
    """Make facts true and return their revision; a repetition returns the first one's.

    Args:
        database: the consent database.
        issuer: the service that hands over, as its token says.
        hand_over: id of the hand-over.
        operations: see ``infra.authority.changes``.

    Raises:
        FactsMalformedError: not of the agreed form.
        FactsForbiddenError: the service does not own such a ground.
    """
    checked, put, named = rules.check_operations(operations, issuer)
    async with database.write() as session:
        await repository.lock_order(session)
        known = await repository.revision_of_hand_over(session, issuer, hand_over)
        if known is not None:
            return known
        existing = await repository.rows_named(session, named)
        rules.check_owned((basis for _, basis in existing), issuer)
        touched = [*put, *(row for row, _ in existing)]
        keys = await repository.keys_touched(session, touched)
        revision = await repository.record_change(session, keys, checked)
        repository.remember_hand_over(session, issuer, hand_over, revision)
        return revision
