"""Keeps access tokens fresh: one refresh at a time for a session, however many requests wait.

A refresh token works once. Two requests with the same cookie that both refreshed would look like a
copied token, and the issuer would end the session; so the second waits for the first, and requests
that still carry the old cookie shortly afterwards are given what the first one got.
"""

import asyncio
from collections import OrderedDict
from dataclasses import replace
from typing import Final

from gateway.web.console.asking import SignedOutError
from gateway.web.console.oidc import Provider, Tokens
from gateway.web.console.session import Session
from infra import clock

MARGIN_SECONDS: Final = 30
"""A token that ends sooner than this is refreshed first."""
_MAX_KNOWN = 10_000


class Refresher:
    """Refreshes sessions at the provider."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._known: OrderedDict[str, asyncio.Task[Tokens]] = OrderedDict()

    async def fresh(self, session: Session) -> Session:
        """Return the session with an access token that is good for a while.

        Raises:
            SignedOutError: there is nothing to refresh it with.
            SignInError: the provider refuses, or does not answer.
        """
        if session.access_ends_at - clock.epoch_seconds() > MARGIN_SECONDS:
            return session
        if session.refresh_token is None:
            raise SignedOutError("the access token has ended")
        tokens = await asyncio.shield(self._task(session.refresh_token))
        return replace(
            session,
            access_token=tokens.access_token,
            access_ends_at=tokens.ends_at,
            refresh_token=tokens.refresh_token or session.refresh_token,
            id_token=tokens.id_token or session.id_token,
        )

    def _task(self, refresh_token: str) -> asyncio.Task[Tokens]:
        known = self._known.get(refresh_token)
        if known is not None and not (known.done() and (known.cancelled() or known.exception())):
            return known
        task = asyncio.create_task(self._provider.refresh(refresh_token))
        self._known[refresh_token] = task
        while len(self._known) > _MAX_KNOWN:
            self._known.popitem(last=False)
        return task
