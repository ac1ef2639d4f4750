"""What resolvers of one request share: one snapshot, loaders of their own, and nothing beyond."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from infra.authority import changes
from infra.authority.changes import VisibilityFact, put_visibility
from infra.authority.tables import AppliedRevision, OutboxEntry, Visibility
from infra.database import AnySession, Database
from infra.identity_token import Caller
from infra.pagination import CursorSeal
from infra.request_context import PermitMissingError, RequestContext
from infra.settings import Secret
from infra.vocabulary import Basis, Role

SEAL = CursorSeal(Secret("A" * 43 + "="))
CALLER = Caller("s", "a", "site", "g", Role.CM, None, permit="permit-of-the-gate")


class Loader:
    """A loader that notes for whom it was made."""

    def __init__(self, context: RequestContext) -> None:
        self.context = context


def new_context(database: Database) -> RequestContext:
    return RequestContext(CALLER, database, SEAL, None)


async def advance(database: Database, revision: int, ends_at: datetime | None = None) -> None:
    """Apply one more fact for the caller's agency, as the follower does."""
    fact = VisibilityFact(
        uuid4(), uuid4(), "agency:a", Basis.RELEASE, datetime(2026, 1, 1, tzinfo=UTC), ends_at
    )
    async with database.write() as session:
        await changes.apply(session, [put_visibility(fact)], revision)
        await session.execute(update(AppliedRevision).values(revision=revision))


async def facts(session: AnySession) -> int:
    return await session.scalar(select(func.count()).select_from(Visibility)) or 0


async def test_all_reads_share_one_snapshot_and_say_its_revision(
    chassis_database: Database,
) -> None:
    ends_at = datetime.now(UTC) + timedelta(hours=1)
    await advance(chassis_database, 5, ends_at)
    context = new_context(chassis_database)
    async with context.reading() as session:
        before = await facts(session)
    await advance(chassis_database, 6)
    async with context.reading() as session:
        assert await facts(session) == before
    assert (context.revision, context.valid_until) == (5, ends_at)
    await context.close()


async def test_resolvers_at_the_same_moment_take_turns(chassis_database: Database) -> None:
    context = new_context(chassis_database)
    inside = 0

    async def resolve() -> int:
        nonlocal inside
        async with context.reading() as session:
            inside += 1
            assert inside == 1
            found = await facts(session)
            inside -= 1
        return found

    assert len(set(await asyncio.gather(*(resolve() for _ in range(8))))) == 1
    await context.close()


async def test_a_payload_shows_what_was_written(chassis_database: Database) -> None:
    context = new_context(chassis_database)
    row_id = uuid4()
    async with context.reading() as session:
        assert await session.get(OutboxEntry, row_id) is None
    old = context.loader(Loader)
    async with context.writing() as writer:
        writer.add(OutboxEntry(id=row_id, operations=[], created_at=datetime.now(UTC), revision=1))
    async with context.reading() as session:
        assert await session.get(OutboxEntry, row_id) is not None
    assert context.loader(Loader) is not old
    await context.close()


async def assert_requests_share_nothing(database: Database) -> None:
    one, other = new_context(database), new_context(database)
    assert one.loader(Loader) is one.loader(Loader)
    assert one.loader(Loader) is not other.loader(Loader)
    assert other.loader(Loader).context is other


async def test_loaders_live_as_long_as_the_request(chassis_database: Database) -> None:
    await assert_requests_share_nothing(chassis_database)


async def test_loaders_kept_beyond_a_request_are_caught(
    chassis_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: dict[type[object], object] = {}

    def loader(self: RequestContext, kind: type[Loader]) -> object:
        return kept.setdefault(kind, kind(self))

    monkeypatch.setattr(RequestContext, "loader", loader)
    with pytest.raises(AssertionError):
        await assert_requests_share_nothing(chassis_database)


async def test_a_closed_context_gives_its_connection_back(chassis_database: Database) -> None:
    for _ in range(20):  # more than the pool has
        context = new_context(chassis_database)
        async with context.reading() as session:
            await facts(session)
        await context.close()
        await context.close()


async def test_without_the_gates_permit_nothing_is_written(chassis_database: Database) -> None:
    context = RequestContext(replace(CALLER, permit=None), chassis_database, SEAL, None)
    with pytest.raises(PermitMissingError):
        async with context.writing() as session:
            await session.execute(update(AppliedRevision).values(revision=99))
    async with chassis_database.read() as session:
        assert await session.scalar(select(AppliedRevision.revision)) != 99


async def test_with_a_permit_the_same_is_written(chassis_database: Database) -> None:
    """Twin of the test above: it is the permit that makes the difference."""
    context = new_context(chassis_database)
    async with context.writing() as session:
        await session.execute(update(AppliedRevision).values(revision=99))
    async with chassis_database.read() as session:
        assert await session.scalar(select(AppliedRevision.revision)) == 99
