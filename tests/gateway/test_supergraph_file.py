"""A changed supergraph file is taken when it can be used, and otherwise nothing changes."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.supergraph import SupergraphError
from gateway.supergraph_file import SupergraphFollower
from infra.telemetry import metrics


class Served:
    """What serves, and all that was loaded and put in its place."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "supergraph.graphql"
        self.file.write_text("first")
        self.loaded: list[str] = []
        self.now = "first"
        self.follower = SupergraphFollower(
            self.file, self.load, self.swap, applied="first", poll_seconds=0.01
        )

    def load(self, sdl: str) -> str:
        self.loaded.append(sdl)
        if sdl.startswith("bad"):
            raise SupergraphError("Query.people has no label")
        return sdl

    def swap(self, made: str) -> None:
        self.now = made

    def write(self, text: str) -> None:
        """Replace the file as an operator should."""
        new = self.file.with_name("new")
        new.write_text(text)
        new.rename(self.file)


def counted(outcome: str) -> float:
    value: float = metrics.SUPERGRAPHS.labels(outcome)._value.get()
    return value


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110  nothing tells when a file has been looked at
            await asyncio.sleep(0.005)


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return Served(tmp_path)


async def test_what_serves_is_not_loaded_again(served: Served) -> None:
    assert not await served.follower.look()
    os.utime(served.file)
    assert not await served.follower.look()
    assert served.loaded == []


async def test_a_new_supergraph_is_swapped_in(served: Served) -> None:
    before = counted("swapped")
    served.write("second")
    with capture_logs() as logs:
        assert await served.follower.look()
    assert served.now == "second"
    assert [one["event"] for one in logs] == ["supergraph_swapped"]
    assert counted("swapped") == before + 1


async def test_a_bad_supergraph_leaves_the_old_one_and_is_told_once(served: Served) -> None:
    before = counted("refused")
    served.write("bad")
    with capture_logs() as logs:
        assert not await served.follower.look()
        os.utime(served.file)
        assert not await served.follower.look()
    assert served.now == "first"
    assert [(one["event"], one["reason"]) for one in logs] == [
        ("supergraph_refused", "Query.people has no label")
    ]
    assert counted("refused") == before + 1
    served.write("good again")
    assert await served.follower.look()
    assert served.now == "good again"


async def test_a_bad_supergraph_is_tried_again_when_asked(served: Served) -> None:
    served.write("bad")
    assert not await served.follower.look()
    served.follower.look_now()
    assert not await served.follower.look()
    assert served.loaded == ["bad", "bad"]


async def test_a_missing_or_unreadable_file_leaves_the_old_one(served: Served) -> None:
    served.file.unlink()
    assert not await served.follower.look()
    served.file.write_bytes(b"\xff\xfe")
    assert not await served.follower.look()
    assert (served.now, served.loaded) == ("first", [])
    served.write("second")
    assert await served.follower.look()


async def test_the_file_is_followed_until_stopped(served: Served) -> None:
    served.follower.start()
    try:
        served.write("second")
        await until(lambda: served.now == "second")
        served.write("bad")
        await until(lambda: served.loaded[-1] == "bad")
        served.write("third")
        await until(lambda: served.now == "third")
    finally:
        await served.follower.stop()


async def test_requests_go_on_while_a_supergraph_is_loaded(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    may_go_on = asyncio.Event()
    answered: list[str] = []

    def load(sdl: str) -> str:
        # Ends only once something has happened in the loop that serves requests.
        asyncio.run_coroutine_threadsafe(may_go_on.wait(), loop).result(30)
        return sdl

    file = tmp_path / "supergraph.graphql"
    file.write_text("second")
    follower = SupergraphFollower(file, load, answered.append, applied="first", poll_seconds=60)
    looking = asyncio.create_task(follower.look())
    await asyncio.sleep(0)
    assert answered == []
    may_go_on.set()
    assert await looking
    assert answered == ["second"]
