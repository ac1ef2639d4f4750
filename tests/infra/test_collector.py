"""What a program keeps is no longer looked at by the collector; what it dropped is freed."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from infra.collector import (
    OLD,
    OLD_EVERY_SECONDS,
    OLD_REST,
    YOUNG,
    Looks,
    look_now_and_then,
    settle,
)

OLDEST = 2


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


class Hand:
    """A clock that is set by hand; a collection of the old takes as long as it is told."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def held_over_a_look(looks: Looks) -> weakref.ref[Kept]:
    """Return what a request in flight held while somebody looked, and then let go."""
    kept = Kept()
    looks.look()
    return weakref.ref(kept)


def test_what_was_in_flight_at_a_look_is_freed_by_a_later_one() -> None:
    settle()
    hand = Hand()
    looks = Looks(hand)
    gone = held_over_a_look(looks)
    looks.look()
    assert gone() is not None, "old: a look at the young does not see it"
    hand.at = OLD_EVERY_SECONDS
    looks.look()
    assert gone() is None


def test_looks_at_the_old_that_take_long_are_rare(monkeypatch: pytest.MonkeyPatch) -> None:
    hand, took, seen = Hand(), 0.1, list[int]()

    def collect(generation: int = 2) -> int:
        seen.append(generation)
        hand.at += took if generation == OLDEST else 0.0
        return 0

    monkeypatch.setattr(gc, "collect", collect)
    looks = Looks(hand)
    for hand.at in (OLD_EVERY_SECONDS, OLD_EVERY_SECONDS + took * OLD_REST - 1):
        looks.look()
    hand.at += 2
    looks.look()
    assert seen == [OLDEST, 1, OLDEST]
