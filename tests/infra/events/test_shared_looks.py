"""Whoever asks at one moment shares a look; nobody shares one that had begun before they asked."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from infra.events.shared_looks import SharedLooks

Look = Callable[[str], Coroutine[Any, Any, int]]


class Source:
    """Something that changes; each look reads it when it begins, and ends when it may."""

    def __init__(self) -> None:
        self.value = 0
        self.asked: list[str] = []
        self.may_end = asyncio.Event()
        self.has_begun = asyncio.Event()

    async def look(self, key: str) -> int:
        self.asked.append(key)
        value = self.value
        self.has_begun.set()
        await self.may_end.wait()
        return value


async def test_those_who_ask_together_share_one_look() -> None:
    source = Source()
    source.may_end.set()
    looks = SharedLooks(source.look)
    news = asyncio.Event()

    async def woken() -> int:
        await asyncio.wait_for(news.wait(), 30)
        return await looks.look("a")

    waiting = [asyncio.create_task(woken()) for _ in range(7)]
    await asyncio.sleep(0)
    source.value = 5
    news.set()
    assert await asyncio.gather(*waiting) == [5] * 7
    assert source.asked == ["a"]


async def _is_told_of_what_was_there(source: Source, look: Look) -> None:
    first = asyncio.create_task(look("a"))
    await source.has_begun.wait()
    source.value = 1  # after the first look has read, before the second is asked for
    second = asyncio.create_task(look("a"))
    await asyncio.sleep(0)
    source.may_end.set()
    assert await first == 0
    assert await second == 1


async def test_a_look_that_has_begun_is_not_shared() -> None:
    source = Source()
    await _is_told_of_what_was_there(source, SharedLooks(source.look).look)


async def test_planted_sharing_of_a_look_under_way_is_noticed() -> None:
    source = Source()
    under_way: dict[str, asyncio.Task[int]] = {}

    async def shared(key: str) -> int:
        if key not in under_way:
            under_way[key] = asyncio.create_task(source.look(key))
        return await under_way[key]

    with pytest.raises(AssertionError):
        await _is_told_of_what_was_there(source, shared)


async def test_other_keys_are_other_looks() -> None:
    source = Source()
    source.may_end.set()
    looks = SharedLooks(source.look)
    await asyncio.gather(looks.look("a"), looks.look("b"), looks.look("a"))
    assert sorted(source.asked) == ["a", "b"]
    await looks.look("a")
    assert sorted(source.asked) == ["a", "a", "b"]


async def test_who_gives_up_takes_nothing_from_the_others() -> None:
    source = Source()
    looks = SharedLooks(source.look)
    leaving, staying = (asyncio.create_task(looks.look("a")) for _ in range(2))
    await source.has_begun.wait()
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    source.may_end.set()
    assert await staying == 0


async def test_a_failure_is_everybodys_and_the_next_look_is_a_new_one() -> None:
    calls = 0

    async def fails_once(_key: str) -> int:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise OSError
        return 3

    looks = SharedLooks(fails_once)
    found = await asyncio.gather(looks.look("a"), looks.look("a"), return_exceptions=True)
    assert [type(each) for each in found] == [OSError, OSError]
    assert await looks.look("a") == 3
