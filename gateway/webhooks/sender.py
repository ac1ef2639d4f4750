"""Carries events out: claims what may leave now, sends it, says what became of it.

There is no second try here. Whoever tries again claims again, and the release is decided and
recorded again by then. A claim that is not carried out in time is dropped and falls due by itself.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import orjson
import structlog

from gateway.webhooks.call import call
from gateway.webhooks.destination import DestinationError, look_up
from infra import clock
from infra.http_client import HttpClient, HttpClientError
from infra.identity_token import TokenMinter

AUDIENCE: Final = "consent"
PAUSE_SECONDS: Final = 2.0
IDLE_SECONDS: Final = 30.0
"""Pause between two claims when there is nothing to send: it doubles from the first to the second.
A change of who may know what ends it; repetitions may be late by as much."""
_CALM_SECONDS: Final = 0.2
FRESH_SECONDS: Final = 5.0
"""A message that has waited longer since its claim was sent does not leave any more."""
_CLAIM_SECONDS: Final = 5.0

_log = structlog.get_logger(__name__)


class ClaimError(Exception):
    """``svc_consent`` does not hand out what is to be sent."""


@dataclass(frozen=True, slots=True)
class _Message:
    delivery_id: str
    claim_id: str
    url: str
    headers: dict[str, str]
    body: bytes


class WebhookSender:
    """The background task of one gateway process.

    Args:
        client: to ``svc_consent``.
        minter: of the gateway's own tokens.
        allows_loopback: whether receivers on this machine may be called, without TLS too.
        tls: which certificates count; the machine's authorities unless stated.
    """

    def __init__(
        self,
        client: HttpClient,
        minter: TokenMinter,
        *,
        allows_loopback: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._client = client
        self._minter = minter
        self._allows_loopback = allows_loopback
        self._tls = tls
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    def changed(self, _keys: Iterable[str] | None) -> None:
        """Look again soon: what agencies may know has changed, so there may be news for them."""
        self._changed.set()

    def start(self) -> None:
        """Begin to send."""
        self._task = asyncio.create_task(self._run(), name="webhooks")

    async def stop(self) -> None:
        """Stop sending; what was claimed and not sent falls due again."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def send_due(self) -> int:
        """Claim once and send all of it; return how many messages were claimed.

        Raises:
            ClaimError: nothing was handed out.
        """
        asked_at = clock.monotonic()
        messages = await self._claim()
        await asyncio.gather(*(self._carry(each, asked_at) for each in messages))
        return len(messages)

    async def _run(self) -> None:
        was_lost = False
        pause = PAUSE_SECONDS
        while True:
            sent = 0
            self._changed.clear()
            try:
                sent = await self.send_due()
                was_lost = False
            except ClaimError:
                if not was_lost:  # once, not at every attempt
                    _log.warning("webhooks_not_handed_out")
                was_lost = True
            if sent:
                pause = PAUSE_SECONDS
                continue
            try:
                await asyncio.wait_for(self._changed.wait(), pause)
                await asyncio.sleep(_CALM_SECONDS)  # changes come in swarms
                pause = PAUSE_SECONDS
            except TimeoutError:
                pause = min(2 * pause, IDLE_SECONDS)

    async def _carry(self, message: _Message, asked_at: float) -> None:
        status = None
        try:
            destination = await look_up(message.url, allows_loopback=self._allows_loopback)
        except DestinationError:
            _log.warning("webhook_destination_refused")
        else:
            if clock.monotonic() - asked_at > FRESH_SECONDS:
                return
            status = await call(destination, message.headers, message.body, tls=self._tls)
        with contextlib.suppress(ClaimError):  # not heard: it falls due again, under the same id
            await self._post(
                "/internal/webhooks/settle",
                {
                    "deliveryId": message.delivery_id,
                    "claimId": message.claim_id,
                    "status": status,
                },
            )

    async def _claim(self) -> list[_Message]:
        answer = await self._post("/internal/webhooks/claim", {})
        try:
            return [
                _Message(
                    each["deliveryId"],
                    each["claimId"],
                    each["url"],
                    dict(each["headers"]),
                    each["body"].encode(),
                )
                for each in answer["messages"]
            ]
        except (KeyError, TypeError, AttributeError):
            raise ClaimError from None

    async def _post(self, path: str, body: dict[str, Any]) -> Any:
        headers = {
            "authorization": f"Bearer {self._minter.for_service(AUDIENCE)}",
            "content-type": "application/json",
        }
        try:
            response = await self._client.request(
                "POST",
                path,
                headers,
                orjson.dumps(body),
                timeout_seconds=_CLAIM_SECONDS,
                idempotent=False,
            )
            if response.status != 200:
                raise ClaimError
            return orjson.loads(response.body)
        except (HttpClientError, ValueError):
            raise ClaimError from None
