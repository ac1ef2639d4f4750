"""Rates that hold for all gateways together (decision record 0015).

Twice a second each gateway tells `svc_consent` what it let through, and hears what all of them
left in those buckets: no request waits for that, and what was too much becomes a debt that is
waited off. A gateway that is alone tells only that it lives. Look-ups by number are few and worth
guessing at: each takes its token there before it runs, and none runs while nobody answers.
"""

import asyncio
import contextlib
from typing import Final

import structlog

from gateway.consent_client import ConsentClient, ConsentUnavailableError, RateUse
from gateway.limits.rate import TokenBuckets
from infra import clock

SETTLE_SECONDS: Final = 0.5
ALIVE_SECONDS: Final = 5.0
_MOST_USES: Final = 2_000

_log = structlog.get_logger(__name__)


class SharedRates:
    """What one gateway process has to do with the others' buckets.

    Attributes:
        gateways: how many there are, as far as this one has heard.
    """

    def __init__(self, consent: ConsentClient, instance: str) -> None:
        """Make it; ``instance`` is this process's name, unlike all others'."""
        self._consent = consent
        self._instance = instance
        self._followed: list[TokenBuckets] = []
        self._task: asyncio.Task[None] | None = None
        self._told_at = float("-inf")
        self.gateways = 1

    def follow(self, buckets: TokenBuckets) -> TokenBuckets:
        """Bring buckets into line with other gateways' from now on; returns them."""
        self._followed.append(buckets)
        return buckets

    async def take(self, buckets: TokenBuckets, key: str) -> int:
        """Take one token of all gateways' bucket; return 0, or the seconds to wait.

        Raises:
            ConsentUnavailableError: nobody says whether there is one.
        """
        if wait := buckets.take(key):  # this process alone was too much: nobody need be asked
            return wait
        is_taken, level = await self._consent.take_rate(_use(buckets, key, 1))
        return 0 if is_taken else buckets.seconds_until_one(level)

    def start(self) -> None:
        """Begin to tell."""
        self._task = asyncio.create_task(self._run(), name="shared-rates")

    async def stop(self) -> None:
        """Stop telling."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def settle(self) -> None:
        """Tell what was let through, and take over what is left.

        Raises:
            ConsentUnavailableError: it was not heard. It is not told again: while nobody answers
                each gateway keeps to its share, so that nothing is owed.
        """
        owed = [
            (buckets, key, _use(buckets, key, spent))
            for buckets in self._followed
            for key, spent in buckets.spent().items()
        ]
        for start in range(0, max(len(owed), 1), _MOST_USES):
            part = owed[start : start + _MOST_USES]
            uses = [use for _, _, use in part]
            self.gateways, levels = await self._consent.settle_rates(self._instance, uses)
            for (buckets, key, _), level in zip(part, levels, strict=True):
                buckets.correct(key, level)
        for buckets in self._followed:
            buckets.sharers = self.gateways
        self._told_at = clock.monotonic()

    async def _run(self) -> None:
        was_lost = False
        while True:
            is_alone = self.gateways == 1
            if not is_alone or clock.monotonic() - self._told_at >= ALIVE_SECONDS:
                try:
                    await self.settle()
                    was_lost = False
                except ConsentUnavailableError:
                    if not was_lost:  # once, not at every attempt
                        _log.warning("shared_rates_lost")
                    was_lost = True
            await asyncio.sleep(SETTLE_SECONDS)


def _use(buckets: TokenBuckets, key: str, spent: float) -> RateUse:
    rate = buckets.rate
    return RateUse(buckets.kind, key, rate.per_second, rate.burst, spent)
