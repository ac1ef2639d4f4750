"""Fields that a subgraph was asked for and left out of its answer.

GraphQL answers each selected field, with null at least; a field that is not there is a failure of
the subgraph and never read as null alone.  It has one error for each field of the operation,
unless an error of the answer itself says what befell it.  An entity that is null as a whole is an
answer: the subgraph does not know it (https://specs.apollo.dev/federation, `_entities`), and its
fields are null without a word wherever they may be.
"""

from collections.abc import Callable, Sequence
from typing import Any

from gateway.executor.compile_shapes import Missing
from gateway.executor.faults import Fault, Faults

Lacking = list[tuple[list[dict[str, Any]], str]]
"""Objects of the fetched tree, and the key under which they lack a value."""


def lacking_in_roots(
    missing: Missing, data: dict[str, Any], roots: list[dict[str, Any]]
) -> Lacking:
    """What a root answer lacks; the values of `data` itself go to all roots."""
    return [(roots if one is data else [one], key) for one, key in missing]


def lacking_in_entities(
    missing: Missing,
    entities: Sequence[Any],
    objects: Sequence[list[tuple[int, dict[str, Any]]]],
    lost: Sequence[frozenset[str] | None],
) -> Lacking:
    """What entities lack, said of the objects they stand for; what is lost already left out."""
    if not missing:
        return []
    numbers = {id(one): number for number, one in enumerate(entities)}
    lacking: Lacking = []
    for one, key in missing:
        number = numbers.get(id(one))
        if number is None:
            lacking.append(([one], key))
        elif key not in (lost[number] or ()):
            lacking.append(([each for _, each in objects[number]], key))
    return lacking


def place_missing(faults: Faults, lacking: Lacking, failed: Callable[[], Fault]) -> None:
    """Place one fault, made when it is needed, wherever nothing else explains what is missing."""
    fault: Fault | None = None
    for holders, key in lacking:
        unexplained = [one for one in holders if (id(one), key) not in faults.at]
        if unexplained:
            fault = fault or failed()
            faults.place(fault, unexplained, [key])
