"""JSON as RFC 8259 means it, without what parsers forgive: duplicate names, NaN, deep nesting.

A duplicate claim is an attack on whoever reads the other one first (RFC 8725, 3.10; RFC 7519, 4).
"""

import json
from typing import Any, Never

_MAX_DEPTH = 16


class StrictJsonError(ValueError):
    """The text is not acceptable JSON."""


def parse_strictly(text: str | bytes) -> Any:
    """Return the value of a JSON text.

    Raises:
        StrictJsonError: not JSON, not UTF-8, a name occurs twice in one object (escapes resolved),
            a number is no number, or it is nested more than 16 deep.
    """
    try:
        plain = text.decode("utf-8") if isinstance(text, bytes) else text
        value = json.loads(
            plain, object_pairs_hook=_without_duplicates, parse_constant=_no_constant
        )
    except (ValueError, RecursionError):
        raise StrictJsonError("not acceptable JSON") from None
    _check_depth(value, _MAX_DEPTH)
    return value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise StrictJsonError("a name occurs twice")
    return members


def _no_constant(name: str) -> Never:
    raise StrictJsonError(name)


def _check_depth(value: object, left: int) -> None:
    if isinstance(value, dict | list):
        if left == 0:
            raise StrictJsonError("nested too deep")
        for member in value.values() if isinstance(value, dict) else value:
            _check_depth(member, left - 1)
