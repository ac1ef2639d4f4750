"""Fields that a supergraph of the first join version has subgraphs know without saying so.

Source: https://specs.apollo.dev/join/v0.1.  There `@join__field` names one subgraph for a field of
an entity, the owner most often.  That another subgraph has a field as part of its key, and that it
has one which a `@provides` of its own promises, follows from `@join__type(key:)` and
`@join__field(provides:)` alone; later versions say it at the field, as `external` where it is.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from graphql import FieldNode, InlineFragmentNode, SelectionSetNode, print_ast

from gateway.supergraph.model import SubgraphField, SubgraphType

Types = Mapping[tuple[str, str], SubgraphType]


def with_implied_fields(
    types: Types, definitions: Mapping[str, Any]
) -> dict[tuple[str, str], SubgraphType]:
    """The types with the fields of keys, and those of promises as external.

    Args:
        types: by subgraph and name.
        definitions: of all composite types, by name.
    """
    adder = _Adder(types, definitions)
    for (subgraph, name), seen in types.items():
        for key in seen.keys:
            adder.add(subgraph, name, key.fields, is_external=False)
    for (subgraph, _), seen in types.items():
        for one in seen.fields.values():
            if one.provides is not None:
                adder.add(subgraph, one.named_type, one.provides, is_external=True)
    return {
        key: replace(seen, fields={**seen.fields, **adder.added.get(key, {})})
        for key, seen in types.items()
    }


class _Adder:
    def __init__(self, types: Types, definitions: Mapping[str, Any]) -> None:
        self._types = types
        self._definitions = definitions
        self.added: dict[tuple[str, str], dict[str, SubgraphField]] = {}

    def add(
        self, subgraph: str, type_name: str, fields: SelectionSetNode, *, is_external: bool
    ) -> None:
        """Have a subgraph know the fields of a field set."""
        for node in fields.selections:
            if isinstance(node, InlineFragmentNode):
                condition = node.type_condition.name.value if node.type_condition else type_name
                self.add(subgraph, condition, node.selection_set, is_external=is_external)
            elif isinstance(node, FieldNode):
                self._add(subgraph, type_name, node, is_external=is_external)

    def _add(self, subgraph: str, type_name: str, node: FieldNode, *, is_external: bool) -> None:
        seen = self._types.get((subgraph, type_name))
        possible = seen.possible_types if seen is not None else frozenset()
        below: set[str] = set()
        for name in (type_name, *sorted(possible - {type_name})):
            known = self._types.get((subgraph, name))
            field = self._field(name, node.name.value)
            if known is None or field is None:
                continue
            if field.name not in known.fields:
                added = self.added.setdefault((subgraph, name), {})
                added.setdefault(field.name, replace(field, is_external=is_external))
            below.add(field.named_type)
        if node.selection_set is not None:
            for name in sorted(below):
                self.add(subgraph, name, node.selection_set, is_external=is_external)

    def _field(self, type_name: str, name: str) -> SubgraphField | None:
        definition = self._definitions.get(type_name)
        for field in getattr(definition, "fields", None) or ():
            if field.name.value == name:
                inner = field.type
                while hasattr(inner, "type"):
                    inner = inner.type
                return SubgraphField(name, print_ast(field.type), inner.name.value)
        return None
