"""Where in the client's document the fields behind a response path stand.

Source: GraphQL specification (September 2025) 7.1.2 Errors, and graphql-js: the locations of an
error are those of the fields that were collected (6.3.2) for the object in which it happened: of
its type, under the conditions that hold, each field of the document once.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gateway.planner.selection import (
    Conditions,
    ObjectSelection,
    SelectedField,
    holds,
)

Step = tuple[str | None, str]
"""The type of an object, None where it is not known, and a response key in it."""


class Locator:
    """Finds fields of one operation under the variables of one request."""

    def __init__(self, root: ObjectSelection, variables: Mapping[str, Any]) -> None:
        self._root = root
        self._variables = variables
        self._found: dict[tuple[Step, ...], list[dict[str, int]]] = {}
        self._selects: dict[tuple[str, ...], bool] = {}

    def selects(self, keys: tuple[str, ...]) -> bool:
        """Whether the client itself selected such a path on some type."""
        known = self._selects.get(keys)
        if known is None:
            found = self._walk([(None, key) for key in keys]) if keys else []
            known = self._selects[keys] = any(one.locations for one in found)
        return known

    def of(self, steps: tuple[Step, ...]) -> list[dict[str, int]]:
        """The places of what stands at the end of a path, in the order of the document."""
        known = self._found.get(steps)
        if known is None:
            places = {
                place
                for one in self._walk(steps)
                for place, conditions in one.placed()
                if self._holds(conditions)
            }
            known = [{"line": line, "column": column} for line, column in sorted(places)]
            self._found[steps] = known
        return known

    def _walk(self, steps: Sequence[Step]) -> list[SelectedField]:
        objects: Iterable[ObjectSelection] = [self._root]
        fields: list[SelectedField] = []
        for type_name, key in steps:
            fields = [
                one
                for wanted in objects
                if type_name is None or wanted.type_name == type_name
                for one in wanted.fields
                if one.response_key == key and not one.hidden and self._holds(one.conditions)
            ]
            objects = [
                inner
                for one in fields
                if one.selection is not None
                for inner in one.selection.by_type.values()
            ]
        return fields

    def _holds(self, conditions: Conditions) -> bool:
        return holds(conditions, self._variables)
