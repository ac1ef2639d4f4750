"""Asking once more, elsewhere: a second try that a balancer may give to another instance.

At most one for a call, only of what may be repeated, within the call's own deadline, and no more
than a tenth of all calls: when everything fails, retries would only add to it.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from infra import clock
from infra.http_client import HttpResponse, HttpUnreachableError

NOT_BEGUN_HEADER: Final = "gt-not-begun"
"""On a refusal: nothing of the request was carried out, so even a change may be sent again."""

_OF_AN_INSTANCE: Final = frozenset({502, 503, 504})
"""What a balancer says of an instance that went away, and an instance of itself."""


Send = Callable[[float], Awaitable[HttpResponse]]
"""Sends a request, with the seconds that it may take."""


class NotCalledError(HttpUnreachableError):
    """A call was not made on purpose, as another one would not be."""


class RetryBudget:
    """Says how much may be asked again: a share of the calls, saved up to a bound.

    Args:
        share: of calls that may be repeated.
        most: repetitions saved up at most; also what there is at first.
    """

    def __init__(self, share: float = 0.1, most: float = 10.0) -> None:
        self._share = share
        self._most = most
        self._saved = most

    def called(self) -> None:
        """Note a call, which earns a share of a repetition."""
        self._saved = min(self._most, self._saved + self._share)

    def spend(self) -> bool:
        """Take one repetition, if one is left."""
        if self._saved < 1:
            return False
        self._saved -= 1
        return True


def is_worth_another(response: HttpResponse, *, idempotent: bool) -> bool:
    """Say whether a refusal is of this instance alone, and the request may be sent again."""
    if response.status not in _OF_AN_INSTANCE:
        return False
    return idempotent or NOT_BEGUN_HEADER in response.headers


async def ask(
    send: Send, budget: RetryBudget, *, timeout_seconds: float, idempotent: bool
) -> HttpResponse:
    """Send a request; once more if an instance went away and the budget allows it.

    Args:
        send: sends it; called at most twice.
        budget: of the address that is asked.
        timeout_seconds: for both tries together.
        idempotent: whether it may be sent again after it may have been carried out.

    Raises:
        HttpClientError: no whole answer came in time.
    """
    deadline = clock.monotonic() + timeout_seconds
    budget.called()
    try:
        response = await send(timeout_seconds)
    except NotCalledError:
        raise
    except HttpUnreachableError:
        if not idempotent or not budget.spend():
            raise
    else:
        if not is_worth_another(response, idempotent=idempotent) or not budget.spend():
            return response
    return await send(deadline - clock.monotonic())
