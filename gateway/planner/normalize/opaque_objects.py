"""Add what is selected on objects whose type a subgraph does not know.

A subgraph with `@interfaceObject` (https://specs.apollo.dev/federation/v2.3) returns objects of an
interface without saying which type they have.  Where the same is selected on every type and the
type itself is not asked for, nobody needs to know: the selection gets an entry of the interface's
own name, and such objects are planned, fetched and projected by it.  Elsewhere the planner has
the type told by a subgraph that knows it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from graphql import GraphQLSchema, get_named_type, is_abstract_type

from gateway.planner.normalize.keep_apart import Apart
from gateway.planner.selection import (
    NormalizedOperation,
    ObjectSelection,
    SelectedField,
    Selection,
    arguments_text,
)
from gateway.supergraph import Supergraph


def with_opaque_objects(
    operation: NormalizedOperation, supergraph: Supergraph
) -> NormalizedOperation:
    """The operation with an entry for each interface object whose type need not be known."""
    interfaces = interface_objects(supergraph)
    if not interfaces:
        return operation
    adder = OpaqueAdder(supergraph.full_schema, interfaces)
    return replace(operation, root=adder.object(operation.root))


def interface_objects(supergraph: Supergraph) -> dict[str, frozenset[str]]:
    """Object types of each interface that some subgraph has as interface object."""
    schema = supergraph.full_schema
    found: dict[str, frozenset[str]] = {}
    for (_, name), seen in supergraph.types.items():
        named = schema.get_type(name)
        if seen.is_interface_object and is_abstract_type(named):
            found[name] = frozenset(one.name for one in schema.get_possible_types(named))
    return found


class OpaqueAdder:
    """Rebuilds selections; shared parts stay shared."""

    def __init__(self, schema: GraphQLSchema, interfaces: Mapping[str, frozenset[str]]) -> None:
        self._schema = schema
        self._interfaces = interfaces
        self._made: dict[ObjectSelection, ObjectSelection] = {}
        self._alike: dict[tuple[ObjectSelection, ObjectSelection], bool] = {}
        self._apart = Apart()

    def object(self, wanted: ObjectSelection) -> ObjectSelection:
        """One object selection, with all below it."""
        made = self._made.get(wanted)
        if made is None:
            fields = tuple(self._field(one) for one in wanted.fields)
            made = self._made[wanted] = replace(wanted, fields=fields)
        return made

    def selection(self, selection: Selection, declared: str) -> Selection:
        """What is selected behind a field declared as an interface, union or object type."""
        by_type = {name: self.object(one) for name, one in selection.by_type.items()}
        if len(by_type) > 1 and any(self._may_be(declared, one) for one in self._interfaces):
            by_type = self._apart.kept_apart(by_type)
        for interface, members in self._interfaces.items():
            is_whole = bool(members) and members <= selection.by_type.keys()
            if is_whole and interface not in by_type and self._may_be(declared, interface):
                opaque = self._opaque(interface, [by_type[name] for name in members])
                if opaque is not None:
                    by_type[interface] = opaque
        return Selection(by_type)

    def _field(self, one: SelectedField) -> SelectedField:
        if one.selection is None:
            return one
        definition: Any = self._schema.get_type(one.parent_type)
        declared = get_named_type(definition.fields[one.name].type).name
        selection = self.selection(one.selection, declared)
        return replace(one, selection=selection)

    def _may_be(self, declared: str, interface: str) -> bool:
        if declared == interface:
            return True
        wide: Any = self._schema.get_type(declared)
        narrow: Any = self._schema.get_type(interface)
        return is_abstract_type(wide) and self._schema.is_sub_type(wide, narrow)

    def _opaque(self, interface: str, members: list[ObjectSelection]) -> ObjectSelection | None:
        first = members[0]
        definition: Any = self._schema.get_type(interface)
        if any(one.name not in definition.fields for one in first.fields):
            return None  # among them __typename, which somebody has to know
        if not all(self._are_alike(first, other) for other in members[1:]):
            return None
        fields = tuple(replace(one, parent_type=interface) for one in first.fields)
        refused = tuple((at, replace(one, parent_type=interface)) for at, one in first.refused)
        return replace(first, type_name=interface, fields=fields, refused=refused)

    def _are_alike(self, one: ObjectSelection, other: ObjectSelection) -> bool:
        if one is other:
            return True
        known = self._alike.get((one, other))
        if known is None:
            known = (
                (one.needs, one.subject_key) == (other.needs, other.subject_key)
                and len(one.fields) == len(other.fields)
                and [at for at, _ in one.refused] == [at for at, _ in other.refused]
                and all(
                    self._are_fields_alike(mine, theirs)
                    for mine, theirs in zip(
                        (*one.fields, *(field for _, field in one.refused)),
                        (*other.fields, *(field for _, field in other.refused)),
                        strict=True,
                    )
                )
            )
            self._alike[one, other] = known
        return known

    def _are_fields_alike(self, one: SelectedField, other: SelectedField) -> bool:
        if _meaning(one) != _meaning(other):
            return False
        mine, theirs = one.selection, other.selection
        if mine is None or theirs is None:
            return mine is theirs
        return mine.by_type.keys() == theirs.by_type.keys() and all(
            self._are_alike(inner, theirs.by_type[name]) for name, inner in mine.by_type.items()
        )


def _meaning(one: SelectedField) -> tuple[object, ...]:
    arguments = arguments_text(one.arguments)
    said = one.response_key, one.name, arguments, one.conditions, one.needs, one.hidden
    return *said, one.kept_as
