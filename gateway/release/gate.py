"""Calls to the release gate, shared by requests in flight (group commit).

A lane is one chain of the ledger. Each lane has at most one call under way; requests that arrive
meanwhile share the next one, which has not been sent yet. Each request keeps its own verdict and
its own record. Whole answers are never shared.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.consent_client import ConsentClient, ConsentUnavailableError, Verdict
from infra import clock
from infra.telemetry import metrics

LANES = 4
MAX_CALLS_PER_GATE = 32
MAX_WAITING = 512
RELEASE_WITHIN_SECONDS = 0.25
WAIT_SECONDS = 0.5
"""For a verdict, queueing included: a refusal must be out 600 ms after the answer was ready."""


@dataclass(slots=True)
class _Waiting:
    call: Mapping[str, Any]
    verdict: "asyncio.Future[tuple[Verdict, float]]"


class ReleaseGate:
    """Group commit in front of ``svc_consent``'s gate."""

    def __init__(
        self, client: ConsentClient, instance: str, lanes: int = LANES, patience: float = 1.0
    ) -> None:
        self._client = client
        self._patience = patience
        self._lanes = [f"{instance}/{number}" for number in range(lanes)]
        self._waiting: deque[_Waiting] = deque()
        self._arrived = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start one worker a lane."""
        self._tasks = [
            asyncio.create_task(self._work(lane), name=f"gate-{lane}") for lane in self._lanes
        ]

    async def stop(self) -> None:
        """Stop the workers; whoever waits is refused."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._refuse(list(self._waiting))
        self._waiting.clear()

    async def verdict(
        self, call: Mapping[str, Any], give_up_at: float | None = None
    ) -> tuple[Verdict, float]:
        """Return the gate's verdict, and the moment (monotonic) its call was sent.

        Args:
            call: as ``gateway.release.call`` builds it.
            give_up_at: moment (monotonic) to wait for it at most; ``WAIT_SECONDS`` from now if
                None.

        Raises:
            ConsentUnavailableError: no verdict in time; nothing may be released.
        """
        try:
            found = await self._verdict(call, give_up_at)
        except ConsentUnavailableError:
            metrics.GATE_VERDICTS.labels("UNAVAILABLE").inc()
            raise
        metrics.GATE_VERDICTS.labels(found[0].outcome).inc()
        return found

    async def _verdict(
        self, call: Mapping[str, Any], give_up_at: float | None
    ) -> tuple[Verdict, float]:
        if len(self._waiting) >= MAX_WAITING:
            raise ConsentUnavailableError("too many requests wait for the release gate")
        usual = WAIT_SECONDS * self._patience
        patience = usual if give_up_at is None else give_up_at - clock.monotonic()
        future: asyncio.Future[tuple[Verdict, float]] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(call, future))
        self._arrived.set()
        try:
            return await asyncio.wait_for(future, patience)
        except TimeoutError:
            raise ConsentUnavailableError("no verdict of the release gate in time") from None

    async def _work(self, lane: str) -> None:
        while True:
            while not self._waiting:
                self._arrived.clear()
                await self._arrived.wait()
            batch: list[_Waiting] = []
            while self._waiting and len(batch) < MAX_CALLS_PER_GATE:
                waiting = self._waiting.popleft()
                if not waiting.verdict.done():
                    batch.append(waiting)
            if batch:
                await self._send(lane, batch)

    async def _send(self, lane: str, batch: list[_Waiting]) -> None:
        sent_at = clock.monotonic()
        try:
            verdicts = await self._client.gate(lane, [waiting.call for waiting in batch])
        except ConsentUnavailableError:
            self._refuse(batch)
            return
        except asyncio.CancelledError:
            self._refuse(batch)
            raise
        metrics.GATE_SECONDS.observe(clock.monotonic() - sent_at)
        by_id = {verdict.release_id: verdict for verdict in verdicts}
        for waiting in batch:
            verdict = by_id.get(str(waiting.call["releaseId"]))
            if waiting.verdict.done():
                continue
            if verdict is None:
                self._refuse([waiting])
            else:
                waiting.verdict.set_result((verdict, sent_at))

    @staticmethod
    def _refuse(batch: list[_Waiting]) -> None:
        for waiting in batch:
            if not waiting.verdict.done():
                waiting.verdict.set_exception(
                    ConsentUnavailableError("the release gate does not answer")
                )
