"""Every statement about clearances, and their way into the outbox."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from infra import clock
from infra.authority import handover
from infra.database import AnySession, ReadSession, WriteSession
from svc_training.clearances.rules import Held, changes
from svc_training.clearances.tables import Clearance


async def replace(
    session: WriteSession, personnel_ids: Sequence[UUID], held: Iterable[Held]
) -> None:
    """Store what these people hold from now on; what changed goes into the outbox with it.

    The edge acknowledges no command before its outbox is empty, so a clearance that is lost is
    lost at the gate before anybody is told.

    Args:
        session: the transaction that makes it true here.
        personnel_ids: entries of rosters; what they held and is not in ``held`` is gone.
        held: what they hold.
    """
    before = {row.id: _held(row) for row in await _of_people(session, personnel_ids)}
    after = {each.id: each for each in held}
    gone = [row_id for row_id in before if row_id not in after]
    if gone:
        await session.execute(delete(Clearance).where(Clearance.id.in_(gone)))
    rows = [
        {
            "id": row_id,
            "personnel_id": each.personnel_id,
            "account_id": each.account_id,
            "agency_id": each.agency_id,
            "kind": each.kind,
            "held_until": each.held_until,
            "changed_at": clock.now(),
        }
        for row_id, each in after.items()
        if before.get(row_id) != each
    ]
    if rows:
        statement = insert(Clearance)
        changed = {
            name: statement.excluded[name]
            for name in ("account_id", "agency_id", "held_until", "changed_at")
        }
        await session.execute(
            statement.on_conflict_do_update(index_elements=["id"], set_=changed), rows
        )
    handover.append(session, changes(before, after))


async def withdraw(session: WriteSession, personnel_id: UUID) -> None:
    """Take every clearance of an entry away, until it is assessed afresh."""
    await replace(session, [personnel_id], [])


async def of_account(session: ReadSession, account_id: str) -> list[Clearance]:
    """Return the clearances of an account as they were last handed over."""
    rows = await session.scalars(
        select(Clearance)
        .where(Clearance.account_id == account_id, Clearance.agency_id.is_not(None))
        .order_by(Clearance.kind, Clearance.agency_id)
    )
    return list(rows)


async def _of_people(session: AnySession, personnel_ids: Sequence[UUID]) -> list[Clearance]:
    rows = await session.scalars(select(Clearance).where(Clearance.personnel_id.in_(personnel_ids)))
    return list(rows)


def _held(row: Clearance) -> Held:
    return Held(row.personnel_id, row.account_id, row.agency_id, row.kind, row.held_until)
