"""Sessions that have ended at any gateway (decision record 19).

Each page asks `svc_consent` whether its session has ended, so a sign-out counts at every gateway
with the next page. While nobody answers, no page is shown. What could not be told when it happened
is told with the next question of this process.
"""

import hmac
from collections.abc import Iterable
from typing import Final, Protocol

import orjson
import structlog

from gateway.web.console.ended import Name
from gateway.web.console.sealing import derive

MAX_UNTOLD: Final = 50_000
_MOST_AT_ONCE: Final = 500
_log = structlog.get_logger(__name__)


class EndsUnknownError(Exception):
    """Nobody says whether a session has ended."""


class Ends(Protocol):
    """Where all gateways keep what has ended."""

    async def session_has_ended(
        self, ended: list[str], session: list[str], started_at: int
    ) -> bool | None:
        """Keep what has ended, and say whether a session has; None where nobody answers."""


class SharedEnds:
    """What one gateway's console has to do with the others' sign-outs."""

    def __init__(self, ends: Ends, key: bytes) -> None:
        """Make it; ``key`` is the console's, the same at every gateway."""
        self._ends = ends
        self._key = derive(key, "ended")
        self._untold: dict[str, None] = {}

    async def tell(self, names: Iterable[Name]) -> bool:
        """Say everywhere that something has ended; returns whether it was heard."""
        for name in names:
            if len(self._untold) >= MAX_UNTOLD:
                del self._untold[next(iter(self._untold))]
            self._untold[self._hidden(name)] = None
        try:
            while self._untold:
                await self._ask([], 0)
        except EndsUnknownError:
            _log.warning("sign_out_not_told")
            return False
        return True

    async def has_ended(self, names: Iterable[Name], started_at: int) -> bool:
        """Return whether a session with these names has ended anywhere.

        Raises:
            EndsUnknownError: nobody says so.
        """
        return await self._ask([self._hidden(name) for name in names], started_at)

    async def _ask(self, session: list[str], started_at: int) -> bool:
        telling = list(self._untold)[:_MOST_AT_ONCE]
        has_ended = await self._ends.session_has_ended(telling, session, started_at)
        if has_ended is None:
            raise EndsUnknownError
        for name in telling:
            self._untold.pop(name, None)
        return has_ended

    def _hidden(self, name: Name) -> str:
        """Return what a name is kept under: without the key nobody finds out whose it is."""
        return hmac.new(self._key, orjson.dumps(name), "sha256").hexdigest()[:32]
