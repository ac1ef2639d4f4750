"""Find the cheapest way to resolve a selection over the query graph.

A memoised best-first recursion over (object type, site, selection): each field is resolved where
we are, or by the cheapest entrance into a subgraph that has it, and the key (and the fields that
`@requires` reads) of that entrance is itself a selection to be resolved from here.  A set of what
is being entered keeps keys from going in circles.  Where no single way resolves all that is
selected below a field, the field is asked of several subgraphs, each for what the others cannot.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from gateway.planner.assemble_routes import assemble, size
from gateway.planner.child_routes import resolve_children
from gateway.planner.errors import PlanningError
from gateway.planner.query_graph import Entrance, QueryGraph
from gateway.planner.routes import (
    FREE,
    Attempt,
    Cost,
    DirectRoute,
    HopRoute,
    SelectionRoute,
    Site,
)
from gateway.planner.selection import SelectedField, Selection

MAX_STEPS: Final = 20_000
"""Attempts after which a search is given up: an adversarial supergraph or operation.  The large
benchmark query takes 64, random operations on random federations at most some hundreds; 20,000 are
about a second of one core."""

_Visited = frozenset[tuple[str, ...]]
_NOWHERE: Final[_Visited] = frozenset()


class PathSearch:
    """One search; keeps its memo for one operation.

    Args:
        may_hop: enter other subgraphs; else find only what one subgraph resolves.
    """

    def __init__(
        self, graph: QueryGraph, max_steps: int = MAX_STEPS, *, may_hop: bool = True
    ) -> None:
        self.graph = graph
        self._steps_left = max_steps
        self._may_hop = may_hop
        self._selections: dict[Any, SelectionRoute] = {}
        self._entries: dict[Any, tuple[Entrance, SelectionRoute] | None] = {}

    def selection(
        self,
        type_name: str,
        site: Site,
        fields: tuple[SelectedField, ...],
        visited: _Visited = _NOWHERE,
    ) -> SelectionRoute:
        """Routes for fields of one object type, seen from one site."""
        identity = (type_name, site, fields, visited)
        known = self._selections.get(identity)
        if known is None:
            known = self._search(type_name, site, fields, visited)
            self._selections[identity] = known
        return known

    def _search(
        self, type_name: str, site: Site, fields: tuple[SelectedField, ...], visited: _Visited
    ) -> SelectionRoute:
        decided: dict[SelectedField, list[Attempt]] = {}
        open_fields: list[tuple[SelectedField, list[Attempt]]] = []
        chosen: set[str] = set()
        for field in fields:
            attempts = self._attempts(type_name, site, field, visited)
            complete = [one for one in attempts if one.is_complete]
            if complete and complete[0].target is None and complete[0].route.cost == FREE:
                decided[field] = [complete[0]]
            elif len({one.target for one in complete}) == 1:
                decided[field] = [min(complete, key=lambda one: one.route.cost)]
                chosen.update(one.target for one in decided[field] if one.target)
            else:
                open_fields.append((field, attempts))
        self._decide(type_name, site, open_fields, visited, decided, chosen)
        return assemble(type_name, site, fields, decided)

    def _decide(
        self,
        type_name: str,
        site: Site,
        open_fields: Sequence[tuple[SelectedField, list[Attempt]]],
        visited: _Visited,
        decided: dict[SelectedField, list[Attempt]],
        chosen: set[str],
    ) -> None:
        """Choose for fields with several ways so that few subgraphs are entered."""
        popularity: dict[str | None, int] = {}
        for _, attempts in open_fields:
            for target in {one.target for one in attempts if one.is_complete}:
                popularity[target] = popularity.get(target, 0) + 1

        def price(attempt: Attempt) -> tuple[Any, ...]:
            cost = attempt.route.cost
            saved = 1 if attempt.target in chosen else 0
            incomplete = attempt.remainder is not None
            return (cost.fetches - saved, cost.depth, incomplete, -popularity[attempt.target])

        for field, attempts in sorted(open_fields, key=lambda item: len(item[1])):
            complete = [one for one in attempts if one.is_complete]
            if complete:
                decided[field] = [min(complete, key=price)]
            else:
                decided[field] = self._cover(type_name, site, field, attempts, visited)
            chosen.update(one.target for one in decided[field] if one.target)

    def _cover(
        self,
        type_name: str,
        site: Site,
        field: SelectedField,
        attempts: list[Attempt],
        visited: _Visited,
    ) -> list[Attempt]:
        """Resolve a field in parts, each by another way; the last attempt keeps the remainder."""
        taken: list[Attempt] = []
        remainder: SelectedField | None = field
        while remainder is not None:
            better = [one for one in attempts if size(one.remainder) < size(remainder)]
            if not better:
                break
            best = min(better, key=lambda one: (size(one.remainder), one.route.cost))
            taken.append(best)
            if best.is_complete:
                break
            remainder = best.remainder
            if remainder is not None:
                attempts = self._attempts(type_name, site, remainder, visited)
        return taken

    def _attempts(
        self, type_name: str, site: Site, field: SelectedField, visited: _Visited
    ) -> list[Attempt]:
        """Every way to resolve one field from a site; the direct one first."""
        self._steps_left -= 1
        if self._steps_left < 0:
            raise PlanningError("the search for a plan takes too many steps")
        attempts: list[Attempt] = []
        direct = self.direct(site, field, visited)
        if direct is not None:
            attempts.append(direct)
            if direct.remainder is None and direct.route.cost == FREE:
                return attempts
        if self._may_hop and field.name != "__typename":
            attempts += self._hops(type_name, site, field, visited)
        return attempts

    def direct(
        self,
        site: Site,
        field: SelectedField,
        visited: _Visited,
        *,
        is_entering: bool = False,
    ) -> Attempt | None:
        """The attempt that does not leave the site; None if its subgraph lacks the field.

        Args:
            is_entering: `@requires` of the field has been seen to.
        """
        if field.name == "__typename":
            return Attempt(DirectRoute(field, None, (), FREE), None, None, False)
        local = self.graph.local_field(site.subgraph, site.local_type, field.name)
        needs_inputs = local is not None and bool(local.requires or local.context)
        if local is None or (needs_inputs and not is_entering):
            return None
        promised = [
            one for given in site.provided for one in given.fields if one.name == field.name
        ]
        if local.is_external and not promised:
            return None
        if field.selection is None:
            return Attempt(DirectRoute(field, local, (), FREE), None, None, False)
        provided = [one.selection for one in promised if one.selection is not None]
        if local.provides is not None:
            provided.append(self.graph.selection_at(local.provides, local.named_type))
        children, missing, is_soft = resolve_children(self, site, local, field, provided, visited)
        cost = Cost(
            max((child.cost.fetches for child in children), default=0),
            max((child.cost.depth for child in children), default=0),
        )
        remainder = replace(field, selection=Selection(missing)) if missing else None
        route = DirectRoute(field, local, children, cost)
        return Attempt(route, None, remainder, bool(missing) and is_soft)

    def _hops(
        self, type_name: str, site: Site, field: SelectedField, visited: _Visited
    ) -> Iterable[Attempt]:
        for subgraph in self.graph.owners(type_name):
            for local_type in self.graph.local_names(subgraph, type_name):
                local = self.graph.local_field(subgraph, local_type, field.name)
                if local is None or local.is_external:
                    continue
                if subgraph == site.subgraph and not (local.requires or local.context):
                    continue
                attempt = self._hop(type_name, site, Site(subgraph, local_type), field, visited)
                if attempt is not None:
                    yield attempt

    def _hop(
        self, type_name: str, site: Site, target: Site, field: SelectedField, visited: _Visited
    ) -> Attempt | None:
        entry = self.entry(type_name, site, target, visited)
        if entry is None:
            return None
        entrance, key_route = entry
        local = self.graph.local_field(target.subgraph, target.local_type, field.name)
        requires, requires_route = None, None
        if local is not None and local.requires is not None:
            mark = (type_name, target.subgraph, field.name)
            if mark in visited:
                return None
            requires = self.graph.selection_of(local.requires, type_name)
            requires_route = self.selection(type_name, site, requires.fields, visited | {mark})
            if not requires_route.is_complete:
                return None
        inner = self.direct(target, field, visited, is_entering=True)
        if inner is None or not isinstance(inner.route, DirectRoute):
            return None
        before = requires_route.cost if requires_route is not None else FREE
        cost = Cost(
            1 + key_route.cost.fetches + before.fetches + inner.route.cost.fetches,
            1 + max(key_route.cost.depth, before.depth) + inner.route.cost.depth,
        )
        route = HopRoute(
            field, target, entrance, key_route, requires, requires_route, inner.route, cost
        )
        return Attempt(route, target.subgraph, inner.remainder, inner.is_soft)

    def entry(
        self, type_name: str, site: Site, target: Site, visited: _Visited
    ) -> tuple[Entrance, SelectionRoute] | None:
        """The cheapest key that can be had from a site, to enter a subgraph."""
        mark = (type_name, target.subgraph)
        if mark in visited:
            return None
        identity = (type_name, site, target, visited)
        if identity in self._entries:
            return self._entries[identity]
        best: tuple[Entrance, SelectionRoute] | None = None
        for entrance in self.graph.entrances(target.subgraph, type_name):
            if entrance.local_type != target.local_type:
                continue
            fields = entrance.selection.fields
            route = self.selection(type_name, site, fields, visited | {mark})
            if route.is_complete and (best is None or route.cost < best[1].cost):
                best = (entrance, route)
        self._entries[identity] = best
        return best
