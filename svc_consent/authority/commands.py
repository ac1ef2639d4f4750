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
    if rules.is_about_clearances(operations):
        return await _accept_clearances(database, issuer, hand_over, operations)
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


async def _accept_clearances(
    database: Database, issuer: str, hand_over: UUID, operations: object
) -> int:
    """Take over what training opens to people: it moves what each of them holds."""
    put, gone = rules.check_clearances(operations, issuer)
    async with database.write() as session:
        await repository.lock_order(session)
        known = await repository.revision_of_hand_over(session, issuer, hand_over)
        if known is not None:
            return known
        held = await repository.holders_of_clearances(session, [*gone, *(row.id for row in put)])
        keys = {rules.subject_key(each) for each in (*held, *(row.subject for row in put))}
        await repository.put_clearances(session, put, gone)
        revision = await repository.record_change(session, keys, [])
        repository.remember_hand_over(session, issuer, hand_over, revision)
        return revision
