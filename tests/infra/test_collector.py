"""What a program keeps is no longer looked at by the collector; what it dropped is freed."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from infra.collector import OLD, YOUNG, look_now_and_then, settle


class Kept:
    """Something that can be part of a cycle and be watched."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_what_is_kept_is_left_alone() -> None:
    kept = Kept()
    settle()
    assert gc.get_freeze_count() > 0
    assert not any(one is kept for one in gc.get_objects())
    assert (gc.get_threshold()[0], gc.get_threshold()[2]) == (YOUNG, OLD)


def test_what_was_kept_and_dropped_is_freed_by_the_next_call() -> None:
    kept = Kept()
    gone = weakref.ref(kept)
    settle()
    del kept
    gc.collect()
    assert gone() is not None, "frozen, so a collection does not see it"
    settle()
    assert gone() is None


async def test_cycles_are_freed_though_few_containers_are_made() -> None:
    settle()
    look_now_and_then(asyncio.get_running_loop())
    gone = weakref.ref(Kept())
    for _ in range(600):
        if gone() is None:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("nobody looked")
