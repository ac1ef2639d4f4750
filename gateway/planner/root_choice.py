"""Choose which subgraph, or which several, resolve each root field.

A root field that several subgraphs have (`@shareable`) gives the same in each: one that resolves
all of it is asked alone, and several only where that saves waiting or nothing else will do.  A
value of a union or interface has a type that all of them know; members that the chosen subgraph
lacks are not worth a request, but a subgraph that knows all of them is preferred.  Fields that one
subgraph alone resolves are settled before those that can go along with them.
"""

from collections import Counter
from typing import Any

from graphql import OperationType

from gateway.planner.assemble_routes import size, unresolved
from gateway.planner.errors import PlanningError
from gateway.planner.path_search import PathSearch
from gateway.planner.query_graph import QueryGraph
from gateway.planner.routes import FREE, Attempt, DirectRoute, SelectionRoute, Site
from gateway.planner.selection import ObjectSelection, SelectedField

_BEGINNINGS = 6
"""How many subgraphs are tried as the first of several, so that planning stays bounded."""


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
        ways: dict[SelectedField, list[Attempt]] = {}
        for field in selection.fields:
            if field.name.startswith("__"):
                continue
            ways[field] = self._attempts(self._search, selection.type_name, field)
            if not ways[field]:
                message = f"no subgraph resolves {selection.type_name}.{field.name}"
                raise PlanningError(message)
        # Whoever has one way only decides first, so that others can go along.
        in_turn = sorted(ways, key=lambda one: _choices(ways[one])) if is_query else list(ways)
        popularity = Counter(
            one.target for attempts in ways.values() for one in attempts if one.is_complete
        )
        chosen: set[str] = set()
        decided: dict[SelectedField, list[tuple[str, DirectRoute]]] = {}
        for field in in_turn:
            taken = self._choose(ways[field], chosen, popularity, is_query=is_query)
            decided[field] = [
                (one.target, one.route)
                for one in taken
                if isinstance(one.route, DirectRoute) and one.target is not None
            ]
            chosen.update(target for target, _ in decided[field])
        return [route for field in ways for route in decided[field]]

    def _attempts(self, search: PathSearch, type_name: str, field: SelectedField) -> list[Attempt]:
        attempts = []
        for subgraph in self._graph.owners(type_name):
            found = search.direct(Site(subgraph, type_name), field, frozenset(), is_entering=True)
            if found is not None:
                attempts.append(Attempt(found.route, subgraph, found.remainder, found.is_soft))
        return attempts

    def _choose(
        self,
        attempts: list[Attempt],
        chosen: set[str],
        popularity: Counter[str | None],
        *,
        is_query: bool,
    ) -> list[Attempt]:
        """One attempt, or several in parallel.

        Args:
            chosen: subgraphs that are asked anyway.
            popularity: how many of the root fields each could resolve.
        """

        def price(attempt: Attempt) -> tuple[Any, ...]:
            extra = 0 if attempt.target in chosen else 1
            cost = attempt.route.cost
            popular = -popularity[attempt.target]
            return (size(attempt.remainder), cost.fetches + extra, cost.depth, popular)

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
        """Several subgraphs, each for what those before it cannot resolve.

        Whoever resolves most need not be the best to begin with, so several beginnings are tried.
        """
        by_promise = sorted(attempts, key=lambda one: (size(one.remainder), one.route.cost))
        ways = [self._followed(one) for one in by_promise[:_BEGINNINGS]]
        whole = [way for way in ways if _is_whole(way[-1])]
        if not whole:
            raise PlanningError(unresolved([ways[0][-1]]))
        return min(whole, key=_total)

    def _followed(self, first: Attempt) -> list[Attempt]:
        """One attempt and, for as long as something is left and somebody resolves of it, others."""
        taken = [first]
        while not _is_whole(taken[-1]):
            remainder = taken[-1].remainder
            assert remainder is not None  # noqa: S101 - else it is whole
            again = self._attempts(self._search, remainder.parent_type, remainder)
            better = [one for one in again if size(one.remainder) < size(remainder)]
            if not better:
                break
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


def _is_whole(attempt: Attempt) -> bool:
    """Whether nothing is left to resolve, or only what is not worth a request."""
    return attempt.remainder is None or attempt.is_soft


def _total(taken: list[Attempt]) -> tuple[int, int]:
    """Fetches, and waits, of attempts that are asked for in parallel."""
    costs = [one.route.cost for one in taken]
    return sum(1 + cost.fetches for cost in costs), max(cost.depth for cost in costs)


def _choices(attempts: list[Attempt]) -> int:
    return len([one for one in attempts if one.is_complete])


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
