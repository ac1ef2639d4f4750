"""Sessions: reading cannot write and sees one moment; writing commits whole or not at all."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from infra import clock
from infra.authority.tables import OutboxEntry
from infra.database import AlreadyRunningError, AnySession, Database, is_outage
from infra.settings import Secret


def entry(row_id: UUID) -> OutboxEntry:
    return OutboxEntry(id=row_id, operations=[], created_at=clock.now(), revision=1)


async def count(session: AnySession) -> int:
    return await session.scalar(select(func.count()).select_from(OutboxEntry)) or 0


async def test_what_is_written_is_kept_when_the_block_ends_well(chassis_database: Database) -> None:
    row_id = uuid4()
    async with chassis_database.write() as session:
        session.add(entry(row_id))
    async with chassis_database.read() as session:
        assert await session.get(OutboxEntry, row_id) is not None


async def test_nothing_is_kept_when_the_block_fails(chassis_database: Database) -> None:
    row_id = uuid4()

    async def fail() -> None:
        async with chassis_database.write() as session:
            session.add(entry(row_id))
            await session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    async with chassis_database.read() as session:
        assert await session.get(OutboxEntry, row_id) is None


async def write_while_reading(database: Database) -> None:
    async with database.read() as session:
        session.add(entry(uuid4()))
        await session.flush()


async def assert_reading_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError, match="read-only transaction"):
        await write_while_reading(database)


async def test_a_read_session_cannot_write(chassis_database: Database) -> None:
    await assert_reading_cannot_write(chassis_database)


async def test_a_read_session_that_may_write_is_caught(
    chassis_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chassis_database, "read", chassis_database.write)
    with pytest.raises(pytest.fail.Exception):
        await assert_reading_cannot_write(chassis_database)


async def test_a_read_session_sees_one_moment(chassis_database: Database) -> None:
    async with chassis_database.read() as session:
        before = await count(session)
        async with chassis_database.write() as writer:
            writer.add(entry(uuid4()))
        assert await count(session) == before
    async with chassis_database.read() as session:
        assert await count(session) == before + 1


async def test_sessions_keep_time_in_utc_and_do_not_wait_for_ever(
    chassis_database: Database,
) -> None:
    async with chassis_database.read() as session:
        settings = {
            name: await session.scalar(text(f"show {name}"))
            for name in ("timezone", "statement_timeout", "idle_in_transaction_session_timeout")
        }
    assert settings == {
        "timezone": "UTC",
        "statement_timeout": "15s",
        "idle_in_transaction_session_timeout": "30s",
    }


async def test_work_is_done_alone_until_its_end_whatever_that_is(
    chassis_database: Database,
) -> None:
    async with chassis_database.alone("counting"), chassis_database.alone("weighing"):
        with pytest.raises(AlreadyRunningError):
            async with chassis_database.alone("counting"):
                pass
    with pytest.raises(ZeroDivisionError):
        async with chassis_database.alone("counting"):
            raise ZeroDivisionError
    # Its connection ends amid the work: the lock is gone with it.
    async with chassis_database.alone("counting"), chassis_database.write() as session:
        await session.execute(
            text(
                "select pg_terminate_backend(pid, 10000) from pg_locks"
                " where locktype = 'advisory' and pid <> pg_backend_pid()"
                " and database = (select oid from pg_database"
                " where datname = current_database())"
            )
        )
    async with chassis_database.alone("counting"):
        pass


async def test_a_database_that_is_away_is_not_reachable(chassis_database: Database) -> None:
    assert await chassis_database.is_reachable()
    away = Database(Secret("postgresql://x@127.0.0.1:1/x"), application_name="away", pool_size=1)
    assert not await away.is_reachable()
    await away.close()


async def test_an_outage_is_told_apart_from_a_fault_of_ours(chassis_database: Database) -> None:
    """Whoever is told of an outage asks again; a mistake in a statement stays one."""
    away = Database(Secret("postgresql://x@127.0.0.1:1/x"), application_name="away", pool_size=1)
    with pytest.raises(OSError) as nobody_there:  # noqa: PT011
        async with away.read():
            pass
    await away.close()
    assert is_outage(nobody_there.value)

    async def fails(statement: str) -> BaseException:
        with pytest.raises(DBAPIError) as failed:
            async with chassis_database.read() as session:
                await session.execute(text(statement))
        return failed.value

    assert is_outage(await fails("select pg_terminate_backend(pg_backend_pid())"))
    assert is_outage(await fails("do $$ begin raise using errcode = '53300'; end $$"))
    assert not is_outage(await fails("select 1 / 0"))
    assert not is_outage(await fails("do $$ begin raise using errcode = '57014'; end $$"))
