"""Whether this gateway may be given requests: once it has begun properly, until it is told to stop.

It begins properly when the supergraph and the policy are loaded (else there is no process at all),
`svc_consent` has answered its change feed, and an issuer has given its keys: before that nobody
could be let in and nothing released. All of this once. An outage of `svc_consent` or of an issuer
afterwards concerns all gateways alike: were each to call itself not ready, a balancer would have
nobody left, where requests are told now what is away, the catalogue of courses is served, and
cached keys go on letting people in. Of several issuers one is enough: the people of one that is
away at the start are refused until it is back, and keep nobody else out.
"""

from typing import Protocol


class Feed(Protocol):
    """What follows the changes of consent."""

    has_begun: bool


class Keys(Protocol):
    """What checks tokens."""

    async def has_keys(self) -> bool:
        """Say whether any token could be checked, and see to it."""


class Readiness:
    """The answer to `GET /health/ready`."""

    def __init__(self, feed: Feed, keys: Keys) -> None:
        """Begin not ready."""
        self._feed = feed
        self._keys = keys
        self._has_begun = False

    async def is_ready(self) -> bool:
        """Say so; what is missing at the start is looked for when asked."""
        if not self._has_begun:
            has_keys = await self._keys.has_keys()
            self._has_begun = has_keys and self._feed.has_begun
        return self._has_begun
