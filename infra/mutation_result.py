"""What every mutation payload has in common: ``userErrors`` for the caller's own mistakes.

User errors may depend on the input and on data that this caller may read now; any other check
behaves as if that data did not exist (design section 5, "Silence").
"""

import strawberry

from infra.errors import GoldenThreadError
from infra.schema_directives import category
from infra.vocabulary import Category


@strawberry.federation.type(
    shareable=True,
    directives=[category(Category.STRUCTURE)],
    description="Something in the input that the caller can put right.",
)
class UserError:
    """One mistake: stable code, sentence that says what to do, and the input field."""

    code: str = strawberry.field(description="Stable, upper-case code.")
    message: str = strawberry.field(description="What is wrong and what to do about it.")
    field: list[str] | None = strawberry.field(
        default=None, description="Path of the input field, outermost first."
    )


class CommandError(GoldenThreadError):
    """A command is refused for a reason that the caller may know. Becomes a ``UserError``."""

    def __init__(self, code: str, message: str, field: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field

    def as_user_error(self) -> UserError:
        """Return the GraphQL form."""
        return UserError(code=self.code, message=self.message, field=list(self.field) or None)


NOT_FOUND = "NOT_FOUND"
VERSION_CONFLICT = "VERSION_CONFLICT"


def not_found(*field: str) -> CommandError:
    """Return the one error for "absent or not yours to see"."""
    return CommandError(NOT_FOUND, "No such record.", field)


def version_conflict(*field: str) -> CommandError:
    """Return the error for an update that expected another version."""
    return CommandError(
        VERSION_CONFLICT, "The record has changed meanwhile; read it again and repeat.", field
    )
