"""Texts that no database takes: a NUL is refused at the edge, whichever way it comes in."""

import re
from collections.abc import Mapping
from typing import Final

_ESCAPED: Final = re.compile(r"\\u(?:0000|\{0+\})")


def document_has_nul(text: str) -> bool:
    """Return whether a GraphQL document has a NUL, as it is or as an escape of a string."""
    return "\0" in text or _ESCAPED.search(text) is not None


def values_have_nul(values: Mapping[str, object]) -> bool:
    """Return whether one of a door's plain values, or of the objects in them, has a NUL."""
    waiting: list[object] = list(values.values())
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            if "\0" in value:
                return True
        elif isinstance(value, Mapping):
            waiting.extend(value.values())
        elif isinstance(value, list | tuple):
            waiting.extend(value)
    return False
