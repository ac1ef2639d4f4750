"""An open-loop load on loopback: requests leave on a fixed schedule, whatever the answers do.

Latency counts from the moment a request should have left, so that a slow server cannot hide
behind a client that waits for it (coordinated omission).
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Latencies:
    """What one load saw; times in milliseconds."""

    rate: float
    requests: int
    p50: float
    p95: float
    p99: float
    worst: float
    achieved: float
    outcomes: dict[str, int]


def quantile(sorted_values: list[float], share: float) -> float:
    """Return the value below which a share of the values lies (nearest rank)."""
    if not sorted_values:
        return float("nan")
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))]


async def load(send: Callable[[int], Awaitable[str]], *, rate: float, seconds: float) -> Latencies:
    """Send at a constant rate for a bounded time.

    Args:
        send: sends the n-th request and returns its outcome as a word.
        rate: requests a second.
        seconds: how long.
    """
    loop = asyncio.get_running_loop()
    total = int(rate * seconds)
    times: list[float] = []
    outcomes: Counter[str] = Counter()
    begin = loop.time() + 0.1

    async def one(number: int) -> None:
        due = begin + number / rate
        await asyncio.sleep(max(0.0, due - loop.time()))
        outcome = await send(number)
        times.append((loop.time() - due) * 1000)
        outcomes[outcome] += 1

    async with asyncio.TaskGroup() as group:
        for number in range(total):
            group.create_task(one(number))
    elapsed = loop.time() - begin
    times.sort()
    return Latencies(
        rate=rate,
        requests=total,
        p50=quantile(times, 0.50),
        p95=quantile(times, 0.95),
        p99=quantile(times, 0.99),
        worst=times[-1],
        achieved=total / elapsed,
        outcomes=dict(outcomes),
    )
