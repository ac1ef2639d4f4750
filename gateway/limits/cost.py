"""What an operation may cost, estimated before anything is fetched.

An object counts 1, a mutation 10, a value 0, times the sizes of the lists that it stands in;
``@cost`` and ``@listSize`` of the supergraph say otherwise (https://specs.apollo.dev/cost/v0.1).
Where no directive speaks, a connection is as long as its ``first`` or ``last``. The estimate
depends on operation, variables and schema, never on data or role. It is made of the operation
without fragments, once; what is left for each request is arithmetic over its page sizes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from gateway.errors import RequestRefusedError, error
from gateway.limits.budget import Budget
from gateway.planner import NormalizedOperation
from gateway.planner.selection import ObjectSelection, SelectedField
from gateway.supergraph import Supergraph
from gateway.supergraph.model import ListSize

MUTATION_WEIGHT: Final = 10
_PAGE = ListSize(slicing=("first", "last"), sized_fields=("edges", "nodes"), wants_one=False)
_SLICE = ListSize(slicing=("first", "last"), wants_one=False)


@dataclass(frozen=True, slots=True)
class _Slicing:
    """One argument that gives a size: a number, or a variable with what holds without it."""

    literal: int | None
    variable: str | None = None
    path: tuple[str, ...] = ()

    def value(self, variables: Mapping[str, Any]) -> int | None:
        if self.variable is None:
            return self.literal
        found: Any = variables.get(self.variable, self.literal)
        for name in self.path:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found if type(found) is int else None


@dataclass(frozen=True, slots=True)
class _Size:
    slicing: tuple[_Slicing, ...]
    assumed: int
    wants_one: bool = False

    def value(self, variables: Mapping[str, Any]) -> int:
        given = [size for one in self.slicing if (size := one.value(variables)) is not None]
        return max(0, *given) if given else self.assumed


@dataclass(frozen=True, slots=True)
class _Part:
    """A sum: what is certain, lists times what is in them, and the dearest of several types."""

    certain: int
    lists: tuple[tuple[_Size, "_Part"], ...] = ()
    dearest: tuple[tuple["_Part", ...], ...] = ()

    def value(self, variables: Mapping[str, Any]) -> int:
        total = self.certain
        for size, inner in self.lists:
            total += size.value(variables) * inner.value(variables)
        for types in self.dearest:
            total += max(one.value(variables) for one in types)
        return total


@dataclass(frozen=True, slots=True)
class Cost:
    """What one operation costs, for any variables."""

    _whole: _Part
    _pages: tuple[_Size, ...]

    def estimate(self, variables: Mapping[str, Any]) -> int:
        """Return the number of objects to expect, weighed."""
        return self._whole.value(variables)

    def check(self, variables: Mapping[str, Any], budget: Budget) -> int:
        """Return the estimate, if it is within the budget.

        Args:
            variables: as coerced, with the operation's defaults.

        Raises:
            RequestRefusedError: 400 ``PAGE_LIMIT`` or ``COST_LIMIT``.
        """
        for page in self._pages:
            given = [size for one in page.slicing if (size := one.value(variables)) is not None]
            is_unclear = page.wants_one and len(given) != 1
            if is_unclear or any(not 1 <= size <= budget.page for size in given):
                raise RequestRefusedError(400, "PAGE_LIMIT")
        estimated = self.estimate(variables)
        if estimated > budget.cost:
            told = error("COST_LIMIT", estimated=min(estimated, 10**12), limit=budget.cost)
            raise RequestRefusedError(400, "COST_LIMIT", [told])
        return estimated


def cost_of(operation: NormalizedOperation, supergraph: Supergraph, assumed_list: int) -> Cost:
    """Return what an operation costs.

    Args:
        operation: before anything is left out for a role, so that no role has another limit.
        supergraph: whose directives count.
        assumed_list: size of a list that nothing says the size of.
    """
    estimator = _Estimator(supergraph, assumed_list)
    return Cost(estimator.whole(operation.root, {}), tuple(estimator.pages))


class _Estimator:
    def __init__(self, supergraph: Supergraph, assumed_list: int) -> None:
        self._schema = supergraph.api_schema
        self._demand = supergraph.demand
        self._assumed_list = assumed_list
        self._mutation = supergraph.api_schema.mutation_type
        self.pages: list[_Size] = []

    def whole(self, selection: ObjectSelection, sized: Mapping[str, _Size]) -> _Part:
        """Return the sum of an object's fields; ``sized`` are those whose length is known."""
        certain = 0
        lists: list[tuple[_Size, _Part]] = []
        dearest: list[tuple[_Part, ...]] = []
        for selected in selection.fields:
            definition = self._definition(selected)
            if definition is None:
                continue  # introspection: bounded by depth and selections
            part, size = self._field(selected, definition, sized.get(selected.name))
            if size is None:
                certain += part.certain
                lists.extend(part.lists)
                dearest.extend(part.dearest)
            elif not (size.slicing or part.lists or part.dearest):
                certain += size.assumed * part.certain
            else:
                lists.append((size, part))
        return _Part(certain, tuple(lists), tuple(dearest))

    def _definition(self, selected: SelectedField) -> GraphQLField | None:
        parent = self._schema.get_type(selected.parent_type)
        if not isinstance(parent, GraphQLObjectType):
            return None
        definition: GraphQLField | None = parent.fields.get(selected.name)
        return definition

    def _field(
        self, selected: SelectedField, definition: GraphQLField, given: _Size | None
    ) -> tuple[_Part, _Size | None]:
        """Return what one object of a field costs, and the size of its list, if it is one."""
        coordinate = f"{selected.parent_type}.{selected.name}"
        is_list = is_list_type(get_nullable_type(definition.type))
        stated = self._demand.list_sizes.get(coordinate) or self._convention(definition, is_list)
        size = given
        sized: dict[str, _Size] = {}
        if stated is not None:
            own = self._size(selected, definition, stated)
            if stated.slicing:
                self.pages.append(own)
            if stated.sized_fields:
                sized = dict.fromkeys(stated.sized_fields, own)
            else:
                size = own
        own_weight = self._own_weight(selected, coordinate)
        inner = self._inner(selected, sized, counts_types=own_weight is None)
        extra = own_weight or 0
        if self._demand.weights:
            extra += self._argument_weights(selected, definition, coordinate)
            if own_weight is None and selected.selection is None:
                extra += self._demand.weights.get(get_named_type(definition.type).name, 0)
        part = _Part(extra + inner.certain, inner.lists, inner.dearest)
        return part, (size or _Size((), self._assumed_list)) if is_list else None

    def _inner(
        self, selected: SelectedField, sized: Mapping[str, _Size], *, counts_types: bool
    ) -> _Part:
        if selected.selection is None:
            return _Part(0)
        types: list[_Part] = []
        for name, one in selected.selection.by_type.items():
            weight = self._demand.weights.get(name, 1) if counts_types else 0
            part = self.whole(one, sized)
            types.append(_Part(weight + part.certain, part.lists, part.dearest))
        distinct = tuple(dict.fromkeys(types))
        if not distinct:
            return _Part(0)
        return distinct[0] if len(distinct) == 1 else _Part(0, (), (distinct,))

    def _convention(self, definition: GraphQLField, is_list: bool) -> ListSize | None:
        """Return the size of what is a connection by its arguments and fields."""
        if not {"first", "last"} & definition.args.keys():
            return None
        named = get_named_type(definition.type)
        if is_list:
            return _SLICE
        is_connection = isinstance(named, GraphQLObjectType) and "pageInfo" in named.fields
        return _PAGE if is_connection else None

    def _size(self, selected: SelectedField, definition: GraphQLField, stated: ListSize) -> _Size:
        written = {argument.name.value: argument.value for argument in selected.arguments}
        found: list[_Slicing] = []
        for name in stated.slicing:
            first, *path = name.split(".")
            if first in definition.args:
                default = definition.args[first]
                literal = default.default_value
                literal = literal if type(literal) is int else _default(default)
                one = _slicing(written.get(first), path, literal)
                if one is not None:
                    found.append(one)
        assumed = self._assumed_list if stated.assumed is None else stated.assumed
        return _Size(tuple(found), assumed, stated.wants_one and bool(stated.slicing))

    def _own_weight(self, selected: SelectedField, coordinate: str) -> int | None:
        """Return the field's weight where it does not come from the type that it answers with."""
        stated = self._demand.weights.get(coordinate)
        if stated is None and self._mutation is not None:
            return MUTATION_WEIGHT if selected.parent_type == self._mutation.name else None
        return stated

    def _argument_weights(
        self, selected: SelectedField, definition: GraphQLField, coordinate: str
    ) -> int:
        weight = 0
        for argument in selected.arguments:
            name = argument.name.value
            weight += self._demand.weights.get(f"{coordinate}({name}:)", 0)
            weight += self._input_weight(definition, name)
        return weight

    def _input_weight(self, definition: GraphQLField, argument: str) -> int:
        """Return the weights of an input object's fields, as if each was given once."""
        weight, open_types, seen = 0, [get_named_type(definition.args[argument].type)], set[str]()
        while open_types:
            kind = open_types.pop()
            if not isinstance(kind, GraphQLInputObjectType) or kind.name in seen:
                continue
            seen.add(kind.name)
            for name, field in kind.fields.items():
                weight += self._demand.weights.get(f"{kind.name}.{name}", 0)
                open_types.append(get_named_type(field.type))
        return weight


def _default(argument: Any) -> int | None:
    """Return an argument's default where the library keeps it as it was written."""
    default = getattr(argument, "default", None)
    literal = getattr(default, "literal", None)
    if isinstance(literal, IntValueNode):
        return int(literal.value)
    value = getattr(default, "value", None)
    return value if type(value) is int else None


def _slicing(value: ValueNode | None, path: Sequence[str], default: int | None) -> _Slicing | None:
    """Return how a size is given, or None where it is not."""
    for position, name in enumerate(path):
        if isinstance(value, VariableNode):
            return _Slicing(None, value.name.value, tuple(path[position:]))
        if not isinstance(value, ObjectValueNode):
            return None
        value = next((one.value for one in value.fields if one.name.value == name), None)
    if value is None:
        return None if default is None else _Slicing(default)
    if isinstance(value, VariableNode):
        return _Slicing(None if path else default, value.name.value)
    if isinstance(value, IntValueNode):
        return _Slicing(int(value.value))
    if isinstance(value, ListValueNode):
        return _Slicing(len(value.values))
    return None
