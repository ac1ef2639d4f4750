"""Keeps access tokens fresh: one refresh at a time for a session, however many requests wait.

A refresh token works once. Two requests with the same cookie that both refreshed would look like a
copied token, and the issuer would end the session; so the second waits for the first, and requests
that still carry the old cookie shortly afterwards are given what the first one got.

An answer that is lost on its way is nobody's fault: the provider may have spent the token, or never
have heard of it. The session goes on with the access token that it has, and asks once more with
each request. A provider that then takes the repetition for a copy cannot end more than the refresh:
only when the access token ends is the person asked to sign in again, and led back to the page.
"""

import asyncio
from collections import OrderedDict
from dataclasses import replace
from typing import Final

from gateway.web.console.asking import SignedOutError
from gateway.web.console.oidc import NO_ANSWER, Provider, SignInError, Tokens
from gateway.web.console.session import Session
from infra import clock

MARGIN_SECONDS: Final = 30
"""A token that ends sooner than this is refreshed first."""
_PATIENCE_SECONDS: Final = 2.0
"""How long a page waits for a slow provider while its access token is good."""
_MAX_KNOWN = 10_000


class Refresher:
    """Refreshes sessions at the provider."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._known: OrderedDict[str, asyncio.Task[Tokens]] = OrderedDict()
        self._unanswered: OrderedDict[str, None] = OrderedDict()

    async def fresh(self, session: Session) -> Session:
        """Return the session with an access token that is good for a while.

        Raises:
            SignedOutError: there is nothing to refresh it with.
            SignInError: the provider refuses, or does not answer and the access token has ended.
        """
        left_seconds = session.access_ends_at - clock.epoch_seconds()
        if left_seconds > MARGIN_SECONDS:
            return session
        if session.refresh_token is None:
            if left_seconds > 0:
                return session
            raise SignedOutError("the access token has ended")
        try:
            task = asyncio.shield(self._task(session.refresh_token))
            tokens = await asyncio.wait_for(task, _PATIENCE_SECONDS if left_seconds > 0 else None)
        except TimeoutError:  # it may still come: the next request asks for it
            return session
        except SignInError as error:
            if error.code == NO_ANSWER:
                self._remember_unanswered(session.refresh_token)
            if left_seconds > 0 and session.refresh_token in self._unanswered:
                return session
            raise
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

    def _remember_unanswered(self, refresh_token: str) -> None:
        self._unanswered[refresh_token] = None
        while len(self._unanswered) > _MAX_KNOWN:
            self._unanswered.popitem(last=False)
