"""Which subgraph can resolve which field, on which types, by which key.

The query graph of a supergraph (as Apollo's federation documentation and the public description
of Hive's planner call it), kept as indexes rather than as nodes: an edge is a field that a
subgraph resolves, or a key by which a subgraph is entered.
"""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from graphql import (
    GraphQLOutputType,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    is_composite_type,
)

from gateway.planner.normalize import Expander, OpaqueAdder, interface_objects
from gateway.planner.selection import ObjectSelection, Selection
from gateway.supergraph.model import EntityKey, SubgraphField, SubgraphType, Supergraph


@dataclass(frozen=True, slots=True)
class Entrance:
    """A way into a subgraph: by `_entities`, as `local_type`, with a key.

    The query root type is entered by asking its fields anew, without a key.
    """

    subgraph: str
    local_type: str
    key: EntityKey
    selection: ObjectSelection


@dataclass(slots=True, eq=False)
class QueryGraph:
    """Indexes over one supergraph; made once for it."""

    supergraph: Supergraph
    active_labels: frozenset[str] = frozenset()
    interface_objects: dict[str, frozenset[str]] = field(init=False)
    _expander: Expander = field(init=False)
    _opaque: OpaqueAdder = field(init=False)
    _sets: dict[Any, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        schema = self.supergraph.full_schema
        self.interface_objects = interface_objects(self.supergraph)
        self._expander = Expander(schema)
        self._opaque = OpaqueAdder(schema, self.interface_objects)

    @property
    def query_type(self) -> str:
        """The name of the query root type."""
        root = self.supergraph.full_schema.query_type
        return root.name if root is not None else ""

    def local_type(self, subgraph: str, type_name: str) -> SubgraphType | None:
        """How a subgraph sees a type."""
        return self.supergraph.types.get((subgraph, type_name))

    def local_field(self, subgraph: str, local_type: str, name: str) -> SubgraphField | None:
        """How a subgraph sees a field that it may be asked for; None if it may not."""
        seen = self.supergraph.types.get((subgraph, local_type))
        found = seen.fields.get(name) if seen is not None else None
        if found is None:
            return None
        if found.override_label is not None and found.override_label not in self.active_labels:
            return None
        if found.overridden_label is not None and found.overridden_label in self.active_labels:
            return None
        if self.is_interface(subgraph, local_type) and not self._all_resolve(subgraph, seen, name):
            return None
        return found

    def is_interface(self, subgraph: str, local_type: str) -> bool:
        """Whether a type is an interface in a subgraph too, with types that it knows."""
        seen = self.supergraph.types.get((subgraph, local_type))
        is_composite = seen is not None and not seen.is_interface_object
        return is_composite and local_type in self.interface_objects

    def _all_resolve(self, subgraph: str, seen: SubgraphType | None, name: str) -> bool:
        """Whether a field asked of an interface is resolved for each type that it can have."""
        for possible in seen.possible_types if seen is not None else ():
            local = self.local_field(subgraph, possible, name)
            if local is None or local.is_external or local.requires is not None:
                return False
        return True

    def local_names(self, subgraph: str, type_name: str) -> tuple[str, ...]:
        """Names under which a subgraph knows objects of a type: its own, or interface objects."""
        known: tuple[str, ...] | None = self._sets.get(("names", subgraph, type_name))
        if known is None:
            names = [type_name] if (subgraph, type_name) in self.supergraph.types else []
            names += [
                name
                for (owner, name), seen in self.supergraph.types.items()
                if owner == subgraph
                and seen.is_interface_object
                and type_name in self.possible_types(name)
            ]
            known = self._sets["names", subgraph, type_name] = tuple(names)
        return known

    def owners(self, type_name: str) -> tuple[str, ...]:
        """Subgraphs that know objects of a type, in supergraph order."""
        known: tuple[str, ...] | None = self._sets.get(("owners", type_name))
        if known is None:
            known = tuple(
                name for name in self.supergraph.subgraphs if self.local_names(name, type_name)
            )
            self._sets["owners", type_name] = known
        return known

    def possible_types(self, type_name: str) -> frozenset[str]:
        """Object types of a supergraph type, `@inaccessible` ones included."""
        known: frozenset[str] | None = self._sets.get(("possible", type_name))
        if known is None:
            schema = self.supergraph.full_schema
            named = schema.get_type(type_name)
            if is_abstract_type(named):
                known = frozenset(one.name for one in schema.get_possible_types(named))
            else:
                known = frozenset({type_name})
            self._sets["possible", type_name] = known
        return known

    def local_of(self, subgraph: str, declared: str, type_name: str) -> str | None:
        """The local type of an object of `type_name` behind a field declared as `declared`."""
        seen = self.supergraph.types.get((subgraph, declared))
        if seen is None:
            return None
        if seen.is_interface_object:
            is_one = type_name == declared or type_name in self.possible_types(declared)
            return declared if is_one else None
        if type_name in seen.possible_types:
            return type_name
        for name in self.opaque_names(subgraph, declared):
            if type_name in self.interface_objects[name]:
                return name
        return None

    def opaque_names(self, subgraph: str, declared: str) -> tuple[str, ...]:
        """Interface objects that values of a type of this subgraph can be."""
        if not self.interface_objects:
            return ()
        seen = self.supergraph.types.get((subgraph, declared))
        if seen is None:
            return ()
        return tuple(
            name
            for name in self.interface_objects
            if name in seen.possible_types and self._is_opaque(subgraph, name)
        )

    def runtime_names(self, type_name: str) -> tuple[str, ...]:
        """Values of `__typename` in the fetched tree of objects that are planned as one type."""
        return (type_name, *sorted(self.interface_objects.get(type_name, ())))

    def _is_opaque(self, subgraph: str, name: str) -> bool:
        seen = self.supergraph.types.get((subgraph, name))
        return seen is not None and seen.is_interface_object

    def entrances(self, subgraph: str, type_name: str) -> tuple[Entrance, ...]:
        """Resolvable keys by which objects of a type are reached in a subgraph."""
        known: tuple[Entrance, ...] | None = self._sets.get(("entrances", subgraph, type_name))
        if known is None and type_name == self.query_type:
            key = EntityKey(SelectionSetNode(selections=()), "", is_resolvable=True)
            nothing = ObjectSelection(type_name, ())
            known = (Entrance(subgraph, type_name, key, nothing),)
            self._sets["entrances", subgraph, type_name] = known
        if known is None:
            known = tuple(
                Entrance(subgraph, local, key, self.selection_of(key.fields, type_name))
                for local in self.local_names(subgraph, type_name)
                for key in self.supergraph.types[subgraph, local].keys
                if key.is_resolvable
            )
            self._sets["entrances", subgraph, type_name] = known
        return known

    def selection_of(self, fields: SelectionSetNode, type_name: str) -> ObjectSelection:
        """A field set as a selection on one object type."""
        key = ("object", id(fields), type_name)
        known: ObjectSelection | None = self._sets.get(key)
        if known is None:
            known = self._opaque.object(self._expander.expand(type_name, fields))
            self._sets[key] = known
        return known

    def selection_at(self, fields: SelectionSetNode, type_name: str) -> Selection:
        """A field set as a selection on each object type of a type."""
        key = ("all", id(fields), type_name)
        known: Selection | None = self._sets.get(key)
        if known is None:
            known = self._expander.expand_all(type_name, fields)
            known = self._sets[key] = self._opaque.selection(known, type_name)
        return known

    def field_type(self, type_name: str, field_name: str) -> GraphQLOutputType:
        """The supergraph's type of a field, `@inaccessible` ones included."""
        definition: Any = self.supergraph.full_schema.get_type(type_name)
        found: GraphQLOutputType = definition.fields[field_name].type
        return found

    def is_abstract(self, type_name: str) -> bool:
        """Whether the supergraph has this type as interface or union."""
        return is_abstract_type(self.supergraph.full_schema.get_type(type_name))

    def is_composite_field(self, type_name: str, field_name: str) -> bool:
        """Whether a field needs a sub-selection."""
        return is_composite_type(get_named_type(self.field_type(type_name, field_name)))


@cache
def _graphs(supergraph: Supergraph, active_labels: frozenset[str]) -> QueryGraph:
    return QueryGraph(supergraph, active_labels)


def query_graph(supergraph: Supergraph, active_labels: frozenset[str] = frozenset()) -> QueryGraph:
    """The query graph of a supergraph, made once per supergraph and set of override labels."""
    if _graphs.cache_info().currsize > 8:
        _graphs.cache_clear()  # superseded supergraphs must not stay in memory
    return _graphs(supergraph, active_labels)
