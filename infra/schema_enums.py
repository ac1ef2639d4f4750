"""GraphQL enums made of the rules' own enums, every value described.

Rules stay free of GraphQL, so an enum is declared there once and described here, where it is
published. A value without a description is a build error.
"""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

import strawberry

from infra.errors import bug

_E = TypeVar("_E", bound=Enum)


def described_enum(
    enum: type[_E], description: str, values: Mapping[_E, str], *, name: str | None = None
) -> type[_E]:
    """Publish an enum with a description for each of its values; returns the enum itself.

    Args:
        enum: the enum as the rules declare it.
        description: what it is about.
        values: a description for every member.
        name: GraphQL name, where it is not the class's.

    Raises:
        BugError: a member has no description.
    """
    published = strawberry.enum(enum, name=name, description=description)
    for value in published.__strawberry_definition__.values:  # type: ignore[attr-defined]  # set by strawberry.enum
        member = enum[value.name]
        if member not in values:
            bug(f"{enum.__name__}.{value.name} has no description")
        value.description = values[member]
    return enum
