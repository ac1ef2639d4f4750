"""When the cyclic garbage collector looks at what: never at what lives as long as the process.

A request makes thousands of containers (parsed answers) that reference counting frees; with
CPython's defaults each few hundred of them start a collection, and now and then one over the whole
heap, schema included: measured, that was 45 % of the gateway's processor time and its worst pauses.
See https://docs.python.org/3/library/gc.html#gc.freeze.
"""

import gc
from asyncio import AbstractEventLoop
from typing import Final

YOUNG: Final = 400_000
"""Containers made and not freed before a collection that nobody asked for."""

MIDDLE, OLD = 20, 50

EVERY_SECONDS: Final = 0.5
"""How often cycles are looked for between requests.  By the clock it costs the same however much is
answered; by containers made (one for each 50,000) it took 7 % of a busy gateway's processor time.
"""


def settle() -> None:
    """Call once a program has loaded what it keeps, and again after it has loaded it anew.

    What exists now is not looked at again until the next call; what has gone since the last call
    is freed first, cycles included (a whole collection: tens of milliseconds).
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)


def look_now_and_then(loop: AbstractEventLoop) -> None:
    """Free the cycles among what is young every half second from now on, as long as it runs."""

    def look() -> None:
        gc.collect(1)
        loop.call_later(EVERY_SECONDS, look)

    loop.call_later(EVERY_SECONDS, look)
