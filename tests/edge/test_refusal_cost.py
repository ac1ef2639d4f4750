"""No refusal takes memory: 16 MiB beside the request itself, client and server in one process.

What each costs in processor time is measured and not asserted (`infra/docs/benchmarks.md`).
"""

import json
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from functools import partial

from tests.edge.conftest import PublicDoor
from tests.edge.test_documents import BODIES, DOCUMENTS, VARIABLES, _with_variables

MOST_BYTES = 16 * 1024 * 1024
_KINDS: dict[str, tuple[bytes, dict[str, str]]] = {
    **{name: (json.dumps({"query": one[0]}).encode(), {}) for name, one in DOCUMENTS.items()},
    **{f"HD-12 {name}": (_with_variables(one[0]), {}) for name, one in VARIABLES.items()},
    **{name: (one[0], one[1]) for name, one in BODIES.items()},
}


async def _peak(send: Callable[[], Awaitable[object]]) -> tuple[int, float]:
    """Return the bytes that were held at most, and the processor's seconds without counting."""
    await send()
    tracemalloc.start()
    try:
        await send()
        held = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    begun = time.process_time()
    await send()
    return held, time.process_time() - begun


async def costs(door: PublicDoor) -> dict[str, tuple[int, float]]:
    """Return what each kind of refusal costs: bytes held, and seconds of the processor."""
    found = {}
    for name, (body, headers) in _KINDS.items():
        found[name] = await _peak(partial(door.send, body, headers))
    return found


async def test_no_refusal_takes_much_memory(door: PublicDoor) -> None:
    found = await costs(door)
    assert {name: cost for name, cost in found.items() if cost[0] > MOST_BYTES} == {}


async def test_a_refusal_that_holds_much_would_be_noticed() -> None:
    """Planted twin of the test above."""

    async def greedy() -> None:
        assert len(bytearray(2 * MOST_BYTES)) > MOST_BYTES

    assert (await _peak(greedy))[0] > MOST_BYTES
