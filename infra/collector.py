"""When the cyclic garbage collector looks at what: never at what lives as long as the process.

A request makes thousands of containers (parsed answers) that reference counting frees; with
CPython's defaults each few hundred of them start a collection, and now and then one over the whole
heap, schema included: measured, that was 45 % of the gateway's processor time and its worst pauses.
See https://docs.python.org/3/library/gc.html#gc.freeze.
"""

import gc
from asyncio import AbstractEventLoop
from collections.abc import Callable
from typing import Final

from infra import clock

YOUNG: Final = 400_000
"""Containers made and not freed before a collection that nobody asked for."""

MIDDLE, OLD = 20, 50

EVERY_SECONDS: Final = 0.5
"""How often cycles are looked for between requests.  By the clock it costs the same however much is
answered; by containers made (one for each 50,000) it took 7 % of a busy gateway's processor time.
"""

OLD_EVERY_SECONDS: Final = 20.0
"""How often, at most, cycles are looked for among what outlived a look.

What a request in flight holds at that moment counts as old from then on. The collector's own rule
never gets to the old here, since each look sets its count of new containers back to nothing.
"""

OLD_REST: Final = 500
"""And how many times as long as the last such look took there is none: a fifth of a percent."""


def settle() -> None:
    """Call once a program has loaded what it keeps, and again after it has loaded it anew.

    What exists now is not looked at again until the next call; what has gone since the last call
    is freed first, cycles included (a whole collection: tens of milliseconds).
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)


class Looks:
    """One look after the other: at the young each time, at the old when it is time.

    Args:
        now: seconds of a clock that goes forward only.
    """

    def __init__(self, now: Callable[[], float] = clock.monotonic) -> None:
        self._now = now
        self._old_again_at = now() + OLD_EVERY_SECONDS

    def look(self) -> None:
        """Free the cycles that nobody holds any more."""
        began_at = self._now()
        if began_at < self._old_again_at:
            gc.collect(1)
            return
        gc.collect()
        took = self._now() - began_at
        self._old_again_at = began_at + max(OLD_EVERY_SECONDS, took * OLD_REST)


def look_now_and_then(loop: AbstractEventLoop) -> None:
    """Free cycles every half second from now on, as long as the loop runs."""
    looks = Looks()

    def look() -> None:
        looks.look()
        loop.call_later(EVERY_SECONDS, look)

    loop.call_later(EVERY_SECONDS, look)
