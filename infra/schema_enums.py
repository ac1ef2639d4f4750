"""GraphQL enums made of the rules' own enums, every value described.

Rules stay free of GraphQL, so an enum is declared there once and described here, where it is
published. A value without a description is a build error.
"""

import re
from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

import strawberry

from infra.errors import bug

_E = TypeVar("_E", bound=Enum)

_CODE = re.compile(r"\((\w+)\)(?=\.$|;)")
"""A code in brackets: at the end, or before what is said besides."""


def described_enum(
    enum: type[_E],
    description: str,
    values: Mapping[_E, str],
    *,
    name: str | None = None,
    system: str | None = None,
) -> type[_E]:
    """Publish an enum with a description for each of its values; returns the enum itself.

    Args:
        enum: the enum as the rules declare it.
        description: what it is about.
        values: a description for every member.
        name: GraphQL name, where it is not the class's.
        system: code system of the codes that descriptions have in brackets, ``Female (0).``; the
            schema then tells both, ``Female (urn:hud:hmis:2026:3.06|0).``

    Raises:
        BugError: a member has no description.
    """
    published = strawberry.enum(enum, name=name, description=description)
    for value in published.__strawberry_definition__.values:  # type: ignore[attr-defined]  # set by strawberry.enum
        member = enum[value.name]
        if member not in values:
            bug(f"{enum.__name__}.{value.name} has no description")
        words = values[member]
        value.description = words if system is None else coded(words, system)
    return enum


def coded(words: str, system: str) -> str:
    """Return a description with the system of the code that it has in brackets, where it has one.

    Written as FHIR writes a token: ``system|code``.
    """
    return _CODE.sub(lambda found: f"({system}|{found[1]})", words)
