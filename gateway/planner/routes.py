"""How a selection can be resolved: values of the path search.

A *site* is a place inside a fetch where an object is selected.  From a site a field is resolved
directly, or by a *hop*: an entity fetch into another subgraph (or again into the same one, where
`@requires` needs values from elsewhere first).
"""

from dataclasses import dataclass
from typing import NamedTuple

from gateway.planner.query_graph import Entrance
from gateway.planner.selection import ObjectSelection, SelectedField
from gateway.supergraph.model import SubgraphField


class Cost(NamedTuple):
    """Compared in this order: number of fetches, then number of fetches that wait for another."""

    fetches: int
    depth: int


FREE = Cost(0, 0)


@dataclass(frozen=True, slots=True)
class Site:
    """Objects as one fetch sees them.

    Attributes:
        local_type: the name of their type in that subgraph.
        provided: selections that `@provides` promises here, although external.
    """

    subgraph: str
    local_type: str
    provided: tuple[ObjectSelection, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class DirectRoute:
    """The subgraph of the site resolves the field; `local` is None for `__typename`."""

    field: SelectedField
    local: SubgraphField | None
    children: tuple["SelectionRoute | TypedRoute", ...]
    cost: Cost


@dataclass(frozen=True, slots=True, eq=False)
class HopRoute:
    """The field is resolved after entering another subgraph."""

    field: SelectedField
    target: Site
    entrance: Entrance
    key_route: "SelectionRoute"
    requires: ObjectSelection | None
    requires_route: "SelectionRoute | None"
    inner: DirectRoute
    cost: Cost


FieldRoute = DirectRoute | HopRoute


@dataclass(frozen=True, slots=True, eq=False)
class SelectionRoute:
    """How the fields of one object type are resolved from one site.

    Attributes:
        remainder: what cannot be resolved from here.
        is_soft: all of the remainder is on object types that this subgraph never returns here.
    """

    type_name: str
    site: Site
    routes: tuple[FieldRoute, ...]
    remainder: tuple[SelectedField, ...]
    is_soft: bool
    cost: Cost

    @property
    def is_complete(self) -> bool:
        """Whether nothing is lost by leaving the remainder unasked."""
        return not self.remainder or self.is_soft


@dataclass(frozen=True, slots=True, eq=False)
class TypedRoute:
    """How objects of an interface object are resolved whose type has to be told elsewhere.

    Attributes:
        interface: the name by which the subgraph of the site knows the objects.
        target: the subgraph that tells the type, entered as the interface.
        here: for each type, fields that the subgraph of the site resolves.
        there: for each type, the rest, from the subgraph that tells the type.
        missing: for each type, what neither resolves.
    """

    interface: str
    site: Site
    target: Site
    entrance: Entrance
    key_route: "SelectionRoute"
    here: tuple[tuple[str, tuple[DirectRoute, ...]], ...]
    there: tuple["SelectionRoute", ...]
    missing: tuple[tuple[str, tuple[SelectedField, ...]], ...]
    cost: Cost


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """One way to resolve a field, perhaps in part."""

    route: FieldRoute
    target: str | None
    remainder: SelectedField | None
    is_soft: bool

    @property
    def is_complete(self) -> bool:
        """Whether nothing is lost by leaving the remainder unasked."""
        return self.remainder is None or self.is_soft
