"""A stream lasts as long as its token and its person's role; what nobody knows is asked again."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from gateway.errors import RequestRefusedError
from gateway.exchange import Visitor
from gateway.subscriptions import lasting
from gateway.subscriptions.hub import Interest, Watcher
from gateway.subscriptions.lasting import End, next_call
from infra import clock

VISITOR = Visitor("p", "c", "CM", "s", "a", "", expires_at=2**40, valid_until=clock.now())


class Directory:
    """Answers one question after the other with what was given: a status, or 200."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)

    async def check(self) -> Visitor:
        status = self.statuses.pop(0)
        if status != 200:
            raise RequestRefusedError(status, "OVERLOADED")
        return VISITOR


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lasting, "RETRY_SECONDS", 0.0)


def _woken() -> Watcher:
    watcher = Watcher("s", "c", Interest(ending=frozenset()))
    watcher.wake(must_check=True)
    return watcher


async def _end(
    watcher: Watcher, check: Callable[[], Awaitable[Visitor]], seconds: float = 30
) -> End:
    async with asyncio.timeout(seconds):
        while True:
            call = await next_call(watcher, check)
            if isinstance(call, End):
                return call


@pytest.mark.parametrize(("status", "end"), [(401, End.TOKEN), (403, End.ROLE)])
@pytest.mark.parametrize("busy", [[], [503], [429, 503]])
async def test_a_busy_directory_is_asked_until_it_says(
    busy: list[int], status: int, end: End
) -> None:
    directory = Directory(*busy, status)
    assert await _end(_woken(), directory.check) is end
    assert directory.statuses == []


async def test_planted_a_check_dropped_while_the_directory_is_busy_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lasting, "RETRY_SECONDS", 3600.0)
    with pytest.raises(TimeoutError):
        await _end(_woken(), Directory(503, 403).check, seconds=0.2)


async def test_who_may_stay_stays_and_is_given_a_new_end() -> None:
    watcher, directory = _woken(), Directory(200)
    call = await next_call(watcher, directory.check)
    assert not isinstance(call, End)
    assert watcher.interest.valid_until == VISITOR.valid_until
    assert not watcher.is_called


async def test_a_call_that_needs_no_check_asks_nobody() -> None:
    watcher = Watcher("s", "c", Interest(ending=frozenset()))
    watcher.wake(must_look=True)
    call = await next_call(watcher, Directory().check)
    assert not isinstance(call, End)
    assert call.must_look
