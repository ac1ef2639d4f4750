"""Root of the error tree, and the one way to say "this is our own mistake".

``GoldenThreadError``
├── ``SettingsError``      a setting is missing or malformed (infra.settings)
├── ``IdentityTokenError`` an internal token is not acceptable (infra.identity_token)
├── ``PaginationError``    a page size or cursor is not acceptable (infra.pagination)
└── ``BugError``           an invariant of ours does not hold; never a caller's fault
"""

from typing import NoReturn


class GoldenThreadError(Exception):
    """Root of all errors raised on purpose.

    Attributes:
        code: stable, upper-case identifier that clients and operators may rely on.
    """

    code: str = "INTERNAL"


class BugError(GoldenThreadError):
    """An invariant of the product does not hold. Loud in tests, a coded error in production."""

    code = "INTERNAL"


def bug(message: str) -> NoReturn:
    """Stop because an invariant does not hold.

    Args:
        message: what should have been true; must not contain personal data.

    Raises:
        BugError: always.
    """
    raise BugError(message)
