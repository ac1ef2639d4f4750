"""One key, one effect: repeated, reused, by somebody else, at the same moment, after a failure."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text

from infra import idempotency
from infra.database import Database
from infra.idempotency import IdempotencyConflictError, IdempotentRequest, once, request_hash

Effect = Callable[[], Awaitable[dict[str, Any]]]


class Counter:
    """An effect that counts how often it was had."""

    def __init__(self, pause_seconds: float = 0) -> None:
        self.count = 0
        self._pause_seconds = pause_seconds

    async def __call__(self) -> dict[str, Any]:
        self.count += 1
        await asyncio.sleep(self._pause_seconds)
        return {"id": str(self.count)}


async def ask(
    database: Database, effect: Effect, *, key: str, subject: str = "s", request: str = "r"
) -> dict[str, Any]:
    async with database.write() as session:
        return await once(session, subject=subject, key=key, request=request, effect=effect)


async def test_the_same_key_gives_the_same_answer_and_no_second_effect(
    chassis_database: Database,
) -> None:
    effect, key = Counter(), uuid4().hex
    answers = [await ask(chassis_database, effect, key=key) for _ in range(3)]
    assert answers == [{"id": "1"}] * 3
    assert effect.count == 1


async def test_the_same_key_for_another_request_is_refused(chassis_database: Database) -> None:
    effect, key = Counter(), uuid4().hex
    await ask(chassis_database, effect, key=key)
    with pytest.raises(IdempotencyConflictError):
        await ask(chassis_database, effect, key=key, request="another")
    assert effect.count == 1


async def test_keys_of_different_people_never_meet(chassis_database: Database) -> None:
    effect, key = Counter(), uuid4().hex
    for subject in ("one", "two"):
        await ask(chassis_database, effect, key=key, subject=subject)
    assert effect.count == 2


async def assert_one_effect_at_one_moment(database: Database) -> None:
    effect, key = Counter(pause_seconds=0.05), uuid4().hex
    answers = await asyncio.gather(
        *(ask(database, effect, key=key) for _ in range(4)), return_exceptions=True
    )
    assert answers == [{"id": "1"}] * 4
    assert effect.count == 1


async def test_equal_requests_at_the_same_moment_have_one_effect(
    chassis_database: Database,
) -> None:
    await assert_one_effect_at_one_moment(chassis_database)


async def test_requests_that_do_not_wait_for_each_other_are_caught(
    chassis_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "text", lambda _sql: text("select cast(:name as text)"))
    with pytest.raises(AssertionError):
        await assert_one_effect_at_one_moment(chassis_database)


async def test_a_failed_effect_leaves_nothing_and_may_be_repeated(
    chassis_database: Database,
) -> None:
    key = uuid4().hex

    async def fail() -> dict[str, Any]:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await ask(chassis_database, fail, key=key)
    async with chassis_database.read() as session:
        statement = select(func.count()).where(IdempotentRequest.key == key)
        assert await session.scalar(statement) == 0
    assert await ask(chassis_database, Counter(), key=key) == {"id": "1"}


@pytest.mark.parametrize("key", ["", "k" * 201])
async def test_a_key_has_1_to_200_characters(chassis_database: Database, key: str) -> None:
    with pytest.raises(IdempotencyConflictError):
        await ask(chassis_database, Counter(), key=key)


def test_a_request_s_hash_depends_on_name_and_arguments_and_not_on_their_order() -> None:
    assert request_hash("a", {"x": 1, "y": 2}) == request_hash("a", {"y": 2, "x": 1})
    others = (("b", {"x": 1, "y": 2}), ("a", {"x": 1, "y": 3}), ("a", {"x": 1}))
    assert len({request_hash(name, arguments) for name, arguments in others}) == 3
    assert request_hash("a", {"x": 1, "y": 2}) not in {request_hash(*each) for each in others}
