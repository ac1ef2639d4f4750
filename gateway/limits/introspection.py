"""Estimates how much of the schema an introspection would answer with.

Introspection asks no service and reads nobody's record, so `gateway.limits.cost` gives it no cost;
but it is worked out here at one go, while all other requests wait.  One list of all types is cheap,
thirty of them under aliases are not: lists within lists multiply, as they do in cost.
"""

from collections.abc import Mapping
from typing import Final

from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, SelectionSetNode

META_FIELDS: Final = frozenset({"__schema", "__type"})

_ROOT_TYPE: Final = 170.0
"""How many usual types the largest one counts for: a root type may be all that is asked about."""

_OBJECT: Final = 2.0
"""What an object costs besides its fields, in values."""

_SIZES: Final[Mapping[str, float]] = {
    "__type": _ROOT_TYPE,
    "queryType": _ROOT_TYPE,
    "mutationType": _ROOT_TYPE,
    "subscriptionType": _ROOT_TYPE,
    "types": 800.0,
    "directives": 8.0,
    "fields": 3.0,
    "inputFields": 2.0,
    "enumValues": 1.5,
    "args": 0.5,
    "interfaces": 0.5,
    "possibleTypes": 0.5,
    "ofType": 0.5,
}
"""Objects that a field of the introspection types answers with: the mean over a large schema.

`ofType` is null at the end of each chain.  `locations` is a list of names and counts as one value.
"""


class Introspection:
    """Estimates answers about a schema; each fragment is looked at once.

    Args:
        fragments: of the document, by name.
    """

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._known: dict[str, float] = {}

    def values_of(self, field: FieldNode) -> float:
        """Return how many values a field answers with, by estimate; may be infinite."""
        if field.selection_set is None:
            return 1.0
        size = _SIZES.get(field.name.value, 1.0)
        return 1.0 + size * (_OBJECT + self._values(field.selection_set))

    def _values(self, selection_set: SelectionSetNode | None) -> float:
        values = 0.0
        for node in selection_set.selections if selection_set is not None else ():
            if isinstance(node, FieldNode):
                values += self.values_of(node)
            elif isinstance(node, FragmentSpreadNode):
                values += self._fragment(node.name.value)
            else:
                values += self._values(getattr(node, "selection_set", None))
        return values

    def _fragment(self, name: str) -> float:
        if name not in self._known:
            # Cycles are refused later, by validation; this keeps the arithmetic finite regardless.
            self._known[name] = 0.0
            fragment = self._fragments.get(name)
            self._known[name] = self._values(fragment.selection_set if fragment else None)
        return self._known[name]
