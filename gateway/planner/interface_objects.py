"""Resolve objects whose type the subgraph of the site does not know (`@interfaceObject`).

If the same is selected on all types (see `normalize.opaque_objects`), they stay what they are,
and other subgraphs are entered by the name of the interface.  Otherwise a subgraph that has the
interface as an entity is asked for `__typename`, and, in the same request, for what the first
one cannot resolve.
"""

from collections.abc import Iterable
from typing import Protocol

from gateway.planner.query_graph import Entrance, QueryGraph
from gateway.planner.routes import (
    Attempt,
    Cost,
    DirectRoute,
    SelectionRoute,
    Site,
    TypedRoute,
)
from gateway.planner.selection import ObjectSelection, SelectedField

Visited = frozenset[tuple[str, ...]]


class Search(Protocol):
    """What is needed of the path search."""

    graph: QueryGraph

    def selection(
        self, type_name: str, site: Site, fields: tuple[SelectedField, ...], visited: Visited
    ) -> SelectionRoute:
        """Routes for fields of one object type, seen from one site."""
        ...

    def direct(self, site: Site, field: SelectedField, visited: Visited) -> Attempt | None:
        """The attempt that does not leave the site."""
        ...

    def entry(
        self, type_name: str, site: Site, target: Site, visited: Visited
    ) -> tuple[Entrance, SelectionRoute] | None:
        """The cheapest key that can be had from a site, to enter a subgraph."""
        ...


def resolve_unknown(
    search: Search,
    site: Site,
    opaque: ObjectSelection | None,
    by_type: dict[str, ObjectSelection],
    visited: Visited,
) -> SelectionRoute | TypedRoute | None:
    """The route of what is selected on objects of an interface object; None if there is none.

    Args:
        site: with the interface as its local type.
        opaque: what is selected on each of them, if the type need not be known.
        by_type: what is selected on each type otherwise.
    """
    if opaque is not None:
        route = search.selection(site.local_type, site, opaque.fields, visited)
        if route.is_complete:
            return route
    found = list(_typed_routes(search, site, by_type, visited))
    return min(found, key=_price) if found else None


def _price(route: TypedRoute) -> tuple[int, Cost]:
    return sum(len(fields) for _, fields in route.missing), route.cost


def _typed_routes(
    search: Search, site: Site, by_type: dict[str, ObjectSelection], visited: Visited
) -> Iterable[TypedRoute]:
    interface = site.local_type
    for subgraph in search.graph.owners(interface):
        if not search.graph.is_interface(subgraph, interface):
            continue
        target = Site(subgraph, interface)
        entry = search.entry(interface, site, target, visited)
        if entry is not None:
            yield _typed_route(search, site, target, entry, by_type, visited)


def _typed_route(
    search: Search,
    site: Site,
    target: Site,
    entry: tuple[Entrance, SelectionRoute],
    by_type: dict[str, ObjectSelection],
    visited: Visited,
) -> TypedRoute:
    entrance, key_route = entry
    here: list[tuple[str, tuple[DirectRoute, ...]]] = []
    there: list[SelectionRoute] = []
    missing: list[tuple[str, tuple[SelectedField, ...]]] = []
    for type_name, wanted in by_type.items():
        if search.graph.local_of(target.subgraph, target.local_type, type_name) is None:
            continue  # nobody will say that an object is of this type
        inner = Site(target.subgraph, type_name)
        own: dict[SelectedField, DirectRoute] = {}
        for one in wanted.fields:
            route = search.selection(type_name, inner, (one,), visited)
            direct = _direct(search, site, one, visited)
            is_better = not route.is_complete or (direct and direct.cost <= route.cost)
            if direct is not None and is_better:
                own[one] = direct
        others = tuple(one for one in wanted.fields if one not in own)
        route = search.selection(type_name, inner, others, visited)
        if not route.is_complete:
            missing.append((type_name, route.remainder))
        here.append((type_name, tuple(own.values())))
        there.append(route)
    costs = [route.cost for route in there]
    costs += [one.cost for _, routes in here for one in routes]
    cost = Cost(
        1 + key_route.cost.fetches + max((one.fetches for one in costs), default=0),
        1 + key_route.cost.depth + max((one.depth for one in costs), default=0),
    )
    return TypedRoute(
        site.local_type, site, target, entrance, key_route,
        tuple(here), tuple(there), tuple(missing), cost,
    )  # fmt: skip


def _direct(
    search: Search, site: Site, field: SelectedField, visited: Visited
) -> DirectRoute | None:
    """The route of a field that the subgraph of the site resolves, complete."""
    attempt = search.direct(site, field, visited) if field.name != "__typename" else None
    if attempt is None or not attempt.is_complete:
        return None
    return attempt.route if isinstance(attempt.route, DirectRoute) else None
