"""Choose which subgraph, or which several, resolve each root field.

A root field that several subgraphs have (`@shareable`) gives the same in each: one that resolves
all of it is asked alone, and several only where that saves waiting or nothing else will do.  A
value of a union or interface has a type that all of them know; members that the chosen subgraph
lacks are not worth a request, but a subgraph that knows all of them is preferred.
"""

from typing import Any

from graphql import OperationType

from gateway.planner.assemble_routes import size, unresolved
from gateway.planner.path_search import PathSearch
from gateway.planner.query_graph import QueryGraph
from gateway.planner.routes import FREE, Attempt, DirectRoute, PlanningError, SelectionRoute, Site
from gateway.planner.selection import ObjectSelection, SelectedField


class RootChoice:
    """The choice for one operation."""

    def __init__(self, graph: QueryGraph) -> None:
        self._graph = graph
        self._search = PathSearch(graph)
        self._stay = PathSearch(graph, may_hop=False)

    def routes(self, kind: str, selection: ObjectSelection) -> list[tuple[str, DirectRoute]]:
        """Routes for the root fields in order, each with the subgraph that is asked.

        Raises:
            PlanningError: no subgraphs together resolve a field.
        """
        is_query = kind == OperationType.QUERY.value
        chosen: set[str] = set()
        routes: list[tuple[str, DirectRoute]] = []
        for field in selection.fields:
            if field.name.startswith("__"):
                continue
            attempts = self._attempts(self._search, selection.type_name, field)
            if not attempts:
                message = f"no subgraph resolves {selection.type_name}.{field.name}"
                raise PlanningError(message)
            for attempt in self._choose(attempts, chosen, is_query=is_query):
                if isinstance(attempt.route, DirectRoute) and attempt.target is not None:
                    routes.append((attempt.target, attempt.route))
                    chosen.add(attempt.target)
        return routes

    def _attempts(self, search: PathSearch, type_name: str, field: SelectedField) -> list[Attempt]:
        attempts = []
        for subgraph in self._graph.owners(type_name):
            found = search.direct(Site(subgraph, type_name), field, frozenset(), is_entering=True)
            if found is not None:
                attempts.append(Attempt(found.route, subgraph, found.remainder, found.is_soft))
        return attempts

    def _choose(
        self, attempts: list[Attempt], chosen: set[str], *, is_query: bool
    ) -> list[Attempt]:
        """One attempt, or several in parallel."""

        def price(attempt: Attempt) -> tuple[Any, ...]:
            extra = 0 if attempt.target in chosen else 1
            cost = attempt.route.cost
            return (size(attempt.remainder), cost.fetches + extra, cost.depth)

        complete = [one for one in attempts if one.is_complete]
        if not complete:
            if is_query:
                return self._split(attempts)
            raise PlanningError(unresolved(attempts))
        best = min(complete, key=price)
        if not is_query or best.remainder is not None or best.route.cost == FREE:
            return [best]
        return self._without_waiting(attempts, best) or [best]

    def _split(self, attempts: list[Attempt]) -> list[Attempt]:
        """Several subgraphs, each for what those before it cannot resolve."""
        taken = [min(attempts, key=lambda one: (size(one.remainder), one.route.cost))]
        while (remainder := taken[-1].remainder) is not None and not taken[-1].is_soft:
            again = self._attempts(self._search, remainder.parent_type, remainder)
            better = [one for one in again if size(one.remainder) < size(remainder)]
            if not better:
                raise PlanningError(unresolved([taken[-1]]))
            taken.append(min(better, key=lambda one: (size(one.remainder), one.route.cost)))
        return taken

    def _without_waiting(self, attempts: list[Attempt], best: Attempt) -> list[Attempt] | None:
        """Several subgraphs asked at once instead of one after the other, at no more fetches."""
        if len(attempts) < 2:
            return None
        field = best.route.field
        remainder: SelectedField | None = field
        taken: list[Attempt] = []
        while remainder is not None:
            found = self._attempts(self._stay, field.parent_type, remainder)
            better = [
                one
                for one in found
                if size(one.remainder) < size(remainder) and _knows_all_types(one.route)
            ]
            if not better:
                return None
            taken.append(min(better, key=lambda one: size(one.remainder)))
            remainder = taken[-1].remainder
        return taken if len(taken) <= 1 + best.route.cost.fetches else None


def _knows_all_types(route: Any) -> bool:
    """Whether a subgraph knows every object type that can stand anywhere in what it resolves."""
    if not isinstance(route, DirectRoute) or route.field.selection is None:
        return True
    known = {one.type_name for one in route.children if isinstance(one, SelectionRoute)}
    return known >= route.field.selection.by_type.keys() and all(
        _knows_all_types(inner)
        for child in route.children
        if isinstance(child, SelectionRoute)
        for inner in child.routes
    )
