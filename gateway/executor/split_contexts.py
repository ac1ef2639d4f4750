"""One request becomes several where entities stand in different contexts (`@fromContext`).

A context reaches a subgraph as a variable, which has one value for a whole request, so entities
are asked for together only where the values around them are equal.
"""

from collections.abc import Iterable
from typing import Any

from gateway.exact_json import write_json
from gateway.planner.plan import ContextSource, PathStep, Target

Values = tuple[bytes, ...]
"""One value per variable, as JSON."""


def values_around(
    root: dict[str, Any], target: Target, sources: Iterable[ContextSource]
) -> dict[int, Values]:
    """The context of each object at a place, by the identity of the object."""
    wanted = tuple(sources)
    found: list[tuple[dict[str, Any], dict[int, bytes]]] = [(root, {})]
    for depth, step in enumerate(target.path):
        below: list[tuple[dict[str, Any], dict[int, bytes]]] = []
        for holder, known in found:
            if step.is_abstract and holder.get("__typename") not in step.type_names:
                continue
            read = _read(holder, wanted, depth)
            values = {**known, **read} if read else known
            below += [(one, values) for one in _objects(holder, step)]
        found = below
    return {
        id(one): tuple(known.get(number, b"null") for number in range(len(wanted)))
        for one, known in found
    }


def _read(
    holder: dict[str, Any], wanted: tuple[ContextSource, ...], depth: int
) -> dict[int, bytes]:
    values: dict[int, bytes] = {}
    for number, source in enumerate(wanted):
        if source.depth == depth:
            value: Any = holder
            for key in source.keys:
                value = value.get(key) if isinstance(value, dict) else None
            values[number] = write_json(value)
    return values


def _objects(holder: dict[str, Any], step: PathStep) -> list[dict[str, Any]]:
    pending, objects = [holder.get(step.key)], []
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            objects.append(value)
        elif isinstance(value, list):
            pending += reversed(value)
    return objects
