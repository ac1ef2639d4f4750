"""Put routes of fields together, measure what is left over, and say what nobody resolves."""

from collections.abc import Iterable

from gateway.planner.routes import Attempt, Cost, FieldRoute, SelectionRoute, Site
from gateway.planner.selection import SelectedField


def size(remainder: SelectedField | None) -> int:
    """How much is selected, to compare remainders."""
    if remainder is None:
        return 0
    if remainder.selection is None:
        return 1
    return 1 + sum(
        sum(size(one) for one in wanted.fields) + 1
        for wanted in remainder.selection.by_type.values()
    )


def assemble(
    type_name: str,
    site: Site,
    fields: tuple[SelectedField, ...],
    decided: dict[SelectedField, list[Attempt]],
) -> SelectionRoute:
    """The route of a selection from what was decided for each of its fields."""
    routes: list[FieldRoute] = []
    remainder: list[SelectedField] = []
    targets: set[str] = set()
    fetches = depth = 0
    is_soft = True
    for field in fields:
        attempts = decided[field]
        for attempt in attempts:
            routes.append(attempt.route)
            fetches += attempt.route.cost.fetches
            depth = max(depth, attempt.route.cost.depth)
            if attempt.target is not None:
                fetches -= 1
                targets.add(attempt.target)
        rest = attempts[-1].remainder if attempts else field
        if rest is not None:
            remainder.append(rest)
            is_soft = is_soft and bool(attempts) and attempts[-1].is_soft
    cost = Cost(fetches + len(targets), depth)
    return SelectionRoute(type_name, site, tuple(routes), tuple(remainder), is_soft, cost)


def unresolved(attempts: Iterable[Attempt]) -> str:
    """Coordinates that cannot be resolved, for the message."""
    names: list[str] = []

    def note(field: SelectedField) -> None:
        if field.selection is None:
            names.append(f"{field.parent_type}.{field.name}")
            return
        for wanted in field.selection.by_type.values():
            for one in wanted.fields:
                note(one)

    for attempt in attempts:
        if attempt.remainder is not None:
            note(attempt.remainder)
    return "no plan resolves " + ", ".join(dict.fromkeys(names))
