"""Whether every field of a federation can be reached from every path that leads to its type.

Deliberately simple and slow, and independent of the planner: a position is an object type with the
set of subgraphs that hold it there; keys add subgraphs until nothing changes.  `@provides` is left
out of account, so that what holds here holds without it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from graphql import FieldNode, InlineFragmentNode, OperationDefinitionNode, parse

from tests.conformance.random_federation.model import Federation, Subgraph

Position = tuple[str, frozenset[str]]
_Marks = frozenset[tuple[str, str, str]]
_NO_MARKS: _Marks = frozenset()
_COMPOSITE = ("object", "interface", "union")


def selections(field_set: str) -> Any:
    """The selections of a field set."""
    definition = parse("{" + field_set + "}", no_location=True).definitions[0]
    assert isinstance(definition, OperationDefinitionNode)
    return definition.selection_set.selections


@dataclass(slots=True)
class Reach:
    """What can be reached from where."""

    federation: Federation
    _closures: dict[Position, frozenset[str]] = field(default_factory=dict)
    _under_way: set[Position] = field(default_factory=set)
    _sets: dict[str, Any] = field(default_factory=dict)

    def problems(self) -> Iterator[str]:
        """Coordinates that cannot be reached from some path."""
        pending: list[Position] = []
        for root in ("Query", "Mutation"):
            owners = frozenset(one.name for one in self.federation.owners(root))
            if owners:
                pending.append((root, owners))
        seen = set(pending)
        while pending:
            type_name, here = pending.pop()
            names = {
                name
                for one in self.federation.owners(type_name)
                for name in one.types[type_name].fields
            }
            for name in sorted(names):
                found = self.resolvers(type_name, here, name)
                if not found:
                    yield f"{type_name}.{name} from {sorted(here)}"
                for position in self.children(type_name, found, name):
                    if position not in seen:
                        seen.add(position)
                        pending.append(position)

    def resolvers(
        self, type_name: str, here: frozenset[str], name: str, marks: _Marks = _NO_MARKS
    ) -> frozenset[str]:
        """Subgraphs that resolve a field, those included that are entered by a key."""
        reached = here if type_name in ("Query", "Mutation") else self._closure(type_name, here)
        return frozenset(
            one for one in reached if self._resolves(type_name, reached, one, name, marks)
        )

    def children(self, type_name: str, resolvers: frozenset[str], name: str) -> Iterator[Position]:
        """Positions of the objects behind a field."""
        by_type: dict[str, set[str]] = {}
        for one in resolvers:
            subgraph = self.federation.subgraph(one)
            named = subgraph.types[type_name].fields[name].named
            if named in subgraph.types and subgraph.types[named].kind in _COMPOSITE:
                for possible in subgraph.possible_types(named):
                    by_type.setdefault(possible, set()).add(one)
        for possible, found in by_type.items():
            yield possible, frozenset(found)

    def _resolves(
        self, type_name: str, reached: frozenset[str], owner: str, name: str, marks: _Marks
    ) -> bool:
        subgraph = self.federation.subgraph(owner)
        found = subgraph.types[type_name].fields.get(name)
        if found is None or found.is_external:
            return False
        if self.federation.is_overridden(owner, type_name, name):
            return False
        if found.requires is None:
            return True
        mark = (type_name, owner, name)
        if mark in marks:
            return False
        # Composers want what is required to be within reach of the subgraph that requires it.
        here = frozenset({owner})
        return self._has(type_name, here, self._selections(found.requires), marks | {mark})

    def _has(self, type_name: str, here: frozenset[str], wanted: Any, marks: _Marks) -> bool:
        for node in wanted:
            if isinstance(node, InlineFragmentNode):
                condition = node.type_condition.name.value if node.type_condition else type_name
                if type_name in self.federation.possible_types(condition) and not self._has(
                    type_name, here, node.selection_set.selections, marks
                ):
                    return False
                continue
            assert isinstance(node, FieldNode)
            name = node.name.value
            if name == "__typename":
                continue
            found = self.resolvers(type_name, here, name, marks)
            if not found:
                return False
            if node.selection_set is not None and not all(
                self._has(inner, below, node.selection_set.selections, marks)
                for inner, below in self.children(type_name, found, name)
            ):
                return False
        return True

    def _closure(self, type_name: str, here: frozenset[str]) -> frozenset[str]:
        position = (type_name, here)
        known = self._closures.get(position)
        if known is not None:
            return known
        if position in self._under_way:
            return here
        self._under_way.add(position)
        reached = set(here)
        has_grown = True
        while has_grown:
            has_grown = False
            for one in self.federation.owners(type_name):
                if one.name not in reached and self._enters(type_name, frozenset(reached), one):
                    reached.add(one.name)
                    has_grown = True
        self._under_way.discard(position)
        found = self._closures[position] = frozenset(reached)
        return found

    def _enters(self, type_name: str, reached: frozenset[str], target: Subgraph) -> bool:
        return any(
            key.is_resolvable and self._holds(type_name, reached, self._selections(key.fields))
            for key in target.types[type_name].keys
        )

    def _holds(self, type_name: str, reached: frozenset[str], wanted: Any) -> bool:
        """Whether a key can be had from these subgraphs without entering others for its fields."""
        for node in wanted:
            name = node.name.value
            found = frozenset(
                one for one in reached if self._resolves(type_name, reached, one, name, _NO_MARKS)
            )
            if not found:
                return False
            if node.selection_set is not None and not all(
                self._has(inner, below, node.selection_set.selections, _NO_MARKS)
                for inner, below in self.children(type_name, found, name)
            ):
                return False
        return True

    def _selections(self, text: str) -> Any:
        known = self._sets.get(text)
        if known is None:
            known = self._sets[text] = selections(text)
        return known


def is_satisfiable(federation: Federation) -> bool:
    return _agree(federation) and next(Reach(federation).problems(), None) is None


def _agree(federation: Federation) -> bool:
    """Whether subgraphs that resolve one field have an object type in common behind it."""
    return all(
        runtime_types(federation, type_name, name) is not None
        for type_name in federation.type_names()
        if federation.kind(type_name) == "object"
        for one in federation.owners(type_name)
        for name in one.types[type_name].fields
    )


def runtime_types(federation: Federation, type_name: str, name: str) -> list[str] | None:
    """Object types that all subgraphs know behind a field; None if there is none."""
    found: list[str] | None = None
    for one, each in federation.fields(type_name, name):
        if each.named not in one.types or one.types[each.named].kind not in _COMPOSITE:
            return []
        possible = one.possible_types(each.named)
        found = possible if found is None else [kind for kind in found if kind in possible]
    return found or None
