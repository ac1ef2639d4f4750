"""Agreements of evaluators: who can have one, what it moves, and how it ends."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text

from svc_consent.indicators.agreements import (
    NoSuchAgreementError,
    end_agreement,
    record_agreement,
    study,
)
from tests.fixtures.consent_world import ConsentWorld
from tests.fixtures.service_app import ServiceAppFactory

STARTS = datetime(2026, 1, 1, tzinfo=UTC)
ENDS = datetime(2030, 1, 1, tzinfo=UTC)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    """The running service with one site."""
    async with service_app("svc_consent") as service:
        found = ConsentWorld(service)
        await found.make_site()
        yield found


async def recorded(world: ConsentWorld, agency: str, ends_at: datetime = ENDS) -> UUID:
    """Record an agreement."""
    async with world.service.chassis.database.write() as session:
        return await record_agreement(session, UUID(agency), world.site_id, STARTS, ends_at)


async def one(world: ConsentWorld, statement: str, **given: Any) -> Any:
    """Return the first row of a statement."""
    async with world.service.chassis.database.read() as session:
        return (await session.execute(text(statement), given)).first()


async def test_an_agreement_is_a_fact_that_moves_the_agencys_lists(world: ConsentWorld) -> None:
    agency = await world.make_agency("EVAL")
    number = await recorded(world, agency)
    window = await one(world, "select * from authority_agency_window where id = :id", id=number)
    assert (window.agency_id, window.site_id) == (agency, f"study:{world.site_id}")
    for key in (f"agency:{agency}", f"visible:{agency}"):
        row = await one(world, "select revision from authority_key where key = :key", key=key)
        assert row.revision == window.revision
    async with world.service.chassis.database.write() as session:
        await end_agreement(session, number)
    ended = await one(world, "select * from authority_agency_window where id = :id", id=number)
    assert ended.ends_at <= datetime.now(UTC) + timedelta(seconds=60)
    row = await one(
        world, "select revision from authority_key where key = :key", key=f"visible:{agency}"
    )
    assert row.revision == ended.revision > window.revision
    with pytest.raises(NoSuchAgreementError):
        async with world.service.chassis.database.write() as session:
            await end_agreement(session, number)


async def test_only_a_member_that_evaluates_can_have_one(world: ConsentWorld) -> None:
    with pytest.raises(NoSuchAgreementError):
        await recorded(world, await world.make_agency("LE"))
    with pytest.raises(NoSuchAgreementError):
        await recorded(world, str(uuid4()))
    with pytest.raises(NoSuchAgreementError):
        await recorded(world, await world.make_agency("EVAL"), ends_at=STARTS)


async def test_a_memorandum_is_no_agreement(world: ConsentWorld) -> None:
    agency = await world.make_agency("EVAL")
    mou = await one(
        world, "select id from authority_agency_window where agency_id = :agency", agency=agency
    )
    with pytest.raises(NoSuchAgreementError):
        async with world.service.chassis.database.write() as session:
            await end_agreement(session, mou.id)


def test_the_command_records_and_ends(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GT_DATABASE_DSN", world.service.settings.database_dsn.reveal())
    unknown = str(uuid4())
    assert study(["end", "--number", unknown]) == 1
    assert "no agreement in force" in capsys.readouterr().err
