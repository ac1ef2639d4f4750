"""Print what a group selects as GraphQL text, and describe the answer to it.

The text is compact: it is parsed once per request by a subgraph.  Where two object types of one
place would give one response key to fields that this subgraph could not merge (GraphQL
specification 5.3.2), the later one gets a wire key of its own.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from graphql import ArgumentNode, VariableNode, print_ast

from gateway.planner.fetch_graph import FetchTree, TreeField
from gateway.planner.plan import FetchedField, FetchShape
from gateway.planner.selection import ALWAYS, Conditions, unused_key

_BOUNDED: Final = frozenset({"Int", "Float", "String", "Boolean"})
"""Scalars whose values are no integers beyond 64 bits; an ID may be one."""


@dataclass(slots=True)
class OperationPrinter:
    """Prints the selections of one request; collects the variables that they use.

    Attributes:
        reserved: names of the client's variables, not to be used for others.
        has_any_numbers: a leaf is an ID, or of a type that is not built in.
    """

    reserved: frozenset[str] = frozenset()
    variables: dict[str, None] = field(default_factory=dict)
    computed: dict[Conditions, str] = field(default_factory=dict)
    has_any_numbers: bool = False

    def tree(
        self, tree: FetchTree, *, is_entity: bool = False, tells_type: bool = False
    ) -> tuple[str, FetchShape]:
        """The selection set of a place with its braces, and the shape of the answer."""
        parts: list[str] = []
        if tells_type or (tree.is_abstract and not is_entity):
            parts.append("__typename")
        by_type: list[tuple[str, tuple[FetchedField, ...]]] = []
        meanings: dict[str, Any] = {}
        for local_type, fields in tree.types.items():
            printed = [self._field(one, meanings) for one in fields.values()]
            by_type.append((local_type, tuple(fetched for _, fetched in printed)))
            text = " ".join(text for text, _ in printed)
            if not text:
                continue
            parts.append(f"...on {local_type}{{{text}}}" if tree.is_abstract else text)
        shape = FetchShape(tuple(by_type), tree.is_abstract and not is_entity, tree.opaque)
        return "{" + (" ".join(parts) or "__typename") + "}", shape

    def condition(self, conditions: Conditions) -> str:
        """Directives that carry out conditions; "" for always."""
        if conditions == ALWAYS:
            return ""
        if len(conditions) == 1:
            (literals,) = conditions
            if len(literals) == 1:
                ((name, value),) = literals
                self.variables[name] = None
                return f" @{'include' if value else 'skip'}(if:${name})"
        name = self.computed.setdefault(conditions, self.variable(f"if{len(self.computed)}"))
        return f" @include(if:${name})"

    def variable(self, name: str) -> str:
        """A variable of our own, called differently from all of the client's."""
        own = f"_{name}"
        while own in self.reserved:
            own = f"_{own}"
        return own

    def _field(self, one: TreeField, meanings: dict[str, Any]) -> tuple[str, FetchedField]:
        body, shape = ("", None) if one.tree is None else self.tree(one.tree)
        if shape is None and one.type_text.strip("[]!") not in _BOUNDED:
            self.has_any_numbers = True
        text = one.name + self._arguments(one.arguments)
        meaning = (f"{text}{body}", one.type_text, shape)
        wire_key = one.key
        if meanings.setdefault(wire_key, meaning) != meaning:
            wire_key = unused_key(one.name, meanings)
            meanings[wire_key] = meaning
        alias = "" if wire_key == one.name else f"{wire_key}:"
        fetched = FetchedField(one.name, wire_key, one.key, one.conditions, shape)
        return f"{alias}{text}{self.condition(one.conditions)}{body}", fetched

    def _arguments(self, arguments: tuple[ArgumentNode, ...]) -> str:
        if not arguments:
            return ""
        for argument in arguments:
            self._note_variables(argument.value)
        inner = ",".join(f"{one.name.value}:{print_ast(one.value)}" for one in arguments)
        return f"({inner})"

    def _note_variables(self, value: Any) -> None:
        if isinstance(value, VariableNode):
            self.variables[value.name.value] = None
        for inner in getattr(value, "values", None) or ():
            self._note_variables(inner)
        for member in getattr(value, "fields", None) or ():
            self._note_variables(member.value)
