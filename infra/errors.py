"""Root of the error tree, and the one way to say "this is our own mistake".

``GoldenThreadError``
├── ``SettingsError``      a setting is missing or malformed (infra.settings)
├── ``IdentityTokenError`` an internal token is not acceptable (infra.identity_token)
├── ``PaginationError``    a page size or cursor is not acceptable (infra.pagination)
├── ``RuleError``          a domain rule refuses a command; becomes a ``userError``
└── ``BugError``           an invariant of ours does not hold; never a caller's fault
"""

from typing import NoReturn


class GoldenThreadError(Exception):
    """Root of all errors raised on purpose.

    Attributes:
        code: stable, upper-case identifier that clients and operators may rely on.
    """

    code: str = "INTERNAL"


class RuleError(GoldenThreadError):
    """A rule of the domain refuses what was asked for; pure, so that ``rules`` may raise it.

    Attributes:
        message: what is wrong and what to do about it; depends on the input and on data that
            the caller may read.
        field: path of the input field, outermost first.
    """

    def __init__(self, code: str, message: str, field: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field


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
