"""Ended sessions that all gateways know: by name and moment, for a day, for gateways alone."""

import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text

from gateway.web.console.session import ABSOLUTE_SECONDS
from infra import clock
from svc_consent.sign_outs import repository
from tests.fixtures.consent_world import ConsentWorld
from tests.fixtures.service_app import ServiceAppFactory

PATH = "/internal/sessions"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        made.make_keys_known()
        yield made


def body(
    ended: list[str] | None = None, session: list[str] | None = None, at: int | None = None
) -> Any:
    started_at = clock.epoch_seconds() - 60 if at is None else at
    return {"ended": ended or [], "session": session or [], "startedAt": started_at}


def name() -> str:
    return secrets.token_hex(16)


async def has_ended(world: ConsentWorld, *session: str, at: int | None = None) -> bool:
    return bool((await world.ok(PATH, body(session=list(session), at=at)))["hasEnded"])


async def test_what_has_ended_is_known_by_any_of_its_names(world: ConsentWorld) -> None:
    one, other = name(), name()
    assert not await has_ended(world, one, other)
    told = await world.ok(PATH, body([one, one], [other]))
    assert told == {"hasEnded": False}
    assert await has_ended(world, one)
    assert await has_ended(world, other, one)
    assert not await has_ended(world, other)
    assert not await has_ended(world)


async def test_a_session_that_began_later_goes_on_until_it_ends_too(world: ConsentWorld) -> None:
    one = name()
    await world.ok(PATH, body([one]))
    later = clock.epoch_seconds() + 3600
    assert not await has_ended(world, one, at=later)
    await world.execute("update ended_session set ended_at = now() - interval '8 hours'")
    assert not await has_ended(world, one)
    assert await has_ended(world, one, at=clock.epoch_seconds() - ABSOLUTE_SECONDS - 60)
    await world.ok(PATH, body([one]))
    assert await has_ended(world, one)


async def test_what_is_told_and_asked_at_once_is_known(world: ConsentWorld) -> None:
    one = name()
    assert (await world.ok(PATH, body([one], [one])))["hasEnded"] is True


async def test_entries_go_when_no_session_can_be_as_old(world: ConsentWorld) -> None:
    assert repository.KEPT_HOURS * 3600 > ABSOLUTE_SECONDS
    old, young = name(), name()
    await world.ok(PATH, body([old, young]))
    await world.execute(
        "update ended_session set ended_at = now() - make_interval(hours => :hours)"
        " where name = decode(:name, 'hex')",
        hours=repository.KEPT_HOURS + 1, name=old,
    )  # fmt: skip
    async with world.service.chassis.database.write() as session:
        await session.execute(text(repository._SWEEP))
    assert not await has_ended(world, old, at=0)
    assert await has_ended(world, young, at=0)


@pytest.mark.parametrize(
    "change",
    [
        {"ended": None}, {"ended": "x"}, {"ended": ["xy"]}, {"ended": ["00"]}, {"ended": [1]},
        {"session": [None]}, {"session": ["00" * 16] * 1001}, {"startedAt": None},
        {"startedAt": True}, {"startedAt": 1.5}, {"startedAt": -1}, {"startedAt": 1 << 62},
    ],
)  # fmt: skip
async def test_what_is_no_question_is_refused(world: ConsentWorld, change: Any) -> None:
    status, _ = await world.call("POST", PATH, {**body(), **change})
    assert status == 400


async def test_gateways_alone_tell_and_ask(world: ConsentWorld) -> None:
    for issuer in ("participants", "cases", "training"):
        status, _ = await world.call("POST", PATH, body([name()]), issuer=issuer)
        assert status == 401
