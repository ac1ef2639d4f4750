"""The key that endpoints' secrets are made from."""

from infra.pagination import CursorSeal
from infra.settings import Secret

_LABEL = "goldenthread webhooks"


def webhook_key(platform_key: Secret) -> bytes:
    """Return the key, derived from the one that the platform seals cursors with.

    Whoever changes that one changes all endpoints' secrets, and has to give out new ones.
    """
    return sealed_key(CursorSeal(platform_key))


def sealed_key(seal: CursorSeal) -> bytes:
    """Return the same key, where a request has the seal of cursors and not its key."""
    return seal.derived(_LABEL)
