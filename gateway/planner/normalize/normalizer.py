"""Inline fragments, expand abstract types and merge equal response keys, in one collection.

Sources: GraphQL specification 6.3.2 CollectFields (fragments, response keys) and 6.4.3 (merging
of sub-selections).  Equal collections are made once, so that the result is a graph of shared
parts whose size stays bounded by the document; its unfolded size is counted on that graph before
anybody walks it.
"""

import sys
from collections.abc import Iterable, Mapping
from typing import Any, Final

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_interface_type,
    is_object_type,
)

from gateway.planner.errors import PlanningError
from gateway.planner.normalize.drop_contradictions import contested, without_contradictions
from gateway.planner.normalize.read_conditions import read_conditions
from gateway.planner.operation import Operation, OperationError
from gateway.planner.selection import (
    ALWAYS,
    NEVER,
    Conditions,
    Literal,
    NormalizedOperation,
    ObjectSelection,
    SelectedField,
    Selection,
    any_of,
    both_of,
)
from gateway.supergraph import Supergraph

MAX_SELECTIONS: Final = 50_000
"""Largest unfolded number of selected fields, abstract types expanded."""

STEPS_PER_SELECTION: Final = 4
"""Selections as written that may be looked at for each one allowed: fragments that apply under
ever other conditions, or to none of the object types, cost work without selecting anything."""

MAX_SPREADS: Final = 2_000
"""Fragments, each time under other conditions, in what is selected on one object type."""

_Source = tuple[SelectionSetNode, Conditions]


def normalize(
    operation: Operation,
    supergraph: Supergraph | None = None,
    *,
    max_selections: int = MAX_SELECTIONS,
) -> NormalizedOperation:
    """Normalise a validated operation; OperationError if it unfolds beyond the limit.

    Args:
        supergraph: expand abstract types by its API schema instead of by the schema that the
            operation was validated against.
    """
    schema = supergraph.api_schema if supergraph is not None else operation.schema
    try:
        return _normalized(operation, schema, max_selections)
    except PlanningError:
        raise too_large() from None


def _normalized(
    operation: Operation, schema: GraphQLSchema, max_selections: int
) -> NormalizedOperation:
    expander = Expander(schema, operation.fragments, max_steps=STEPS_PER_SELECTION * max_selections)
    selection_set = operation.definition.selection_set
    root = expander.expand(operation.root_type, selection_set)
    if expander.count(root) > max_selections:
        raise too_large()
    return NormalizedOperation(
        kind=operation.kind,
        root=without_contradictions(root, contested(expander.literals)),
        variable_definitions=operation.definition.variable_definitions or (),
        hash=operation.hash,
    )


def too_large() -> OperationError:
    """The refusal of an operation that unfolds beyond the limit."""
    message = "The operation selects too many fields once its fragments are expanded."
    return OperationError([GraphQLError(message)], "OPERATION_TOO_LARGE")


class Expander:
    """Expands selection sets of one document against one schema.

    Args:
        max_steps: selections looked at before it gives up with OperationError; None for no limit.

    Attributes:
        literals: all that conditions were made of so far.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode] | None = None,
        *,
        max_steps: int | None = None,
    ) -> None:
        self._steps_left = max_steps if max_steps is not None else sys.maxsize
        self._schema = schema
        self._fragments = fragments or {}
        self._made: dict[Any, ObjectSelection] = {}
        self._counts: dict[ObjectSelection, int] = {}
        self._applies: dict[tuple[str, str], bool] = {}
        self.literals: set[Literal] = set()

    def expand(self, type_name: str, selection_set: SelectionSetNode) -> ObjectSelection:
        """What a selection set selects on one object type."""
        return self._object(type_name, ((selection_set, ALWAYS),))

    def expand_all(self, type_name: str, selection_set: SelectionSetNode) -> Selection:
        """What a selection set selects on each object type that `type_name` can have."""
        source = ((selection_set, ALWAYS),)
        return Selection({name: self._object(name, source) for name in self._possible(type_name)})

    def count(self, selection: ObjectSelection) -> int:
        """Number of selected fields, unfolded; arithmetic on the shared graph."""
        known = self._counts.get(selection)
        if known is None:
            known = 0
            for selected in selection.fields:
                known += 1
                if selected.selection is not None:
                    known += sum(self.count(one) for one in selected.selection.by_type.values())
            self._counts[selection] = known
        return known

    def _object(self, type_name: str, sources: tuple[_Source, ...]) -> ObjectSelection:
        identity = (type_name, tuple((id(node), conditions) for node, conditions in sources))
        made = self._made.get(identity)
        if made is None:
            groups: dict[str, list[tuple[FieldNode, Conditions]]] = {}
            collected = self._collected(type_name, sources)
            for key, node, conditions in collected:
                groups.setdefault(key, []).append((node, conditions))
            fields = [self._field(type_name, key, nodes) for key, nodes in groups.items()]
            is_repeated = len(groups) < len(collected)
            order = _order(collected) if is_repeated else ()
            made = ObjectSelection(type_name, tuple(fields), order=order)
            self._made[identity] = made
        return made

    def _collected(
        self, type_name: str, sources: tuple[_Source, ...]
    ) -> list[tuple[str, FieldNode, Conditions]]:
        """Fields with their response keys, in the order of the document."""
        found: list[tuple[str, FieldNode, Conditions]] = []
        visited: set[tuple[str, Conditions]] = set()
        for selection_set, conditions in sources:
            self._collect(type_name, selection_set, conditions, found, visited)
        return found

    def _collect(
        self,
        type_name: str,
        selection_set: SelectionSetNode,
        outer: Conditions,
        found: list[tuple[str, FieldNode, Conditions]],
        visited: set[tuple[str, Conditions]],
    ) -> None:
        self._steps_left -= len(selection_set.selections)
        if self._steps_left < 0:
            raise too_large()
        for node in selection_set.selections:
            own = read_conditions(node)
            if own != ALWAYS:
                self.literals.update(*own)
            conditions = both_of(outer, own)
            if conditions == NEVER:
                continue
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                found.append((key, node, conditions))
                continue
            fragment: Any = node
            if isinstance(node, FragmentSpreadNode):
                visit = (node.name.value, conditions)
                if visit in visited:
                    continue
                visited.add(visit)
                if len(visited) > MAX_SPREADS:
                    raise too_large()
                fragment = self._fragments[node.name.value]
            narrowed = fragment.type_condition
            if narrowed is None or self._is_a(type_name, narrowed.name.value):
                self._collect(type_name, fragment.selection_set, conditions, found, visited)

    def _field(
        self, type_name: str, key: str, nodes: list[tuple[FieldNode, Conditions]]
    ) -> SelectedField:
        conditions = NEVER
        for _, own in nodes:
            conditions = any_of(conditions, own)
        first = nodes[0][0]
        sources = tuple(
            (node.selection_set, ALWAYS if own == conditions else own)
            for node, own in nodes
            if node.selection_set is not None
        )
        places = _places(nodes)
        selection = None
        name = first.name.value
        if sources and not name.startswith("__"):
            named = self._field_type(type_name, name)
            possible_types = self._possible(named)
            self._steps_left -= len(possible_types)
            selection = Selection(
                {possible: self._object(possible, sources) for possible in possible_types}
            )
        return SelectedField(
            parent_type=type_name,
            name=name,
            response_key=key,
            arguments=first.arguments or (),
            conditions=conditions,
            selection=selection,
            locations=tuple(places),
            places=() if all(own == conditions for own in places.values()) else (*places.values(),),
        )

    def _field_type(self, type_name: str, field_name: str) -> str:
        definition: Any = self._schema.get_type(type_name)
        return str(get_named_type(definition.fields[field_name].type).name)

    def _possible(self, type_name: str) -> list[str]:
        named = self._schema.get_type(type_name)
        if is_abstract_type(named):
            possible = [one.name for one in self._schema.get_possible_types(named)]
            # Objects of an interface that nothing implements can still be interface objects.
            return possible or [type_name] * is_interface_type(named)
        return [type_name] if is_composite_type(named) else []

    def _is_a(self, type_name: str, condition: str) -> bool:
        if type_name == condition:
            return True
        known = self._applies.get((type_name, condition))
        if known is None:
            wide, narrow = self._schema.get_type(condition), self._schema.get_type(type_name)
            known = (
                is_abstract_type(wide)
                and is_object_type(narrow)
                and self._schema.is_sub_type(wide, narrow)
            )
            self._applies[type_name, condition] = known
        return known


def _places(nodes: Iterable[tuple[FieldNode, Conditions]]) -> dict[tuple[int, int], Conditions]:
    """Where fields stand, and when they are selected there; a fragment may bring one twice."""
    places: dict[tuple[int, int], Conditions] = {}
    for node, own in nodes:
        if node.loc is not None:
            place = node.loc.start_token.line, node.loc.start_token.column
            places[place] = any_of(places.get(place, NEVER), own)
    return places


def _order(
    collected: Iterable[tuple[str, FieldNode, Conditions]],
) -> tuple[tuple[str, Conditions], ...]:
    """Response keys wherever they can come first; () if each does at one place alone.

    Source: GraphQL specification 6.3.2 CollectFields: the order is that of the first occurrence
    that is included.
    """
    so_far: dict[str, Conditions] = {}
    turns: list[tuple[str, Conditions]] = []
    for key, _, own in collected:
        before = so_far.get(key, NEVER)
        so_far[key] = any_of(before, own)
        if so_far[key] == before:
            continue
        if turns and turns[-1][0] == key:
            turns[-1] = (key, any_of(turns[-1][1], own))
        else:
            turns.append((key, own))
    return tuple(turns) if len(turns) > len(so_far) else ()
