"""Values that describe a supergraph: subgraphs, entity keys and who resolves which field.

Terms are those of Apollo Federation v2 and its join specification
(https://specs.apollo.dev/join/v0.5).  Field sets stay GraphQL syntax here; the planner turns
them into selections.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import GraphQLSchema, SelectionSetNode


class SupergraphError(Exception):
    """A supergraph cannot be used: unreadable, contradicting itself, or needing more than we do.

    Attributes:
        coordinate: the schema coordinate (`Type.field`) or directive at fault, "" for the whole.
    """

    code: Final = "SUPERGRAPH_REFUSED"

    def __init__(self, message: str, coordinate: str = "") -> None:
        super().__init__(f"{coordinate}: {message}" if coordinate else message)
        self.coordinate = coordinate


@dataclass(frozen=True, slots=True)
class ListSize:
    """How many objects a field answers with (``@listSize``).

    Attributes:
        assumed: where no argument says it; None leaves it to the budget.
        slicing: arguments that say it, ``input.first`` for a field of an input object; the
            largest one counts.
        sized_fields: fields of the answer whose lists are meant; none means the field itself.
        wants_one: whether exactly one of ``slicing`` has to be given.
    """

    assumed: int | None = None
    slicing: tuple[str, ...] = ()
    sized_fields: tuple[str, ...] = ()
    wants_one: bool = True


@dataclass(frozen=True, slots=True)
class Demand:
    """Weights by coordinate (``T``, ``T.f``, ``T.f(a:)``, ``I.f``) and list sizes by field."""

    weights: Mapping[str, int] = field(default_factory=dict)
    list_sizes: Mapping[str, ListSize] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subgraph:
    """One service behind the gateway: its value in `join__Graph`, its name, where it listens."""

    graph_enum: str
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class EntityKey:
    """One `@key` of a type in one subgraph."""

    fields: SelectionSetNode
    text: str
    is_resolvable: bool


@dataclass(frozen=True, slots=True)
class ContextArgument:
    """An argument that a subgraph wants filled in from an enclosing object (`@fromContext`).

    Attributes:
        context: name of the context that the enclosing object's type sets.
        type_text: of the argument.
        selection: on the enclosing object, down to one leaf.
    """

    context: str
    name: str
    type_text: str
    selection: SelectionSetNode


@dataclass(frozen=True, slots=True)
class SubgraphField:
    """How one subgraph sees one field."""

    name: str
    type_text: str
    named_type: str
    is_external: bool = False
    requires: SelectionSetNode | None = None
    provides: SelectionSetNode | None = None
    override_label: str | None = None
    overridden_label: str | None = None
    context: tuple[ContextArgument, ...] = ()


@dataclass(frozen=True, slots=True)
class SubgraphType:
    """How one subgraph sees one composite type.

    Attributes:
        possible_types: object types that a value of this type can have in this subgraph.
        is_interface_object: an object type here, an interface in the supergraph.
    """

    subgraph: str
    name: str
    keys: tuple[EntityKey, ...]
    fields: Mapping[str, SubgraphField]
    possible_types: frozenset[str]
    is_interface_object: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Supergraph:
    """A loaded supergraph; compared by identity, told apart by `revision`.

    Attributes:
        revision: sha256 of the SDL, in hexadecimal.
        api_schema: what clients see.
        full_schema: the same with `@inaccessible` elements, for hidden selections.
        subgraphs: by name.
        types: by (subgraph name, type name).
        owners: subgraph names that know a type, by type name, in SDL order.
        contexts: types that set a context, by its name (`@context`).
        access_rules: what `@authenticated`, `@requiresScopes` and `@policy` demand, by coordinate.
        demand: weights and list sizes (`@cost`, `@listSize`); see `gateway.supergraph.demand`.
    """

    revision: str
    api_schema: GraphQLSchema
    full_schema: GraphQLSchema
    subgraphs: Mapping[str, Subgraph]
    types: Mapping[tuple[str, str], SubgraphType]
    owners: Mapping[str, tuple[str, ...]]
    contexts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    access_rules: Mapping[str, Any] = field(default_factory=dict)
    demand: Demand = field(default_factory=Demand)
    _directives: Mapping[str, list[tuple[str, dict[str, Any]]]] = field(default_factory=dict)
    _requires: Mapping[tuple[str, str], tuple[tuple[str, str], ...]] = field(default_factory=dict)

    def type_directives(self, type_name: str, directive_name: str) -> list[dict[str, Any]]:
        """Arguments of each use of a composed directive on a type."""
        return self.directives_at(type_name, directive_name)

    def field_directives(
        self, type_name: str, field_name: str, directive_name: str
    ) -> list[dict[str, Any]]:
        """Arguments of each use of a composed directive on a field."""
        return self.directives_at(f"{type_name}.{field_name}", directive_name)

    def directives_at(self, coordinate: str, directive_name: str) -> list[dict[str, Any]]:
        """Arguments of each use at a schema coordinate: `T`, `T.f`, `T.f(a:)` or `E.VALUE`."""
        found = self._directives.get(coordinate, ())
        return [arguments for name, arguments in found if name == directive_name]

    def requires(self, type_name: str, field_name: str) -> list[tuple[str, str]]:
        """Coordinates that `@requires` of this field reads, in any subgraph, transitively."""
        return list(self._requires.get((type_name, field_name), ()))
