"""Keys of requests and handed-over facts go by age; what is waiting and the newest stay."""

from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import delete, func, select

from infra import clock
from infra.authority.tables import OutboxEntry
from infra.database import Database
from infra.idempotency import KEPT, IdempotentRequest
from infra.retention import forget_keys

OLD = KEPT + timedelta(days=1)


def key(at: datetime) -> IdempotentRequest:
    return IdempotentRequest(
        subject="s", key=uuid4().hex, request_hash="h", result={}, created_at=at
    )


def fact(at: datetime, revision: int | None) -> OutboxEntry:
    return OutboxEntry(id=uuid4(), operations=[], created_at=at, revision=revision)


async def test_only_what_is_old_and_done_goes(chassis_database: Database) -> None:
    now = clock.now()
    old, young = key(now - OLD), key(now)
    waiting, done, newest = fact(now - OLD, None), fact(now - OLD, 1), fact(now - OLD, 9)
    recent = fact(now, 2)
    async with chassis_database.write() as session:
        await session.execute(delete(OutboxEntry))
        await session.execute(delete(IdempotentRequest))
        session.add_all([old, young, waiting, done, newest, recent])
    assert await forget_keys(chassis_database) == (1, 1)
    async with chassis_database.read() as session:
        assert list(await session.scalars(select(IdempotentRequest.key))) == [young.key]
        left = set(await session.scalars(select(OutboxEntry.id)))
        assert left == {waiting.id, newest.id, recent.id}
    assert await forget_keys(chassis_database) == (0, 0)
    async with chassis_database.write() as session:
        await session.execute(delete(OutboxEntry))
        assert await session.scalar(select(func.count()).select_from(OutboxEntry)) == 0
